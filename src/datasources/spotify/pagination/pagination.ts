import { GatewayError, onlyGatewayError } from '../../../errors.ts';
import type { Purges } from '../cache/purges.ts';
import type { ReadThroughCache } from '../cache/read-through-cache.ts';
import type { Capabilities } from '../capabilities/capabilities.ts';
import { SmallerPageNeeded } from '../capabilities/rejections.ts';
import { isMalformed, type Malformed } from '../kinds/decoding/json.ts';
import type { Page } from '../kinds/decoding/page.ts';
import type { Entity } from '../kinds/kind.ts';
import type { PagedList } from '../kinds/requests/lists.ts';
import { type FieldContext, recordShortened } from '../usage/field-context.ts';
import { cutWindow } from './cut-window.ts';
import { createListLengths } from './lengths.ts';
import { findEnd } from './list-end.ts';
import { type ListRead, type PageSequence, readPages, shownLengthOf } from './page-reader.ts';
import { isFromEnd, offsetsOf, type SlotRange, slotRangeOf, type WindowArgs } from './slots.ts';
import { createSmallPages } from './small-pages.ts';
import type { Window } from './windows.ts';
import { unlessWithheld } from './withheld-lists.ts';

/** Turns a client's window into full, aligned pages, each requested at most once and shared by all windows. */
export interface Pagination {
  /** The part of a list that the arguments select; null if there is no such list. */
  window<T extends Entity>(
    list: PagedList<T>,
    windowArgs: WindowArgs,
    fieldContext: FieldContext,
  ): Promise<Window<T> | null>;
  /** The length of a list; null if there is no such list, a marker if Spotify's total is not as documented. */
  listLength(list: PagedList<Entity>, fieldContext: FieldContext): Promise<number | Malformed | null>;
  /** Whether a window needs no call for the page at an offset: it is cached, or the list is known to end before it. */
  isPageCached(list: PagedList<Entity>, offset: number): boolean;
  /** How often a list or a page of a list was found to be outdated. */
  invalidationCount(): number;
  /** Forgets the lengths of the lists of these objects. */
  forget(ids: readonly string[]): void;
}

export interface PaginationOptions {
  cache: ReadThroughCache;
  capabilities: Capabilities;
  /** How long the length of a list is valid, in milliseconds; null for as long as its pages are fresh. */
  freshMs: number | null;
  /** By default nothing is removed from the cache. */
  purges?: Pick<Purges, 'isPurged'>;
}

const firstSlot: WindowArgs = { first: 1, last: null, after: null, before: null };
const maxCorrections = 4; // for `last`, if the list changes while its end is looked for

export function createPagination({ cache, capabilities, freshMs, purges }: PaginationOptions): Pagination {
  let invalidations = 0;
  const recordInvalidation = () => {
    invalidations += 1;
  };
  const lengths = createListLengths(freshMs, recordInvalidation, purges?.isPurged);
  const smallPages = createSmallPages(freshMs);

  const pageSizeOf = (list: PagedList<Entity>): number =>
    Math.min(capabilities.maxPageSize(list.endpoint), smallPages.limitOf(list) ?? Infinity);

  /** Whether the window begins in a page of this size that is cached. */
  function beginsInCache(list: PagedList<Entity>, windowArgs: WindowArgs, size: number): boolean {
    const start = slotRangeFor({ list, lengths }, windowArgs, [])?.start ?? 0;
    const awaitsRefresh = size > capabilities.maxPageSize(list.endpoint); // a page of this size cannot be refreshed
    return cache.isCached(list.page(start - (start % size), size), 'full', awaitsRefresh);
  }

  /** Whether all pages of this size that the window touches are cached, as far as the list goes. */
  function isCachedIn(list: PagedList<Entity>, windowArgs: WindowArgs, size: number): boolean {
    const slotRange = slotRangeFor({ list, lengths }, windowArgs, []);
    if (slotRange === null) return false;
    const end = Math.min(slotRange.end, lengths.of(list)?.maxLength ?? slotRange.end);
    const offsets = offsetsOf({ ...slotRange, end }, size);
    return offsets.length > 0 && offsets.every((offset) => cache.isCached(list.page(offset, size), 'full'));
  }

  /**
   * The page size for these arguments. Other sizes are used if they need no call: the app may have got larger pages before;
   * or smaller pages, until the limit that was learned from them expired, or because Spotify has rejected larger pages of
   * this list alone.
   */
  function pageSizeFor(list: PagedList<Entity>, windowArgs: WindowArgs): number {
    const limit = pageSizeOf(list);
    const maxSize = capabilities.maxPageSize(list.endpoint);
    const sizes = capabilities.pageSizes(list.endpoint);
    const largerSizes = sizes.filter((size) => size > maxSize);
    const smallerSizes = sizes.filter((size) => size < limit);
    return (
      [limit, ...largerSizes].find((size) => beginsInCache(list, windowArgs, size)) ??
      smallerSizes.find((size) => isCachedIn(list, windowArgs, size)) ??
      limit
    );
  }

  /** The page size to use after a larger one could not be tried; null if the error has another cause. */
  function smallerSizeAfter(error: unknown, list: PagedList<Entity>): number | null {
    if (error instanceof SmallerPageNeeded) return error.limit;
    return error instanceof GatewayError ? capabilities.lastPageSize(list.endpoint) : null;
  }

  /** The window in cached pages of another size, however old, after a read with calls has failed. @throws the error */
  async function cachedWindow<T extends Entity>(read: ListRead<T>, windowArgs: WindowArgs, error: unknown) {
    const get: ReadThroughCache['get'] = (request, fieldContext) =>
      cache.getAfterError(request, error, fieldContext);
    const otherSizes = capabilities.pageSizes(read.list.endpoint).filter((size) => size !== read.limit);
    for (const limit of error instanceof GatewayError ? otherSizes : []) {
      const cachedRead = { ...read, cache: { ...cache, get }, limit };
      const result = await readWindow(cachedRead, windowArgs).catch(onlyUnusable);
      if (!(result instanceof Error)) return result;
    }
    throw error;
  }

  const window: Pagination['window'] = (list, windowArgs, fieldContext) => {
    const read = () => windowInAnySize(list, windowArgs, fieldContext);
    const slotRange = slotRangeOf(windowArgs, null, list.maxOffset);
    const hasNoSlots = slotRange !== null && slotRange.start >= slotRange.end;
    const { withheldField } = list;
    const isKnownWithheld = withheldField !== undefined && capabilities.has(withheldField) === false;
    // A window of no slots needs no call, and does not show whether Spotify withholds the list.
    return hasNoSlots && !isKnownWithheld ? read() : unlessWithheld(list, capabilities, fieldContext, read);
  };

  const windowInAnySize: Pagination['window'] = async (list, windowArgs, fieldContext) => {
    const isBackward = windowArgs.last !== null;
    const minLength = isBackward ? (windowArgs.before?.slot ?? 0) : 0;
    const windowRead = { list, isBackward, minLength, fieldContext };
    const listRead = { ...windowRead, cache, lengths, smallPages, recordInvalidation };
    let limit = pageSizeFor(list, windowArgs);
    for (;;) {
      try {
        return await readWindow({ ...listRead, limit }, windowArgs);
      } catch (error) {
        const smaller = smallerSizeAfter(error, list);
        if (smaller === null || smaller >= limit)
          return cachedWindow({ ...listRead, limit }, windowArgs, error);
        limit = smaller;
      }
    }
  };

  return {
    window,
    async listLength(list, fieldContext) {
      const knownLength = () => shownLengthOf({ list, lengths, fieldContext });
      const length = knownLength();
      // A page with a malformed total is read once more.
      const isPageNeeded = length === null || isMalformed(length);
      const firstPage = isPageNeeded ? await window(list, firstSlot, fieldContext) : undefined;
      // Another field may have learned meanwhile that the list is empty: then the window has read no page.
      return firstPage === null ? null : (firstPage?.length ?? knownLength());
    },
    isPageCached(list, offset) {
      const maxLength = lengths.of(list)?.maxLength ?? null;
      return (
        (maxLength !== null && offset >= maxLength) ||
        cache.isCached(list.page(offset, pageSizeOf(list)), 'full')
      );
    },
    invalidationCount: () => invalidations,
    forget: lengths.forget,
  };
}

/** The error, if there is no window in pages of a size; throws any other one. */
const onlyUnusable = (error: unknown): Error =>
  error instanceof SmallerPageNeeded ? error : onlyGatewayError(error);

async function readWindow<T extends Entity>(
  read: ListRead<T>,
  windowArgs: WindowArgs,
): Promise<Window<T> | null> {
  const { list, lengths } = read;
  const knownPages: Page<T>[] = [];
  let slotRange = slotRangeFor(read, windowArgs, knownPages);
  if (slotRange === null) {
    const firstPages = await readPages(read, { start: 0, end: 1 });
    if (firstPages === null) return null;
    knownPages.push(...firstPages.pages);
    slotRange = slotRangeFor(read, windowArgs, knownPages) ?? { start: 0, end: 0 };
  }
  // If the total shows that the end is farther away, it is found first: the pages in front of it are not in the window.
  const length = isFromEnd(windowArgs) ? lengths.of(list, knownPages) : null;
  if (length && length.end === null && length.reportedTotal > length.minLength)
    slotRange = { start: 0, end: 0 };
  let sequence = await readPages(read, slotRange, knownPages);
  for (let time = 0; time < maxCorrections && sequence && !sequence.isShortened; time += 1) {
    knownPages.push(...sequence.pages);
    if (isFromEnd(windowArgs)) {
      const search: PageSequence<T> = await findEnd(read, knownPages);
      knownPages.push(...search.pages);
      sequence = { ...sequence, isShortened: search.isShortened };
    }
    // If slots are counted from the end: the pages may show that the list is longer or shorter than its total.
    const corrected: SlotRange = slotRangeFor(read, windowArgs, knownPages) ?? slotRange;
    if (corrected.start === slotRange.start && corrected.end === slotRange.end) break;
    slotRange = corrected;
    sequence = await readPages({ ...read, minLength: slotRange.end }, slotRange, knownPages);
  }
  if (sequence?.isShortened) recordShortened(read.fieldContext);
  return sequence && cutWindow(read, sequence, slotRange, windowArgs);
}

/** The slots that the arguments select; null if they depend on a length that is unknown. */
function slotRangeFor<T extends Entity>(
  { list, lengths }: Pick<ListRead<T>, 'list' | 'lengths'>,
  windowArgs: WindowArgs,
  pages: readonly Page<T>[],
): SlotRange | null {
  const length = lengths.of(list, pages);
  if (!length) return slotRangeOf(windowArgs, null, list.maxOffset);
  const { end, isReliable, minLength } = length;
  return slotRangeOf(windowArgs, end ?? (isReliable ? length.length : minLength), list.maxOffset);
}
