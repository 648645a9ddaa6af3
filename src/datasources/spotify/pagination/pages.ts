import { epochMs } from '../../../observability/clock.ts';
import type { ReadThroughCache } from '../cache/read-through-cache.ts';
import type { Capabilities } from '../capabilities/capabilities.ts';
import { SmallerPageNeeded } from '../capabilities/rejection-errors.ts';
import type { Entity } from '../kinds/kind.ts';
import type { Malformed } from '../kinds/malformed.ts';
import type { Page } from '../kinds/page.ts';
import type { PagedList } from '../kinds/paged-list.ts';
import { type FieldContext, recordFreshness } from '../usage/field-context.ts';
import { type ListLength, lengthFrom, shownTotal } from './list-length.ts';
import { createListTotals } from './list-totals.ts';
import { nextOffsets, type PageArgs, type SlotRange, slotRangeOf } from './slot-ranges.ts';
import { isCursorAt, shiftedSlot } from './slot-refs.ts';
import { type Window, windowOf } from './windows.ts';

/** Turns a client's window into full, aligned pages, each requested at most once and shared by all windows. */
export interface Pagination {
  /** The part of a list that a range means; null when there is no such list. */
  window<T extends Entity>(
    list: PagedList<T>,
    range: PageArgs,
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
  const noteChange = () => {
    changes += 1;
  };
  const totals = createListTotals(freshMs, noteChange);

  async function window<T extends Entity>(list: PagedList<T>, range: PageArgs, fieldContext: FieldContext) {
    let limit = Math.min(
      capabilities.maxPageSize(list.endpoint),
      totals.pageLimit(list) ?? Number.POSITIVE_INFINITY,
    );
    for (;;) {
      try {
        return await readWindow(list, range, limit, fieldContext);
      } catch (error) {
        if (!(error instanceof SmallerPageNeeded)) throw error;
        limit = error.limit;
      }
    }
  }

  async function readWindow<T extends Entity>(
    list: PagedList<T>,
    range: PageArgs,
    limit: number,
    fieldContext: FieldContext,
  ): Promise<Window<T> | null> {
    let span = spanFor(list, range, []);
    if (span === null) {
      const start = await readPages(list, { start: 0, end: 1 }, limit, fieldContext);
      if (start === null) return null;
      span = spanFor(list, range, start) ?? { start: 0, end: 0 };
    }
    let pages = await readPages(list, span, limit, fieldContext);
    for (let search = 0; search < maxEndSearches && pages !== null; search += 1) {
      const known = totals.of(list) ?? lengthFrom(pages);
      if (isFromEnd(range) && known?.end === null && !known.isReliable)
        await findEnd(list, known, limit, fieldContext);
      // From the end: the pages may show that the list is longer or shorter than its total.
      const corrected: SlotRange = spanFor(list, range, pages) ?? span;
      if (corrected.start === span.start && corrected.end === span.end) break;
      span = corrected;
      pages = await readPages(list, span, limit, fieldContext);
    }
    return pages && cutWindow(list, pages, span, range, limit, fieldContext);
  }

  /** Reads on from the last slot that exists for certain, until a page shows where the list ends. */
  async function findEnd<T extends Entity>(
    list: PagedList<T>,
    { minLength }: Pick<ListLength, 'minLength'>,
    limit: number,
    fieldContext: FieldContext,
  ): Promise<void> {
    await readPages(list, { start: Math.max(0, minLength - 1), end: list.maxOffset }, limit, fieldContext);
  }

  /** The slots that a range means; null where they depend on a length that is unknown. */
  function spanFor<T extends Entity>(
    list: PagedList<T>,
    range: PageArgs,
    pages: readonly Page<T>[],
  ): SlotRange | null {
    const known = totals.of(list) ?? lengthFrom(pages);
    if (!known) return slotRangeOf(range, null, list.maxOffset);
    const { end, isReliable, length, minLength } = known;
    return slotRangeOf(range, end ?? (isReliable ? length : minLength), list.maxOffset);
  }

  async function cutWindow<T extends Entity>(
    list: PagedList<T>,
    pages: readonly Page<T>[],
    span: SlotRange,
    range: PageArgs,
    limit: number,
    fieldContext: FieldContext,
  ): Promise<Window<T>> {
    const length = pages.length > 0 ? (totals.of(list) ?? lengthFrom(pages)) : null;
    const cut = (from: readonly Page<T>[], at: SlotRange) =>
      windowOf(from, at, range, list.maxOffset, length);
    const slot = list.hasStableTotal ? shiftedSlot(pages, range, list.maxOffset) : null;
    if (slot === null || !range.after) return cut(pages, span);

    const page =
      pages.find(({ offset, items }) => offset <= slot && slot < offset + items.length) ??
      (await readPage(list, slot - (slot % limit), limit, epochMs(), fieldContext));
    if (!isCursorAt(page, slot, range.after)) return cut(pages, span);
    const there = untilGap([page, ...pages.filter(({ offset }) => offset > page.offset)]);
    const last = there.at(-1) as Page<T>;
    const start = slot + 1;
    const end = Math.min(start + (range.first ?? 0), last.offset + last.limit);
    return cut(there, { start, end: Math.max(start, end) });
  }

  /** The pages that cover a span, as far as the list goes; null when there is no such list. */
  async function readPages<T extends Entity>(
    list: PagedList<T>,
    span: SlotRange,
    limit: number,
    fieldContext: FieldContext,
  ): Promise<Page<T>[] | null> {
    if (span.start === span.end) return [];
    const startedMs = epochMs();
    let pages: Page<T>[] = [];
    if (span.start < limit && list.embeddedFirstPage) {
      const opening = await list.embeddedFirstPage(fieldContext);
      if (opening === null) return null;
      if (opening) {
        totals.record(list, opening, startedMs);
        pages.push(opening);
      }
    }
    for (;;) {
      const offsets = nextOffsets(pages, span, limit, lengthOf(list, fieldContext), list.maxOffset);
      if (offsets.length === 0) break;
      const next = offsets.map((offset) => readPage(list, offset, limit, startedMs, fieldContext));
      pages = untilGap([...pages, ...(await Promise.all(next))]);
    }
    recordEmptyEnd(list, pages);
    return readChangedAgain(list, pages, limit, startedMs, fieldContext);
  }

  /** Two empty pages in succession end the list behind its last item. */
  function recordEmptyEnd<T extends Entity>(list: PagedList<T>, pages: readonly Page<T>[]): void {
    const [previous, last] = pages.slice(-2);
    if (previous?.items.length !== 0 || last?.items.length !== 0) return;
    const filled = pages.findLast(({ items }) => items.length > 0);
    totals.recordEnd(list, filled ? filled.offset + filled.items.length : previous.offset);
  }

  /** Pages from before the list changed are read again, so that the window fits together. */
  function readChangedAgain<T extends Entity>(
    list: PagedList<T>,
    pages: readonly Page<T>[],
    limit: number,
    startedMs: number,
    fieldContext: FieldContext,
  ): Promise<Page<T>[]> {
    const mayReadAgain = ({ offset, limit: size }: Page<T>) =>
      size === Math.min(limit, list.maxOffset - offset);
    return Promise.all(
      pages.map((page) =>
        totals.isConsistent(list, page) || !mayReadAgain(page)
          ? page
          : readPage(list, page.offset, limit, startedMs, fieldContext),
      ),
    );
  }

  async function readPage<T extends Entity>(
    list: PagedList<T>,
    offset: number,
    limit: number,
    startedMs: number,
    fieldContext: FieldContext,
  ): Promise<Page<T>> {
    const items = Math.min(limit, list.maxOffset - offset);
    const endpointRequest = list.page(offset, items);
    let page = (await cache.get(endpointRequest, fieldContext)) as Page<T>;
    if (!totals.isConsistent(list, page)) {
      noteChange();
      cache.expire(endpointRequest.key);
      page = (await cache.get(endpointRequest, fieldContext)) as Page<T>;
    }
    if (page.limit < items) {
      cache.put(list.page(offset, page.limit), page);
      if (page.hasNext && totals.recordSmallPage(list, page)) throw new SmallerPageNeeded(page.limit);
    }
    totals.record(list, page, startedMs);
    return page;
  }

  function lengthOf<T extends Entity>(list: PagedList<T>, fieldContext: FieldContext): ListLength | null {
    const known = totals.of(list);
    if (known) recordFreshness(fieldContext, known.freshUntilMs);
    return known;
  }

  async function total<T extends Entity>(
    list: PagedList<T>,
    fieldContext: FieldContext,
  ): Promise<number | Malformed | null> {
    const known = lengthOf(list, fieldContext);
    return known ? shownTotal(known) : ((await window(list, firstSlot, fieldContext))?.total ?? null);
  }

  return { window, total, changes: () => changes };
}

/** Whether the slots of a range are counted from the end of the list. */
const isFromEnd = ({ last, before }: PageArgs): boolean => last !== null && before === null;

/** The pages up to the first gap between two of them, which a page smaller than requested leaves. */
function untilGap<T>(pages: readonly Page<T>[]): Page<T>[] {
  const gap = pages.findIndex(({ offset }, i) => {
    const previous = pages[i - 1];
    return previous !== undefined && offset > previous.offset + previous.limit;
  });
  return gap === -1 ? [...pages] : pages.slice(0, gap);
}
