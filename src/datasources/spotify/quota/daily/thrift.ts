/** The calls of the endpoint family in the last 24 h, compared with its daily limit. */
export interface QuotaUse {
  /** Calls that may still be sent now. Infinity without a limit that is enforced. */
  remaining: number;
  /** Used share of the daily limit, from 0; 0 without a limit. */
  usedShare: number;
}

/** From this share of the daily limit on, freshness is extended. */
export const extendFreshnessFromShare = 0.5;
/** From this share on, calls are sent only for data without a cache entry. */
export const firstReadsOnlyFromShare = 0.9;
const maxFreshnessFactor = 24; // an hour becomes a day, the window of the quota

/** How many times as long entries are fresh: 1 up to a half of the limit, growing evenly in ratio to 24 at nine tenths. */
export function freshnessFactor(usedShare: number): number {
  const progress =
    (usedShare - extendFreshnessFromShare) / (firstReadsOnlyFromShare - extendFreshnessFromShare);
  return maxFreshnessFactor ** Math.min(1, Math.max(0, progress));
}

/** The use of the quota when these further calls are counted. */
export const afterCalls = (
  { remaining, usedShare, limit }: QuotaUse & { limit: number | null },
  calls: number,
): QuotaUse => ({
  remaining: remaining - calls,
  // From whole numbers: the sum of two shares may be a rounding error below nine tenths.
  usedShare: limit ? (Math.round(usedShare * limit) + calls) / limit : usedShare,
});
