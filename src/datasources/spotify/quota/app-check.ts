import { GatewayError } from '../../../errors.ts';
import type { ApiClient, ApiRequest } from '../transport/api-client.ts';
import { createOperationContext, createWaiters } from '../usage/field-context.ts';
import type { RequestQueue } from './request-queue.ts';

/** Any read does: its status alone shows whether Spotify serves the app. */
const anyRead: ApiRequest = { family: 'artists', path: '/artists/3Nrfpe0tUJi4K4DXYWgMUX', query: {} };
const timeoutMs = 5_000; // a readiness check that takes longer has failed

/**
 * Whether Spotify serves this app. While it does not, a check sends the one call a minute that may find the end of it:
 * where a load balancer has taken the gateway out, no operation of a client would.
 */
export function createAppCheck(
  apiClient: ApiClient,
  requestQueue: Pick<RequestQueue, 'isPremiumLapsed'>,
): () => Promise<boolean> {
  return async () => {
    if (!requestQueue.isPremiumLapsed()) return true;
    const operation = createOperationContext(timeoutMs);
    try {
      await apiClient.request(
        anyRead,
        createWaiters(() => [operation]),
      );
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error; // the next check may see it end
    } finally {
      operation.end();
    }
    return !requestQueue.isPremiumLapsed();
  };
}
