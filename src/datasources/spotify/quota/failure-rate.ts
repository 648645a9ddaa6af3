import { createSlidingWindowCounter } from './sliding-window-counter.ts';

export const failureWindowMs = 10_000;
const minCalls = 20; // with fewer, one bad minute of a rarely used endpoint would count as an outage
const maxFailureShare = 0.5;

/** The share of failures among the recent calls of an endpoint. */
export function createFailureRate() {
  const succeeded = createSlidingWindowCounter(failureWindowMs);
  const failed = createSlidingWindowCounter(failureWindowMs);
  let consecutiveFailures = 0;

  return {
    record(result: 'succeeded' | 'failed', nowMs: number): void {
      consecutiveFailures = result === 'failed' ? consecutiveFailures + 1 : 0;
      (result === 'failed' ? failed : succeeded).add(nowMs);
    },
    consecutiveFailures: (): number => consecutiveFailures,
    /** Whether at least a half of the calls have failed. */
    isTooHigh(nowMs: number): boolean {
      const failures = failed.total(nowMs);
      const calls = failures + succeeded.total(nowMs);
      return calls >= minCalls && failures >= calls * maxFailureShare;
    },
    forget(): void {
      succeeded.clear();
      failed.clear();
    },
  };
}
