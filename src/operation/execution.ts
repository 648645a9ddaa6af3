import {
  type DocumentNode,
  type ExecutionResult,
  execute,
  GraphQLError,
  type GraphQLSchema,
  type Source,
} from 'graphql';
import { type CompiledQuery, compileQuery, isCompiledQuery } from 'graphql-jit';
import type { Context } from '../context.ts';
import type { Values } from './prepare.ts';

export interface Execution {
  schema: GraphQLSchema;
  document: DocumentNode;
  operationName: string | null;
  /** Whether what is selected is always the same, and not too much. */
  mayCompile(): boolean;
}

/**
 * Runs one operation again and again: at first as GraphQL's reference implementation does, and once it has come back,
 * compiled. That takes 2 ms once, and a quarter of the time from then on: 0.5 ms instead of 2 for a hundred albums.
 */
export function createExecution({ schema, document, operationName, mayCompile }: Execution) {
  let runs = 0;
  let compiled: CompiledQuery['query'] | null = null;

  async function interpret(values: Values, context: Context): Promise<ExecutionResult> {
    return execute({ schema, document, operationName, variableValues: values, contextValue: context });
  }

  async function runCompiled(query: CompiledQuery['query'], values: Values, context: Context) {
    const result = (await query(undefined, context, values)) as ExecutionResult;
    if (!result.errors) return result;
    return { ...result, errors: result.errors.map((error) => located(error, document.loc?.source)) };
  }

  return (values: Values, context: Context): Promise<ExecutionResult> => {
    runs += 1;
    // Compiled conditions are kept in the document itself, where two operations with one fragment would share them.
    if (runs === runsUntilCompiled && mayCompile()) compiled = compile(schema, document, operationName);
    return compiled ? runCompiled(compiled, values, context) : interpret(values, context);
  };
}

const runsUntilCompiled = 2; // most of what a flood or somebody in GraphiQL asks never comes back

/** Null where it cannot be: where the process may not make code, for one. */
function compile(schema: GraphQLSchema, document: DocumentNode, operationName: string | null) {
  const compiled = compileQuery(schema, document, operationName ?? '');
  return isCompiledQuery(compiled) ? compiled.query : null;
}

/** Compiled queries know lines and columns, GraphQL's own errors positions. */
function located(error: GraphQLError, source: Source | undefined): GraphQLError {
  const { message, path, originalError, locations = [] } = error;
  const positions = source && locations.map(({ line, column }) => positionOf(source.body, line) + column - 1);
  return new GraphQLError(message, {
    path: path ?? null,
    originalError: originalError ?? null,
    source: source ?? null,
    positions: positions ?? null,
  });
}

/** Where a line begins, the first one being 1. */
function positionOf(text: string, line: number): number {
  const ends = /\r\n|[\n\r]/g;
  for (let n = 1; n < line; n++) ends.test(text);
  return ends.lastIndex;
}
