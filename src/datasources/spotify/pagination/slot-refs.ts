import { isMalformed } from '../kinds/decoding/json.ts';
import { type Items, idAt } from '../kinds/decoding/lazy-items.ts';
import type { Page } from '../kinds/decoding/page.ts';
import type { Entity } from '../kinds/kind.ts';
import { sentTotal } from './pages.ts';

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
