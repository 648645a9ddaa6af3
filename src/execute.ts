import type { DocumentNode, ExecutionResult, GraphQLError } from 'graphql';
import type { YogaServerInstance } from 'graphql-yoga';
import type { Context } from './context.ts';

/** One operation without HTTP, as the executors of a stitching parent ask for it. */
export type Execute = (operation: {
  document: DocumentNode;
  variables?: Record<string, unknown> | undefined;
  operationName?: string | undefined;
  /** Ends the waiting of whoever asks. */
  signal?: AbortSignal | undefined;
}) => Promise<ExecutionResult>;

/** @param mask what becomes of an error that is thrown before execution */
export function createExecute(
  { getEnveloped }: Pick<YogaServerInstance<object, Context>, 'getEnveloped'>,
  mask: (error: unknown) => GraphQLError,
): Execute {
  return async ({ document, variables, operationName, signal }) => {
    // Plugins read the request's headers and signal, so there is one, though nobody has sent it.
    const request = new Request('http://in-process/graphql', { signal: signal ?? null });
    const { schema, validate, contextFactory, execute } = getEnveloped({ request, params: {} });
    try {
      const errors = validate(schema, document);
      if (errors.length > 0) return { errors };
      const contextValue = await contextFactory();
      return await execute({ schema, document, contextValue, variableValues: variables, operationName });
    } catch (error) {
      return { errors: [mask(error)] };
    }
  };
}
