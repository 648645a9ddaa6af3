/** Counts events over the last milliseconds, by a clock that never jumps. Its memory is constant. */
export interface SlidingWindowCounter {
  add(nowMs: number): void;
  total(nowMs: number): number;
  clear(): void;
}

const defaultBuckets = 20;

/**
 * @param windowMs length of the window, in milliseconds
 * @param buckets number of parts of the window: an event is counted for at most one part too long
 */
export function createSlidingWindowCounter(windowMs: number, buckets = defaultBuckets): SlidingWindowCounter {
  const bucketMs = windowMs / buckets;
  const counts = new Array<number>(buckets).fill(0);
  let newestBucket = 0;

  /** Empties the buckets whose time is over, and returns the index of the current one. */
  function advance(nowMs: number): number {
    const current = Math.floor(nowMs / bucketMs);
    for (let i = Math.max(newestBucket + 1, current - buckets + 1); i <= current; i++)
      counts[i % buckets] = 0;
    newestBucket = Math.max(newestBucket, current);
    return newestBucket % buckets;
  }

  return {
    add(nowMs) {
      const index = advance(nowMs);
      counts[index] = (counts[index] ?? 0) + 1;
    },
    total(nowMs) {
      advance(nowMs);
      return counts.reduce((sum, count) => sum + count, 0);
    },
    clear: () => void counts.fill(0),
  };
}
