import { setImmediate as nextIteration } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { epochMs } from '../../../observability/clock.ts';
import { isMalformed } from '../kinds/decoding/json.ts';
import type { LazyItems } from '../kinds/decoding/lazy-items.ts';
import { kinds } from '../kinds/index.ts';
import { cacheKeyOf, type Entity, getKind, type KindRegistry } from '../kinds/kind.ts';
import { embeddedIn, isEntity } from '../kinds/requests/embedded-objects.ts';
import type { EndpointRequest, EntityKey } from '../kinds/requests/endpoint-request.ts';
import { containsId, embeddedKey, partsOf, servesReadById, simplifiedKey } from './embedded.ts';
import {
  ageOf,
  asOfMs,
  type Entry,
  type EntryAge,
  type FreshnessOptions,
  isFresh,
  outdated,
} from './entry.ts';

export type Memory = ReturnType<typeof createMemory>;

export interface MemoryOptions extends FreshnessOptions {
  registry?: KindRegistry;
}

const embeddedBytes = 600; // a simplified object, which may stay longer than the response that contained it
const maxBytes = 48_000_000; // of JSON text, which is some 80 MB as objects: the process stays below 300 MB
const indexBytes = 150; // for each object that can be found in a list
const keyBytes = 240; // limits the cache to 200,000 entries, however small they are

// Entries that may no longer be used are deleted within a minute, in steps that do not delay clients: 4,000 take 3 ms.
const sweepMs = 1_000;
const sweptEntries = 4_000;
const purgeStepMs = 5; // of a purge, which searches every text of every value: a page takes up to 1 ms

interface IndexedList {
  items: LazyItems<Entity>;
  /** When Spotify sent it, in milliseconds of the epoch. */
  sentMs: number;
}

/** The cached responses of this process. */
export function createMemory({ registry = kinds, ...options }: MemoryOptions) {
  const listOf = new Map<string, IndexedList>(); // the latest list that contains the object of this key
  const entries = new LRUCache<string, { entry: Entry; bytes: number; lists: IndexedList[] }>({
    maxSize: maxBytes,
    sizeCalculation: ({ bytes }) => bytes,
    dispose({ lists }) {
      for (const list of lists)
        for (const key of list.items.indexes.keys()) if (listOf.get(key) === list) listOf.delete(key);
    },
  });

  const isUsable = ({ usableUntilMs }: Entry) => epochMs() < usableUntilMs;
  let walk = entries.rkeys(); // from the entry that was not used for the longest time
  const sweep = setInterval(() => {
    for (let count = 0; count < sweptEntries; count += 1) {
      const { done, value: key } = walk.next();
      if (done) {
        walk = entries.rkeys();
        return;
      }
      const cached = entries.peek(key);
      if (cached && !isUsable(cached.entry)) entries.delete(key);
    }
  }, sweepMs).unref();

  function get(key: string): Entry | undefined {
    const entry = entries.get(key)?.entry;
    return entry && isUsable(entry) ? entry : undefined;
  }

  function findEmbedded(name: EntityKey): Entry | undefined {
    const key = cacheKeyOf(registry, name.kind, name.id, name.market);
    const list = listOf.get(key);
    const index = list?.items.indexes.get(key);
    if (!list || index === undefined) return undefined;
    const item = list.items.at(index);
    const object = item && !isMalformed(item) ? findWithin(item, name, registry) : undefined;
    if (!object) return undefined;
    const entry = embeddedEntry(object, list.sentMs, registry, options);
    return isUsable(entry) ? entry : undefined;
  }

  return {
    /** The entry of the key, fresh or stale; undefined if there is none that may still be used. */
    get,
    /** An object in a list of a cached response, fresh or stale; only the item that contains it is decoded. */
    findEmbedded,
    /** The own entry of an object if it is fresh; else, of it and those of other responses, the one that is fresh longest. */
    getAnyForm({ key, entityKey }: Pick<EndpointRequest, 'key' | 'entityKey'>): Entry | undefined {
      const full = get(key);
      if (full && isFresh(full)) return full;
      const embedded = [get(simplifiedKey(key)), entityKey && findEmbedded(entityKey)];
      return [full, ...embedded].reduce((latest, entry) =>
        entry && entry.freshUntilMs > (latest?.freshUntilMs ?? 0) ? entry : latest,
      );
    },
    /** @param lists the lists in the value of the entry, whose objects can then be found */
    set(key: string, entry: Entry, itemLists: readonly LazyItems<Entity>[] = []): void {
      const lists = itemLists.map((items) => ({ items, sentMs: asOfMs(entry) }));
      const indexed = lists.reduce((sum, { items }) => sum + items.indexes.size, 0);
      entries.set(key, { entry, bytes: entry.bytes + keyBytes + indexed * indexBytes, lists });
      for (const list of lists)
        for (const object of list.items.indexes.keys())
          if (list.sentMs >= (listOf.get(object)?.sentMs ?? 0)) listOf.set(object, list);
    },
    /** Marks an entry as outdated; the objects in its lists are still found. */
    expire(key: string): void {
      const cached = entries.peek(key);
      if (cached) cached.entry = outdated(cached.entry);
    },
    /** Deletes the entries that contain one of these ids, in steps that do not delay clients. */
    async purge(ids: ReadonlySet<string>): Promise<void> {
      let startMs = performance.now();
      for (const key of [...entries.keys()]) {
        const cached = entries.peek(key);
        if (cached && containsId([key, cached.entry.value], (id) => ids.has(id))) entries.delete(key);
        if (performance.now() - startMs < purgeStepMs) continue;
        await nextIteration();
        startMs = performance.now();
      }
    },
    /** The number of entries. */
    size: (): number => entries.size,
    close: (): void => clearInterval(sweep),
  };
}

/** Stores an entry in memory together with the objects that its value contains, which then need no call. */
export type WriteToMemory = (endpointRequest: EndpointRequest, entry: Entry) => Entry;

export function createMemoryWriter(
  memory: Memory,
  { registry = kinds, ...options }: MemoryOptions,
): WriteToMemory {
  function storeEmbedded(object: Entity, sentMs: number): void {
    if (!servesReadById(object, registry)) return;
    const key = embeddedKey(object, registry);
    const cachedEntry = memory.get(key);
    if (cachedEntry && (isFresh(cachedEntry) || asOfMs(cachedEntry) > sentMs)) return;
    memory.set(key, embeddedEntry(object, sentMs, registry, options));
  }

  return (endpointRequest, entry) => {
    const { objects, lists } = partsOf(endpointRequest, entry.value);
    memory.set(endpointRequest.key, entry, lists);
    for (const object of objects) if (object !== entry.value) storeEmbedded(object, asOfMs(entry));
    return entry;
  };
}

/** The entry of a value that was a part of another response. @param objectCount how many simplified objects it contains */
export const partEntry = (value: unknown, age: EntryAge, objectCount = 1): Entry => ({
  value,
  etag: null,
  bytes: embeddedBytes * objectCount,
  ...age,
});

/** The entry of an object that came with another response: it has the freshness of its own kind. */
const embeddedEntry = (
  object: Entity,
  sentMs: number,
  registry: KindRegistry,
  options: FreshnessOptions,
): Entry =>
  partEntry(asReadById(object, registry), ageOf(getKind(registry, object.kind).freshMs, options, sentMs));

/** The object itself, or one inside it. */
function findWithin(object: Entity, { kind, id }: EntityKey, kinds: KindRegistry): Entity | undefined {
  for (const part of embeddedIn(object, kinds)) {
    if (isEntity(part) && part.kind === kind && part.id === id && servesReadById(part, kinds)) return part;
  }
  return undefined;
}

/**
 * The object of another response as a read by its id uses it. An object that is the same in every market loses the market
 * of its page: only inside the page do its lists inherit it.
 */
function asReadById(object: Entity, kinds: KindRegistry): Entity {
  const { takesMarket, withoutUncertainValues } = getKind(kinds, object.kind);
  const sure = object.full ? object : (withoutUncertainValues?.(object) ?? object);
  return sure.market === null || takesMarket ? sure : { ...sure, market: null };
}
