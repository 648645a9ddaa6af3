import { LRUCache } from 'lru-cache';
import { epochMs } from './clock.ts';

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
}

export interface Memory {
  /** What is held under the key and still usable, fresh or not. */
  get(key: string): Entry | undefined;
  set(key: string, entry: Entry): void;
}

const maxBytes = 64_000_000; // of text, which is some 110 MB as objects: the process stays below 300 MB
const maxEntries = 200_000; // bounds the cost of the keys themselves, where values are small
const keyBytes = 200;

export function createMemory(): Memory {
  const entries = new LRUCache<string, Entry>({
    max: maxEntries,
    maxSize: maxBytes,
    sizeCalculation: (entry) => entry.bytes + keyBytes,
  });

  return {
    get(key) {
      const entry = entries.get(key);
      if (!entry || epochMs() < entry.usableUntilMs) return entry;
      entries.delete(key);
      return undefined;
    },
    set: (key, entry) => void entries.set(key, entry),
  };
}

export const isFresh = (entry: Entry): boolean => epochMs() < entry.freshUntilMs;
