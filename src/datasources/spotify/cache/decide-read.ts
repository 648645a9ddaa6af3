import { epochMs } from '../../../observability/clock.ts';
import type { EndpointRequest } from '../kinds/requests/endpoint-request.ts';
import { firstReadsOnlyFromShare, freshnessFactor, type QuotaUse } from '../quota/thrift.ts';
import { type Entry, type EntryAge, isFresh, isWhole, outdated } from './entry.ts';

/**
 * - `use`: the entry is fresh, or thrift extends its freshness
 * - `revalidate`: the entry is stale; it is used at once and refreshed in the background
 * - `call`: Spotify is called, and the entry is used only if that fails
 * - `useStale`: the entry is stale, and the quota is saved for reads without an entry (reason `QUOTA`)
 * - `reject`: there is no entry, and no call is left (`UPSTREAM_QUOTA_EXCEEDED`)
 */
export type ReadDecision = 'use' | 'revalidate' | 'call' | 'useStale' | 'reject';

/** Until when an entry counts as fresh at this use of the quota, in milliseconds of the epoch. */
export const extendedFreshUntilMs = ({ freshUntilMs, freshMs, usableUntilMs }: EntryAge, usedShare: number) =>
  Math.min(usableUntilMs, freshUntilMs + freshMs * (freshnessFactor(usedShare) - 1));

const isUsable = (age: EntryAge | undefined, nowMs: number): age is EntryAge =>
  age !== undefined && nowMs < age.usableUntilMs;

/**
 * The decision by the age of an entry and the use of the quota alone.
 * @param age undefined if there is no entry
 * @param nowMs milliseconds of the epoch
 */
export function decideByAge(
  { remaining, usedShare }: QuotaUse,
  age: EntryAge | undefined,
  nowMs: number,
): ReadDecision {
  if (!isUsable(age, nowMs)) return remaining < 1 ? 'reject' : 'call';
  if (nowMs < age.freshUntilMs) return 'use';
  if (remaining < 1) return 'useStale';
  const freshUntilMs = extendedFreshUntilMs(age, usedShare);
  if (nowMs < freshUntilMs) return 'use';
  if (usedShare >= firstReadsOnlyFromShare) return 'useStale';
  return nowMs < freshUntilMs + age.freshMs ? 'revalidate' : 'call';
}

/**
 * The decision about a read. A list with malformed items is read once more while it is fresh.
 * @param quota the use of the daily quota of the endpoint family; called only if it matters
 */
export function decideRead(
  endpointRequest: EndpointRequest,
  entry: Entry | undefined,
  quota: () => QuotaUse,
): ReadDecision {
  const mustReadAgain = entry && !entry.isRepeated && !isWhole(endpointRequest, entry);
  if (entry && isFresh(entry) && !mustReadAgain) return 'use';
  const decision = decideByAge(quota(), mustReadAgain ? outdated(entry) : entry, epochMs());
  return entry && isFresh(entry) && decision === 'useStale' ? 'use' : decision;
}

/**
 * A read serves a stale entry while it is refreshed in the background, or it refreshes the entry first and does not use it if
 * that fails.
 */
export type StaleUse = 'serve' | 'refresh';

/** Whether a decision uses the entry, fresh or stale. */
export const usesEntry = (
  decision: ReadDecision,
  staleUse: StaleUse = 'serve',
): decision is Exclude<ReadDecision, 'call' | 'reject'> =>
  decision !== 'call' && decision !== 'reject' && !(decision === 'revalidate' && staleUse === 'refresh');

/** How many reads come before the first one that has neither a usable entry nor a call left. */
export function readableCount(
  remaining: number,
  ages: readonly (EntryAge | undefined)[],
  nowMs: number,
): number {
  const missing = [...ages.keys()].filter((i) => !isUsable(ages[i], nowMs));
  return missing[Math.floor(remaining)] ?? ages.length;
}
