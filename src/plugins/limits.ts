import {
  type ASTNode,
  type DocumentNode,
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  Lexer,
  type SelectionSetNode,
  Source,
  TokenKind,
  validate,
  visit,
} from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { QueryTooComplex } from '../errors.ts';
import { tokensOf } from './document-cache.ts';
import { toGraphQLError } from './mask.ts';

/** How large a document may be. All of it is checked before anything runs; yoga keeps the result by document. */

const maxTokens = 2_000;
const maxDepth = 15; // GraphiQL's own introspection is 15 deep
const maxAliases = 100; // a stitching parent aliases every root field that it merges, and merges dozens
const maxDirectives = 5; // on one location
// To validate is to compare whatever may answer under one name, pair by pair: these two are its length and breadth.
const maxRepeats = 100;
const maxFragments = 50;
const manyErrors = 5;

/**
 * @param suggestions whether messages may tell the names of fields that were not asked for
 */
export function useLimits(suggestions: boolean): Plugin {
  return {
    onParse({ parseFn, setParseFn }) {
      setParseFn((source: string | Source, ...options: unknown[]) => {
        const tokens = countTokens(typeof source === 'string' ? new Source(source) : source);
        if (tokens > maxTokens) throw tooComplex('tokens', maxTokens, tokens);
        return parseFn(source, ...options);
      });
    },
    onValidate({ setValidationFn }) {
      setValidationFn((schema, document: DocumentNode, rules) => {
        const error = brokenLimit(document);
        if (error) return [toGraphQLError(error)];
        // A guess at a name compares it with all that there are, and a hundred mistakes make a hundred guesses.
        const limits = { maxErrors: manyErrors, hideSuggestions: !suggestions };
        return presentable(validate(schema, document, rules, limits));
      });
    },
  };
}

/** Counts before parsing, because the parser descends as deep as the braces go. */
function countTokens(source: Source): number {
  const lexer = new Lexer(source);
  const start = lexer.token;
  try {
    while (lexer.advance().kind !== TokenKind.EOF);
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error; // else the parser says it better
  }
  return tokensOf(start);
}

function brokenLimit(document: DocumentNode): QueryTooComplex | null {
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
  const measured: [what: string, limit: number, actual: number][] = [
    ['aliases', maxAliases, aliases],
    ['directives on one location', maxDirectives, directives],
    ['fields that stand beside the same field', maxRepeats, repeats],
    ['fragments', maxFragments, fragments],
    ['levels of fields', maxDepth, depthOf(document)],
  ];
  const broken = measured.find(([, limit, actual]) => actual > limit);
  return broken ? tooComplex(...broken) : null;
}

/** Selections that have been made in the same place already. */
function repeatsIn({ selections }: SelectionSetNode): number {
  const named = selections.filter((each) => each.kind !== Kind.INLINE_FRAGMENT);
  const names = named.map((each) =>
    each.kind === Kind.FIELD ? (each.alias ?? each.name).value : `...${each.name.value}`,
  );
  return names.length - new Set(names).size;
}

function depthOf({ definitions }: DocumentNode): number {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const each of definitions)
    if (each.kind === Kind.FRAGMENT_DEFINITION) fragments.set(each.name.value, each);
  const known = new Map<string, number>();

  function below(set: SelectionSetNode | undefined): number {
    return Math.max(0, ...(set?.selections ?? []).map(depthAt));
  }

  function depthAt(node: SelectionSetNode['selections'][number]): number {
    if (node.kind === Kind.FIELD) return 1 + below(node.selectionSet);
    if (node.kind === Kind.INLINE_FRAGMENT) return below(node.selectionSet);
    const name = node.name.value;
    const depth = known.get(name);
    if (depth !== undefined) return depth;
    known.set(name, 0); // of a fragment inside itself, which validation refuses
    known.set(name, below(fragments.get(name)?.selectionSet));
    return known.get(name) ?? 0;
  }

  return Math.max(0, ...definitions.map((each) => ('selectionSet' in each ? below(each.selectionSet) : 0)));
}

const tooComplex = (what: string, limit: number, actual: number) =>
  new QueryTooComplex(`A document may have ${limit} ${what} at most; this one has ${actual}.`, {
    limit,
    actual,
  });

/** One error stands for many: whoever sends a hundred mistakes reads no hundred messages. */
const presentable = (errors: readonly GraphQLError[]): readonly GraphQLError[] =>
  errors.length > manyErrors ? errors.slice(0, 1) : errors;
