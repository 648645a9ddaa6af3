import { LRUCache } from 'lru-cache';
import { epochMs } from '../../../observability/clock.ts';
import type { EntityKey } from '../kinds/endpoint-request.ts';
import { kinds } from '../kinds/index.ts';
import type { Entity, KindRegistry } from '../kinds/kind.ts';
import type { LazyItems } from '../pagination/lazy-items.ts';
import { createEmbeddedIndex } from './embedded-index.ts';
import type { Freshness } from './freshness.ts';

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

export interface Memory {
  /** The entry of the key, fresh or stale; undefined if there is none that may still be used. */
  get(key: string): Entry | undefined;
  /** @param lists the lists in the value of the entry, whose objects can then be found */
  set(key: string, entry: Entry, lists?: Lists): void;
  /** A fresh object that is in one of these lists. */
  findEmbedded(name: EntityKey): Entry | undefined;
}

type Lists = readonly LazyItems<Entity>[];

const maxBytes = 48_000_000; // of JSON text, which is some 80 MB as objects: the process stays below 300 MB
const indexBytes = 150; // for each object that can be found in a list
const keyBytes = 240; // limits the cache to 200,000 entries, however small they are

export function createMemory(registry: KindRegistry = kinds): Memory {
  const embeddedIndex = createEmbeddedIndex(registry);
  const entries = new LRUCache<string, { entry: Entry; bytes: number; forget: (() => void)[] }>({
    maxSize: maxBytes,
    sizeCalculation: ({ bytes }) => bytes,
    dispose({ forget }) {
      for (const removeList of forget) removeList();
    },
  });

  return {
    get(key) {
      const entry = entries.get(key)?.entry;
      if (!entry || epochMs() < entry.usableUntilMs) return entry;
      entries.delete(key);
      return undefined;
    },
    set(key, entry, lists = []) {
      const embedded = lists.reduce((sum, { indexes }) => sum + indexes.size, 0);
      const bytes = entry.bytes + keyBytes + embedded * indexBytes;
      entries.set(key, { entry, bytes, forget: lists.map((items) => embeddedIndex.add(items, entry)) });
    },
    findEmbedded(name) {
      const found = embeddedIndex.find(name);
      return found && { etag: null, bytes: 0, ...found };
    },
  };
}
