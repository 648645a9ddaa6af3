/** The freshness of a cache entry; points in time are milliseconds of the epoch. */
export interface EntryAge {
  freshUntilMs: number;
  /** Length of its freshness, in milliseconds. */
  freshMs: number;
  usableUntilMs: number;
}

/** The calls of the endpoint family in the last 24 h, compared with its daily limit. */
export interface QuotaUse {
  /** Calls that may still be sent now. Infinity without a limit that is enforced. */
  remaining: number;
  /** Used share of the daily limit, from 0; 0 without a limit. */
  usedShare: number;
}

/**
 * - `use`: the entry is fresh, or thrift extends its freshness
 * - `revalidate`: the entry is stale; it is used at once and refreshed in the background
 * - `call`: Spotify is called, and the entry is used only if that fails
 * - `useStale`: the entry is stale, and the quota is saved for reads without an entry (reason `QUOTA`)
 * - `reject`: there is no entry, and no call is left (`UPSTREAM_QUOTA_EXCEEDED`)
 */
export type ReadDecision = 'use' | 'revalidate' | 'call' | 'useStale' | 'reject';

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

/** Until when an entry counts as fresh at this use of the quota, in milliseconds of the epoch. */
export const extendedFreshUntilMs = ({ freshUntilMs, freshMs, usableUntilMs }: EntryAge, usedShare: number) =>
  Math.min(usableUntilMs, freshUntilMs + freshMs * (freshnessFactor(usedShare) - 1));

/**
 * Decides about reads of one endpoint family, such as the pages of a window, in their order. Reads without an entry
 * come before those that refresh one.
 * @param reads the cache entry of each read; null if there is none
 * @param nowMs milliseconds of the epoch
 */
export function decideReads(
  { remaining, usedShare }: QuotaUse,
  reads: readonly (EntryAge | null)[],
  nowMs: number,
): ReadDecision[] {
  const isMissing = (entry: EntryAge | null) => entry === null || nowMs >= entry.usableUntilMs;
  let callsLeft = remaining;
  let refreshesLeft = usedShare >= firstReadsOnlyFromShare ? 0 : remaining - reads.filter(isMissing).length;

  return reads.map((entry) => {
    if (entry === null || isMissing(entry)) {
      callsLeft -= 1;
      return callsLeft < 0 ? 'reject' : 'call';
    }
    if (nowMs < entry.freshUntilMs) return 'use';
    if (remaining < 1) return 'useStale';
    const freshUntilMs = extendedFreshUntilMs(entry, usedShare);
    if (nowMs < freshUntilMs) return 'use';
    refreshesLeft -= 1;
    if (refreshesLeft < 0) return 'useStale';
    return nowMs < freshUntilMs + entry.freshMs ? 'revalidate' : 'call';
  });
}

/** How many of the first reads need no call, or are among the calls that are left. */
export function readableCount(quota: QuotaUse, reads: readonly (EntryAge | null)[], nowMs: number): number {
  const rejected = decideReads(quota, reads, nowMs).indexOf('reject');
  return rejected === -1 ? reads.length : rejected;
}
