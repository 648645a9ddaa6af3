import type { SharedStore } from '../shared-state/shared-store.ts';

/** The gateway's own limit on calls, kept in every span of 30 s (a rolling window). */
export interface RateLimiter {
  /** Milliseconds until one more call may be sent; 0 if it may be sent now. */
  waitMs(nowMs: number): number;
  /** Counts one call of this process. */
  record(nowMs: number): void;
  /** Takes back the call that was recorded last, because it is not sent. */
  cancel(): void;
  /** Counts the recorded call with the other processes; false if their calls have used up the limit. */
  reserveShared(): Promise<boolean>;
}

// Spotify counts 30 s by its own clock: two calls that are 30 s apart here may be a little closer there.
const windowMs = 30_000 + 500;

const unlimited: RateLimiter = {
  waitMs: () => 0,
  record: () => undefined,
  cancel: () => undefined,
  reserveShared: async () => true,
};

/**
 * @param limit maximum calls in any 30 s; null for no limit
 * @param sharedState shares the limit between processes; without it each process has the whole limit
 */
export function createRateLimiter(
  limit: number | null,
  sharedState?: Pick<SharedStore, 'reserveRate'>,
): RateLimiter {
  if (limit === null) return unlimited;
  const sentAtMs: number[] = []; // the last `limit` calls, oldest first
  let blockedUntilMs = 0; // by the calls of other processes

  return {
    waitMs(nowMs) {
      const oldestMs = sentAtMs.length < limit ? undefined : sentAtMs[0];
      const windowEndMs = oldestMs === undefined ? 0 : oldestMs + windowMs;
      return Math.max(0, windowEndMs - nowMs, blockedUntilMs - nowMs);
    },
    record(nowMs) {
      sentAtMs.push(nowMs);
      if (sentAtMs.length > limit) sentAtMs.shift();
    },
    cancel: () => void sentAtMs.pop(),
    async reserveShared() {
      const waitMs = (await sharedState?.reserveRate(limit, windowMs)) ?? 0;
      if (waitMs === 0) return true;
      blockedUntilMs = performance.now() + waitMs;
      return false;
    },
  };
}
