import { GatewayError, onlyGatewayError } from '../../../errors.ts';
import { epochMs } from '../../../observability/clock.ts';
import type { Page } from '../kinds/decoding/page.ts';
import type { Entity } from '../kinds/kind.ts';
import { recordFreshness } from '../usage/field-context.ts';
import { cutWindow, type Window } from './cut-window.ts';
import { endOf } from './extent.ts';
import { type ListRead, readPage } from './list-read.ts';
import { cursorSlotIn, rangeAfter, shiftedSlot, slotByTotal } from './moved-cursors.ts';
import type { PageSequence } from './page-reader.ts';
import { sentTotal, untilGap } from './pages.ts';
import type { CursorPosition, SlotRange, WindowArgs } from './slots.ts';

type Cut<T> = (pages: Page<T>[], slotRange: SlotRange) => Window<T>;

/**
 * The window of the slot range; if a change of the list has moved the item of the cursor, the window beside the item, for
 * which one more page is read.
 */
export async function windowBesideCursor<T extends Entity>(
  read: ListRead<T>,
  { pages, isShortened }: PageSequence<T>,
  slotRange: SlotRange,
  windowArgs: WindowArgs,
): Promise<Window<T>> {
  const { list, lengths } = read;
  const cut: Cut<T> = (pagesToCut, cutRange) => {
    const length = pagesToCut.length > 0 ? lengths.of(list, pagesToCut) : null;
    return cutWindow({ pages: pagesToCut, isShortened }, cutRange, windowArgs, list, length);
  };
  const total = pages.length > 0 ? sentTotal(pages) : lengths.of(list)?.reportedTotal;
  const slot = list.hasStableTotal ? shiftedSlot(pages, windowArgs, total ?? null) : null;
  if (slot === null || slotRange.start === slotRange.end) return cut(pages, slotRange);
  const { first, last, after, before } = windowArgs;
  if (last !== null && before) return cutBeforeItem(read, pages, slotRange, { slot, last, before }, cut);
  return after
    ? cutAfterItem(read, pages, slotRange, { slot, first: first ?? 0, after }, cut)
    : cut(pages, slotRange);
}

/**
 * If the page of the item cannot be read: after a move to a later slot the slot range is kept, which repeats items but misses
 * none; after a move to an earlier slot the window fails.
 */
async function cutAfterItem<T extends Entity>(
  read: ListRead<T>,
  pages: Page<T>[],
  slotRange: SlotRange,
  { slot, first, after }: { slot: number; first: number; after: CursorPosition },
  cut: Cut<T>,
): Promise<Window<T>> {
  const page =
    pages.find(({ offset, items }) => offset <= slot && slot < offset + items.length) ??
    (await embeddedPageAt(read, slot)) ??
    (await readPage(read, slot - (slot % read.limit), epochMs()).catch(onlyGatewayError));
  if (page instanceof GatewayError) {
    if (slot < after.slot) throw page; // without the page, the window would miss the items that have moved in front of it
    recordFreshness(read.fieldContext, epochMs()); // a later call may find the item
    return cut(pages, slotRange);
  }
  const found = cursorSlotIn(page, slot, after);
  if (found === null) return cut(pages, slotRange);
  const shiftedPages = untilGap([page, ...pages.filter(({ offset }) => offset > page.offset)]);
  const lastPage = shiftedPages.at(-1) ?? page;
  return cut(shiftedPages, rangeAfter(found, first, endOf(lastPage)));
}

/** The page that came with the owner of the list, if it has the slot and the list has not changed since then. */
async function embeddedPageAt<T extends Entity>(
  { list, lengths, fieldContext }: ListRead<T>,
  slot: number,
): Promise<Page<T> | undefined> {
  if (slot >= (list.embeddedItems ?? 0)) return undefined;
  const page = await list.embeddedFirstPage?.(fieldContext);
  return page && lengths.isConsistent(list, page) ? page : undefined;
}

/** If the page cannot be read, the window fails: without the page it would miss the items in front of the cursor. */
async function cutBeforeItem<T extends Entity>(
  read: ListRead<T>,
  pages: Page<T>[],
  slotRange: SlotRange,
  { slot, last, before }: { slot: number; last: number; before: CursorPosition },
  cut: Cut<T>,
): Promise<Window<T>> {
  const { limit } = read;
  const lastPage = pages.at(-1) as Page<T>;
  const readUntil = endOf(lastPage);
  const aligned = slot - (slot % limit);
  if (aligned < readUntil) return cut(pages, slotRange);
  if (aligned === readUntil) return cut([...pages, await readPage(read, aligned, epochMs())], slotRange);
  // If the item is the first one of its page, the window is in the page in front of it. Only the total of that page can show
  // whether the item has moved.
  const isFirst = aligned === slot;
  const page = await readPage(read, isFirst ? aligned - limit : aligned, epochMs());
  const hasMoved = !isFirst || slotByTotal(page, before) === slot;
  const found = isFirst ? slot : cursorSlotIn(page, slot, before);
  if (found === null || !hasMoved) return cut(pages, slotRange);
  return cut([page], { start: Math.max(page.offset, found - last), end: found });
}
