import DataLoader from 'dataloader';
import { deadlinePassed } from '../../../errors.ts';
import { epochMs } from '../../../observability/clock.ts';
import type { EndpointRequest } from '../kinds/endpoint-request.ts';
import { quotaWaitMs } from '../quota/admission.ts';
import type { QuotaState } from '../quota/daily-quota.ts';
import type { ReadDecision } from '../quota/decide-reads.ts';
import type { SharedStore } from '../shared-state/shared-store.ts';
import { backOffError } from '../transport/back-off.ts';
import type { FieldContext } from '../usage/field-context.ts';
import type { BatchFetcher, FetchRequest } from './batch-fetcher.ts';
import type { Form } from './embedded.ts';
import { asOfMs, decideRead, type Entry, entryOf, type FreshnessOptions } from './entry.ts';
import type { FetchResult } from './fetch-result.ts';
import type { Memory, StoreEntry } from './memory.ts';
import { entryFromStore, type ReadEntry } from './shared-entry.ts';
import type { SharedResponses } from './shared-responses.ts';

/** A request to Spotify, shared by all fields that read the same meanwhile. */
export interface InFlightRequest extends PendingFetch {
  result: Promise<ReadResult>;
}

/** An entry from Spotify or from the store, and whether it is used as fresh, or stale for one of two reasons. */
export interface ReadResult {
  entry: Entry;
  decision: Exclude<ReadDecision, 'call' | 'reject'>;
  source: 'redis' | 'spotify';
}

interface PendingFetch extends FetchRequest {
  /** The fields that wait for it, in the order in which they joined. */
  fieldContexts: FieldContext[];
  etag: string | null;
  /** `any`: a simplified object is enough for all of these fields. */
  form: Form;
  /** The entry of the full object or page. */
  cachedEntry: Entry | undefined;
  /** The entry of the store with the JSON of `cachedEntry`, which is stored again if Spotify confirms it. */
  storedEntry: ReadEntry | undefined;
  /** Whether it refreshes a stale entry that is served meanwhile. */
  isRefresh: boolean;
  /** Since when it waits for another process that reads the same, in milliseconds of the epoch; Infinity if it does not. */
  waitingSinceMs: number;
}

export interface InFlightOptions extends FreshnessOptions {
  batchFetcher: BatchFetcher;
  memory: Memory;
  storeEntry: StoreEntry;
  sharedResponses: SharedResponses | undefined;
  /** By which only one process at a time reads a key from Spotify; undefined if there is only one process. */
  leases: Leases | undefined;
  dailyQuota: CallQuota;
}

export type Leases = Pick<SharedStore, 'acquireLeases' | 'releaseLease' | 'whenLeaseEnds'>;

/** The calls that are left of the daily quota of an endpoint family. */
export interface CallQuota {
  stateOf(family: string): Pick<QuotaState, 'remaining' | 'usedShare' | 'resetAtMs'>;
}

/** Joins the identical request that is in flight, or starts one. */
export type JoinOrStart = (
  endpointRequest: EndpointRequest<unknown>,
  fieldContext: FieldContext,
  options: Partial<Pick<PendingFetch, 'form' | 'isRefresh'>>,
) => InFlightRequest;

/** What is done about a request, and the entry that decides it. */
interface Decided {
  decision: ReadDecision;
  entry: Entry | undefined;
}

export function createInFlightRequests(options: InFlightOptions): JoinOrStart {
  const { batchFetcher, memory, sharedResponses, leases, storeEntry, dailyQuota } = options;
  const inFlight = new Map<string, InFlightRequest>();
  // Requests of all operations are collected until the event loop has read every socket that has data. They can share
  // calls, because the catalogue is public and read with one app token.
  const loader = new DataLoader<PendingFetch, Promise<ReadResult>>(dispatchBatch, {
    cache: false,
    batchScheduleFn: setImmediate,
  });
  const load = async (pending: PendingFetch) => loader.load(pending); // unwraps the promise of `dispatchBatch`

  function start(endpointRequest: EndpointRequest<unknown>, form: Form, isRefresh: boolean) {
    const cachedEntry = memory.get(endpointRequest.key);
    const pending: PendingFetch = {
      endpointRequest,
      fieldContexts: [],
      etag: cachedEntry?.etag ?? null,
      form,
      cachedEntry,
      storedEntry: undefined,
      isRefresh,
      waitingSinceMs: Number.POSITIVE_INFINITY,
    };
    const result = load(pending).finally(() => end(pending));
    result.catch(() => undefined); // no field may wait for it any more
    const request = Object.assign(pending, { result }); // one object: the cached entry may be replaced meanwhile
    inFlight.set(endpointRequest.key, request);
    return request;
  }

  /** From now on an identical read starts a request of its own. */
  function end(request: PendingFetch): void {
    const { key } = request.endpointRequest;
    if (inFlight.get(key) === request) inFlight.delete(key);
  }

  /** Sends the collected requests, except those that the store, the quota or another process make needless. */
  async function dispatchBatch(requests: readonly PendingFetch[]): Promise<Promise<ReadResult>[]> {
    const keys = requests.map(({ endpointRequest }) => endpointRequest.key);
    // Both commands are sent together, the leases first: an entry is stored before its lease ends.
    const [hasLease, storedEntries] = await Promise.all([
      leases?.acquireLeases(keys),
      sharedResponses?.read(requests),
    ]);
    const releaseLease = (key: string, i: number) => {
      if (hasLease?.[i]) leases?.releaseLease(key);
    };
    try {
      for (const [i, request] of requests.entries()) {
        useMemory(request);
        useStoredEntry(request, storedEntries?.[i]);
      }
      return settleBatch(requests, hasLease ?? [], releaseLease);
    } catch (error) {
      keys.forEach(releaseLease); // a lease that is held is renewed without end
      throw error;
    }
  }

  function settleBatch(
    requests: readonly PendingFetch[],
    hasLease: readonly boolean[],
    releaseLease: (key: string, i: number) => void,
  ): Promise<ReadResult>[] {
    const isOurs = (i: number) => hasLease[i] !== false;
    const decisions = requests.map(decide);
    const isCall = (i: number) => decisions[i]?.decision === 'call';
    const toFetch = requests.filter((_, i) => isCall(i) && isOurs(i));
    // The entry of the others may be a simplified object, which is not enough for a read that joins later.
    for (const request of requests.filter((_, i) => !isCall(i))) end(request);
    const promises = batchFetcher(toFetch);
    const results = new Map(toFetch.map((request, i) => [request, promises[i]]));
    return requests.map(async (request, i): Promise<ReadResult> => {
      if (isCall(i) && !isOurs(i)) return waitForOtherProcess(request);
      try {
        const result = await results.get(request);
        if (result) return { entry: storeResult(request, result), decision: 'use', source: 'spotify' };
        return resultOf(request, decisions[i]);
      } finally {
        releaseLease(request.endpointRequest.key, i);
      }
    });
  }

  /** Uses the entry of the store if Spotify sent or confirmed it later than the one of this process. */
  function useStoredEntry(request: PendingFetch, storedEntry: ReadEntry | undefined): void {
    const { cachedEntry, endpointRequest } = request;
    if (!storedEntry) return;
    if (cachedEntry && asOfMs(cachedEntry) >= storedEntry.asOfMs) {
      const isSameJson = storedEntry.etag !== null && cachedEntry.etag === storedEntry.etag;
      if (isSameJson) request.storedEntry = storedEntry;
      return;
    }
    const entry = entryFromStore(endpointRequest, storedEntry, options);
    if (!entry) return;
    Object.assign(request, { cachedEntry: entry, storedEntry, etag: entry.etag });
    storeEntry(endpointRequest, entry);
  }

  /** Uses an entry that came with another response meanwhile, such as one of the store. */
  function useMemory(request: PendingFetch): void {
    const entry = memory.get(request.endpointRequest.key);
    if (entry && entry !== request.cachedEntry)
      Object.assign(request, { cachedEntry: entry, etag: entry.etag, storedEntry: undefined });
  }

  /** Stores the result of a fetch, for this process and for the others. */
  function storeResult(
    { endpointRequest, cachedEntry, storedEntry }: PendingFetch,
    result: FetchResult,
  ): Entry {
    const entry = entryOf(endpointRequest, result, cachedEntry, options);
    sharedResponses?.write(endpointRequest, result, entry, storedEntry);
    return storeEntry(endpointRequest, entry);
  }

  function decide({ endpointRequest, form, cachedEntry, isRefresh, waitingSinceMs }: PendingFetch): Decided {
    // What another process has read meanwhile is used even if CACHE_TTL_SECONDS is 0.
    if (cachedEntry && asOfMs(cachedEntry) >= waitingSinceMs) return { decision: 'use', entry: cachedEntry };
    const entry = form === 'any' ? memory.getAnyForm(endpointRequest) : cachedEntry;
    const quota = () => dailyQuota.stateOf(endpointRequest.request.family);
    const decision = decideRead(endpointRequest, entry, quota);
    return { decision: decision === 'revalidate' && isRefresh ? 'call' : decision, entry };
  }

  /** @throws UpstreamQuotaExceeded */
  function resultOf({ endpointRequest }: PendingFetch, decided: Decided | undefined): ReadResult {
    const { entry, decision = 'call' } = decided ?? {};
    if (!entry || decision === 'call' || decision === 'reject') {
      throw backOffError('quota', quotaWaitMs(dailyQuota.stateOf(endpointRequest.request.family)));
    }
    return { entry, decision, source: 'redis' };
  }

  /** Reads the store again when the other process has stored its entry, or has failed. */
  async function waitForOtherProcess(request: PendingFetch): Promise<ReadResult> {
    request.waitingSinceMs = Math.min(request.waitingSinceMs, epochMs());
    await leases?.whenLeaseEnds(request.endpointRequest.key);
    const isNeeded = request.fieldContexts.some(({ operation }) => !operation.hasEnded());
    if (!isNeeded) throw deadlinePassed();
    return load(request);
  }

  return (endpointRequest, fieldContext, { form = 'full', isRefresh = false }) => {
    const request = inFlight.get(endpointRequest.key) ?? start(endpointRequest, form, isRefresh);
    if (form === 'full') request.form = form;
    request.fieldContexts.push(fieldContext);
    return request;
  };
}
