import { LRUCache } from 'lru-cache';
import { epochMs } from '../../../observability/clock.ts';
import type { Capabilities } from '../capabilities/capabilities.ts';
import { embeddedIn, isObject } from '../kinds/embedded-objects.ts';
import type { EndpointRequest, EntityKey } from '../kinds/endpoint-request.ts';
import { kinds } from '../kinds/index.ts';
import { isMalformed } from '../kinds/json.ts';
import { type Entity, findKind, getKind, type KindRegistry, objectKey } from '../kinds/kind.ts';
import type { LazyItems } from '../pagination/lazy-items.ts';
import { type Freshness, isFresh } from './freshness.ts';

/** A cached response. */
export interface Entry<T = unknown> extends Freshness {
  /** Null if Spotify has no such object. */
  value: T | null;
  etag: string | null;
  /** An estimate of the memory that the value takes. */
  bytes: number;
  /** Whether it replaced a fresh response with malformed items: then it is not read again while it is fresh. */
  isRepeated?: boolean;
}

/** The cached responses of this process. */
export interface Memory {
  /** The entry of the key, fresh or stale; undefined if there is none that may still be used. */
  get(key: string): Entry | undefined;
  /** @param lists the lists in the value of the entry, whose objects can then be found */
  set(key: string, entry: Entry, lists?: readonly LazyItems<Entity>[]): void;
  /** A fresh object in one of these lists; only the item that contains it is decoded. */
  findEmbedded(name: EntityKey): Entry | undefined;
}

export const embeddedBytes = 600; // a simplified object, which may stay longer than the response that contained it
const maxBytes = 48_000_000; // of JSON text, which is some 80 MB as objects: the process stays below 300 MB
const indexBytes = 150; // for each object that can be found in a list
const keyBytes = 240; // limits the cache to 200,000 entries, however small they are

interface IndexedList {
  items: LazyItems<Entity>;
  freshness: Freshness;
}

export function createMemory(registry: KindRegistry = kinds): Memory {
  const listOf = new Map<string, IndexedList>(); // the last list that contains the object of this key
  const entries = new LRUCache<string, { entry: Entry; bytes: number; lists: IndexedList[] }>({
    maxSize: maxBytes,
    sizeCalculation: ({ bytes }) => bytes,
    dispose({ lists }) {
      for (const list of lists)
        for (const key of list.items.indexes.keys()) if (listOf.get(key) === list) listOf.delete(key);
    },
  });

  return {
    get(key) {
      const entry = entries.get(key)?.entry;
      if (!entry || epochMs() < entry.usableUntilMs) return entry;
      entries.delete(key);
      return undefined;
    },
    set(key, entry, itemLists = []) {
      const { freshUntilMs, usableUntilMs } = entry;
      const lists = itemLists.map((items) => ({ items, freshness: { freshUntilMs, usableUntilMs } }));
      const indexed = lists.reduce((sum, { items }) => sum + items.indexes.size, 0);
      entries.set(key, { entry, bytes: entry.bytes + keyBytes + indexed * indexBytes, lists });
      for (const list of lists) for (const object of list.items.indexes.keys()) listOf.set(object, list);
    },
    findEmbedded(name) {
      const key = objectKey(registry, name.kind, name.id, name.market);
      const list = listOf.get(key);
      if (!list || !isFresh(list.freshness)) return undefined;
      const item = list.items.at(list.items.indexes.get(key) ?? -1);
      const object = item && !isMalformed(item) ? findWithin(item, name, registry) : undefined;
      if (!object) return undefined;
      return { value: withoutOtherMarket(object, registry), etag: null, bytes: 0, ...list.freshness };
    },
  };
}

/** Stores an entry in memory together with the objects that its value contains, which then need no call. */
export type StoreEntry = (endpointRequest: EndpointRequest<unknown>, entry: Entry) => Entry;

export function createEntryWriter(
  memory: Memory,
  capabilities: Capabilities,
  registry: KindRegistry,
): StoreEntry {
  function storeEmbedded(object: Entity, { freshUntilMs, usableUntilMs }: Entry): void {
    if (isRelinked(object, registry)) return;
    const fullKey = objectKey(registry, object.kind, object.id, object.market);
    const key = object.full ? fullKey : simplifiedKey(fullKey);
    const cachedEntry = memory.get(key);
    if (cachedEntry && isFresh(cachedEntry)) return;
    const value = withoutOtherMarket(object, registry);
    memory.set(key, { value, etag: null, bytes: embeddedBytes, freshUntilMs, usableUntilMs });
  }

  return (endpointRequest, entry) => {
    const objects = new Set<Entity>(); // the tracks of an album contain the same artist many times
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
  };
}

/** The key of the simplified form of an object. */
export const simplifiedKey = (key: string): string => `short/${key}`;

/** The object itself, or one inside it. */
function findWithin(object: Entity, { kind, id }: EntityKey, kinds: KindRegistry): Entity | undefined {
  for (const part of embeddedIn(object, kinds)) {
    if (isObject(part) && part.kind === kind && part.id === id && !isRelinked(part, kinds)) return part;
  }
  return undefined;
}

/** Whether Spotify sent the object in place of another one, which is wrong for a read of the object itself. */
const isRelinked = (object: Entity, kinds: KindRegistry): boolean =>
  findKind(kinds, object.kind)?.isRelinked?.(object) === true;

/** The object without the market of its page if it is the same in every market: only there do its lists inherit one. */
const withoutOtherMarket = (object: Entity, kinds: KindRegistry): Entity =>
  object.market === null || getKind(kinds, object.kind).takesMarket ? object : { ...object, market: null };
