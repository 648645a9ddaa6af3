import type { Page } from '../kinds/decoding/page.ts';
import type { Entity } from '../kinds/kind.ts';
import { endOf } from './extent.ts';
import { sentTotal } from './pages.ts';
import { slotRefsIn } from './slot-refs.ts';
import type { CursorPosition, SlotRange, WindowArgs } from './slots.ts';

// If the list has grown or shrunk at the front since a cursor was made, the item of the cursor has moved by at most the
// number of slots by which the list has grown or shrunk. A window beside the item moves with it, so that the client gets no
// item twice and misses none. For example, a client has read A and B of [A, B, C, D]: its cursor names B, slot 1, total 4.
// The list becomes [N, A, B, C, D]: by the total 5, B is in slot 2, and the next window begins with C in slot 3.

/** The cursor beside which a window lies; null for a window at the front or the end of the list. */
const anchorOf = ({ first, after, before }: WindowArgs): CursorPosition | null =>
  first !== null ? after : after === null ? before : null;

/**
 * The slots beside the item of the cursor, if the pages contain the item where the list may have moved it. Anywhere else
 * the item is a repeated one.
 */
export function realignToCursor(
  requestedRange: SlotRange,
  windowArgs: WindowArgs,
  pages: readonly Page<Entity>[],
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
    return rangeAfter(moved.slot, first, Math.max(...pages.map(endOf)));
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
export function shiftedSlot(
  pages: readonly Page<Entity>[],
  windowArgs: WindowArgs,
  total: number | null,
): number | null {
  const cursor = anchorOf(windowArgs);
  if (!cursor?.id || total === null || total === cursor.total) return null;
  const isForward = windowArgs.first !== null;
  const slot = cursor.slot + total - cursor.total;
  // If the list has shrunk, a window before the cursor only repeats items: it is not shifted.
  if (slot < (isForward ? 0 : cursor.slot)) return null;
  if (slot + (isForward ? 1 : 0) >= total) return null;
  return slotRefsIn(pages).some(({ id }) => id === cursor.id) ? null : slot;
}

/** The slot of the item of a cursor if the list has changed at the front by as much as its total: that of the page. */
export const slotByTotal = (page: Page<Entity>, { slot, total }: CursorPosition): number =>
  slot + (sentTotal([page]) ?? total) - total;

/**
 * The slot in the page that holds the item of the cursor; null if none does.
 * @param expected the slot by the total of other pages: the page may be newer, and its own total is then another one
 */
export function cursorSlotIn(page: Page<Entity>, expected: number, cursor: CursorPosition): number | null {
  const byOwnTotal = slotByTotal(page, cursor);
  const [from, to] = [Math.min(expected, byOwnTotal), Math.max(expected, byOwnTotal)];
  const refs = slotRefsIn([page]).filter(
    (found) => found.id === cursor.id && from <= found.slot && found.slot <= to,
  );
  return (refs.find((found) => found.slot === byOwnTotal) ?? refs[0])?.slot ?? null;
}
