import type { Page } from '../kinds/decoding/page.ts';
import type { Entity } from '../kinds/kind.ts';
import { recordShortened } from '../usage/field-context.ts';
import type { Window } from './cut-window.ts';
import { windowBesideCursor } from './follow-cursor.ts';
import { findEnd } from './list-end.ts';
import type { ListRead } from './list-read.ts';
import { type PageSequence, readPages } from './page-reader.ts';
import { isFromEnd, type SlotRange, slotRangeOf, type WindowArgs } from './slots.ts';

const maxCorrections = 4; // if the list changes while its end is looked for

/** The pages of a window, with the slots that the arguments select. */
interface WindowPages<T> {
  sequence: PageSequence<T>;
  slotRange: SlotRange;
}

/** Reads the pages of a window, all of one size, and cuts the window from them; null if there is no such list. */
export async function readWindow<T extends Entity>(
  read: ListRead<T>,
  windowArgs: WindowArgs,
): Promise<Window<T> | null> {
  const knownPages: Page<T>[] = [];
  let slotRange = slotRangeFor(read, windowArgs, knownPages);
  if (slotRange === null) {
    const firstPages = await readPages(read, { start: 0, end: 1 });
    if (firstPages === null) return null;
    knownPages.push(...firstPages.pages);
    slotRange = slotRangeFor(read, windowArgs, knownPages) ?? { start: 0, end: 0 };
  }
  const windowPages = isFromEnd(windowArgs)
    ? await readFromEnd(read, windowArgs, slotRange, knownPages)
    : await readRange(read, slotRange, knownPages);
  if (windowPages === null) return null;
  if (windowPages.sequence.isShortened) recordShortened(read.fieldContext);
  return windowBesideCursor(read, windowPages.sequence, windowPages.slotRange, windowArgs);
}

async function readRange<T extends Entity>(
  read: ListRead<T>,
  slotRange: SlotRange,
  knownPages: readonly Page<T>[],
): Promise<WindowPages<T> | null> {
  const sequence = await readPages(read, slotRange, { knownPages });
  return sequence && { sequence, slotRange };
}

/**
 * Reads slots that are counted from the end of the list. The pages may show that the list is longer or shorter than its total:
 * then the slots are others.
 */
async function readFromEnd<T extends Entity>(
  read: ListRead<T>,
  windowArgs: WindowArgs,
  firstRange: SlotRange,
  knownPages: Page<T>[],
): Promise<WindowPages<T> | null> {
  const { list, lengths } = read;
  const length = lengths.of(list, knownPages);
  // If the total shows that the list goes on, no page is read here: the range is known when `findEnd` has found the end.
  const isEndUnknown = length && length.end === null && length.reportedTotal > length.minLength;
  let windowPages = await readRange(read, isEndUnknown ? { start: 0, end: 0 } : firstRange, knownPages);
  for (let time = 0; time < maxCorrections && windowPages && !windowPages.sequence.isShortened; time += 1) {
    const { sequence, slotRange } = windowPages;
    knownPages.push(...sequence.pages);
    const search = await findEnd(read, knownPages);
    knownPages.push(...search.pages);
    windowPages = { sequence: { ...sequence, isShortened: search.isShortened }, slotRange };
    const corrected = slotRangeFor(read, windowArgs, knownPages) ?? slotRange;
    if (corrected.start === slotRange.start && corrected.end === slotRange.end) break;
    windowPages = await readRange({ ...read, minLength: corrected.end }, corrected, knownPages);
  }
  return windowPages;
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
