import type { ExecutionResult } from 'graphql';
import type { GraphQLParams, Plugin } from 'graphql-yoga';
import { cacheHeaders, type Reuse, reuseOf } from '../cache-headers.ts';
import { clientKeyOf } from '../client-key.ts';
import type { EntryPointOptions } from '../entry-point.ts';
import { stringify } from '../operation-params.ts';
import type { RequestIds } from '../request-id.ts';
import { stringifyResult } from '../response.ts';
import { responseKey } from '../response-cache.ts';

/** The result of an operation, with the JSON text that yoga sends for it. */
type StringifiedResult = ExecutionResult & { stringify(): string };

/**
 * The entry point for requests through yoga, which parses the request and writes the response. It comes after
 * `useKnownParams`, because ignored parameters must not distinguish cached responses, and before `useTrustedDocuments`, so
 * that the response to a hash is cached by the hash.
 */
export function useExecuteOperation(
  { executeOperation, responseCache, clientKey }: EntryPointOptions,
  requestIds: RequestIds,
): Plugin {
  async function respond(request: Request, key: string | null, params: GraphQLParams, context: object) {
    const header = (name: string) => request.headers.get(name);
    const requestId = requestIds(request);
    const cachedResponse = responseCache.get(key, { header, requestId });
    if (cachedResponse) {
      const { body, reuse } = cachedResponse;
      return withHeaders({ stringify: () => body.toString() }, reuse);
    }
    const { query = '', operationName, variables } = params;
    const client = {
      key: clientKeyOf(request, context, clientKey),
      header,
      requestId,
      signal: request.signal,
    };
    const countBefore = responseCache.invalidationCount();
    const operationResponse = await executeOperation({ document: query, operationName, variables, client });
    const { result, logEntry } = operationResponse;
    const text = stringifyResult(result);
    const reuse = reuseOf(key, operationResponse, { query, variables }, text);
    responseCache.put(key, { body: Buffer.from(text), reuse, logEntry }, countBefore);
    return withHeaders({ ...result, stringify: () => text }, reuse);
  }

  return {
    onParams({ params: sentParams, request, setParamsHandler }) {
      const json = stringify(sentParams);
      const key = json === null ? null : responseKey(json, { header: (name) => request.headers.get(name) });
      setParamsHandler(({ params, context }) => respond(request, key, params, context));
    },
  };
}

const withHeaders = (result: StringifiedResult, reuse: Reuse | null): StringifiedResult => ({
  ...result,
  extensions: { ...result.extensions, http: { headers: cacheHeaders(reuse) } },
});
