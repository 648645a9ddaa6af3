/** Counts over the last so many milliseconds, by a clock that never jumps; memory stays constant. */
export interface SlidingWindowCounter {
  add(nowMs: number): void;
  total(nowMs: number): number;
  clear(): void;
}

const fewBuckets = 20;

/**
 * @param windowMs length of the window, in milliseconds
 * @param buckets into which it is cut: a count is late by the length of one at most
 */
export function createSlidingWindowCounter(windowMs: number, buckets = fewBuckets): SlidingWindowCounter {
  const widthMs = windowMs / buckets;
  const counts = new Array<number>(buckets).fill(0);
  let newest = 0;

  /** Empties the buckets that time has passed over. */
  function turn(nowMs: number): number {
    const current = Math.floor(nowMs / widthMs);
    for (let i = Math.max(newest + 1, current - buckets + 1); i <= current; i++) counts[i % buckets] = 0;
    newest = Math.max(newest, current);
    return newest % buckets;
  }

  return {
    add(nowMs) {
      const index = turn(nowMs);
      counts[index] = (counts[index] ?? 0) + 1;
    },
    total(nowMs) {
      turn(nowMs);
      return counts.reduce((sum, count) => sum + count, 0);
    },
    clear: () => void counts.fill(0),
  };
}
