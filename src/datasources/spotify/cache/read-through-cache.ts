import { GatewayError } from '../../../errors.ts';
import type { Capabilities } from '../capabilities/capabilities.ts';
import type { EndpointRequest } from '../kinds/endpoint-request.ts';
import { kinds } from '../kinds/index.ts';
import type { Entity, KindRegistry } from '../kinds/kind.ts';
import { pathOf } from '../transport/api-client.ts';
import { type FieldContext, recordFreshness, withDeadline } from '../usage/field-context.ts';
import { noopObserver, type Observer } from '../usage/observer.ts';
import type { BatchFetcher } from './batch-fetcher.ts';
import { type FreshnessOptions, freshnessFromNow, isFresh } from './freshness.ts';
import { createInFlightRequests, isUsable } from './in-flight.ts';
import { createEntryWriter, type Entry, embeddedBytes, type Memory, simplifiedKey } from './memory.ts';
import type { EntryStore } from './shared-entry.ts';

/** Reads from memory, then from the store, then from Spotify. Identical reads share one call. */
export interface ReadThroughCache {
  /**
   * The value that the endpoint returns; null if Spotify has no such object.
   * @throws GatewayError, LimitRejected, FeatureWithheld
   */
  get<T>(endpointRequest: EndpointRequest<T>, fieldContext: FieldContext): Promise<T | null>;
  /** Like `get`, but a simplified object that came with another response is enough. */
  getAnyForm<T extends Entity>(
    endpointRequest: EndpointRequest<T>,
    fieldContext: FieldContext,
  ): Promise<T | null>;
  /** Whether a fresh object is cached in any form, so that `getAnyForm` costs no call. */
  has(endpointRequest: EndpointRequest<Entity>): boolean;
  /** Whether Spotify has stated recently that there is no such object. */
  isAbsent(endpointRequest: EndpointRequest<Entity>): boolean;
  /** Stores a value that was read as a part of another response. */
  put<T>(endpointRequest: EndpointRequest<T>, value: T): void;
  /** Marks an entry as outdated: the next read sends a call, and uses the entry only if that fails. */
  expire(key: string): void;
}

export interface ReadThroughCacheOptions extends FreshnessOptions {
  batchFetcher: BatchFetcher;
  capabilities: Capabilities;
  memory: Memory;
  /** The entries of the other processes; undefined if nothing is shared. */
  store?: EntryStore | undefined;
  observer?: Observer;
  /** The kinds of objects; by default all that the gateway serves. */
  registry?: KindRegistry;
}

export function createReadThroughCache(options: ReadThroughCacheOptions): ReadThroughCache {
  const { memory, store, observer = noopObserver, registry = kinds } = options;
  const storeEntry = createEntryWriter(memory, options.capabilities, registry);
  const joinOrStart = createInFlightRequests({ ...options, store, storeEntry });

  async function get<T>(endpointRequest: EndpointRequest<T>, fieldContext: FieldContext): Promise<T | null> {
    const cachedEntry = memory.get(endpointRequest.key);
    if (cachedEntry && isUsable(endpointRequest as EndpointRequest<unknown>, cachedEntry)) {
      observer.onRead('memory');
      return recordHit(endpointRequest, cachedEntry, fieldContext) as T | null;
    }

    const request = joinOrStart(endpointRequest as EndpointRequest<unknown>, cachedEntry, fieldContext);
    const source = request.fieldContexts.length === 1 ? 'spotify' : 'shared';
    try {
      const entry = await withDeadline(request.result, fieldContext);
      const isFromStore = entry === request.cachedEntry;
      observer.onRead(isFromStore ? 'redis' : source);
      if (isFromStore) return recordHit(endpointRequest, entry, fieldContext) as T | null;
      recordFreshness(fieldContext, entry.freshUntilMs);
      return entry.value as T | null;
    } catch (error) {
      if (!request.cachedEntry || !(error instanceof GatewayError)) throw error;
      fieldContext.operation.usage.stale.push({ ...fieldContext.location(), reason: error.code });
      return request.cachedEntry.value as T | null;
    }
  }

  function getFresh(key: string): Entry | undefined {
    const cachedEntry = memory.get(key);
    return cachedEntry && isFresh(cachedEntry) ? cachedEntry : undefined;
  }

  /** An object that came with another response. */
  const getEmbedded = ({ key, entityKey }: EndpointRequest<Entity>): Entry | undefined =>
    getFresh(simplifiedKey(key)) ?? (entityKey && memory.findEmbedded(entityKey));

  return {
    get,
    async getAnyForm<T extends Entity>(endpointRequest: EndpointRequest<T>, fieldContext: FieldContext) {
      const embedded = getFresh(endpointRequest.key) ? undefined : getEmbedded(endpointRequest);
      if (!embedded) return get(endpointRequest, fieldContext);
      observer.onRead('memory');
      return recordHit(endpointRequest, embedded, fieldContext) as T;
    },
    isAbsent: ({ key }) => getFresh(key)?.value === null,
    has: (endpointRequest) => Boolean(getFresh(endpointRequest.key)?.value ?? getEmbedded(endpointRequest)),
    expire(key) {
      const cachedEntry = memory.get(key);
      if (cachedEntry) memory.set(key, { ...cachedEntry, freshUntilMs: 0 });
      store?.delete(key);
    },
    put(endpointRequest, value) {
      const entry = { value, etag: null, bytes: embeddedBytes, ...freshnessFromNow(false, options) };
      storeEntry(endpointRequest as EndpointRequest<unknown>, entry);
    },
  };
}

/** The value of an entry that saved a call, which is recorded as a cache hit. */
function recordHit(
  { request }: Pick<EndpointRequest<unknown>, 'request'>,
  entry: Entry,
  fieldContext: FieldContext,
): unknown {
  recordFreshness(fieldContext, entry.freshUntilMs);
  fieldContext.operation.usage.calls.push({
    method: 'GET',
    path: pathOf(request),
    status: entry.value === null ? 404 : 200,
    milliseconds: 0,
    origin: 'cache',
  });
  return entry.value;
}
