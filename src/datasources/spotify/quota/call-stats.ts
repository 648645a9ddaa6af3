import type { Family } from './families.ts';
import { createSlidingWindowCounter, type SlidingWindowCounter } from './sliding-window-counter.ts';

/** Keeps count of the calls that were sent: for the operator, and so that retries stay few among them. */
export interface CallStats {
  add(family: Family, nowMs: number): void;
  /** Whether one more retry keeps to the share of calls that retries may be; counts it if so. */
  mayRetry(nowMs: number): boolean;
  report(nowMs: number): FamilyCalls[];
}

export interface FamilyCalls {
  family: Family;
  /** Sent in the last 30 s, and in the last 24 h. */
  recentCalls: number;
  callsLast24h: number;
}

const retryWindowMs = 10_000;
const retryShare = 0.1; // more than this, and the retries are the outage
const freeRetries = 3;
const recentMs = 30_000; // the window in which Spotify counts
const dayMs = 24 * 3_600_000; // and that of its quota
const dayBuckets = 96;

export function createCallStats(): CallStats {
  const calls = createSlidingWindowCounter(retryWindowMs);
  const retries = createSlidingWindowCounter(retryWindowMs);
  const families = new Map<Family, { recent: SlidingWindowCounter; day: SlidingWindowCounter }>();

  return {
    add(family, nowMs) {
      const counts = families.get(family) ?? {
        recent: createSlidingWindowCounter(recentMs),
        day: createSlidingWindowCounter(dayMs, dayBuckets),
      };
      families.set(family, counts);
      for (const count of [calls, counts.recent, counts.day]) count.add(nowMs);
    },
    mayRetry(nowMs) {
      const made = retries.total(nowMs);
      const allowed = Math.max(freeRetries, (calls.total(nowMs) - made) * retryShare);
      if (made + 1 > allowed) return false;
      retries.add(nowMs);
      return true;
    },
    report: (nowMs) =>
      Array.from(families, ([family, { recent, day }]) => ({
        family,
        recentCalls: recent.total(nowMs),
        callsLast24h: day.total(nowMs),
      })),
  };
}
