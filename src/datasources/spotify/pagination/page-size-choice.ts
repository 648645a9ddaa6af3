import { GatewayError } from '../../../errors.ts';
import { createLru } from '../../../lru.ts';
import type { ReadThroughCache } from '../cache/read-through-cache.ts';
import type { Capabilities } from '../capabilities/capabilities.ts';
import { SmallerPageNeeded } from '../capabilities/page-sizes.ts';
import { retryMs } from '../capabilities/rejections.ts';
import type { PagedList } from '../kinds/requests/lists.ts';
import type { CallQuota } from '../quota/daily/quota-state.ts';
import type { ListLengths } from './lengths.ts';
import { offsetsOf, worstCaseOffsets } from './pages.ts';
import { slotRangeFor } from './read-window.ts';
import type { WindowArgs } from './slots.ts';
import type { SmallPages } from './small-pages.ts';

interface PageSizeChoiceOptions {
  cache: ReadThroughCache;
  capabilities: Capabilities;
  dailyQuota: CallQuota;
  lengths: ListLengths;
  smallPages: SmallPages;
}

const maxLists = 5_000;

/** Chooses the size of the pages in which a window is read. */
export function createPageSizeChoice(options: PageSizeChoiceOptions) {
  const { cache, capabilities, dailyQuota, lengths, smallPages } = options;
  /** The next smaller size, for lists of which Spotify has just rejected larger pages that the app gets of other lists. */
  const sizesAfterRejection = createLru<{ size: number }>(maxLists, { ttl: retryMs });
  // Lists that share calls are read in pages of one size: otherwise each would need calls of its own.
  const keyOf = ({ key, sharedKey = key }: PagedList): string => sharedKey;
  const sizeAfterRejection = (list: PagedList): number =>
    sizesAfterRejection.get(keyOf(list))?.size ?? Infinity;

  /** The largest size that may be requested, unless Spotify has just rejected it for this list. */
  const largestOf = (list: PagedList): number =>
    Math.min(capabilities.maxPageSize(list.endpoint), smallPages.limitOf(list) ?? Infinity);

  /**
   * The largest size that the daily quota allows to request. A size that Spotify may reject is not tried if too few calls
   * would be left for the pages: otherwise a rejected call could be the last one of each day.
   */
  function allowedSize(list: PagedList, windowArgs: WindowArgs): number {
    const maxSize = capabilities.maxPageSize(list.endpoint);
    const size = capabilities.sizeWithoutProbe(list.endpoint);
    if (size >= maxSize) return maxSize;
    const { family } = list.page(0, size).apiRequest;
    const callsLeft = dailyQuota.stateOf(family).remaining - dailyQuota.queuedCalls(family);
    if (callsLeft === Number.POSITIVE_INFINITY) return maxSize;
    const probeCalls = capabilities
      .pageSizes(list.endpoint)
      .filter((larger) => larger > size && larger <= maxSize).length;
    return probeCalls + pageCount(list, windowArgs, size) <= callsLeft ? maxSize : size;
  }

  /** How many pages of this size the window may have. */
  function pageCount(list: PagedList, windowArgs: WindowArgs, size: number): number {
    const maxLength = lengths.of(list)?.maxLength ?? list.maxOffset;
    return worstCaseOffsets(windowArgs, size, Math.min(maxLength, list.maxOffset), false).length;
  }

  /**
   * Whether the window begins in a page of this size that is cached.
   * @param maxSize the largest size that is requested: a larger page cannot be refreshed
   */
  function beginsInCache(list: PagedList, windowArgs: WindowArgs, size: number, maxSize: number): boolean {
    const start = slotRangeFor({ list, lengths }, windowArgs, [])?.start ?? 0;
    const staleUse = size > maxSize ? 'refresh' : 'serve';
    return cache.isCached(list.page(start - (start % size), size), 'full', staleUse);
  }

  /**
   * Whether all pages of this size that the window touches are cached, as far as the list goes. The page that comes with the
   * owner of the list replaces pages inside it.
   */
  function isCachedIn(list: PagedList, windowArgs: WindowArgs, size: number): boolean {
    const slotRange = slotRangeFor({ list, lengths }, windowArgs, []);
    if (slotRange === null) return false;
    const end = Math.min(slotRange.end, lengths.of(list)?.maxLength ?? slotRange.end);
    const offsets = offsetsOf({ ...slotRange, end }, size);
    // A refresh in larger pages costs fewer calls.
    const staleUse = size === capabilities.lastPageSize(list.endpoint) ? 'serve' : 'refresh';
    const isCached = (offset: number) => cache.isCached(list.page(offset, size), 'full', staleUse);
    const isEmbedded = (offset: number) => offset + size <= (list.embeddedItems ?? 0);
    return offsets.some(isCached) && offsets.every((offset) => isEmbedded(offset) || isCached(offset));
  }

  /**
   * The size for these arguments: the largest, unless the window is cached in pages of another size. The app may have got
   * larger pages before. It may have got smaller ones if their limit has expired since, or if Spotify has rejected larger
   * pages of this list alone, even after it had sent the first one of them.
   */
  function sizeFor(list: PagedList, windowArgs: WindowArgs): number {
    const maxSize = allowedSize(list, windowArgs);
    const largest = Math.min(maxSize, largestOf(list));
    const limit = Math.min(largest, sizeAfterRejection(list));
    const sizes = capabilities.pageSizes(list.endpoint);
    const largerSizes = sizes.filter((size) => size > maxSize);
    const otherSizes = sizes.filter((size) => size !== limit && size <= largest);
    const begunSize = [limit, ...largerSizes].find((size) => beginsInCache(list, windowArgs, size, maxSize));
    if (begunSize !== undefined && isCachedIn(list, windowArgs, begunSize)) return begunSize;
    return otherSizes.find((size) => isCachedIn(list, windowArgs, size)) ?? begunSize ?? limit;
  }

  return {
    largestOf,
    sizeFor,
    /** The size to use after a larger one could not be tried; null if the error has another cause. */
    smallerAfter(error: unknown, list: PagedList): number | null {
      if (error instanceof GatewayError) return capabilities.lastPageSize(list.endpoint);
      if (!(error instanceof SmallerPageNeeded)) return null;
      // A window that was read at the same time may have found a smaller size.
      const size = Math.min(error.limit, sizeAfterRejection(list));
      const isRejection = error.limit < largestOf(list); // otherwise the limit of the app or of the list was known
      if (isRejection) sizesAfterRejection.set(keyOf(list), { size });
      return size;
    },
  };
}
