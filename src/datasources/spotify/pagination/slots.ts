/** The slots that a client's arguments select. */

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
  const end = before === null ? Math.min(length ?? maxEnd, maxEnd) : maxEnd;
  return atLeastEmpty(Math.max(start, end - last), end);
}

const atLeastEmpty = (start: number, end: number): SlotRange => ({ start, end: Math.max(start, end) });
