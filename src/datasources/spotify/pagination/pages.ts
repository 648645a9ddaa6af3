import type { Page } from '../kinds/decoding/page.ts';
import { endOf, isEmpty } from './extent.ts';
import type { ListLength } from './lengths.ts';
import { type SlotRange, slotRangeOf, type WindowArgs } from './slots.ts';

/** The pages that slots need. The functions are pure; `page-reader.ts` reads the pages. */

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
  const start = lastPage ? endOf(lastPage) : slotRange.start;
  const isInside = start < slotRange.end;
  const listEnd = Math.min(maxOffset, length?.maxLength ?? maxOffset);
  // Other pages may have shown that the list goes on, although this one has no `next`. A page smaller than requested may end
  // before the slot range: a window without slots would lead the client back to itself.
  const goesOn = lastPage?.hasNext === true || start < (length?.minLength ?? 0);
  const mayGoOn =
    mayContinue(pages) ||
    (isBackward && isInside && goesOn) ||
    (start <= slotRange.start && lastPage !== undefined && isNextPageNeeded(lastPage));
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
export const isNextPageNeeded = (page: Page): boolean =>
  !page.hasNext && page.items.length === page.limit && endOf(page) < page.total;

/** The pages up to the first gap between two of them, which a page smaller than requested leaves. */
export function untilGap<T>(pages: readonly Page<T>[]): Page<T>[] {
  const gap = pages.findIndex(({ offset }, i) => {
    const previous = pages[i - 1];
    return previous !== undefined && offset > endOf(previous);
  });
  return gap === -1 ? [...pages] : pages.slice(0, gap);
}

/** The total that Spotify sent last with one of the pages; undefined if it sent none. */
export const sentTotal = (pages: readonly Page[]): number | undefined =>
  pages
    .filter(({ totalSource }) => totalSource === 'sent')
    .reduce<Page | undefined>(
      (latest, page) => (latest && latest.asOfMs > page.asOfMs ? latest : page),
      undefined,
    )?.total;
