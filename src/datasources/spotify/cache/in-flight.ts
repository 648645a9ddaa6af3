import DataLoader from 'dataloader';
import { epochMs } from '../../../observability/clock.ts';
import type { EndpointRequest } from '../kinds/endpoint-request.ts';
import type { FieldContext } from '../usage/field-context.ts';
import type { BatchFetcher, FetchRequest } from './batch-fetcher.ts';
import type { FetchResult } from './fetch-result.ts';
import { type FreshnessOptions, freshnessFromNow, isFresh } from './freshness.ts';
import type { Entry, StoreEntry } from './memory.ts';
import { type EntryStore, entryForStore, entryFromStore, type ReadEntry } from './shared-entry.ts';

/** A request to Spotify, shared by all fields that read the same meanwhile. */
export interface InFlightRequest extends PendingFetch {
  /** `cachedEntry` itself, if the store had an entry that needs no call. */
  result: Promise<Entry>;
}

interface PendingFetch extends FetchRequest {
  /** The fields that wait for it, in the order in which they joined. */
  fieldContexts: FieldContext[];
  etag: string | null;
  /** The entry that is used if Spotify cannot respond. */
  cachedEntry: Entry | undefined;
  /** The entry of the store from which `cachedEntry` was decoded. */
  storedEntry: ReadEntry | undefined;
}

export interface InFlightOptions extends FreshnessOptions {
  batchFetcher: BatchFetcher;
  storeEntry: StoreEntry;
  store: EntryStore | undefined;
}

/** Joins the identical request that is in flight, or starts one. */
export type JoinOrStart = (
  endpointRequest: EndpointRequest<unknown>,
  cachedEntry: Entry | undefined,
  fieldContext: FieldContext,
) => InFlightRequest;

export function createInFlightRequests(options: InFlightOptions): JoinOrStart {
  const { batchFetcher, store } = options;
  const inFlight = new Map<string, InFlightRequest>();
  // Requests of all operations are collected until the event loop has read every socket that has data. They can share
  // calls, because the catalogue is public and read with one app token.
  const loader = new DataLoader<PendingFetch, Promise<Entry>>(dispatchBatch, {
    cache: false,
    batchScheduleFn: setImmediate,
  });

  function startFetch(
    endpointRequest: EndpointRequest<unknown>,
    cachedEntry: Entry | undefined,
  ): InFlightRequest {
    const pending: PendingFetch = {
      endpointRequest,
      fieldContexts: [],
      etag: cachedEntry?.etag ?? null,
      cachedEntry,
      storedEntry: undefined,
    };
    const load = async () => loader.load(pending); // unwraps the promise that `dispatchBatch` returns for it
    const result = load().finally(() => inFlight.delete(endpointRequest.key));
    result.catch(() => undefined); // no field may wait for it any more
    const request = Object.assign(pending, { result }); // one object: the cached entry may be replaced meanwhile
    inFlight.set(endpointRequest.key, request);
    return request;
  }

  /** Sends the collected requests, except those for which another process has left an entry in the store. */
  async function dispatchBatch(requests: readonly PendingFetch[]): Promise<Promise<Entry>[]> {
    const storedEntries =
      (await store?.get(requests.map(({ endpointRequest }) => endpointRequest.key))) ?? [];
    for (const [i, request] of requests.entries()) useStoredEntry(request, storedEntries[i], options);
    const toFetch = requests.filter(
      ({ cachedEntry, endpointRequest }) => !cachedEntry || !isUsable(endpointRequest, cachedEntry),
    );
    const promises = batchFetcher(toFetch);
    const results = new Map(toFetch.map((request, i) => [request, promises[i]]));
    return requests.map(async (request) => {
      const result = results.get(request);
      if (result) return settle(request, await result, options);
      return options.storeEntry(request.endpointRequest, request.cachedEntry as Entry);
    });
  }

  return (endpointRequest, cachedEntry, fieldContext) => {
    const request = inFlight.get(endpointRequest.key) ?? startFetch(endpointRequest, cachedEntry);
    request.fieldContexts.push(fieldContext);
    return request;
  };
}

/** Whether the entry serves a read without a call. A list with malformed items is read once more while it is fresh. */
export const isUsable = (endpointRequest: EndpointRequest<unknown>, entry: Entry): boolean =>
  isFresh(entry) && (entry.isRepeated === true || isWhole(endpointRequest, entry));

const isWhole = (endpointRequest: EndpointRequest<unknown>, { value }: Entry): boolean =>
  value === null || endpointRequest.isWhole?.(value) !== false;

/** Uses the entry of the store if it was confirmed later than the one of this process. */
function useStoredEntry(
  request: PendingFetch,
  storedEntry: ReadEntry | undefined,
  options: FreshnessOptions,
): void {
  const { cachedEntry, endpointRequest } = request;
  if (!storedEntry || (cachedEntry && cachedEntry.freshUntilMs >= storedEntry.freshUntilMs)) return;
  const entry = entryFromStore(endpointRequest, storedEntry, options);
  if (entry) Object.assign(request, { cachedEntry: entry, storedEntry, etag: entry.etag });
}

/** Stores the result of a fetch, for this process and for the others. */
function settle(
  { endpointRequest, cachedEntry = negativeEntry, storedEntry }: PendingFetch,
  result: FetchResult,
  { store, storeEntry, ...options }: InFlightOptions,
): Entry {
  const entry: Entry = {
    ...contentOf(result, cachedEntry, endpointRequest),
    ...freshnessFromNow(result.status === 'absent', options),
    isRepeated: isFresh(cachedEntry) && !isWhole(endpointRequest, cachedEntry),
  };
  const sharedEntry = store && entryForStore(result, entry, storedEntry);
  if (sharedEntry) store?.set(endpointRequest.key, sharedEntry);
  return storeEntry(endpointRequest, entry);
}

const negativeEntry: Entry = { value: null, etag: null, bytes: 0, freshUntilMs: 0, usableUntilMs: 0 };

function contentOf(
  result: FetchResult,
  cachedEntry: Entry,
  { onNotModified }: EndpointRequest<unknown>,
): Pick<Entry, 'value' | 'etag' | 'bytes'> {
  if (result.status === 'absent') return { value: null, etag: null, bytes: 0 };
  const { value, etag, bytes } = result.status === 'found' ? result : cachedEntry;
  const isConfirmed = result.status === 'unchanged' && value !== null && onNotModified !== undefined;
  return { value: isConfirmed ? onNotModified(value, epochMs()) : value, etag, bytes };
}
