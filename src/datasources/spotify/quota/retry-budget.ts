import { createSlidingWindowCounter } from './sliding-window-counter.ts';

const windowMs = 10_000;
const maxRetryShare = 0.1;
const minRetries = 3; // allowed in every window, however few calls were sent

/** Bounds the retries among the calls of the last 10 s: more retries would prolong an outage. */
export function createRetryBudget() {
  const calls = createSlidingWindowCounter(windowMs);
  const retries = createSlidingWindowCounter(windowMs);

  return {
    /** Counts a call that was sent, whether it is a retry or not. */
    recordCall: (nowMs: number): void => calls.add(nowMs),
    /** Whether one more retry is allowed; counts it if so. */
    takeRetry(nowMs: number): boolean {
      const retryCount = retries.total(nowMs);
      const maxRetries = Math.max(minRetries, (calls.total(nowMs) - retryCount) * maxRetryShare);
      if (retryCount + 1 > maxRetries) return false;
      retries.add(nowMs);
      return true;
    },
  };
}
