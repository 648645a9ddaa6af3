import type { CallQuota } from '../../src/datasources/spotify/quota/daily/quota-state.ts';

/** A daily quota without limits. */
export const noQuota: CallQuota = {
  stateOf: () => ({
    used: 0,
    limit: null,
    limitSource: 'NONE',
    remaining: Number.POSITIVE_INFINITY,
    usedShare: 0,
    resetAtMs: null,
  }),
  queuedCalls: () => 0,
};
