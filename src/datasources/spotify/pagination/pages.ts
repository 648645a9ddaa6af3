import { GatewayError, UpstreamQuotaExceeded } from '../../../errors.ts';
import { epochMs } from '../../../observability/clock.ts';
import type { ReadThroughCache } from '../cache/read-through-cache.ts';
import type { Capabilities } from '../capabilities/capabilities.ts';
import { SmallerPageNeeded } from '../capabilities/rejections.ts';
import type { Malformed } from '../kinds/decoding/json.ts';
import type { Page } from '../kinds/decoding/page.ts';
import type { Entity } from '../kinds/kind.ts';
import type { PagedList } from '../kinds/requests/lists.ts';
import { type FieldContext, recordFreshness, recordShortened } from '../usage/field-context.ts';
import { createListTotals, type ListLength, lengthFrom } from './lengths.ts';
import {
  gatewayError,
  knownTotal,
  type ListRead,
  type PageSequence,
  quotaError,
  readPage,
  readPages,
  untilGap,
} from './page-reader.ts';
import { isCursorAt, isFromEnd, type PageArgs, type SlotRange, shiftedSlot, slotRangeOf } from './slots.ts';
import { createSmallPages } from './small-pages.ts';
import { type Window, windowOf } from './windows.ts';
import { unlessWithheld } from './withheld-lists.ts';

/** Turns a client's window into full, aligned pages, each requested at most once and shared by all windows. */
export interface Pagination {
  /** The part of a list that the arguments select; null if there is no such list. */
  window<T extends Entity>(
    list: PagedList<T>,
    args: PageArgs,
    fieldContext: FieldContext,
  ): Promise<Window<T> | null>;
  /** The length of a list; null when there is no such list, a marker where Spotify's total is not as documented. */
  total<T extends Entity>(list: PagedList<T>, fieldContext: FieldContext): Promise<number | Malformed | null>;
  /** Whether a window needs no call for the page at an offset: it is cached, or the list is known to end before it. */
  isPageCached(list: PagedList<Entity>, offset: number): boolean;
  /** How often a list, or a page of one, has been proven outdated. */
  changes(): number;
  /** Forgets the lengths of the lists of these objects. */
  forget(ids: readonly string[]): void;
}

export interface PaginationOptions {
  cache: ReadThroughCache;
  capabilities: Capabilities;
  /** How long the length of a list is believed, in milliseconds; null for as long as its pages are fresh. */
  freshMs: number | null;
}

const firstSlot: PageArgs = { first: 1, last: null, after: null, before: null };
const maxEndSearches = 20; // of a list whose total is too small, for `last`: each reads on from the end known so far

export function createPagination({ cache, capabilities, freshMs }: PaginationOptions): Pagination {
  let changes = 0;
  const recordChange = () => {
    changes += 1;
  };
  const totals = createListTotals(freshMs, recordChange);
  const smallPages = createSmallPages(freshMs);

  const pageSizeOf = (list: PagedList<Entity>): number =>
    Math.min(capabilities.maxPageSize(list.endpoint), smallPages.limitOf(list) ?? Infinity);

  /**
   * The page size for these arguments. A learned limit expires after a day, and then the largest size is requested. If the
   * page is cached in the expired size, that size is used, because it needs no call.
   */
  function pageSizeFor(list: PagedList<Entity>, args: PageArgs): number {
    const limit = pageSizeOf(list);
    const lastLimit = capabilities.lastPageSize(list.endpoint);
    if (lastLimit === null || lastLimit >= limit) return limit;
    const start = slotRangeFor({ list, totals }, args, [])?.start ?? 0;
    return cache.isCached(list.page(start - (start % lastLimit), lastLimit), 'full') ? lastLimit : limit;
  }

  /** The page size that replaces one that could not be tried; null if the error has another cause. */
  const lastPageSizeAfter = (error: unknown, { endpoint }: PagedList<Entity>): number | null =>
    error instanceof GatewayError ? capabilities.lastPageSize(endpoint) : null;

  const window: Pagination['window'] = (list, args, fieldContext) => {
    const read = () => windowInAnySize(list, args, fieldContext);
    const slots = slotRangeOf(args, null, list.maxOffset);
    // A window of no slots needs no call, and shows nothing of what the app may read.
    return slots && slots.start >= slots.end
      ? read()
      : unlessWithheld(list, capabilities, fieldContext, read);
  };

  async function windowInAnySize<T extends Entity>(
    list: PagedList<T>,
    args: PageArgs,
    fieldContext: FieldContext,
  ): Promise<Window<T> | null> {
    const read = { list, fieldContext, cache, totals, smallPages, recordChange };
    let limit = pageSizeFor(list, args);
    for (;;) {
      try {
        return await readWindow({ ...read, limit }, args);
      } catch (error) {
        const smaller = error instanceof SmallerPageNeeded ? error.limit : lastPageSizeAfter(error, list);
        if (smaller === null || smaller >= limit) throw error;
        limit = smaller;
      }
    }
  }

  return {
    window,
    async total(list, fieldContext) {
      const known = () => knownTotal({ list, totals, fieldContext });
      const firstPage = known() === null ? await window(list, firstSlot, fieldContext) : undefined;
      // Another field may have shown meanwhile that the list is empty: then this one has read no page.
      return firstPage === null ? null : (firstPage?.total ?? known());
    },
    isPageCached(list, offset) {
      const end = totals.of(list)?.end ?? null;
      return (end !== null && offset >= end) || cache.isCached(list.page(offset, pageSizeOf(list)), 'full');
    },
    changes: () => changes,
    forget: totals.forget,
  };
}

async function readWindow<T extends Entity>(read: ListRead<T>, args: PageArgs): Promise<Window<T> | null> {
  const { list, totals } = read;
  let slots = slotRangeFor(read, args, []);
  if (slots === null) {
    const firstPages = await readPages(read, { start: 0, end: 1 });
    if (firstPages === null) return null;
    slots = slotRangeFor(read, args, firstPages.pages) ?? { start: 0, end: 0 };
  }
  let sequence = await readPages(read, slots);
  for (let searches = 0; searches < maxEndSearches && sequence && !sequence.isShortened; searches += 1) {
    const length = totals.of(list) ?? lengthFrom(sequence.pages);
    if (isFromEnd(args) && length?.end === null && !length.isReliable) {
      const search = await readPages(read, afterKnownEnd(list, length)).catch(quotaError);
      const isShortened = search instanceof UpstreamQuotaExceeded || search?.isShortened === true;
      sequence = { ...sequence, isShortened };
    }
    // From the end: the pages may show that the list is longer or shorter than its total.
    const corrected: SlotRange = slotRangeFor(read, args, sequence.pages) ?? slots;
    if (corrected.start === slots.start && corrected.end === slots.end) break;
    slots = corrected;
    sequence = await readPages(read, slots);
  }
  if (sequence?.isShortened) recordShortened(read.fieldContext);
  return sequence && cutWindow(read, sequence, slots, args);
}

/**
 * The window of the slots, or of the slots behind the item of the cursor where the list's growth has moved it. If the
 * page to which the item has moved cannot be read, the window of the slots, which then repeats items but misses none.
 */
async function cutWindow<T extends Entity>(
  read: ListRead<T>,
  { pages, isShortened }: PageSequence<T>,
  slots: SlotRange,
  args: PageArgs,
): Promise<Window<T>> {
  const { list, limit, totals } = read;
  const length = pages.length > 0 ? (totals.of(list) ?? lengthFrom(pages)) : null;
  const cut = (from: Page<T>[], at: SlotRange) =>
    windowOf({ pages: from, isShortened }, at, args, list.maxOffset, length);
  const slot = list.hasStableTotal ? shiftedSlot(pages, args, list.maxOffset) : null;
  if (slot === null || !args.after) return cut(pages, slots);

  const page =
    pages.find(({ offset, items }) => offset <= slot && slot < offset + items.length) ??
    (await readPage(read, slot - (slot % limit), epochMs()).catch(gatewayError));
  if (page instanceof GatewayError) {
    recordFreshness(read.fieldContext, epochMs()); // a later call may find the item
    return cut(pages, slots);
  }
  if (!isCursorAt(page, slot, args.after)) return cut(pages, slots);
  const shiftedPages = untilGap([page, ...pages.filter(({ offset }) => offset > page.offset)]);
  const last = shiftedPages.at(-1) ?? page;
  const start = slot + 1;
  const end = Math.min(start + (args.first ?? 0), last.offset + last.limit);
  return cut(shiftedPages, { start, end: Math.max(start, end) });
}

/** The slots that the arguments select; null if they depend on a length that is unknown. */
function slotRangeFor<T extends Entity>(
  { list, totals }: Pick<ListRead<T>, 'list' | 'totals'>,
  args: PageArgs,
  pages: readonly Page<T>[],
): SlotRange | null {
  const length = totals.of(list) ?? lengthFrom(pages);
  if (!length) return slotRangeOf(args, null, list.maxOffset);
  const { end, isReliable, minLength } = length;
  return slotRangeOf(args, end ?? (isReliable ? length.length : minLength), list.maxOffset);
}

/** The slots from the last one that exists for certain to the highest possible one: reading them shows the end. */
const afterKnownEnd = (
  { maxOffset }: Pick<PagedList<Entity>, 'maxOffset'>,
  { minLength }: Pick<ListLength, 'minLength'>,
): SlotRange => ({ start: Math.max(0, minLength - 1), end: maxOffset });
