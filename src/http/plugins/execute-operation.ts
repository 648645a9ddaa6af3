import type { ExecutionResult } from 'graphql';
import type { GraphQLParams, Plugin } from 'graphql-yoga';
import { stringify } from '../../json.ts';
import { cacheHeaders, type Reuse } from '../cache-headers.ts';
import { clientKeyOf } from '../client-key.ts';
import type { EntryPointOptions, RequestContext } from '../entry-point.ts';
import type { RequestIds } from '../request-id.ts';
import { responseKey } from '../response-cache.ts';

/** The result of an operation, with the JSON text that yoga sends for it. */
type StringifiedResult = ExecutionResult & { stringify(): string };

/**
 * The entry point for requests through yoga, which parses the request and writes the response. It comes after
 * `useKnownParams`, because ignored parameters must not distinguish cached responses, and before `useTrustedDocuments`, so
 * that the response to a hash is cached by the hash.
 */
export function useExecuteOperation(
  { executeAndCache, responseCache, identifyClient }: EntryPointOptions,
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
    const { query = '' } = params;
    const client = {
      key: clientKeyOf(request, context, identifyClient),
      header,
      requestId,
      hasWaitedForTurn: (context as Partial<RequestContext>).hasWaitedForTurn ?? false,
      signal: request.signal,
    };
    const { result, body, reuse } = await executeAndCache(key, { ...params, query }, client);
    return withHeaders({ ...result, stringify: () => body.toString() }, reuse);
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
