import { UpstreamBadResponse } from '../../../errors.ts';
import type { LearnedCapabilities } from './learned-capabilities.ts';
import { type CapabilityPolicy, largestPageSize, pageSizesOf } from './policy.ts';

/** The page size to request: the known limit, or the largest that Spotify may accept. */
export function maxPageSize(learned: LearnedCapabilities, endpoint: string): number {
  const value = learned.lookup(endpoint)?.value;
  return typeof value === 'number' ? value : largestPageSize;
}

/** The smallest page size that the endpoint may turn out to have, and the rejected calls until then. */
export function worstCasePage(
  policy: CapabilityPolicy,
  learned: LearnedCapabilities,
  endpoint: string,
): { limit: number; probeCalls: number } {
  const limit = maxPageSize(learned, endpoint);
  const last = learned.last(endpoint);
  // A confirmed largest page size counts after its expiry too. A smaller limit that has expired is learned again.
  if (last?.confirmed && last.value === limit) return { limit, probeCalls: 0 };
  const smallerSizes = pageSizesOf(policy, endpoint).filter((size) => size < limit);
  return { limit: Math.min(limit, ...smallerSizes), probeCalls: smallerSizes.length };
}

/** The next smaller page size. @throws UpstreamBadResponse if there is none */
export function nextBelow(policy: CapabilityPolicy, endpoint: string, limit: number): number {
  const lower = pageSizesOf(policy, endpoint).find((size) => size < limit);
  if (lower === undefined) throw new UpstreamBadResponse('Spotify rejects every page size.');
  return lower;
}

/** The page is to be requested again, with at most `limit` items. */
export class SmallerPageNeeded extends Error {
  readonly limit: number;
  constructor(limit: number) {
    super(`a page of at most ${limit} items is needed`);
    this.limit = limit;
  }
}
