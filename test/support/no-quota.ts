import type { CallQuota } from '../../src/datasources/spotify/cache/pending-fetches.ts';

/** A daily quota without limits. */
export const noQuota: CallQuota = {
  stateOf: () => ({ remaining: Number.POSITIVE_INFINITY, usedShare: 0, limit: null, resetAtMs: null }),
  queuedCalls: () => 0,
};
