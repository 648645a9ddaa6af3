import { getOrCreate } from '../../../maps.ts';
import type { Family } from '../usage/observer.ts';

type SlidingWindowCounter = ReturnType<typeof createSlidingWindowCounter>;

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

/** The window of Spotify's rate limit. */
export const rateWindowMs = 30_000;
const retryWindowMs = 10_000;
const maxRetryShare = 0.1;
const minRetries = 3; // allowed in every window, however few calls were sent

/** Counts the calls that were sent: for metrics, and to bound the retries among them. */
export function createCallCounts() {
  const families = new Map<Family, SlidingWindowCounter>();
  const calls = createSlidingWindowCounter(retryWindowMs);
  const retries = createSlidingWindowCounter(retryWindowMs);

  return {
    /** Counts a call that was sent, whether it is a retry or not. */
    add(family: Family, nowMs: number): void {
      getOrCreate(families, family, () => createSlidingWindowCounter(rateWindowMs)).add(nowMs);
      calls.add(nowMs);
    },
    /** Whether one more retry is allowed; counts it if so. More retries would prolong an outage. */
    takeRetry(nowMs: number): boolean {
      const retryCount = retries.total(nowMs);
      const maxRetries = Math.max(minRetries, (calls.total(nowMs) - retryCount) * maxRetryShare);
      if (retryCount + 1 > maxRetries) return false;
      retries.add(nowMs);
      return true;
    },
    /** The families of which a call was sent since the start. */
    report: (nowMs: number) =>
      Array.from(families, ([family, recent]) => ({ family, recentCalls: recent.total(nowMs) })),
  };
}
