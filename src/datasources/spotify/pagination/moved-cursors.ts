import type { Page } from '../kinds/decoding/page.ts';
import type { Entity } from '../kinds/kind.ts';
import { type CursorPosition, newest, type SlotRange, slotRefsIn, type WindowArgs } from './slots.ts';

/**
 * If the list has grown or shrunk at the front since a cursor was made, the item of the cursor has moved by at most as many
 * slots, backward or forward. A window beside the item moves with it, so that the client gets no item twice and misses none.
 */

/** The cursor beside which a window lies; null for a window at the front or the end of the list. */
export const anchorOf = ({ first, after, before }: WindowArgs): CursorPosition | null =>
  first !== null ? after : after === null ? before : null;

/**
 * The slots beside the item of the cursor, if the pages contain the item where the list may have moved it. Anywhere else
 * the item is a repeated one.
 */
export function realignToCursor<T extends Entity>(
  requestedRange: SlotRange,
  windowArgs: WindowArgs,
  pages: readonly Page<T>[],
): SlotRange {
  const cursor = anchorOf(windowArgs);
  const total = newest(pages)?.total;
  if (!cursor?.id || total === undefined || total === cursor.total) return requestedRange;
  const farthest = cursor.slot + total - cursor.total;
  const [from, to] = [Math.min(cursor.slot, farthest), Math.max(cursor.slot, farthest)];
  const moved = slotRefsIn(pages).find(({ slot, id }) => id === cursor.id && slot >= from && slot <= to);
  if (!moved) return requestedRange;
  const { first, last } = windowArgs;
  if (first !== null) {
    const start = moved.slot + 1;
    return { start: Math.min(start, requestedRange.end), end: Math.min(requestedRange.end, start + first) };
  }
  const firstSlot = pages[0]?.offset ?? 0;
  const start = Math.max(firstSlot, moved.slot - (last ?? 0));
  // The slots in front of the pages are not known: a window without slots would have no cursor that leads there.
  return start < moved.slot || start === 0 ? { start, end: moved.slot } : requestedRange;
}

/**
 * The slot to which the item of the cursor has moved if the list has grown or shrunk at the front by as much as its total
 * has; null if the pages already have the item, or the window misses and repeats nothing.
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
  // In front of a cursor, a list that has shrunk repeats items in the window.
  if (slot < (isForward ? 0 : cursor.slot)) return null;
  if (slot + (isForward ? 1 : 0) >= Math.min(total, maxOffset)) return null;
  return slotRefsIn(pages).some(({ id }) => id === cursor.id) ? null : slot;
}

/** Whether the slot holds the item of the cursor. */
export const isCursorAt = <T extends Entity>(page: Page<T>, slot: number, { id }: CursorPosition): boolean =>
  slotRefsIn([page]).some((found) => found.slot === slot && found.id === id);
