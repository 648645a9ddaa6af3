import type { ExecutionResult } from 'graphql';
import type { GraphQLParams, Plugin } from 'graphql-yoga';
import { epochMs } from '../../observability/clock.ts';
import type { ExecuteOperation } from '../../operation/request.ts';
import { type ClientKey, clientKeyOf } from '../client-key.ts';
import { stringify } from '../json.ts';
import { stringifyResult } from '../response.ts';
import { type ResponseCache, responseKey } from '../response-cache.ts';

export interface ExecuteOperationPluginOptions {
  executeOperation: ExecuteOperation;
  responseCache: ResponseCache;
  clientKey: ClientKey;
}

/** The result of an operation, with the JSON text that yoga sends for it. */
type StringifiedResult = ExecutionResult & { stringify(): string };

/**
 * The entry point for requests through yoga, which parses the request and writes the response. It comes after
 * `useKnownParams`, because ignored parameters must not tell cached responses apart, and before `useTrustedDocuments`, so
 * that the response to a hash is cached by the hash.
 */
export function useExecuteOperation(options: ExecuteOperationPluginOptions): Plugin {
  const { executeOperation, responseCache, clientKey } = options;

  async function respond(request: Request, key: string | null, params: GraphQLParams, context: object) {
    const header = (name: string) => request.headers.get(name);
    const cachedResponse = responseCache.get(key, { header });
    if (cachedResponse) {
      const { body, freshUntilMs } = cachedResponse;
      return withCacheControl(request, { stringify: () => body.toString() }, freshUntilMs);
    }
    const { query = '', operationName, variables } = params;
    const client = { key: clientKeyOf(request, context, clientKey), header, signal: request.signal };
    const changes = responseCache.changes();
    const operation = await executeOperation({ document: query, operationName, variables, client });
    const { result, freshUntilMs } = operation;
    const text = stringifyResult(result);
    responseCache.put(key, Buffer.from(text), operation, changes);
    return withCacheControl(request, { ...result, stringify: () => text }, freshUntilMs);
  }

  return {
    onParams({ params: sentParams, request, setParamsHandler }) {
      const json = stringify(sentParams);
      const key = json === null ? null : responseKey(json, { header: (name) => request.headers.get(name) });
      setParamsHandler(({ params, context }) => respond(request, key, params, context));
    },
  };
}

/** Lets browsers and CDNs cache the response to a GET for as long as the whole of it is fresh. */
function withCacheControl(
  { method }: Request,
  result: StringifiedResult,
  freshUntilMs: number | null,
): StringifiedResult {
  if (method !== 'GET') return result;
  const seconds = freshUntilMs === null ? 0 : Math.floor((freshUntilMs - epochMs()) / 1000);
  const http = { headers: { 'cache-control': seconds > 0 ? `public, max-age=${seconds}` : 'no-store' } };
  return { ...result, extensions: { ...result.extensions, http } };
}
