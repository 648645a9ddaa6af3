import { UpstreamBadResponse } from '../../../errors.ts';
import { isDevelopmentMode } from './development-mode.ts';
import type { LearnedCapabilities } from './learned-capabilities.ts';
import { type CapabilityPolicy, largestPageSize, pageSizesOf } from './policy.ts';

/** The page size to request: the known limit, or the largest that Spotify may accept. */
export function maxPageSize(learned: LearnedCapabilities, endpoint: string): number {
  const value = learned.lookup(endpoint)?.value;
  return typeof value === 'number' ? value : largestPageSize;
}

/** The limit that was known last, valid or not; null if there was none. */
function lastPageSize(learned: LearnedCapabilities, endpoint: string): number | null {
  const value = learned.last(endpoint)?.value;
  return typeof value === 'number' ? value : null;
}

/** The page size that the app was last known to get, even if that knowledge has expired: to request it is no probe. */
function sizeWithoutProbe(policy: CapabilityPolicy, learned: LearnedCapabilities, endpoint: string): number {
  const lastSize = lastPageSize(learned, endpoint);
  if (lastSize !== null) return lastSize;
  const developmentSize = policy.modes.development[endpoint];
  const isUsable = typeof developmentSize === 'number' && isDevelopmentMode(policy, learned);
  return isUsable ? developmentSize : largestPageSize;
}

/** The smallest page size that the endpoint may turn out to have, and the rejected calls until then. */
function worstCasePage(
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

/** The page sizes of all endpoints, as far as they are known: see `Capabilities`. */
export const createPageSizeView = (policy: CapabilityPolicy, learned: LearnedCapabilities) => ({
  maxPageSize: (endpoint: string) => maxPageSize(learned, endpoint),
  sizeWithoutProbe: (endpoint: string) => sizeWithoutProbe(policy, learned, endpoint),
  lastPageSize: (endpoint: string) => lastPageSize(learned, endpoint),
  pageSizes: (endpoint: string) => pageSizesOf(policy, endpoint),
  worstCasePage: (endpoint: string) => worstCasePage(policy, learned, endpoint),
});

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
