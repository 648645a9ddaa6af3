import { epochMs } from '../../../observability/clock.ts';
import type { Log } from '../../../observability/log.ts';
import type { Capabilities } from '../capabilities/capabilities.ts';
import type { Entity } from '../kinds/kind.ts';
import type { EndpointRequest } from '../kinds/requests/endpoint-request.ts';
import type { CallQuota } from '../quota/daily/quota-state.ts';
import type { SharedLeases, SharedStore } from '../shared-state/shared-store.ts';
import { type FieldContext, recordFreshness } from '../usage/field-context.ts';
import { noopObserver, type Observer } from '../usage/observer.ts';
import { createBackgroundRefresh } from './background-refresh.ts';
import type { BatchFetcher } from './batch-fetcher.ts';
import { decideRead, readableCount, type StaleUse, usesEntry } from './decide-read.ts';
import { createDeferredWrites } from './deferred-writes.ts';
import type { Form } from './embedded.ts';
import { ageOf, type Entry, isFresh } from './entry.ts';
import { createEntryUse } from './entry-use.ts';
import { createInFlightRequests } from './in-flight.ts';
import { createMemoryWriter, type Memory, type MemoryOptions, partEntry } from './memory.ts';
import type { PendingFetchesOptions } from './pending-fetches.ts';
import { createSharedResponses } from './shared-responses.ts';

/**
 * Reads from memory, then from the store, then from Spotify. Identical reads share one call. A stale entry is served
 * while it is refreshed in the background, or while the daily quota allows no call.
 */
export interface ReadThroughCache {
  /**
   * The value that the endpoint returns; null if Spotify has no such object.
   * @throws GatewayError, SmallerPageNeeded, FeatureWithheld
   */
  get<T>(
    endpointRequest: EndpointRequest<T>,
    fieldContext: FieldContext,
    staleUse?: StaleUse,
  ): Promise<T | null>;
  /** Like `get`, but a simplified object that came with another response is enough. */
  getAnyForm<T extends Entity>(
    endpointRequest: EndpointRequest<T>,
    fieldContext: FieldContext,
  ): Promise<T | null>;
  /**
   * The value that the endpoint has returned before, for a read that has failed with this error. It is the cached one,
   * however old, and costs no call.
   * @throws the error if there is none
   */
  getAfterError<T>(
    endpointRequest: EndpointRequest<T>,
    error: unknown,
    fieldContext: FieldContext,
  ): Promise<T | null>;
  /** The first of these objects that is in memory, or in the store if `searchesStore`; else the first in flight. */
  findCachedOrInFlight(
    endpointRequests: readonly EndpointRequest<Entity>[],
    searchesStore?: boolean,
  ): Promise<EndpointRequest<Entity> | undefined>;
  /** Loads the response from the store if memory lacks it. */
  load(endpointRequest: EndpointRequest): Promise<void>;
  /** The value in memory, however old; it does not count as used. Undefined if there is none, null for an absence. */
  peek<T>(endpointRequest: EndpointRequest<T>): T | null | undefined;
  /** Whether a read uses memory now, also an absence: `get` if the form is `full`, `getAnyForm` if it is `any`. */
  isCached(endpointRequest: EndpointRequest, form: Form, staleUse?: StaleUse): boolean;
  /** Whether Spotify has stated recently that there is no such object. */
  isAbsent(endpointRequest: EndpointRequest<Entity>): boolean;
  /** The number of requests that have no response yet. */
  inFlightCount(): number;
  /** How many of the first requests, of one endpoint family, can be read from the cache or with the calls that are left. */
  readableCount(endpointRequests: readonly EndpointRequest[]): Promise<number>;
  /**
   * Stores a value that was read as a part of another response.
   * @param sentMs when Spotify sent it, in milliseconds of the epoch
   * @param objectCount how many objects it contains, from which its size is estimated; by default one
   */
  put<T>(endpointRequest: EndpointRequest<T>, value: T, sentMs: number, objectCount?: number): void;
  /**
   * Marks an entry as outdated: the next read sends a call, unless another process has stored a later entry, and uses
   * the outdated one only if the call fails. The stored entry stays until it is replaced.
   */
  expire(key: string): void;
  /** Writes to the store everything that waits to be written. */
  close(): void;
}

export interface ReadThroughCacheOptions extends MemoryOptions {
  batchFetcher: BatchFetcher;
  capabilities: Capabilities;
  memory: Memory;
  /** The entries of the other processes, and which of them reads a key from Spotify; undefined if nothing is shared. */
  store?: (SharedLeases & Pick<SharedStore, 'getEntries' | 'setEntries'>) | undefined;
  purges: PendingFetchesOptions['purges'];
  dailyQuota: CallQuota;
  observer?: Observer;
  log: Pick<Log, 'debug' | 'error'>;
}

export function createReadThroughCache(options: ReadThroughCacheOptions): ReadThroughCache {
  const { memory, store, dailyQuota, observer = noopObserver, purges } = options;
  const writeToMemory = createMemoryWriter(memory, options);
  const writes = createDeferredWrites(options.log);
  const sharedResponses = store && createSharedResponses(store, writes, memory, writeToMemory, options);
  const fetchOptions = { ...options, leases: store, sharedResponses, writes, dailyQuota, writeToMemory };
  const { fetch, isInFlight, inFlightCount } = createInFlightRequests(fetchOptions);
  const refresh = createBackgroundRefresh(fetch, options.log);
  const { useEntry, useStale } = createEntryUse({ ...options, isShared: store !== undefined, refresh });
  const quotaOf = ({ apiRequest }: EndpointRequest) => dailyQuota.stateOf(apiRequest.family);
  const decide = (endpointRequest: EndpointRequest, entry?: Entry) =>
    decideRead(endpointRequest, entry, () => quotaOf(endpointRequest));
  const cachedEntryOf = (endpointRequest: EndpointRequest, form: Form): Entry | undefined =>
    form === 'any' ? memory.getAnyForm(endpointRequest) : memory.get(endpointRequest.key);

  async function read(
    endpointRequest: EndpointRequest,
    form: Form,
    fieldContext: FieldContext,
    staleUse: StaleUse = 'serve',
  ): Promise<unknown> {
    const cachedEntry = cachedEntryOf(endpointRequest, form);
    const decision = decide(endpointRequest, cachedEntry);
    if (cachedEntry && usesEntry(decision, staleUse)) {
      observer.onRead('memory');
      return useEntry(endpointRequest, { entry: cachedEntry, decision }, fieldContext);
    }
    const isRefresh = staleUse === 'refresh';
    try {
      const result = await fetch(endpointRequest, fieldContext, { form, isRefresh });
      observer.onRead(result.source);
      if (result.source === 'store') return useEntry(endpointRequest, result, fieldContext);
      fieldContext.operation.responseKeys.add(endpointRequest.key);
      recordFreshness(fieldContext, result.entry.freshUntilMs, result.entry.usableUntilMs);
      return result.entry.value;
    } catch (error) {
      if (isRefresh) throw error;
      const latestEntry = cachedEntryOf(endpointRequest, form) ?? cachedEntry;
      return useStale(endpointRequest, latestEntry, error, fieldContext);
    }
  }

  async function loadFromStore(endpointRequests: readonly EndpointRequest[], form: Form): Promise<void> {
    const missing = endpointRequests.filter((endpointRequest) => !cachedEntryOf(endpointRequest, form));
    await sharedResponses?.load(missing.map((endpointRequest) => ({ endpointRequest, form })));
  }

  return {
    get: <T>(endpointRequest: EndpointRequest<T>, fieldContext: FieldContext, staleUse?: StaleUse) =>
      read(endpointRequest, 'full', fieldContext, staleUse) as Promise<T | null>,
    getAnyForm: <T extends Entity>(endpointRequest: EndpointRequest<T>, fieldContext: FieldContext) =>
      read(endpointRequest, 'any', fieldContext) as Promise<T | null>,
    async getAfterError<T>(request: EndpointRequest<T>, error: unknown, fieldContext: FieldContext) {
      const endpointRequest = request as EndpointRequest;
      await loadFromStore([endpointRequest], 'full');
      const entry = memory.get(request.key);
      if (entry && isFresh(entry))
        return useEntry(endpointRequest, { entry, decision: 'use' }, fieldContext) as T | null;
      return useStale(endpointRequest, entry, error, fieldContext) as T | null;
    },
    async findCachedOrInFlight(endpointRequests, searchesStore = true) {
      const find = () => endpointRequests.find((each) => memory.getAnyForm(each)?.value);
      if (searchesStore && !find()) await loadFromStore(endpointRequests, 'any');
      return find() ?? endpointRequests.find(({ key }) => isInFlight(key));
    },
    load: (endpointRequest) => loadFromStore([endpointRequest], 'full'),
    peek: <T>({ key }: EndpointRequest<T>) => memory.get(key)?.value as T | null | undefined,
    isCached: (endpointRequest, form, staleUse) =>
      usesEntry(decide(endpointRequest, cachedEntryOf(endpointRequest, form)), staleUse),
    isAbsent({ key }) {
      const entry = memory.get(key);
      return entry?.value === null && isFresh(entry);
    },
    inFlightCount,
    async readableCount(endpointRequests) {
      const [first] = endpointRequests;
      if (!first || endpointRequests.length <= quotaOf(first).remaining) return endpointRequests.length;
      await loadFromStore(endpointRequests, 'full');
      const entries = endpointRequests.map(({ key }) => memory.get(key));
      return readableCount(quotaOf(first).remaining, entries, epochMs());
    },
    put(endpointRequest, value, sentMs, objectCount) {
      if (purges.isPurged([endpointRequest.key, value], sentMs)) return;
      const entry = partEntry(value, ageOf(endpointRequest.freshMs, options, sentMs), objectCount);
      writeToMemory(endpointRequest as EndpointRequest, entry);
    },
    expire: memory.expire,
    close: writes.flush,
  };
}
