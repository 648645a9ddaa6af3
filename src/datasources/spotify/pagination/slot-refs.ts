import { isMalformed } from '../kinds/json.ts';
import type { Entity } from '../kinds/kind.ts';
import type { Page } from '../kinds/page.ts';
import { type Items, idAt } from './lazy-items.ts';
import type { CursorPosition, PageArgs, SlotRange } from './slot-ranges.ts';

/** An item that stands in a slot, not yet read. */
export interface SlotRef<T> {
  slot: number;
  id: string | null;
  items: Items<T>;
  index: number;
}

/**
 * What stands in the slots of the pages. Nulls, and what the same page has shown before, are left out.
 * @param end the slot from which on nothing is wanted
 */
export function slotRefsIn<T extends Entity>(pages: readonly Page<T>[], end = Infinity): SlotRef<T>[] {
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

/** A malformed item is no repetition of another one, whatever its id: it fails in its own slot. */
function isReadable(items: Items<Entity>, index: number): boolean {
  const item = items.at(index) ?? null;
  return item !== null && !isMalformed(item);
}

/**
 * When the list has grown or shrunk at the front since the cursor was given, its item has moved by as many
 * slots at most. Found there, it is where the window begins: nothing is given twice or skipped.
 */
export function realignToCursor<T extends Entity>(
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

const newest = <T>(pages: readonly Page<T>[]): Page<T> | undefined =>
  pages.reduce<Page<T> | undefined>(
    (latest, page) => (latest && latest.asOfMs > page.asOfMs ? latest : page),
    undefined,
  );
