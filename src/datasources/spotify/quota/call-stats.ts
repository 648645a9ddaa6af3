import type { Family } from './families.ts';
import { createSlidingWindowCounter, type SlidingWindowCounter } from './sliding-window-counter.ts';

/** Counts the calls that were sent, by endpoint family, for metrics. */
export interface CallStats {
  add(family: Family, nowMs: number): void;
  /** The families of which a call was sent since the start. */
  report(nowMs: number): FamilyCalls[];
}

export interface FamilyCalls {
  family: Family;
  /** Calls of the last 30 s. */
  recentCalls: number;
  callsLast24h: number;
}

const recentMs = 30_000; // the window of Spotify's rate limit
const dayMs = 24 * 3_600_000; // the window of Spotify's quota
const dayBuckets = 96;

export function createCallStats(): CallStats {
  const families = new Map<Family, { recent: SlidingWindowCounter; day: SlidingWindowCounter }>();

  return {
    add(family, nowMs) {
      const counters = families.get(family) ?? {
        recent: createSlidingWindowCounter(recentMs),
        day: createSlidingWindowCounter(dayMs, dayBuckets),
      };
      families.set(family, counters);
      counters.recent.add(nowMs);
      counters.day.add(nowMs);
    },
    report: (nowMs) =>
      Array.from(families, ([family, { recent, day }]) => ({
        family,
        recentCalls: recent.total(nowMs),
        callsLast24h: day.total(nowMs),
      })),
  };
}
