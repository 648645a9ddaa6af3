import type { ExecutionResult } from 'graphql';
import type { Client, ExecuteOperation } from '../operation/request.ts';
import { type Reuse, reuseOf } from './cache-headers.ts';
import type { OperationParams } from './operation-params.ts';
import { stringifyResult } from './response.ts';
import type { ResponseCache } from './response-cache.ts';

/** A result, with its body in every media type. */
interface ExecutedResponse {
  result: ExecutionResult;
  body: Buffer;
  /** Null if the response must not be reused. */
  reuse: Reuse | null;
}

/**
 * Executes the operation of a request, and caches the response unless it must not be reused. It is cached also if the client
 * has gone meanwhile: its calls are spent.
 * @param key of the request in the response cache, which has no entry for it; null for a response that is never cached
 */
export type ExecuteAndCache = (
  key: string | null,
  params: OperationParams,
  client: Client,
) => Promise<ExecutedResponse>;

export const createExecuteAndCache =
  (executeOperation: ExecuteOperation, responseCache: ResponseCache): ExecuteAndCache =>
  async (key, params, client) => {
    const { query, operationName, variables } = params;
    const countBefore = responseCache.invalidationCount();
    const operationResponse = await executeOperation({ document: query, operationName, variables, client });
    const { result, logEntry } = operationResponse;
    const text = stringifyResult(result);
    const reuse = reuseOf(key, operationResponse, params, text);
    const body = Buffer.from(text);
    responseCache.put(key, { body, reuse, logEntry }, countBefore);
    return { result, body, reuse };
  };
