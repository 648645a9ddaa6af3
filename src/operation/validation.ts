import {
  type ASTNode,
  type DocumentNode,
  type FragmentDefinitionNode,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  Lexer,
  NoSchemaIntrospectionCustomRule,
  type SelectionSetNode,
  Source,
  specifiedRules,
  TokenKind,
  validate,
  visit,
} from 'graphql';
import { QueryTooComplex } from '../errors.ts';
import { errorAt, parseWithPositions, tokensOf } from './positions.ts';

export interface ValidationOptions {
  schema: GraphQLSchema;
  introspection: boolean;
  /** Whether messages may suggest names of fields that the document does not contain. */
  suggestions: boolean;
}

export interface ParsedDocument {
  document: DocumentNode;
  tokens: number;
}

const maxErrors = 5;

/** @throws InvalidRequest, QueryTooComplex */
export function parseText(text: string): ParsedDocument {
  checkTokens(text);
  return parsePrinted(text);
}

/** Parses a text that was printed from a document, whose tokens need no count. @throws InvalidRequest */
export function parsePrinted(text: string): ParsedDocument {
  try {
    return parseWithPositions(text);
  } catch (error) {
    throw error instanceof GraphQLError
      ? new InvalidRequest([withCode(error, 'GRAPHQL_PARSE_FAILED')])
      : error;
  }
}

/** @returns a function that throws InvalidRequest or QueryTooComplex for a document that must not be executed */
export function createValidate({ schema, introspection, suggestions }: ValidationOptions) {
  const rules = introspection ? specifiedRules : [...specifiedRules, NoSchemaIntrospectionCustomRule];
  // No suggestions in production: to find one, GraphQL.js compares the name with all names of the schema.
  const limits = { maxErrors, hideSuggestions: !suggestions };

  return (document: DocumentNode): void => {
    checkSize(document);
    const errors = validate(schema, document, rules, limits);
    // Validation stops at this number of errors. A document with more of them gets only its first error.
    const sentErrors = errors.length > maxErrors ? errors.slice(0, 1) : errors;
    if (sentErrors.length > 0) {
      throw new InvalidRequest(sentErrors.map((error) => withCode(error, 'GRAPHQL_VALIDATION_FAILED')));
    }
  };
}

const withCode = (error: GraphQLError, code: string): GraphQLError =>
  errorAt(error, error.message, { code, http: { spec: true, status: 400 } });

// How large a request and its document may be. All of it is checked before anything runs.

/** Of the body of an HTTP request, and of a query string. */
export const maxBodyBytes = 100_000;
const maxTokens = 2_000;
const maxDepth = 15; // GraphiQL's own introspection is 15 deep
const maxAliases = 100; // a stitching gateway aliases every root field that it merges, and merges dozens
const maxDirectives = 5; // on one location
// Validation compares all fields of one response name in pairs; these two limits bound the number of pairs.
const maxRepeats = 100;
const maxFragments = 50;
const maxNesting = 1_000; // of nodes, of which 15 levels of fields take some 30: printing takes the square of it

/**
 * Counts before parsing, because the parser descends as deep as the braces go.
 * @throws QueryTooComplex
 */
function checkTokens(text: string): void {
  const lexer = new Lexer(new Source(text));
  const start = lexer.token;
  try {
    while (lexer.advance().kind !== TokenKind.EOF);
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error; // the parser reports syntax errors
  }
  const tokens = tokensOf(start);
  if (tokens > maxTokens) throw tooComplex('tokens', maxTokens, tokens);
}

/** The error of a document that is nested too deeply to be printed; null for other documents. */
export function nestingProblem(document: DocumentNode): QueryTooComplex | null {
  let depth = 0;
  let deepest = 0;
  visit(document, {
    enter() {
      depth += 1;
      deepest = Math.max(deepest, depth);
    },
    leave() {
      depth -= 1;
    },
  });
  return deepest > maxNesting ? tooComplex('levels of nodes', maxNesting, deepest) : null;
}

/** @throws QueryTooComplex */
function checkSize(document: DocumentNode): void {
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
    ['fields that repeat a field of the same level', maxRepeats, repeats],
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

/** A document or variables with mistakes: one error for each mistake, as the client gets it. */
export class InvalidRequest extends Error {
  readonly errors: readonly GraphQLError[];

  constructor(errors: readonly GraphQLError[]) {
    super(errors.map(({ message }) => message).join(' '));
    this.errors = errors;
  }
}
