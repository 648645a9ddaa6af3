import type { Page } from '../kinds/decoding/page.ts';
import type { Entity } from '../kinds/kind.ts';
import { recordShortened } from '../usage/field-context.ts';
import type { Window } from './cut-window.ts';
import { windowBesideCursor } from './follow-cursor.ts';
import { findEnd } from './list-end.ts';
import type { ListRead } from './list-read.ts';
import { readPages } from './page-reader.ts';
import { isFromEnd, type SlotRange, slotRangeOf, type WindowArgs } from './slots.ts';

const maxCorrections = 4; // for `last`, if the list changes while its end is looked for

/** Reads the pages of a window, all of one size, and cuts the window from them; null if there is no such list. */
export async function readWindow<T extends Entity>(
  read: ListRead<T>,
  windowArgs: WindowArgs,
): Promise<Window<T> | null> {
  const { list, lengths } = read;
  const knownPages: Page<T>[] = [];
  let slotRange = slotRangeFor(read, windowArgs, knownPages);
  if (slotRange === null) {
    const firstPages = await readPages(read, { start: 0, end: 1 });
    if (firstPages === null) return null;
    knownPages.push(...firstPages.pages);
    slotRange = slotRangeFor(read, windowArgs, knownPages) ?? { start: 0, end: 0 };
  }
  // If the total shows that the list goes on, no page is read here: the range is known when `findEnd` has found the end.
  const length = isFromEnd(windowArgs) ? lengths.of(list, knownPages) : null;
  if (length && length.end === null && length.reportedTotal > length.minLength)
    slotRange = { start: 0, end: 0 };
  let sequence = await readPages(read, slotRange, { knownPages });
  for (let time = 0; time < maxCorrections && sequence && !sequence.isShortened; time += 1) {
    knownPages.push(...sequence.pages);
    if (isFromEnd(windowArgs)) {
      const search = await findEnd(read, knownPages);
      knownPages.push(...search.pages);
      sequence = { ...sequence, isShortened: search.isShortened };
    }
    // If slots are counted from the end: the pages may show that the list is longer or shorter than its total.
    const corrected: SlotRange = slotRangeFor(read, windowArgs, knownPages) ?? slotRange;
    if (corrected.start === slotRange.start && corrected.end === slotRange.end) break;
    slotRange = corrected;
    sequence = await readPages({ ...read, minLength: slotRange.end }, slotRange, { knownPages });
  }
  if (sequence?.isShortened) recordShortened(read.fieldContext);
  return sequence && windowBesideCursor(read, sequence, slotRange, windowArgs);
}

/**
 * The slots that the arguments select, by the length that these pages and earlier ones show; null if they depend on a length
 * that is unknown.
 */
export function slotRangeFor(
  { list, lengths }: Pick<ListRead, 'list' | 'lengths'>,
  windowArgs: WindowArgs,
  pages: readonly Page[],
): SlotRange | null {
  const length = lengths.of(list, pages);
  if (!length) return slotRangeOf(windowArgs, null, list.maxOffset);
  const { end, isReliable, minLength } = length;
  return slotRangeOf(windowArgs, end ?? (isReliable ? length.length : minLength), list.maxOffset);
}
