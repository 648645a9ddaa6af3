import { createLru } from '../../../lru.ts';
import type { Log } from '../../../observability/log.ts';
import type { EndpointRequest } from '../kinds/requests/endpoint-request.ts';
import { createOperationContext, type FieldContext, type OperationContext } from '../usage/field-context.ts';
import type { Fetch } from './in-flight.ts';

/** Refreshes an entry that is served stale to the operation, so that no client waits for the refresh. */
export type BackgroundRefresh = (endpointRequest: EndpointRequest, operation: OperationContext) => void;

const timeoutMs = 10_000; // longer than that of a client's request: nobody waits for a refresh
const retryMs = 60_000; // after a refresh that failed, or that the daily quota did not allow
const maxKeys = 10_000;
// A router may read a thousand stale entities, which its plan does not count. The next operations refresh the others.
const maxRefreshes = 100; // of one operation

/** @param log gets failed refreshes, which are no error of any client */
export function createBackgroundRefresh(fetch: Fetch, log: Pick<Log, 'debug'>): BackgroundRefresh {
  const started = createLru<true>(maxKeys, { ttl: retryMs });

  async function refresh(endpointRequest: EndpointRequest, { failures }: OperationContext): Promise<void> {
    const { key, apiRequest } = endpointRequest;
    const operation = createOperationContext(timeoutMs, failures);
    const fieldContext: FieldContext = {
      operation,
      location: () => ({ field: 'background refresh', path: [] }),
    };
    try {
      const { decision } = await fetch(endpointRequest, fieldContext, { isRefresh: true });
      if (decision === 'use') started.delete(key);
    } catch (error) {
      log.debug?.(
        { family: apiRequest.family, err: error },
        'the background refresh of a cache entry failed',
      );
    } finally {
      operation.end();
    }
  }

  return (endpointRequest, operation) => {
    if (started.has(endpointRequest.key) || operation.refreshes >= maxRefreshes) return;
    operation.refreshes += 1;
    started.set(endpointRequest.key, true);
    void refresh(endpointRequest, operation);
  };
}
