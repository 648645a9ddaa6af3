import { LRUCache } from 'lru-cache';

/**
 * A cache that evicts the least recently used entry if there are more than `maxEntries`. The option `max` of the library would
 * allocate memory for all of them at once: 2 ms for 10,000 entries.
 * @param ttl milliseconds until an entry is deleted; by default, unless `set` names a time, it stays until it is evicted
 */
export const createLru = <Value extends object | true>(
  maxEntries: number,
  options: { ttl?: number } = {},
): LRUCache<string, Value> => new LRUCache({ maxSize: maxEntries, sizeCalculation: () => 1, ...options });
