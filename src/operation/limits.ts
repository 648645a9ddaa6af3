import {
  type ASTNode,
  type DocumentNode,
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  Lexer,
  type SelectionSetNode,
  Source,
  type Token,
  TokenKind,
  visit,
} from 'graphql';
import { QueryTooComplex } from '../errors.ts';

/** How large a request and its document may be. All of it is checked before anything runs. */

export const maxBodyBytes = 100_000;
const maxTokens = 2_000;
const maxDepth = 15; // GraphiQL's own introspection is 15 deep
const maxAliases = 100; // a stitching parent aliases every root field that it merges, and merges dozens
const maxDirectives = 5; // on one location
// Validation compares all fields of one response name in pairs; these two limits bound the number of pairs.
const maxRepeats = 100;
const maxFragments = 50;

/**
 * Counts before parsing, because the parser descends as deep as the braces go.
 * @throws QueryTooComplex
 */
export function checkTokens(text: string): void {
  const tokens = countTokens(new Source(text));
  if (tokens > maxTokens) throw tooComplex('tokens', maxTokens, tokens);
}

function countTokens(source: Source): number {
  const lexer = new Lexer(source);
  const start = lexer.token;
  try {
    while (lexer.advance().kind !== TokenKind.EOF);
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error; // the parser reports syntax errors
  }
  return tokensOf(start);
}

/** The number of tokens after the start token; comments count, because they are in memory too. */
export function tokensOf(start: Token | null | undefined): number {
  let count = 0;
  for (let token = start?.next; token && token.kind !== TokenKind.EOF; token = token.next) count += 1;
  return count;
}

/** @throws QueryTooComplex */
export function checkSize(document: DocumentNode): void {
  let aliases = 0;
  let directives = 0;
  let repeats = 0;
  visit(document, {
    enter(node: ASTNode) {
      if (node.kind === Kind.FIELD && node.alias) aliases += 1;
      if (node.kind === Kind.SELECTION_SET) repeats += repeatsIn(node);
      if ('directives' in node) directives = Math.max(directives, node.directives?.length ?? 0);
    },
  });
  const fragments = document.definitions.filter(({ kind }) => kind === Kind.FRAGMENT_DEFINITION).length;
  const measured: [noun: string, limit: number, actual: number][] = [
    ['aliases', maxAliases, aliases],
    ['directives on one location', maxDirectives, directives],
    ['fields that stand beside the same field', maxRepeats, repeats],
    ['fragments', maxFragments, fragments],
    ['levels of fields', maxDepth, depthOf(document)],
  ];
  const broken = measured.find(([, limit, actual]) => actual > limit);
  if (broken) throw tooComplex(...broken);
}

/** The number of selections whose name occurs earlier in the same selection set. */
function repeatsIn({ selections }: SelectionSetNode): number {
  const named = selections.filter((selection) => selection.kind !== Kind.INLINE_FRAGMENT);
  const names = named.map((selection) =>
    selection.kind === Kind.FIELD ? (selection.alias ?? selection.name).value : `...${selection.name.value}`,
  );
  return names.length - new Set(names).size;
}

function depthOf({ definitions }: DocumentNode): number {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of definitions)
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  const depthOfFragments = new Map<string, number>();

  function below(set: SelectionSetNode | undefined): number {
    return Math.max(0, ...(set?.selections ?? []).map(depthAt));
  }

  function depthAt(node: SelectionSetNode['selections'][number]): number {
    if (node.kind === Kind.FIELD) return 1 + below(node.selectionSet);
    if (node.kind === Kind.INLINE_FRAGMENT) return below(node.selectionSet);
    const name = node.name.value;
    const depth = depthOfFragments.get(name);
    if (depth !== undefined) return depth;
    depthOfFragments.set(name, 0); // of a fragment inside itself, which validation rejects
    depthOfFragments.set(name, below(fragments.get(name)?.selectionSet));
    return depthOfFragments.get(name) ?? 0;
  }

  return Math.max(0, ...definitions.map((node) => ('selectionSet' in node ? below(node.selectionSet) : 0)));
}

const tooComplex = (noun: string, limit: number, actual: number) =>
  new QueryTooComplex(`A document may have ${limit} ${noun} at most; this one has ${actual}.`, {
    limit,
    actual,
  });
