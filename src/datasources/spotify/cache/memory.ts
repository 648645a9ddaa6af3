import { LRUCache } from 'lru-cache';
import { epochMs } from '../../../observability/clock.ts';
import type { EntityKey } from '../kinds/endpoint-request.ts';
import { kinds } from '../kinds/index.ts';
import type { Entity, KindRegistry } from '../kinds/kind.ts';
import type { LazyItems } from '../pagination/lazy-items.ts';
import { createEmbeddedIndex } from './embedded-index.ts';

/** An answer that is kept: fresh for a while, and for a while longer good enough when Spotify cannot answer. */
export interface Entry<T = unknown> {
  /** Null: Spotify says that there is no such thing. */
  value: T | null;
  etag: string | null;
  /** In milliseconds of the epoch, so that other processes understand it. */
  freshUntilMs: number;
  usableUntilMs: number;
  /** About what it takes in memory. */
  bytes: number;
  /** Whether it replaced a fresh response with malformed items: then it is not read again while it is fresh. */
  isRepeated?: boolean;
}

export interface Memory {
  /** What is held under the key and still usable, fresh or not. */
  get(key: string): Entry | undefined;
  /** @param lists those in its value, in which other objects are to be found */
  set(key: string, entry: Entry, lists?: Lists): void;
  /** A fresh object that stands in such a list. */
  findEmbedded(name: EntityKey): Entry | undefined;
}

type Lists = readonly LazyItems<Entity>[];

const maxBytes = 48_000_000; // of text, which is some 80 MB as objects: the process stays below 300 MB
const indexBytes = 150; // for each object that can be found in a list
const keyBytes = 240; // and so there are 200,000 entries at most, however small they are

export function createMemory(registry: KindRegistry = kinds): Memory {
  const shortForms = createEmbeddedIndex(registry);
  const entries = new LRUCache<string, { entry: Entry; bytes: number; forget: (() => void)[] }>({
    maxSize: maxBytes,
    sizeCalculation: ({ bytes }) => bytes,
    dispose({ forget }) {
      for (const each of forget) each();
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
      entries.set(key, { entry, bytes, forget: lists.map((items) => shortForms.add(items, entry)) });
    },
    findEmbedded(name) {
      const found = shortForms.find(name);
      return found && { etag: null, bytes: 0, ...found };
    },
  };
}

export const isFresh = (entry: Entry): boolean => epochMs() < entry.freshUntilMs;
