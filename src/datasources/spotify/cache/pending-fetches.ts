import { epochMs } from '../../../observability/clock.ts';
import type { Capabilities } from '../capabilities/capabilities.ts';
import type { EndpointRequest } from '../kinds/requests/endpoint-request.ts';
import { type CallQuota, waitMsOfQuota } from '../quota/daily/quota-state.ts';
import { afterCalls } from '../quota/daily/thrift.ts';
import { backOffError } from '../transport/upstream-errors.ts';
import type { FieldContext } from '../usage/field-context.ts';
import type { ReadSource } from '../usage/observer.ts';
import type { Waiters } from '../usage/waiters.ts';
import { decideRead, type ReadDecision } from './decide-read.ts';
import type { DecodedResponse } from './decoded-response.ts';
import { type Form, partsOf } from './embedded.ts';
import { asOfMs, type Entry, entryOf, expiredAt, type FreshnessOptions } from './entry.ts';
import type { Memory, WriteToMemory } from './memory.ts';
import type { Purges } from './purges.ts';
import type { ReadEntry, StoredRequest } from './shared-entry.ts';
import type { SharedResponses } from './shared-responses.ts';

/** A request that may have to be sent to Spotify, with the entry that may make it needless. */
export interface PendingFetch extends StoredRequest {
  /** The fields that wait for it, in the order in which they joined; more may join. */
  fieldContexts: FieldContext[];
  /** `any`: a simplified object is enough for all of these fields. */
  form: Form;
  /** The operations that wait for its call. Undefined before a call. */
  waiters?: Waiters;
  /** The entry of the full object or page, which Spotify may confirm. */
  cachedEntry: Entry | undefined;
  /** Whether it refreshes a stale entry: then the call is sent although the entry could be used. */
  isRefresh: boolean;
  /** Whether it has waited for another process that read the same. That process may have failed. */
  hasWaitedForOtherProcess: boolean;
}

export function createPendingFetch(
  endpointRequest: EndpointRequest,
  cachedEntry: Entry | undefined,
  options: Pick<PendingFetch, 'form' | 'isRefresh'>,
): PendingFetch {
  return {
    ...options,
    endpointRequest,
    fieldContexts: [],
    cachedEntry,
    storedEntry: undefined,
    startedMs: epochMs(),
    hasWaitedForOtherProcess: false,
  };
}

function setEntry(pendingFetch: PendingFetch, cachedEntry: Entry, storedEntry: ReadEntry | undefined): void {
  pendingFetch.cachedEntry = cachedEntry;
  pendingFetch.storedEntry = storedEntry;
}

/** Adds a field to those that wait for the fetch. */
export function join(pendingFetch: PendingFetch, form: Form, fieldContext: FieldContext): void {
  if (form === 'full') pendingFetch.form = form;
  pendingFetch.fieldContexts.push(fieldContext);
  fieldContext.operation.families.add(pendingFetch.endpointRequest.apiRequest.family);
  pendingFetch.waiters?.join(fieldContext.operation);
}

/** An entry from Spotify or from the store, and whether it is used as fresh, or stale for one of two reasons. */
export interface ReadResult {
  entry: Entry;
  decision: Exclude<ReadDecision, 'call' | 'reject'>;
  /** `shared`: the call was sent for another field. */
  source: Exclude<ReadSource, 'memory'>;
}

/** The decision about a fetch, and the entry that it is based on. */
export interface Decided {
  decision: ReadDecision;
  entry: Entry | undefined;
}

export interface PendingFetchesOptions extends FreshnessOptions {
  memory: Memory;
  writeToMemory: WriteToMemory;
  sharedResponses: SharedResponses | undefined;
  dailyQuota: CallQuota;
  purges: Pick<Purges, 'isPurged' | 'hasPurgedSince'>;
  capabilities: Pick<Capabilities, 'has' | 'observe'>;
}

/** Decides whether an entry replaces a pending call, and stores the results of calls. */
export function createFetchDecisions(options: PendingFetchesOptions) {
  const { memory, sharedResponses, writeToMemory, dailyQuota, purges } = options;

  /** Uses an entry that came with another response meanwhile, such as one of the store. */
  function useMemory(pendingFetch: PendingFetch): void {
    const entry = memory.get(pendingFetch.endpointRequest.key);
    if (entry && entry !== pendingFetch.cachedEntry) setEntry(pendingFetch, entry, undefined);
  }

  /** Uses the entry of the store if Spotify sent or confirmed it later than the one of this process. */
  function useStoredEntry(pendingFetch: PendingFetch, storedEntry: ReadEntry | undefined): void {
    const { cachedEntry, endpointRequest, hasWaitedForOtherProcess, startedMs } = pendingFetch;
    if (!storedEntry) return;
    if (cachedEntry && asOfMs(cachedEntry) >= storedEntry.asOfMs) {
      const isSameJson = storedEntry.etag !== null && cachedEntry.etag === storedEntry.etag;
      if (isSameJson) pendingFetch.storedEntry = storedEntry;
      return;
    }
    const isStoredWhileWaiting = hasWaitedForOtherProcess && storedEntry.asOfMs >= startedMs;
    const entry = sharedResponses?.loadEntry(endpointRequest, storedEntry, isStoredWhileWaiting);
    if (entry) setEntry(pendingFetch, entry, storedEntry);
  }

  /** @param callsBefore other calls of the family that are decided together with the one of this request */
  function decideOne(pendingFetch: PendingFetch, callsBefore: number): Decided {
    const { endpointRequest, form, cachedEntry, isRefresh, hasWaitedForOtherProcess, startedMs } =
      pendingFetch;
    // An entry that another process has read meanwhile is used even if CACHE_TTL_SECONDS is 0.
    const isStoredWhileWaiting = hasWaitedForOtherProcess && cachedEntry && asOfMs(cachedEntry) >= startedMs;
    if (isStoredWhileWaiting) return { decision: 'use', entry: cachedEntry };
    const entry = form === 'any' ? memory.getAnyForm(endpointRequest) : cachedEntry;
    const quota = () => {
      const { family } = endpointRequest.apiRequest;
      const state = dailyQuota.stateOf(family);
      return entry ? afterCalls(state, callsBefore + dailyQuota.queuedCalls(family)) : state;
    };
    const decision = decideRead(endpointRequest, entry, quota);
    return { decision: decision === 'revalidate' && isRefresh ? 'call' : decision, entry };
  }

  return {
    /** Gives the request the latest entry of memory and of the store. */
    useLatest(pendingFetch: PendingFetch, storedEntry: ReadEntry | undefined): void {
      useMemory(pendingFetch);
      useStoredEntry(pendingFetch, storedEntry);
    },
    /**
     * Whether each request is sent, and the entry that is used if not. The reads were decided before; they are decided again,
     * because the store or another response may have brought an entry meanwhile, and because the calls of all of them
     * together may use so much of the daily quota that some entries are not refreshed.
     */
    decide(pendingFetches: readonly PendingFetch[]): Decided[] {
      const calls = createPlannedCalls(options.capabilities);
      return pendingFetches.map((pendingFetch) => {
        const decided = decideOne(pendingFetch, calls.besides(pendingFetch.endpointRequest));
        if (decided.decision === 'call') calls.add(pendingFetch.endpointRequest);
        return decided;
      });
    },
    /** The result of a request that is not sent. @throws UpstreamQuotaExceeded */
    resultOf({ endpointRequest }: PendingFetch, decided: Decided | undefined): ReadResult {
      const { entry, decision = 'call' } = decided ?? {};
      if (!entry || decision === 'call' || decision === 'reject') {
        const { family } = endpointRequest.apiRequest;
        throw backOffError(family, 'quota', waitMsOfQuota(dailyQuota.stateOf(family)));
      }
      return { entry, decision, source: 'store' };
    },
    /**
     * Stores the result of a fetch, for this process and for the others, and learns from it. If an id in it was removed after
     * its request began, only the fields that wait for it get it.
     */
    store(pendingFetch: PendingFetch, result: DecodedResponse): Entry {
      const { endpointRequest, cachedEntry, startedMs } = pendingFetch;
      const { usedShare } = dailyQuota.stateOf(endpointRequest.apiRequest.family);
      const entry = entryOf(endpointRequest, result, cachedEntry, { ...options, usedShare });
      partsOf(endpointRequest, entry.value).objects.forEach(options.capabilities.observe);
      if (purges.isPurged([endpointRequest.key, entry.value], startedMs))
        return expiredAt(endpointRequest, entry, startedMs);
      sharedResponses?.write(pendingFetch, result, entry);
      return writeToMemory(endpointRequest, entry);
    },
  };
}

/** The calls, by family, of fetches that are sent together. Those that can share a call count as one. */
function createPlannedCalls(capabilities: Pick<Capabilities, 'has'>) {
  const calls = new Map<string, number>();
  const batchSizes = new Map<string, number>();
  const of = (family: string): number => calls.get(family) ?? 0;

  function joinsCall(batch: EndpointRequest['batch']): boolean {
    if (!batch || (batch.feature && capabilities.has(batch.feature) === false)) return false;
    return (batchSizes.get(batch.key) ?? 0) % batch.max > 0;
  }

  return {
    /** The calls of the family besides the one that this request needs or joins. */
    besides: ({ batch, apiRequest }: EndpointRequest) => of(apiRequest.family) - (joinsCall(batch) ? 1 : 0),
    add({ batch, apiRequest: { family } }: EndpointRequest): void {
      if (!joinsCall(batch)) calls.set(family, of(family) + 1);
      if (batch) batchSizes.set(batch.key, (batchSizes.get(batch.key) ?? 0) + 1);
    },
  };
}
