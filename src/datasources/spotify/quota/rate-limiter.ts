import type { SharedState } from '../shared-state/shared-state.ts';

/** Our own ceiling on calls, kept over every span of 30 s and not only from one mark of the clock to the next. */
export interface RateLimiter {
  /** Milliseconds until one more call may be sent; 0 for now. */
  waitMs(nowMs: number): number;
  /** Counts one call of this process. */
  spend(nowMs: number): void;
  /** Counts the same call with the other processes; false where they have left no place for it. */
  confirm(): Promise<boolean>;
}

// Spotify counts 30 s by its own clock: two calls 30 s apart here may be a little closer there.
const windowMs = 30_000 + 500;

/**
 * @param limit most calls in any 30 s; null for no limit
 * @param sharedState by which processes share the limit; without it each has its own
 */
export function createRateLimiter(limit: number | null, sharedState?: SharedState): RateLimiter {
  if (limit === null) return { waitMs: () => 0, spend: () => undefined, confirm: async () => true };
  const sentAtMs: number[] = []; // the last `limit` calls, oldest first
  let fullUntilMs = 0;

  return {
    waitMs(nowMs) {
      const oldest = sentAtMs.length < limit ? undefined : sentAtMs[0];
      const ownFullUntilMs = oldest === undefined ? 0 : oldest + windowMs;
      return Math.max(0, ownFullUntilMs - nowMs, fullUntilMs - nowMs);
    },
    spend(nowMs) {
      sentAtMs.push(nowMs);
      if (sentAtMs.length > limit) sentAtMs.shift();
    },
    async confirm() {
      const waitMs = (await sharedState?.reserveCall(limit, windowMs)) ?? 0;
      if (waitMs === 0) return true;
      sentAtMs.pop();
      fullUntilMs = performance.now() + waitMs;
      return false;
    },
  };
}
