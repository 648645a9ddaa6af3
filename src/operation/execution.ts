import { type DocumentNode, type ExecutionResult, execute, type GraphQLSchema } from 'graphql';
import { type CompiledQuery, compileQuery, isCompiledQuery } from 'graphql-jit';
import type { Context } from '../schema/context.ts';
import type { Variables } from './request.ts';

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

  return async (values: Variables, context: Context): Promise<ExecutionResult> => {
    runs += 1;
    // Compiled conditions are kept in the document itself, where two operations with one fragment would share them.
    if (runs === runsUntilCompiled && mayCompile()) compiled = compile(schema, document, operationName);
    return compiled
      ? compiled(undefined, context, values)
      : execute({ schema, document, operationName, variableValues: values, contextValue: context });
  };
}

const runsUntilCompiled = 2; // most of what a flood or somebody in GraphiQL asks never comes back

/** Null where it cannot be: where the process may not make code, for one. */
function compile(schema: GraphQLSchema, document: DocumentNode, operationName: string | null) {
  const compiled = compileQuery(schema, document, operationName ?? '', {
    disablingCapturingStackErrors: true, // errors of resolvers have their own stacks
  });
  return isCompiledQuery(compiled) ? compiled.query : null;
}
