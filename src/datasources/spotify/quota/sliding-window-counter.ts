export type SlidingWindowCounter = ReturnType<typeof createSlidingWindowCounter>;

const buckets = 20;

/**
 * Counts events over the last milliseconds, by a clock that never jumps. Its memory is constant.
 * @param windowMs length of the window, in milliseconds. An event is counted for at most a twentieth of it too long.
 */
export function createSlidingWindowCounter(windowMs: number) {
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
    /** @param count number of events; default 1 */
    add(nowMs: number, count: number = 1): void {
      const index = advance(nowMs);
      counts[index] = (counts[index] ?? 0) + count;
    },
    total(nowMs: number): number {
      advance(nowMs);
      return counts.reduce((sum, count) => sum + count, 0);
    },
    clear: (): void => void counts.fill(0),
  };
}
