import DataLoader from 'dataloader';
import { GatewayError } from '../../../errors.ts';
import { epochMs } from '../../../observability/clock.ts';
import type { Capabilities } from '../capabilities/capabilities.ts';
import { isObject } from '../kinds/embedded-objects.ts';
import type { EndpointRequest } from '../kinds/endpoint-request.ts';
import { kinds } from '../kinds/index.ts';
import { MalformedAnswer } from '../kinds/json.ts';
import type { Entity, KindRegistry } from '../kinds/kind.ts';
import { isMalformed } from '../kinds/malformed.ts';
import { objectKey } from '../kinds/object-key.ts';
import { isLazyItems, type LazyItems } from '../pagination/lazy-items.ts';
import { pathOf } from '../transport/api-client.ts';
import { type FieldContext, recordFreshness, withDeadline } from '../usage/field-context.ts';
import { noopObserver, type Observer } from '../usage/observer.ts';
import type { BatchFetcher, FetchRequest, FetchResult } from './batch-fetcher.ts';
import { isItself, withoutOtherMarket } from './embedded-index.ts';
import { type Entry, isFresh, type Memory } from './memory.ts';
import type { ReadEntry, Store, StoredEntry } from './redis-store.ts';

/** Read-through: one question is asked once, whoever asks it, and its answer kept for the next. */
export interface ReadThroughCache {
  /**
   * The answer to a question, from where it is nearest; null when there is no such thing.
   * @throws GatewayError, LimitRefused, FeatureWithheld
   */
  get<T>(endpointRequest: EndpointRequest<T>, fieldContext: FieldContext): Promise<T | null>;
  /** The same for an object whose short form will do, if that has come along with another answer. */
  getAnyForm<T extends Entity>(
    endpointRequest: EndpointRequest<T>,
    fieldContext: FieldContext,
  ): Promise<T | null>;
  /** Whether an object is held in any form, so that asking for it costs nothing. */
  has(endpointRequest: EndpointRequest<Entity>): boolean;
  /** Whether Spotify has said lately that there is no such object. */
  isAbsent(endpointRequest: EndpointRequest<Entity>): boolean;
  /** Keeps the answer to a question that was answered without being asked. */
  put<T>(endpointRequest: EndpointRequest<T>, value: T): void;
  /** An answer that something newer has proven outdated: it is asked again, and stands in if that fails. */
  expire(key: string): void;
}

export interface ReadThroughCacheOptions {
  batchFetcher: BatchFetcher;
  capabilities: Capabilities;
  memory: Memory;
  /** What other processes have read; undefined where this one is alone. */
  store?: Store | undefined;
  observer?: Observer;
  /** The kinds of objects; by default all that the gateway serves. */
  registry?: KindRegistry;
  /** How long an answer is fresh, and how much longer it may stand in when Spotify cannot answer. */
  freshMs: number;
  staleMs: number;
}

const absentMs = 60_000; // what does not exist today may be released in a minute
const embeddedBytes = 600; // a short form, which may outlive the answer that it came with
const shortForm = 'short/';

/** A question on its way, with the copy that stands in for its answer if there comes none. */
interface InFlightRequest extends FetchRequest {
  fieldContexts: FieldContext[];
  etag: string | null;
  cachedEntry: Entry | undefined;
  /** What other processes share, where that is the copy. */
  storedEntry: ReadEntry | undefined;
  result: Promise<Entry>;
}

export function createReadThroughCache({
  batchFetcher,
  capabilities,
  memory,
  store,
  freshMs,
  staleMs,
  observer = noopObserver,
  registry = kinds,
}: ReadThroughCacheOptions): ReadThroughCache {
  const inFlight = new Map<string, InFlightRequest>();
  // The catalogue is public and read with one app token, so questions gather over all requests of a tick: until
  // the event loop has heard every socket that has something to say.
  const loader = new DataLoader<InFlightRequest, Promise<Entry>>(dispatchBatch, {
    cache: false,
    batchScheduleFn: setImmediate,
  });

  async function get<T>(endpointRequest: EndpointRequest<T>, fieldContext: FieldContext): Promise<T | null> {
    const copy = memory.get(endpointRequest.key);
    if (copy && isUsable(endpointRequest, copy)) {
      observer.onRead('memory');
      return recordHit(endpointRequest, copy, fieldContext) as T | null;
    }

    const flight =
      inFlight.get(endpointRequest.key) ?? startFetch(endpointRequest as EndpointRequest<unknown>, copy);
    flight.fieldContexts.push(fieldContext);
    const source = flight.fieldContexts.length === 1 ? 'spotify' : 'shared';
    try {
      const entry = await withDeadline(flight.result, fieldContext);
      observer.onRead(entry === flight.cachedEntry ? 'redis' : source);
      if (entry === flight.cachedEntry) return recordHit(endpointRequest, entry, fieldContext) as T | null;
      recordFreshness(fieldContext, entry.freshUntilMs);
      return entry.value as T | null;
    } catch (error) {
      if (!flight.cachedEntry || !(error instanceof GatewayError)) throw error;
      fieldContext.operation.usage.stale.push({ ...fieldContext.location(), reason: error.code });
      return flight.cachedEntry.value as T | null;
    }
  }

  function startFetch(endpointRequest: EndpointRequest<unknown>, copy: Entry | undefined): InFlightRequest {
    const flight = {
      endpointRequest,
      fieldContexts: [],
      cachedEntry: copy,
      etag: copy?.etag ?? null,
    } as unknown as InFlightRequest;
    const fly = async () => loader.load(flight);
    flight.result = fly().finally(() => inFlight.delete(endpointRequest.key));
    flight.result.catch(() => undefined); // no field may wait for it any more
    inFlight.set(endpointRequest.key, flight);
    return flight;
  }

  /** Sends off the flights of one tick, except those whose answer another process has left in the store. */
  async function dispatchBatch(departing: readonly InFlightRequest[]): Promise<Promise<Entry>[]> {
    const stored = (await store?.get(departing.map(({ endpointRequest }) => endpointRequest.key))) ?? [];
    for (const [i, flight] of departing.entries()) {
      useStoredEntry(flight, stored[i]);
      flight.etag = flight.cachedEntry?.etag ?? null;
    }
    const asking = departing.filter(
      ({ cachedEntry: copy, endpointRequest }) => !copy || !isUsable(endpointRequest, copy),
    );
    const promises = batchFetcher(asking);
    const answers = new Map(asking.map((flight, i) => [flight, promises[i]]));
    return departing.map(async (flight) => {
      const answer = answers.get(flight);
      return answer
        ? settle(flight, await answer)
        : storeEntry(flight.endpointRequest, flight.cachedEntry as Entry);
    });
  }

  /** Takes what other processes share for the copy, where that was confirmed later and is as documented. */
  function useStoredEntry(flight: InFlightRequest, stored: ReadEntry | undefined): void {
    if (!stored || (flight.cachedEntry && flight.cachedEntry.freshUntilMs >= stored.freshUntilMs)) return;
    const { body, etag, bytes, isRepeated } = stored;
    const longest = lifetime({ status: body === null ? 'absent' : 'found' });
    const freshUntilMs = Math.min(stored.freshUntilMs, longest.freshUntilMs);
    const usableUntilMs = Math.min(stored.usableUntilMs, longest.usableUntilMs);
    const value = body === null ? null : decodeStored(flight.endpointRequest, stored);
    if (value === undefined || usableUntilMs <= epochMs()) return;
    flight.cachedEntry = { value, etag, bytes, freshUntilMs, usableUntilMs, isRepeated };
    flight.storedEntry = stored;
  }

  function settle(
    { endpointRequest, cachedEntry: copy = negativeEntry, storedEntry: stored }: InFlightRequest,
    answer: FetchResult,
  ): Entry {
    const { value, etag, bytes } = entryOf(answer, copy, endpointRequest);
    const isRepeated = isFresh(copy) && !isWhole(endpointRequest, copy);
    const entry = { value, etag, bytes, ...lifetime(answer), isRepeated };
    const body = bodyOf(answer, stored);
    const { freshUntilMs, usableUntilMs } = entry;
    if (store && body !== undefined) {
      const hasMalformedParts = !isDocumented(value);
      const asOfMs = epochMs();
      store.set(endpointRequest.key, {
        body,
        etag,
        asOfMs,
        freshUntilMs,
        usableUntilMs,
        hasMalformedParts,
        isRepeated,
      });
    }
    return storeEntry(endpointRequest, entry);
  }

  function lifetime({ status }: Pick<FetchResult, 'status'>): Pick<Entry, 'freshUntilMs' | 'usableUntilMs'> {
    const nowMs = epochMs();
    if (status === 'absent') return { freshUntilMs: nowMs + absentMs, usableUntilMs: nowMs + absentMs };
    return { freshUntilMs: nowMs + freshMs, usableUntilMs: nowMs + freshMs + staleMs };
  }

  function storeEntry(endpointRequest: EndpointRequest<unknown>, entry: Entry): Entry {
    const objects = new Set<Entity>(); // the tracks of an album bring the same artist again and again
    const lists: LazyItems<Entity>[] = [];
    for (const part of entry.value === null ? [] : endpointRequest.embeddedObjects(entry.value)) {
      if (isObject(part)) objects.add(part);
      else lists.push(part);
    }
    memory.set(endpointRequest.key, entry, lists);
    for (const object of objects) {
      if (object.full) capabilities.observe(object);
      if (object !== entry.value) storeEmbedded(object, entry);
    }
    return entry;
  }

  function storeEmbedded(object: Entity, { freshUntilMs, usableUntilMs }: Entry): void {
    if (!isItself(object, registry)) return;
    const key = (object.full ? '' : shortForm) + objectKey(registry, object.kind, object.id, object.market);
    const known = memory.get(key);
    if (known && isFresh(known)) return;
    const value = withoutOtherMarket(object, registry);
    memory.set(key, { value, etag: null, bytes: embeddedBytes, freshUntilMs, usableUntilMs });
  }

  function fresh(key: string): Entry | undefined {
    const entry = memory.get(key);
    return entry && isFresh(entry) ? entry : undefined;
  }

  /** What is held of an object that came along with another answer. */
  const short = ({ key, entityKey }: EndpointRequest<Entity>): Entry | undefined =>
    fresh(shortForm + key) ?? (entityKey && memory.findEmbedded(entityKey));

  return {
    get,
    async getAnyForm<T extends Entity>(endpointRequest: EndpointRequest<T>, fieldContext: FieldContext) {
      const held = fresh(endpointRequest.key) ? undefined : short(endpointRequest);
      if (!held) return get(endpointRequest, fieldContext);
      observer.onRead('memory');
      return recordHit(endpointRequest, held, fieldContext) as T;
    },
    isAbsent: ({ key }) => fresh(key)?.value === null,
    has: (endpointRequest) => Boolean(fresh(endpointRequest.key)?.value ?? short(endpointRequest)),
    expire(key) {
      const entry = memory.get(key);
      if (entry) memory.set(key, { ...entry, freshUntilMs: 0 });
      store?.delete(key);
    },
    put: (endpointRequest, value) =>
      void storeEntry(endpointRequest as EndpointRequest<unknown>, {
        value,
        etag: null,
        bytes: embeddedBytes,
        ...lifetime({ status: 'found' }),
      }),
  };
}

const negativeEntry: Entry = { value: null, etag: null, bytes: 0, freshUntilMs: 0, usableUntilMs: 0 };

function entryOf(
  answer: FetchResult,
  copy: Entry,
  { onNotModified }: EndpointRequest<unknown>,
): Omit<Entry, 'freshUntilMs' | 'usableUntilMs'> {
  switch (answer.status) {
    case 'found':
      return { value: answer.value, etag: answer.etag, bytes: answer.bytes };
    case 'unchanged':
      return copy.value !== null && onNotModified
        ? { ...copy, value: onNotModified(copy.value, epochMs()) }
        : copy;
    case 'absent':
      return negativeEntry;
  }
}

/** The JSON to share; undefined where it is not at hand. */
function bodyOf(answer: FetchResult, stored: ReadEntry | undefined): unknown {
  if (answer.status === 'found') return answer.body;
  return answer.status === 'absent' ? null : stored?.body;
}

/**
 * The value of a stored entry; undefined where its body cannot be decoded. A malformed part is accepted only if Spotify
 * sent it so, which the entry states: otherwise Redis has changed the entry, and Spotify has the correct value.
 */
function decodeStored(
  endpointRequest: EndpointRequest<unknown>,
  { body, asOfMs, hasMalformedParts }: StoredEntry,
): unknown {
  try {
    const decoded = endpointRequest.decode(body);
    const value = endpointRequest.onNotModified
      ? endpointRequest.onNotModified(decoded, Math.min(asOfMs, epochMs()))
      : decoded;
    return hasMalformedParts || isDocumented(value) ? value : undefined;
  } catch (error) {
    if (error instanceof MalformedAnswer) return undefined;
    throw error;
  }
}

function isDocumented(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  const parts = isLazyItems(value) ? value.all() : Object.values(value);
  return !isMalformed(value) && parts.every(isDocumented);
}

/** Whether the entry answers a read without a call. A list with malformed items is read once more while it is fresh. */
const isUsable = (endpointRequest: EndpointRequest<unknown>, entry: Entry): boolean =>
  isFresh(entry) && (entry.isRepeated === true || isWhole(endpointRequest, entry));

const isWhole = (endpointRequest: EndpointRequest<unknown>, { value }: Entry): boolean =>
  value === null || endpointRequest.isWhole?.(value) !== false;

/** The value of a copy, noted as a call that was not made. */
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
