/** Our own ceiling on calls, kept over every span of 30 s and not only from one mark of the clock to the next. */
export interface Budget {
  /** Milliseconds until one more call may be sent; 0 for now. */
  waitMs(nowMs: number): number;
  spend(nowMs: number): void;
}

const windowMs = 30_000; // the window in which Spotify counts

/** @param limit most calls in any 30 s; null for no limit */
export function createBudget(limit: number | null): Budget {
  if (limit === null) return { waitMs: () => 0, spend: () => undefined };
  const sentAtMs: number[] = []; // the last `limit` calls, oldest first

  return {
    waitMs(nowMs) {
      const oldest = sentAtMs.length < limit ? undefined : sentAtMs[0];
      return oldest === undefined ? 0 : Math.max(0, oldest + windowMs - nowMs);
    },
    spend(nowMs) {
      sentAtMs.push(nowMs);
      if (sentAtMs.length > limit) sentAtMs.shift();
    },
  };
}
