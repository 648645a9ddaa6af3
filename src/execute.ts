import { type DocumentNode, type ExecutionResult, GraphQLError } from 'graphql';
import type { YogaServerInstance } from 'graphql-yoga';
import type { Context } from './context.ts';

/**
 * One operation without HTTP, as the executors of a stitching parent ask for it.
 * @throws the reason of `signal` once that is aborted, and nothing else
 */
export type Execute = (operation: {
  document: DocumentNode;
  variables?: Record<string, unknown> | undefined;
  operationName?: string | undefined;
  /** Ends the waiting of whoever asks: calls to Spotify that are not sent yet are dropped. */
  signal?: AbortSignal | undefined;
}) => Promise<ExecutionResult>;

/** @param mask what becomes of an error that is thrown before execution */
export function createExecute(
  { getEnveloped }: Pick<YogaServerInstance<object, Context>, 'getEnveloped'>,
  mask: (error: unknown) => GraphQLError,
): Execute {
  async function run({ document, variables, operationName, signal }: Parameters<Execute>[0]) {
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
  }

  return async (operation) => {
    operation.signal?.throwIfAborted();
    const result = await run(operation);
    operation.signal?.throwIfAborted();
    return withoutHttp(result);
  };
}

/** What is meant for an answer over HTTP would become the status and the headers of the parent's own. */
function withoutHttp({ errors, extensions, ...result }: ExecutionResult): ExecutionResult {
  const others = without(extensions ?? {});
  return {
    ...result,
    ...(errors && { errors: errors.map(plain) }),
    ...(Object.keys(others).length > 0 && { extensions: others }),
  };
}

// A copy: errors of validation are kept with their document, and answer HTTP requests as well.
const plain = ({ message, nodes, path, extensions }: GraphQLError): GraphQLError =>
  new GraphQLError(message, { nodes: nodes ?? null, path: path ?? null, extensions: without(extensions) });

const without = ({ http, ...others }: Record<string, unknown>): Record<string, unknown> => others;
