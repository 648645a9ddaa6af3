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
  visit,
} from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { QueryTooComplex } from '../errors.ts';
import { toGraphQLError } from './mask.ts';

/** How large a document may be. All of it is checked before anything runs; yoga keeps the result by document. */

const maxTokens = 2_000;
const maxDepth = 15; // GraphiQL's own introspection is 15 deep
const maxAliases = 100; // a stitching parent aliases every root field that it merges, and merges dozens
const maxDirectives = 5; // on one location
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
    onValidate({ validateFn, setValidationFn }) {
      setValidationFn((schema, document: DocumentNode, ...options) => {
        const error = brokenLimit(document);
        if (error) return [toGraphQLError(error)];
        return presentable(validateFn(schema, document, ...options), suggestions);
      });
    },
  };
}

/** Counts before parsing, because the parser descends as deep as the braces go. */
function countTokens(source: Source): number {
  const lexer = new Lexer(source);
  let count = 0;
  try {
    while (lexer.advance().kind !== TokenKind.EOF) count += 1;
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error; // else the parser says it better
  }
  return count;
}

function brokenLimit(document: DocumentNode): QueryTooComplex | null {
  let aliases = 0;
  let directives = 0;
  visit(document, {
    enter(node: ASTNode) {
      if (node.kind === Kind.FIELD && node.alias) aliases += 1;
      if ('directives' in node) directives = Math.max(directives, node.directives?.length ?? 0);
    },
  });
  if (aliases > maxAliases) return tooComplex('aliases', maxAliases, aliases);
  if (directives > maxDirectives) return tooComplex('directives on one location', maxDirectives, directives);
  const depth = depthOf(document);
  return depth > maxDepth ? tooComplex('levels of fields', maxDepth, depth) : null;
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
function presentable(errors: readonly GraphQLError[], suggestions: boolean): GraphQLError[] {
  const shown = errors.length > manyErrors ? errors.slice(0, 1) : [...errors];
  return suggestions ? shown : shown.map(withoutSuggestion);
}

/** Names that GraphQL guesses the client meant are names that it did not know. */
export function withoutSuggestion(error: GraphQLError): GraphQLError {
  const message = error.message.replace(/ Did you mean .*\?$/s, '');
  return message === error.message
    ? error
    : new GraphQLError(message, { ...error, nodes: error.nodes ?? null });
}
