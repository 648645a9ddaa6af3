import type { Capabilities } from '../capabilities/capabilities.ts';
import type { EndpointRequest } from '../kinds/requests/endpoint-request.ts';
import type { CallQuota } from '../quota/daily/quota-state.ts';
import { pathOf } from '../transport/api-client.ts';
import { type FieldContext, recordFreshness, recordStale } from '../usage/field-context.ts';
import type { BackgroundRefresh } from './background-refresh.ts';
import { extendedFreshUntilMs } from './decide-read.ts';
import { staleReason } from './decoded-response.ts';
import { type Entry, isFresh } from './entry.ts';
import type { ReadResult } from './pending-fetches.ts';

interface EntryUseOptions {
  capabilities: Pick<Capabilities, 'values'>;
  /** Whether other processes may have stored later entries. */
  isShared: boolean;
  dailyQuota: CallQuota;
  refresh: BackgroundRefresh;
}

/** The use of an entry in place of a call, which is recorded in the usage of the operation. */
export function createEntryUse({ capabilities, isShared, dailyQuota, refresh }: EntryUseOptions) {
  const quotaOf = ({ apiRequest }: EndpointRequest) => dailyQuota.stateOf(apiRequest.family);

  return {
    /** The value of an entry. It is recorded as a saved call, once for each operation. */
    useEntry(
      endpointRequest: EndpointRequest,
      { entry, decision }: Pick<ReadResult, 'entry' | 'decision'>,
      fieldContext: FieldContext,
    ): unknown {
      // Without quota left, the store may still have a later entry of another process.
      if (decision === 'revalidate' || (decision === 'useStale' && isShared))
        refresh(endpointRequest, fieldContext.operation);
      if (decision !== 'use') recordStale(fieldContext, decision === 'revalidate' ? 'REVALIDATING' : 'QUOTA');
      const freshUntilMs = isFresh(entry)
        ? entry.freshUntilMs
        : extendedFreshUntilMs(entry, quotaOf(endpointRequest).usedShare);
      recordFreshness(fieldContext, freshUntilMs, entry.usableUntilMs);
      const { usage, responseKeys } = fieldContext.operation;
      // All chapters of a list may read their audiobook: one call is saved.
      if (responseKeys.has(endpointRequest.key)) return entry.value;
      responseKeys.add(endpointRequest.key);
      usage.calls.push({
        method: 'GET',
        path: pathOf(endpointRequest.apiRequest),
        status: entry.value === null ? 404 : 200,
        milliseconds: 0,
        origin: 'cache',
      });
      return entry.value;
    },
    /** The value of a stale entry that replaces the response to a failed read. @throws the error if there is none */
    useStale(
      endpointRequest: EndpointRequest,
      staleEntry: Entry | undefined,
      error: unknown,
      fieldContext: FieldContext,
    ): unknown {
      const reason = staleReason(error, endpointRequest, quotaOf(endpointRequest), capabilities);
      if (!staleEntry || reason === null) throw error;
      recordStale(fieldContext, reason);
      return staleEntry.value;
    },
  };
}
