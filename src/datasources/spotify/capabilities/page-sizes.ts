import { UpstreamBadResponse } from '../../../errors.ts';
import type { LearnedCapabilities } from './learned-capabilities.ts';
import { type CapabilityPolicy, endpointsWithSameLimit, largestPageSize, pageSizesOf } from './policy.ts';
import { SmallerPageNeeded } from './rejection-errors.ts';
import type { Rejections } from './rejections.ts';

/** The page size to request: the known limit, or the largest that Spotify may accept. */
export const maxPageSize = (learned: LearnedCapabilities, endpoint: string): number =>
  (learned.lookup(endpoint)?.value as number | undefined) ?? largestPageSize;

/** The smallest page size that the endpoint may turn out to have, and the rejected calls until then. */
export function worstCasePage(
  policy: CapabilityPolicy,
  learned: LearnedCapabilities,
  endpoint: string,
): { limit: number; probeCalls: number } {
  const limit = maxPageSize(learned, endpoint);
  if (learned.lookup(endpoint)?.confirmed) return { limit, probeCalls: 0 };
  const smallerSizes = pageSizesOf(policy, endpoint).filter((size) => size < limit);
  return { limit: Math.min(limit, ...smallerSizes), probeCalls: smallerSizes.length };
}

/**
 * Lowers a page size limit. While the limit has worked until now, only this page is requested smaller.
 * @returns the error that asks for the smaller page
 */
export function lowerMaxPageSize(
  policy: CapabilityPolicy,
  learned: LearnedCapabilities,
  rejections: Rejections,
  { endpoint, limit, list, isExplicit }: PageRejection,
): SmallerPageNeeded {
  const next = nextBelow(policy, endpoint, limit);
  const rejection = { object: list, isExplicit, isConclusive: isExplicit };
  if (limit <= maxPageSize(learned, endpoint) && rejections.isGivenUp(endpoint, rejection)) {
    learned.record(endpoint, next, { confirmed: false });
    rejections.clear(endpoint);
    for (const other of endpointsWithSameLimit(policy, endpoint)) {
      if (!learned.lookup(other)?.confirmed) learned.record(other, next, { confirmed: false });
    }
  }
  return new SmallerPageNeeded(next);
}

export interface PageRejection {
  endpoint: string;
  /** The page size that Spotify rejected. */
  limit: number;
  /** Names the list to which the page belongs. */
  list: string;
  /** Whether the message of the response states the cause. */
  isExplicit: boolean;
}

function nextBelow(policy: CapabilityPolicy, endpoint: string, limit: number): number {
  const lower = pageSizesOf(policy, endpoint).find((size) => size < limit);
  if (lower === undefined) throw new UpstreamBadResponse('Spotify rejects every page size.');
  return lower;
}
