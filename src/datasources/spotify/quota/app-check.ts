import { GatewayError } from '../../../errors.ts';
import { createOperationContext } from '../usage/field-context.ts';
import { createWaiters, type Waiters } from '../usage/waiters.ts';

/** Any read does: its status alone shows whether Spotify serves the app. */
const anyRead = { family: 'artists', path: '/artists/3Nrfpe0tUJi4K4DXYWgMUX', query: {} };
const checkTimeoutMs = 5_000; // a readiness check that takes longer has failed

/**
 * Whether Spotify serves this app. After a lapse the check sends the one call a minute that the breaker allows: if a load
 * balancer sends the gateway no clients, no other call would find the renewal.
 */
export function createAppCheck(
  request: (read: typeof anyRead, waiters: Waiters) => Promise<unknown>,
  isLapsed: () => boolean,
): () => Promise<boolean> {
  return async () => {
    if (!isLapsed()) return true;
    const operation = createOperationContext(checkTimeoutMs);
    try {
      await request(
        anyRead,
        createWaiters(() => [operation]),
      );
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error; // the next check may find the renewal
    } finally {
      operation.end();
    }
    return !isLapsed();
  };
}
