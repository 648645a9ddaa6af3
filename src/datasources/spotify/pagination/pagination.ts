import { GatewayError, onlyGatewayError } from '../../../errors.ts';
import type { Purges } from '../cache/purges.ts';
import type { ReadThroughCache } from '../cache/read-through-cache.ts';
import type { Capabilities } from '../capabilities/capabilities.ts';
import { SmallerPageNeeded } from '../capabilities/page-sizes.ts';
import { isMalformed, type Malformed } from '../kinds/decoding/json.ts';
import type { Entity } from '../kinds/kind.ts';
import type { PagedList } from '../kinds/requests/lists.ts';
import type { CallQuota } from '../quota/daily/quota-state.ts';
import { type FieldContext, recordUnavailable } from '../usage/field-context.ts';
import type { Window } from './cut-window.ts';
import { createListLengths } from './lengths.ts';
import { type ListRead, shownLengthOf } from './list-read.ts';
import { createPageSizeChoice } from './page-size-choice.ts';
import { readWindow } from './read-window.ts';
import { slotRangeOf, type WindowArgs } from './slots.ts';
import { createSmallPages } from './small-pages.ts';
import { nullIfWithheld } from './withheld-lists.ts';

export type Pagination = ReturnType<typeof createPagination>;

interface PaginationOptions {
  cache: ReadThroughCache;
  capabilities: Capabilities;
  /** How long the length of a list is valid, in milliseconds; null for as long as its pages are fresh. */
  freshMs: number | null;
  purges: Pick<Purges, 'isPurged'>;
  dailyQuota: CallQuota;
}

const firstSlot: WindowArgs = { first: 1, last: null, after: null, before: null };

/** Turns a client's window into full, aligned pages, each requested at most once and shared by all windows. */
export function createPagination(options: PaginationOptions) {
  const { cache, capabilities, freshMs, purges } = options;
  let invalidations = 0;
  const recordInvalidation = () => {
    invalidations += 1;
  };
  const lengths = createListLengths(freshMs, recordInvalidation, purges.isPurged);
  const smallPages = createSmallPages(freshMs);

  const pageSizes = createPageSizeChoice({ ...options, lengths, smallPages });

  /** The window in cached pages of another size, however old, after a read with calls has failed. @throws the error */
  async function cachedWindow<T extends Entity>(read: ListRead<T>, windowArgs: WindowArgs, error: unknown) {
    if (!(error instanceof GatewayError)) throw error;
    const otherSizes = capabilities.pageSizes(read.list.endpoint).filter((size) => size !== read.limit);
    for (const limit of otherSizes) {
      const result = await readWindow({ ...read, failure: error, limit }, windowArgs).catch(onlyUnusable);
      if (!(result instanceof Error)) return result;
    }
    throw error;
  }

  /** The part of a list that the arguments select; null if there is no such list. */
  function window<T extends Entity>(
    list: PagedList<T>,
    windowArgs: WindowArgs,
    fieldContext: FieldContext,
  ): Promise<Window<T> | null> {
    const read = async () => {
      const found = await windowInAnySize(list, windowArgs, fieldContext);
      // The owner, which another response contained, is not found by its id.
      if (found === null) recordUnavailable(fieldContext, 'NOT_SENT');
      return found;
    };
    const slotRange = slotRangeOf(windowArgs, null, list.maxOffset);
    // A window of no slots needs no call, and does not show whether Spotify withholds the list.
    const hasNoSlots = slotRange !== null && slotRange.start >= slotRange.end;
    return hasNoSlots ? read() : nullIfWithheld(list, capabilities, fieldContext, read);
  }

  async function windowInAnySize<T extends Entity>(
    list: PagedList<T>,
    windowArgs: WindowArgs,
    fieldContext: FieldContext,
  ): Promise<Window<T> | null> {
    const isBackward = windowArgs.last !== null;
    const minLength = isBackward ? (windowArgs.before?.slot ?? 0) : 0;
    const windowRead = { list, isBackward, after: windowArgs.after, minLength, fieldContext, failure: null };
    const listRead = { ...windowRead, cache, lengths, smallPages, recordInvalidation };
    let limit = pageSizes.sizeFor(list, windowArgs);
    for (;;) {
      try {
        return await readWindow({ ...listRead, limit }, windowArgs);
      } catch (error) {
        const smaller = pageSizes.smallerAfter(error, list);
        if (smaller === null || smaller >= limit)
          return cachedWindow({ ...listRead, limit }, windowArgs, error);
        limit = smaller;
      }
    }
  }

  return {
    window,
    /** The length of a list; null if there is no such list, a marker if Spotify's total is not as documented. */
    async listLength(list: PagedList, fieldContext: FieldContext): Promise<number | Malformed | null> {
      const knownLength = () => shownLengthOf({ list, lengths, fieldContext });
      const length = knownLength();
      // A page with a malformed total is read once more.
      const isPageNeeded = length === null || isMalformed(length);
      const firstPage = isPageNeeded ? await window(list, firstSlot, fieldContext) : undefined;
      // Another field may have learned meanwhile that the list is empty: then the window has read no page.
      return firstPage === null ? null : (firstPage?.length ?? knownLength());
    },
    /** Whether a window needs no call for the page at an offset: it is cached, or the list is known to end before it. */
    isPageCached(list: PagedList, offset: number): boolean {
      const maxLength = lengths.of(list)?.maxLength ?? null;
      return (
        (maxLength !== null && offset >= maxLength) ||
        cache.isCached(list.page(offset, pageSizes.largestOf(list)), 'full')
      );
    },
    /** How often a list or a page of a list was found to be outdated. */
    invalidationCount: (): number => invalidations,
    /** Forgets the lengths of the lists of these objects. */
    forget: lengths.forget,
  };
}

/** The error, if it shows that the window cannot be read in pages of a size; throws any other one. */
const onlyUnusable = (error: unknown): Error =>
  error instanceof SmallerPageNeeded ? error : onlyGatewayError(error);
