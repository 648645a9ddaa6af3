import { isMalformed, type Malformed } from '../kinds/decoding/json.ts';
import type { Page } from '../kinds/decoding/page.ts';
import type { Entity } from '../kinds/kind.ts';
import type { PagedList } from '../kinds/requests/lists.ts';
import { endOf, isEmpty, itemsEndOf } from './extent.ts';
import { type ListLength, shownLength } from './lengths.ts';
import { realignToCursor } from './moved-cursors.ts';
import type { PageSequence } from './page-reader.ts';
import { isNextPageNeeded } from './pages.ts';
import { type SlotRef, slotRefsIn } from './slot-refs.ts';
import type { CursorPosition, SlotRange, WindowArgs } from './slots.ts';

export interface Slot<T> {
  slot: number;
  item: T | Malformed;
  /** The total that Spotify reported with its page, which the cursor carries: pages of one window may differ in it. */
  total: number;
}

export interface Window<T> extends SlotRange {
  /** The slots that hold an item, in order, each item once. */
  slots: readonly Slot<T>[];
  /**
   * Length of the list: the reported total, or the slots that exist for certain if these are more; a marker if the
   * total is not as documented, null if no page was read.
   */
  length: number | Malformed | null;
  /** The last slot, with the item in it even if that is left out because the client has it. */
  last: CursorPosition;
  hasNext: boolean;
  hasPrevious: boolean;
}

/**
 * Cuts a window out of the pages that cover it.
 * @param pages none if the list is known to be shorter; if the sequence is shortened, the window ends with it
 * @param length of the list, as its pages show it; null if no page was read
 */
export function cutWindow<T extends Entity>(
  { pages, isShortened }: PageSequence<T>,
  requestedRange: SlotRange,
  windowArgs: WindowArgs,
  { maxOffset, hasStableTotal }: Pick<PagedList, 'maxOffset' | 'hasStableTotal'>,
  length: Pick<ListLength, 'length' | 'end' | 'reportedTotal' | 'isTotalMalformed'> | null,
): Window<T> {
  const listPages = windowArgs.last === null ? untilEnd(pages) : pages;
  // A total that drifts does not show that the list has changed.
  const slotRange = hasStableTotal ? realignToCursor(requestedRange, windowArgs, listPages) : requestedRange;
  const slotRefs = slotRefsIn(listPages, slotRange.end).filter(({ slot }) => slot >= slotRange.start);
  // No item follows a window that ends at the known end of the list, even if Spotify sends a `next`.
  const isAtEnd = windowArgs.last !== null && windowArgs.before === null && slotRange.end === length?.end;
  const hasNext =
    isShortened ||
    (requestedRange.start < requestedRange.end &&
      !isAtEnd &&
      hasMore(listPages, slotRange, maxOffset, length?.end));
  const lastPage = listPages.at(-1);
  // A page from before the list became shorter does not count for its length, but its items may be returned.
  const returnedUntil = (slotRefs.at(-1)?.slot ?? -1) + 1;
  const end =
    hasNext && lastPage ? Math.max(slotRange.start, Math.min(slotRange.end, endOf(lastPage))) : slotRange.end;
  const lastRef = slotRefs.find(({ slot }) => slot === end - 1);
  const reportedTotal = length?.reportedTotal ?? 0;
  return {
    slots: distinct(
      slotRefs.flatMap((ref) => slotOf(ref, reportedTotal)),
      windowArgs,
    ),
    length: length && shownLength({ ...length, length: Math.max(length.length, returnedUntil) }),
    hasNext,
    hasPrevious: slotRange.start > 0,
    start: slotRange.start,
    end,
    last: { slot: end - 1, id: lastRef?.id ?? null, total: lastRef?.total ?? reportedTotal },
  };
}

function slotOf<T>({ slot, total, items, index }: SlotRef<T>, reportedTotal: number): Slot<T>[] {
  const item = items.at(index) ?? null;
  return item === null ? [] : [{ slot, item, total: total ?? reportedTotal }];
}

/** Whether the list has slots after the slot range. @param end of the list; null if it is not known */
function hasMore(
  pages: readonly Page[],
  slotRange: SlotRange,
  maxOffset: number,
  end: number | null = null,
): boolean {
  const lastPage = pages.at(-1);
  const lastFilled = pages.findLast((page) => !isEmpty(page));
  if (!lastPage || !lastFilled) return false;
  if (slotRange.end < itemsEndOf(lastFilled)) return true;
  const pageEnd = endOf(lastPage);
  if (isEmpty(lastPage) || pageEnd >= maxOffset) return false;
  if (slotRange.end <= pageEnd) return lastPage.hasNext || pageEnd < lastPage.total;
  return isNextPageNeeded(lastPage) && end !== pageEnd; // the next page may have been read before
}

/** The pages up to the end of the list: an empty page without `next`, or the second of two empty pages. */
function untilEnd<T>(pages: readonly Page<T>[]): readonly Page<T>[] {
  const end = pages.findIndex((page, i) => {
    const previous = pages[i - 1];
    return isEmpty(page) && (!page.hasNext || (previous !== undefined && isEmpty(previous)));
  });
  return end === -1 ? pages : pages.slice(0, end + 1);
}

/** Each item once, except equal entries, without the items of the cursors, which the client has already. */
function distinct<T extends Entity>(slots: readonly Slot<T>[], { after, before }: WindowArgs): Slot<T>[] {
  const seenIds = new Set([after?.id, before?.id]);
  return slots.filter(({ item }) => {
    const id = isMalformed(item) || item.isListEntry ? null : item.id;
    if (id === null) return true;
    if (seenIds.has(id)) return false;
    seenIds.add(id);
    return true;
  });
}
