import { createSlidingWindowCounter } from './sliding-window-counter.ts';

/** Bounds the share of retries among the calls, because more retries would prolong an outage. */
export interface RetryBudget {
  /** Counts a call that was sent, whether it is a retry or not. */
  addCall(nowMs: number): void;
  /** Whether one more retry is allowed; counts it if so. */
  takeRetry(nowMs: number): boolean;
}

const windowMs = 10_000;
const maxShare = 0.1;
const minRetries = 3; // allowed in every window, however few calls were sent

export function createRetryBudget(): RetryBudget {
  const calls = createSlidingWindowCounter(windowMs);
  const retries = createSlidingWindowCounter(windowMs);

  return {
    addCall: calls.add,
    takeRetry(nowMs) {
      const retryCount = retries.total(nowMs);
      const maxRetries = Math.max(minRetries, (calls.total(nowMs) - retryCount) * maxShare);
      if (retryCount + 1 > maxRetries) return false;
      retries.add(nowMs);
      return true;
    },
  };
}
