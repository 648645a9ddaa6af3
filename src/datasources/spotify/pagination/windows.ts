import type { Entity } from '../kinds/kind.ts';
import { isMalformed, type Malformed } from '../kinds/malformed.ts';
import type { Page } from '../kinds/page.ts';
import { type Items, idAt } from './lazy-items.ts';
import { type ListLength, shownTotal } from './list-totals.ts';

/** The arithmetic of paging: slots, pages and windows. Pure; `pages.ts` does the reading. */

/** A place in a list, as a cursor names it. */
export interface CursorPosition {
  slot: number;
  /** The item that stood there, and how long the list was then. */
  id: string | null;
  total: number;
}

/** What a client asks for: `first` or `last` is a number, the other null. */
export interface PageArgs {
  first: number | null;
  last: number | null;
  after: CursorPosition | null;
  before: CursorPosition | null;
}

/** Slots from `start` up to but not including `end`. */
export interface SlotRange {
  start: number;
  end: number;
}

export interface Slot<T> {
  slot: number;
  item: T | Malformed;
}

export interface Window<T> extends SlotRange {
  /** The slots that hold an item, in order, each item once. */
  slots: readonly Slot<T>[];
  /** The total that Spotify reported last, which cursors carry; null where nothing had to be read. */
  reportedTotal: number | null;
  /**
   * Length of the list: the reported total, or the slots that exist for certain where these are more; a marker where the
   * total is not as documented, null where nothing had to be read.
   */
  total: number | Malformed | null;
  hasNext: boolean;
  hasPrevious: boolean;
}

/** The slots that a range means; null where only the length of the list can tell. */
export function slotRangeOf(
  { first, last, after, before }: PageArgs,
  total: number | null,
  maxOffset: number,
): SlotRange | null {
  const start = after ? after.slot + 1 : 0;
  const limit = Math.min(before?.slot ?? maxOffset, maxOffset);
  if (last === null) return atLeastEmpty(start, Math.min(start + (first ?? 0), limit));
  if (before === null && total === null) return null;
  const end = Math.min(limit, before === null && total !== null ? total : limit);
  return atLeastEmpty(Math.max(start, end - last), end);
}

const atLeastEmpty = (start: number, end: number): SlotRange => ({ start, end: Math.max(start, end) });

/** The offsets of the aligned pages that a span touches. */
export function offsetsOf({ start, end }: SlotRange, limit: number): number[] {
  const offsets: number[] = [];
  for (let offset = start - (start % limit); offset < end; offset += limit) offsets.push(offset);
  return offsets;
}

/**
 * The offsets of the pages that a range may need, for a list of which nothing is known. Pages whose place
 * only the list's length tells stand behind everything that can be reached.
 * @param hasStableTotal whether the item of a cursor is looked for where the list's growth has moved it
 */
export function worstCaseOffsets(
  range: PageArgs,
  limit: number,
  maxOffset: number,
  hasStableTotal: boolean,
): number[] {
  const span = slotRangeOf(range, null, maxOffset);
  const unknownPlaces = (count: number) =>
    Array.from({ length: count }, (_, i) => Number.MAX_SAFE_INTEGER - i);
  if (span) {
    const offsets = offsetsOf(span, limit);
    return hasStableTotal && range.after && range.first ? [...offsets, ...unknownPlaces(1)] : offsets;
  }
  const size = range.last ?? 0;
  return [0, ...unknownPlaces(size === 0 ? 0 : Math.ceil((size - 1) / limit) + 1)];
}

/**
 * The offsets of the pages to request next for a span, in parallel; none where the pages in hand suffice or the list
 * ends with them. While the list's length is unknown or unreliable, one page is requested at a time.
 * @param pages those in hand, in the order of their offsets, without a gap
 */
export function nextOffsets<T>(
  pages: readonly Page<T>[],
  span: SlotRange,
  limit: number,
  length: Pick<ListLength, 'length' | 'end' | 'isReliable'> | null,
  maxOffset: number,
): number[] {
  const last = pages.at(-1);
  const start = last ? last.offset + last.limit : span.start;
  const isNeeded = start < span.end || last?.items.length === 0;
  if (!isNeeded || start >= Math.min(maxOffset, length?.end ?? maxOffset) || !mayContinue(pages)) return [];
  const aligned = start - (start % limit);
  const isInHand = pages.some(({ offset }) => offset === aligned); // a page smaller than requested
  const first = isInHand ? start : aligned;
  if (!length?.isReliable) return [first];
  const end = Math.min(span.end, length.length, maxOffset);
  return [first, ...offsetsOf({ start: aligned + limit, end }, limit)];
}

/** Whether the list may go on after the last page in hand, as far as `next` tells. */
function mayContinue<T>(pages: readonly Page<T>[]): boolean {
  const [previous, last] = [pages.at(-2), pages.at(-1)];
  if (!last) return true;
  // Spotify leaves `next` set behind the end of some lists: one empty page may be a gap, two are the end.
  return last.hasNext && !(isEmpty(last) && previous && isEmpty(previous));
}

const isEmpty = <T>({ items }: Page<T>): boolean => items.length === 0;

/**
 * Cuts a window out of the pages that cover it.
 * @param pages in the order of their offsets, without a gap; none where the list is known to be shorter
 * @param length of the list as the pages have told it; null where nothing was read
 */
export function windowOf<T extends Entity>(
  pages: readonly Page<T>[],
  asked: SlotRange,
  range: PageArgs,
  maxOffset: number,
  length: Pick<ListLength, 'length' | 'end' | 'reportedTotal' | 'isTotalMalformed'> | null,
): Window<T> {
  const live = untilEnd(pages);
  const span = realignToCursor(asked, range, live);
  const found = slotRefsIn(live, span.end).filter(({ slot }) => slot >= span.start);
  // A window from the end of a list that is known to end there has nothing behind it, whatever `next` says.
  const isAtEnd = range.last !== null && range.before === null && span.end === length?.end;
  const hasNext = asked.start < asked.end && !isAtEnd && hasMore(live, span, maxOffset);
  const last = live.at(-1);
  return {
    slots: distinct(
      found.map(({ slot, items, index }) => ({ slot, item: items.at(index) as T | Malformed })),
      range,
    ),
    reportedTotal: length?.reportedTotal ?? null,
    total: length && shownTotal(length),
    hasNext,
    hasPrevious: span.start > 0,
    start: span.start,
    end: hasNext && last ? Math.max(span.start, Math.min(span.end, last.offset + last.limit)) : span.end,
  };
}

/** Whether the list has slots behind the span. */
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

/** An item that stands in a slot, not yet read. */
interface SlotRef<T> {
  slot: number;
  id: string | null;
  items: Items<T>;
  index: number;
}

/**
 * What stands in the slots of the pages. Nulls, and what the same page has shown before, are left out.
 * @param end the slot from which on nothing is wanted
 */
function slotRefsIn<T extends Entity>(pages: readonly Page<T>[], end = Infinity): SlotRef<T>[] {
  const found: SlotRef<T>[] = [];
  let next = 0;
  for (const { offset, limit, items } of pages) {
    const seen = new Map<string, number>();
    const length = Math.min(items.length, end - offset);
    for (let index = 0; index < length; index += 1) {
      const slot = offset + index;
      const id = idAt(items, index);
      if (id === undefined || slot < next) continue;
      const before = id === null ? undefined : seen.get(id);
      const doubles = before !== undefined && isReadable(items, index);
      if (doubles && isReadable(items, before)) continue;
      if (id !== null && (before === undefined || doubles)) seen.set(id, index);
      found.push({ slot, id, items, index });
    }
    next = offset + limit;
  }
  return found;
}

/** What cannot be read is nobody's double, whatever its id: it fails in its own slot. */
function isReadable(items: Items<Entity>, index: number): boolean {
  const item = items.at(index) ?? null;
  return item !== null && !isMalformed(item);
}

/**
 * When the list has grown or shrunk at the front since the cursor was given, its item has moved by as many
 * slots at most. Found there, it is where the window begins: nothing is given twice or skipped.
 */
function realignToCursor<T extends Entity>(
  asked: SlotRange,
  { after, first }: PageArgs,
  pages: readonly Page<T>[],
): SlotRange {
  const total = newest(pages)?.total;
  if (!after?.id || first === null || total === undefined || total === after.total) return asked;
  const farthest = Math.abs(total - after.total);
  const moved = slotRefsIn(pages).find(
    ({ slot, id }) => id === after.id && Math.abs(slot - after.slot) <= farthest,
  );
  if (!moved) return asked;
  const start = moved.slot + 1;
  return { start: Math.min(start, asked.end), end: Math.min(asked.end, start + first) };
}

/**
 * The slot to which the item of a cursor has moved if the list has grown at the front by as much as its total has;
 * null where the pages in hand already show the item, or the list has not grown.
 */
export function shiftedSlot<T extends Entity>(
  pages: readonly Page<T>[],
  { after, first }: PageArgs,
  maxOffset: number,
): number | null {
  const total = newest(pages)?.total;
  if (!after?.id || first === null || total === undefined) return null;
  const slot = after.slot + total - after.total;
  if (slot <= after.slot || slot + 1 >= Math.min(total, maxOffset)) return null;
  return slotRefsIn(pages).some(({ id }) => id === after.id) ? null : slot;
}

/** Whether the slot holds the item of the cursor. */
export const isCursorAt = <T extends Entity>(page: Page<T>, slot: number, { id }: CursorPosition): boolean =>
  slotRefsIn([page]).some((found) => found.slot === slot && found.id === id);

/** Each thing once, and not the one that the client holds already. */
function distinct<T extends Entity>(slots: readonly Slot<T>[], { after, before }: PageArgs): Slot<T>[] {
  const given = new Set([after?.id, before?.id]);
  return slots.filter(({ item }) => {
    const id = isMalformed(item) ? null : item.id;
    if (id === null) return true;
    if (given.has(id)) return false;
    given.add(id);
    return true;
  });
}

const newest = <T>(pages: readonly Page<T>[]): Page<T> | undefined =>
  pages.reduce<Page<T> | undefined>(
    (latest, page) => (latest && latest.asOfMs > page.asOfMs ? latest : page),
    undefined,
  );
