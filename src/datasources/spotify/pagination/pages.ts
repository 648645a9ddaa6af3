import { epochMs } from '../../../observability/clock.ts';
import type { ReadThroughCache } from '../cache/read-through-cache.ts';
import type { Capabilities } from '../capabilities/capabilities.ts';
import { SmallerPageNeeded } from '../capabilities/rejections.ts';
import type { Malformed } from '../kinds/json.ts';
import type { Entity } from '../kinds/kind.ts';
import type { PagedList } from '../kinds/lists.ts';
import type { Page } from '../kinds/page.ts';
import type { FieldContext } from '../usage/field-context.ts';
import { type ListLength, lengthFrom, shownTotal } from './list-length.ts';
import { createListTotals, type ListTotals } from './list-totals.ts';
import { createPageReader, lengthOf, untilGap } from './page-reader.ts';
import { type PageArgs, type SlotRange, slotRangeOf } from './slot-ranges.ts';
import { isCursorAt, shiftedSlot } from './slot-refs.ts';
import { type Window, windowOf } from './windows.ts';

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
  /** How often a list, or a page of one, has been proven outdated. */
  changes(): number;
}

export interface PaginationOptions {
  cache: ReadThroughCache;
  capabilities: Capabilities;
  /** How long the length of a list is believed, in milliseconds. */
  freshMs: number;
}

const firstSlot: PageArgs = { first: 1, last: null, after: null, before: null };
const maxEndSearches = 20; // of a list whose total is too small, for `last`: each reads on from the end known so far

export function createPagination({ cache, capabilities, freshMs }: PaginationOptions): Pagination {
  let changes = 0;
  const recordChange = () => {
    changes += 1;
  };
  const totals = createListTotals(freshMs, recordChange);
  const { readPages, readPage } = createPageReader(cache, totals, recordChange);

  async function window<T extends Entity>(list: PagedList<T>, args: PageArgs, fieldContext: FieldContext) {
    let limit = Math.min(
      capabilities.maxPageSize(list.endpoint),
      totals.pageLimit(list) ?? Number.POSITIVE_INFINITY,
    );
    for (;;) {
      try {
        return await readWindow(list, args, limit, fieldContext);
      } catch (error) {
        if (!(error instanceof SmallerPageNeeded)) throw error;
        limit = error.limit;
      }
    }
  }

  async function readWindow<T extends Entity>(
    list: PagedList<T>,
    args: PageArgs,
    limit: number,
    fieldContext: FieldContext,
  ): Promise<Window<T> | null> {
    let slots = slotRangeFor(totals, list, args, []);
    if (slots === null) {
      const start = await readPages(list, { start: 0, end: 1 }, limit, fieldContext);
      if (start === null) return null;
      slots = slotRangeFor(totals, list, args, start) ?? { start: 0, end: 0 };
    }
    let pages = await readPages(list, slots, limit, fieldContext);
    for (let search = 0; search < maxEndSearches && pages !== null; search += 1) {
      const known = totals.of(list) ?? lengthFrom(pages);
      if (isFromEnd(args) && known?.end === null && !known.isReliable)
        await readPages(list, afterKnownEnd(list, known), limit, fieldContext);
      // From the end: the pages may show that the list is longer or shorter than its total.
      const corrected: SlotRange = slotRangeFor(totals, list, args, pages) ?? slots;
      if (corrected.start === slots.start && corrected.end === slots.end) break;
      slots = corrected;
      pages = await readPages(list, slots, limit, fieldContext);
    }
    return pages && cutWindow(list, pages, slots, args, limit, fieldContext);
  }

  async function cutWindow<T extends Entity>(
    list: PagedList<T>,
    pages: readonly Page<T>[],
    slots: SlotRange,
    args: PageArgs,
    limit: number,
    fieldContext: FieldContext,
  ): Promise<Window<T>> {
    const length = pages.length > 0 ? (totals.of(list) ?? lengthFrom(pages)) : null;
    const cut = (from: readonly Page<T>[], at: SlotRange) => windowOf(from, at, args, list.maxOffset, length);
    const slot = list.hasStableTotal ? shiftedSlot(pages, args, list.maxOffset) : null;
    if (slot === null || !args.after) return cut(pages, slots);

    const page =
      pages.find(({ offset, items }) => offset <= slot && slot < offset + items.length) ??
      (await readPage(list, slot - (slot % limit), limit, epochMs(), fieldContext));
    if (!isCursorAt(page, slot, args.after)) return cut(pages, slots);
    const shiftedPages = untilGap([page, ...pages.filter(({ offset }) => offset > page.offset)]);
    const last = shiftedPages.at(-1) as Page<T>;
    const start = slot + 1;
    const end = Math.min(start + (args.first ?? 0), last.offset + last.limit);
    return cut(shiftedPages, { start, end: Math.max(start, end) });
  }

  async function total<T extends Entity>(
    list: PagedList<T>,
    fieldContext: FieldContext,
  ): Promise<number | Malformed | null> {
    const known = lengthOf(totals, list, fieldContext);
    return known ? shownTotal(known) : ((await window(list, firstSlot, fieldContext))?.total ?? null);
  }

  return { window, total, changes: () => changes };
}

/** Whether the slots of the arguments are counted from the end of the list. */
const isFromEnd = ({ last, before }: PageArgs): boolean => last !== null && before === null;

/** The slots that the arguments select; null if they depend on a length that is unknown. */
function slotRangeFor<T extends Entity>(
  totals: ListTotals,
  list: PagedList<T>,
  args: PageArgs,
  pages: readonly Page<T>[],
): SlotRange | null {
  const known = totals.of(list) ?? lengthFrom(pages);
  if (!known) return slotRangeOf(args, null, list.maxOffset);
  const { end, isReliable, length, minLength } = known;
  return slotRangeOf(args, end ?? (isReliable ? length : minLength), list.maxOffset);
}

/** The slots from the last one that exists for certain to the highest possible one: reading them shows the end. */
const afterKnownEnd = (
  { maxOffset }: Pick<PagedList<Entity>, 'maxOffset'>,
  { minLength }: Pick<ListLength, 'minLength'>,
): SlotRange => ({ start: Math.max(0, minLength - 1), end: maxOffset });
