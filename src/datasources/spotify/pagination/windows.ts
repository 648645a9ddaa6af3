import { isMalformed, type Malformed } from '../kinds/decoding/json.ts';
import type { Page } from '../kinds/decoding/page.ts';
import type { Entity } from '../kinds/kind.ts';
import { type ListLength, shownTotal } from './lengths.ts';
import type { PageSequence } from './page-reader.ts';
import {
  isEmpty,
  type PageArgs,
  realignToCursor,
  type SlotRange,
  type SlotRef,
  slotRefsIn,
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
   * Length of the list: the reported total, or the slots that exist for certain where these are more; a marker where the
   * total is not as documented, null if no page was read.
   */
  total: number | Malformed | null;
  hasNext: boolean;
  hasPrevious: boolean;
}

/**
 * Cuts a window out of the pages that cover it.
 * @param pages none if the list is known to be shorter; if they are shortened, the window ends with them
 * @param length of the list as the pages have told it; null if no page was read
 */
export function windowOf<T extends Entity>(
  { pages, isShortened }: PageSequence<T>,
  requested: SlotRange,
  range: PageArgs,
  maxOffset: number,
  length: Pick<ListLength, 'length' | 'end' | 'reportedTotal' | 'isTotalMalformed'> | null,
): Window<T> {
  const live = untilEnd(pages);
  const span = realignToCursor(requested, range, live);
  const found = slotRefsIn(live, span.end).filter(({ slot }) => slot >= span.start);
  // No item follows a window that ends at the known end of the list, even if Spotify sends a `next`.
  const isAtEnd = range.last !== null && range.before === null && span.end === length?.end;
  const hasNext =
    isShortened || (requested.start < requested.end && !isAtEnd && hasMore(live, span, maxOffset));
  const last = live.at(-1);
  return {
    slots: distinct(found.flatMap(slotOf), range),
    reportedTotal: length?.reportedTotal ?? null,
    total: length && shownTotal(length),
    hasNext,
    hasPrevious: span.start > 0,
    start: span.start,
    end: hasNext && last ? Math.max(span.start, Math.min(span.end, last.offset + last.limit)) : span.end,
  };
}

function slotOf<T>({ slot, items, index }: SlotRef<T>): Slot<T>[] {
  const item = items.at(index) ?? null;
  return item === null ? [] : [{ slot, item }];
}

/** Whether the list has slots after the range. */
function hasMore<T>(pages: readonly Page<T>[], span: SlotRange, maxOffset: number): boolean {
  const last = pages.at(-1);
  const lastFilled = pages.findLast((page) => !isEmpty(page));
  if (!last || !lastFilled) return false;
  if (span.end < lastFilled.offset + lastFilled.items.length) return true;
  const pageEnd = last.offset + last.limit;
  if (isEmpty(last) || pageEnd >= maxOffset) return false;
  if (span.end <= pageEnd) return last.hasNext || pageEnd < last.total;
  // Read no further because `next` is null: of a full page with more to come by its total, only the next page can tell.
  return !last.hasNext && last.items.length === last.limit && pageEnd < last.total;
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
function distinct<T extends Entity>(slots: readonly Slot<T>[], { after, before }: PageArgs): Slot<T>[] {
  const seenIds = new Set([after?.id, before?.id]);
  return slots.filter(({ item }) => {
    const id = isMalformed(item) || item.isEntry ? null : item.id;
    if (id === null) return true;
    if (seenIds.has(id)) return false;
    seenIds.add(id);
    return true;
  });
}
