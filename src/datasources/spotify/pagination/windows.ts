import { isMalformed, type Malformed } from '../kinds/decoding/json.ts';
import type { Page } from '../kinds/decoding/page.ts';
import type { Entity } from '../kinds/kind.ts';
import type { PagedList } from '../kinds/requests/lists.ts';
import { type ListLength, shownLength } from './lengths.ts';
import type { PageSequence } from './page-reader.ts';
import {
  type CursorPosition,
  isEmpty,
  onlyNextPageTells,
  type SlotRange,
  type SlotRef,
  sentTotal,
  slotRefsIn,
  type WindowArgs,
} from './slots.ts';

export interface Slot<T> {
  slot: number;
  item: T | Malformed;
}

export interface Window<T> extends SlotRange {
  /** The slots that hold an item, in order, each item once. */
  slots: readonly Slot<T>[];
  /** The total that Spotify reported last, which cursors carry; null if no page was read. */
  reportedTotal: number | null;
  /**
   * Length of the list: the reported total, or the slots that exist for certain if these are more; a marker if the
   * total is not as documented, null if no page was read.
   */
  length: number | Malformed | null;
  hasNext: boolean;
  hasPrevious: boolean;
}

/**
 * Cuts a window out of the pages that cover it.
 * @param pages none if the list is known to be shorter; if the sequence is shortened, the window ends with it
 * @param length of the list, as its pages show it; null if no page was read
 */
export function windowOf<T extends Entity>(
  { pages, isShortened }: PageSequence<T>,
  requestedRange: SlotRange,
  windowArgs: WindowArgs,
  { maxOffset, hasStableTotal }: Pick<PagedList<T>, 'maxOffset' | 'hasStableTotal'>,
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
  return {
    slots: distinct(slotRefs.flatMap(slotOf), windowArgs),
    reportedTotal: length?.reportedTotal ?? null,
    length: length && shownLength({ ...length, length: Math.max(length.length, returnedUntil) }),
    hasNext,
    hasPrevious: slotRange.start > 0,
    start: slotRange.start,
    end:
      hasNext && lastPage
        ? Math.max(slotRange.start, Math.min(slotRange.end, lastPage.offset + lastPage.limit))
        : slotRange.end,
  };
}

function slotOf<T>({ slot, items, index }: SlotRef<T>): Slot<T>[] {
  const item = items.at(index) ?? null;
  return item === null ? [] : [{ slot, item }];
}

/** Whether the list has slots after the slot range. @param end of the list; null if it is not known */
function hasMore<T>(
  pages: readonly Page<T>[],
  slotRange: SlotRange,
  maxOffset: number,
  end: number | null = null,
): boolean {
  const lastPage = pages.at(-1);
  const lastFilled = pages.findLast((page) => !isEmpty(page));
  if (!lastPage || !lastFilled) return false;
  if (slotRange.end < lastFilled.offset + lastFilled.items.length) return true;
  const pageEnd = lastPage.offset + lastPage.limit;
  if (isEmpty(lastPage) || pageEnd >= maxOffset) return false;
  if (slotRange.end <= pageEnd) return lastPage.hasNext || pageEnd < lastPage.total;
  return onlyNextPageTells(lastPage) && end !== pageEnd; // the next page may have been read before
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

// If the list has grown or shrunk at the front since a cursor was made, the item of the cursor has moved by at most the
// number of slots by which the list has grown or shrunk. A window beside the item moves with it, so that the client gets no
// item twice and misses none.

/** The cursor beside which a window lies; null for a window at the front or the end of the list. */
const anchorOf = ({ first, after, before }: WindowArgs): CursorPosition | null =>
  first !== null ? after : after === null ? before : null;

/**
 * The slots beside the item of the cursor, if the pages contain the item where the list may have moved it. Anywhere else
 * the item is a repeated one.
 */
function realignToCursor<T extends Entity>(
  requestedRange: SlotRange,
  windowArgs: WindowArgs,
  pages: readonly Page<T>[],
): SlotRange {
  const cursor = anchorOf(windowArgs);
  const total = sentTotal(pages);
  if (!cursor?.id || total === undefined || total === cursor.total) return requestedRange;
  const farthest = cursor.slot + total - cursor.total;
  const [from, to] = [Math.min(cursor.slot, farthest), Math.max(cursor.slot, farthest)];
  const candidates = slotRefsIn(pages).filter(
    ({ slot, id }) => id === cursor.id && from <= slot && slot <= to,
  );
  // If the item is still in its slot, another one is an equal entry: the list has not moved, only its total is another one.
  const moved = candidates.find(({ slot }) => slot === cursor.slot) ?? candidates[0];
  if (!moved) return requestedRange;
  const { first, last, before } = windowArgs;
  if (first !== null) {
    const start = moved.slot + 1;
    const { end } = requestedRange;
    if (start < end || before) return { start: Math.min(start, end), end: Math.min(end, start + first) };
    // A window without slots would have the cursor of a slot in front of the item, which the client would get again.
    return rangeAfter(moved.slot, first, Math.max(...pages.map(({ offset, limit }) => offset + limit)));
  }
  const firstSlot = pages[0]?.offset ?? 0;
  const start = Math.max(firstSlot, moved.slot - (last ?? 0));
  // The slots in front of the pages are not known: a window without slots would have no cursor that leads there.
  return start < moved.slot || start === 0 ? { start, end: moved.slot } : requestedRange;
}

/**
 * The window after the item of a cursor. If the item is in the last slot that was read, the window is only this slot. The
 * item is left out, and the client continues from the cursor of the slot.
 * @param readUntil the slot after the last one that was read
 */
export function rangeAfter(slot: number, first: number, readUntil: number): SlotRange {
  const end = Math.min(slot + 1 + first, readUntil);
  return { start: Math.min(slot + 1, end - 1), end };
}

/**
 * The slot to which the item of the cursor has moved if the list has grown or shrunk at the front by as much as its total
 * has; null if the pages contain the item, if the list has no such slot, or if the list has shrunk and the window lies before
 * the cursor.
 * @param total of the list at present; null if it is not known
 */
export function shiftedSlot<T extends Entity>(
  pages: readonly Page<T>[],
  windowArgs: WindowArgs,
  total: number | null,
  maxOffset: number,
): number | null {
  const cursor = anchorOf(windowArgs);
  if (!cursor?.id || total === null || total === cursor.total) return null;
  const isForward = windowArgs.first !== null;
  const slot = cursor.slot + total - cursor.total;
  // If the list has shrunk, a window before the cursor only repeats items: it is not shifted.
  if (slot < (isForward ? 0 : cursor.slot)) return null;
  if (slot + (isForward ? 1 : 0) >= Math.min(total, maxOffset)) return null;
  return slotRefsIn(pages).some(({ id }) => id === cursor.id) ? null : slot;
}

/** Whether the slot holds the item of the cursor. */
export const isCursorAt = <T extends Entity>(page: Page<T>, slot: number, { id }: CursorPosition): boolean =>
  slotRefsIn([page]).some((found) => found.slot === slot && found.id === id);
