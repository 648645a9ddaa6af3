import { isMalformed } from '../kinds/decoding/json.ts';
import { type Items, idAt } from '../kinds/decoding/lazy-items.ts';
import type { Page } from '../kinds/decoding/page.ts';
import type { Entity } from '../kinds/kind.ts';
import type { ListLength } from './lengths.ts';

/** The slots and the pages that a client's arguments select. The functions are pure; `page-reader.ts` reads the pages. */

/** The position in a list that a cursor names. */
export interface CursorPosition {
  slot: number;
  /** The item in the slot when the cursor was made; null if the slot had none. */
  id: string | null;
  /** Spotify's total of the list when the cursor was made. */
  total: number;
}

/** The window that a client requests: `first` or `last` is a number, the other null. */
export interface WindowArgs {
  first: number | null;
  last: number | null;
  after: CursorPosition | null;
  before: CursorPosition | null;
}

/** Whether the arguments select slots that are counted from the end of the list. */
export const isFromEnd = ({ last, before }: WindowArgs): boolean =>
  last !== null && last > 0 && before === null;

/** Slots from `start` up to but not including `end`. */
export interface SlotRange {
  start: number;
  end: number;
}

/** The slots that the arguments select; null if they depend on the length of the list, which is unknown. */
export function slotRangeOf(
  { first, last, after, before }: WindowArgs,
  length: number | null,
  maxOffset: number,
): SlotRange | null {
  const start = after ? after.slot + 1 : 0;
  const maxEnd = Math.min(before?.slot ?? maxOffset, maxOffset);
  if (last === null) return atLeastEmpty(start, Math.min(start + (first ?? 0), maxEnd));
  if (before === null && length === null) return null;
  const end = Math.min(maxEnd, before === null && length !== null ? length : maxEnd);
  return atLeastEmpty(Math.max(start, end - last), end);
}

const atLeastEmpty = (start: number, end: number): SlotRange => ({ start, end: Math.max(start, end) });

/** The offsets of the aligned pages that a slot range touches. */
export function offsetsOf({ start, end }: SlotRange, limit: number): number[] {
  const offsets: number[] = [];
  for (let offset = start - (start % limit); offset < end; offset += limit) offsets.push(offset);
  return offsets;
}

/**
 * The offsets of the pages that the arguments may need, for a list about which nothing is known. If the offset of a page
 * depends on the length of the list, the page gets an offset beyond every list: it is counted as a call, and never found
 * in the cache.
 * @param hasStableTotal whether a changed total shows that the list has changed: then one more page may be read to find the
 * item of a cursor
 */
export function worstCaseOffsets(
  windowArgs: WindowArgs,
  limit: number,
  maxOffset: number,
  hasStableTotal: boolean,
): number[] {
  const slotRange = slotRangeOf(windowArgs, null, maxOffset);
  const unknownOffsets = (count: number) =>
    Array.from({ length: count }, (_, i) => Number.MAX_SAFE_INTEGER - i);
  if (slotRange) {
    const offsets = offsetsOf(slotRange, limit);
    const { first, last, after, before } = windowArgs;
    const mayHaveMoved = (first && after) || (last && !after && before?.id);
    return hasStableTotal && mayHaveMoved ? [...offsets, ...unknownOffsets(1)] : offsets;
  }
  const size = windowArgs.last ?? 0;
  return [0, ...unknownOffsets(size === 0 ? 0 : Math.ceil((size - 1) / limit) + 1)];
}

/**
 * The offsets of the pages to request next for a slot range, in parallel; none if the pages that were read suffice or the
 * list ends with them. While the list's length is unknown or unreliable, one page is requested at a time.
 * @param pages the pages that were read, in the order of their offsets, without a gap
 * @param isBackward whether the slots are counted from their end: then neither empty pages nor pages without `next` inside
 * the slot range end a list that goes on
 */
export function nextOffsets(
  pages: readonly Page[],
  slotRange: SlotRange,
  limit: number,
  length: Pick<ListLength, 'length' | 'minLength' | 'maxLength' | 'isReliable'> | null,
  maxOffset: number,
  isBackward = false,
): number[] {
  const lastPage = pages.at(-1);
  const start = lastPage ? lastPage.offset + lastPage.limit : slotRange.start;
  const isInside = start < slotRange.end;
  const listEnd = Math.min(maxOffset, length?.maxLength ?? maxOffset);
  // Other pages may have shown that the list goes on, although this one has no `next`. A page smaller than requested may end
  // before the slot range: a window without slots would lead the client back to itself.
  const goesOn = lastPage?.hasNext === true || start < (length?.minLength ?? 0);
  const mayGoOn =
    mayContinue(pages) ||
    (isBackward && isInside && goesOn) ||
    (start <= slotRange.start && lastPage !== undefined && onlyNextPageTells(lastPage));
  if (!(isInside || lastPage?.items.length === 0) || start >= listEnd || !mayGoOn) return [];
  const aligned = start - (start % limit);
  const isRead = pages.some(({ offset }) => offset === aligned); // a page smaller than requested
  const firstOffset = isRead ? start : aligned;
  if (!length?.isReliable) return [firstOffset];
  const end = Math.min(slotRange.end, length.length, listEnd);
  return [firstOffset, ...offsetsOf({ start: aligned + limit, end }, limit)];
}

/** Whether the list may go on after the last page, as far as `next` shows. */
export function mayContinue(pages: readonly Page[]): boolean {
  const [previous, last] = [pages.at(-2), pages.at(-1)];
  if (!last) return true;
  // Spotify leaves `next` set behind the end of some lists: one empty page may be a gap, two are the end.
  return last.hasNext && !(isEmpty(last) && previous && isEmpty(previous));
}

/** Whether `next` is null, but by its total the list goes on after this full page: only the next page can tell. */
export const onlyNextPageTells = ({ offset, limit, total, hasNext, items }: Page): boolean =>
  !hasNext && items.length === limit && offset + limit < total;

export const isEmpty = ({ items }: Page): boolean => items.length === 0;

/** The item in a slot, not decoded yet. */
export interface SlotRef<T> {
  slot: number;
  id: string | null;
  /** The total that Spotify sent with the page of the slot; undefined if it sent none. */
  total: number | undefined;
  items: Items<T>;
  index: number;
}

/**
 * The items in the slots of the pages, each slot once: if pages overlap, the earlier page counts. Null items are left out,
 * and so are items that the same page repeats, except list entries and malformed items.
 * @param end the slots end before this one
 */
export function slotRefsIn<T extends Entity>(pages: readonly Page<T>[], end = Infinity): SlotRef<T>[] {
  const slotRefs: SlotRef<T>[] = [];
  let nextSlot = 0;
  for (const page of pages) {
    const { offset, limit, items } = page;
    const indexOfId = new Map<string, number>();
    const total = sentTotal([page]);
    const length = Math.min(items.length, end - offset);
    for (let index = 0; index < length; index += 1) {
      const slot = offset + index;
      const id = idAt(items, index);
      if (id === undefined || slot < nextSlot) continue;
      const earlier = id === null ? undefined : indexOfId.get(id);
      const isRepeat = earlier !== undefined && readableAt(items, index) !== null;
      if (isRepeat && readableAt(items, earlier) !== null && !isListEntry(items, index)) continue;
      // A malformed item does not replace the earlier one.
      if (id !== null && (earlier === undefined || isRepeat)) indexOfId.set(id, index);
      slotRefs.push({ slot, id, total, items, index });
    }
    nextSlot = offset + limit;
  }
  return slotRefs;
}

/** A malformed item is never a repetition, even with the id of another item: it fails in its own slot. */
function readableAt(items: Items<Entity>, index: number): Entity | null {
  const item = items.at(index) ?? null;
  return item === null || isMalformed(item) ? null : item;
}

/** A list may have equal entries, each in its own slot. */
const isListEntry = (items: Items<Entity>, index: number): boolean =>
  readableAt(items, index)?.isListEntry === true;

/** The pages up to the first gap between two of them, which a page smaller than requested leaves. */
export function untilGap<T>(pages: readonly Page<T>[]): Page<T>[] {
  const gap = pages.findIndex(({ offset }, i) => {
    const previous = pages[i - 1];
    return previous !== undefined && offset > previous.offset + previous.limit;
  });
  return gap === -1 ? [...pages] : pages.slice(0, gap);
}

/** The total that Spotify sent last with one of the pages; undefined if it sent none. */
export const sentTotal = (pages: readonly Page[]): number | undefined =>
  pages
    .filter(({ isTotalDerived }) => !isTotalDerived)
    .reduce<Page | undefined>(
      (latest, page) => (latest && latest.asOfMs > page.asOfMs ? latest : page),
      undefined,
    )?.total;
