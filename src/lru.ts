import { LRUCache } from 'lru-cache';

/**
 * A cache that evicts the least recently used entries if there are more than `maxEntries`, or if the sum of their sizes is
 * larger. The option `max` of the library would allocate memory for all of them at once: 2 ms for 10,000 entries.
 * @param ttl milliseconds until an entry is deleted; by default, unless `set` names a time, it stays until it is evicted
 * @param sizeOf the size of an entry, at least 1; by default 1
 */
export const createLru = <Value extends object | true>(
  maxEntries: number,
  { sizeOf = () => 1, ...options }: { ttl?: number; sizeOf?: (value: Value) => number } = {},
): LRUCache<string, Value> => new LRUCache({ maxSize: maxEntries, sizeCalculation: sizeOf, ...options });
