import { type Items, idAt } from './items.ts';
import { isMalformed, type Malformed, type Page, type SpotifyObject } from './types.ts';

/** The arithmetic of paging: slots, pages and windows. Pure; `pages.ts` does the reading. */

/** A place in a list, as a cursor names it. */
export interface Mark {
  slot: number;
  /** The item that stood there, and how long the list was then. */
  id: string | null;
  total: number;
}

/** What a client asks for: `first` or `last` is a number, the other null. */
export interface Range {
  first: number | null;
  last: number | null;
  after: Mark | null;
  before: Mark | null;
}

/** Slots from `start` up to but not including `end`. */
export interface Span {
  start: number;
  end: number;
}

export interface Slot<T> {
  slot: number;
  item: T | Malformed;
}

export interface Window<T> extends Span {
  /** The slots that hold something, in order, each thing once. */
  slots: readonly Slot<T>[];
  /** Length of the list as Spotify tells it; null where nothing had to be read. */
  total: number | null;
  hasNext: boolean;
  hasPrevious: boolean;
}

/** The slots that a range means; null where only the length of the list can tell. */
export function spanOf(
  { first, last, after, before }: Range,
  total: number | null,
  reach: number,
): Span | null {
  const start = after ? after.slot + 1 : 0;
  const limit = Math.min(before?.slot ?? reach, reach);
  if (last === null) return atLeastEmpty(start, Math.min(start + (first ?? 0), limit));
  if (before === null && total === null) return null;
  const end = Math.min(limit, before === null && total !== null ? total : limit);
  return atLeastEmpty(Math.max(start, end - last), end);
}

const atLeastEmpty = (start: number, end: number): Span => ({ start, end: Math.max(start, end) });

/** The offsets of the aligned pages that a span touches. */
export function offsetsOf({ start, end }: Span, limit: number): number[] {
  const offsets: number[] = [];
  for (let offset = start - (start % limit); offset < end; offset += limit) offsets.push(offset);
  return offsets;
}

/**
 * The offsets of the pages that a range may need, for a list of which nothing is known. Pages whose place
 * only the list's length tells stand behind everything that can be reached.
 */
export function pagesAtWorst(range: Range, limit: number, reach: number): number[] {
  const span = spanOf(range, null, reach);
  if (span) return offsetsOf(span, limit);
  const size = range.last ?? 0;
  const atTheEnd = size === 0 ? 0 : Math.ceil((size - 1) / limit) + 1;
  return [0, ...Array.from({ length: atTheEnd }, (_, i) => Number.MAX_SAFE_INTEGER - i)];
}

/** Whether the list may go on behind this page. An empty page ends it, whatever `total` and `next` say. */
export const goesOn = <T>(page: Page<T>, reach: number): boolean =>
  page.items.length > 0 &&
  page.offset + page.limit < reach &&
  (page.hasNext || page.offset + page.limit < page.total);

/** The offsets of the pages that a span needs behind its first one, which may be shorter than the others. */
export function offsetsBehind<T>(first: Page<T>, { end }: Span, limit: number, reach: number): number[] {
  const start = first.offset + first.limit;
  if (start >= end || !goesOn(first, reach)) return [];
  return offsetsOf({ start, end }, limit).filter((offset) => offset < first.total);
}

/**
 * Cuts a window out of the pages that cover it.
 * @param pages in the order of their offsets, without a gap; none where the list is known to be shorter
 */
export function windowOf<T extends SpotifyObject>(
  pages: readonly Page<T>[],
  asked: Span,
  range: Range,
  reach: number,
): Window<T> {
  const live = untilEmpty(pages);
  const span = anchored(asked, range, live);
  const found = foundIn(live, span.end).filter(({ slot }) => slot >= span.start);
  const last = live.at(-1);
  const slotsLeft = last !== undefined && span.end < last.offset + last.items.length;
  return {
    slots: distinct(
      found.map(({ slot, items, index }) => ({ slot, item: items.at(index) as T | Malformed })),
      range,
    ),
    total: newest(pages)?.total ?? null,
    hasNext: asked.start < asked.end && last !== undefined && (slotsLeft || goesOn(last, reach)),
    hasPrevious: span.start > 0,
    ...span,
  };
}

/** The pages up to the first empty one, which ends the list. */
function untilEmpty<T>(pages: readonly Page<T>[]): readonly Page<T>[] {
  const end = pages.findIndex((page) => page.items.length === 0);
  return end === -1 ? pages : pages.slice(0, end + 1);
}

/** An item that stands in a slot, not yet read. */
interface Found<T> {
  slot: number;
  id: string | null;
  items: Items<T>;
  index: number;
}

/**
 * What stands in the slots of the pages. Nulls, and what the same page has shown before, are left out.
 * @param end the slot from which on nothing is wanted
 */
function foundIn<T extends SpotifyObject>(pages: readonly Page<T>[], end = Infinity): Found<T>[] {
  const found: Found<T>[] = [];
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

/** What cannot be read is nobody's double, whatever its id: it fails in its own slot. */
function isReadable(items: Items<SpotifyObject>, index: number): boolean {
  const item = items.at(index) ?? null;
  return item !== null && !isMalformed(item);
}

/**
 * When the list has grown or shrunk at the front since the cursor was given, its item has moved by as many
 * slots at most. Found there, it is where the window begins: nothing is given twice or skipped.
 */
function anchored<T extends SpotifyObject>(
  asked: Span,
  { after, first }: Range,
  pages: readonly Page<T>[],
): Span {
  const total = newest(pages)?.total;
  if (!after?.id || first === null || total === undefined || total === after.total) return asked;
  const farthest = Math.abs(total - after.total);
  const moved = foundIn(pages).find(
    ({ slot, id }) => id === after.id && Math.abs(slot - after.slot) <= farthest,
  );
  if (!moved) return asked;
  const start = moved.slot + 1;
  return { start: Math.min(start, asked.end), end: Math.min(asked.end, start + first) };
}

/**
 * Where to look for the item of a cursor that is not in the pages of its window: the list has grown since, and
 * if it has done so at the front, then by enough to push the item out of them. The span begins with its slot.
 */
export function pushedTo<T extends SpotifyObject>(
  pages: readonly Page<T>[],
  { after, first }: Range,
  reach: number,
): Span | null {
  const total = newest(pages)?.total;
  if (!after?.id || first === null || total === undefined) return null;
  const start = after.slot + total - after.total;
  if (start <= after.slot || start + 1 >= Math.min(total, reach)) return null;
  if (foundIn(pages).some(({ id }) => id === after.id)) return null;
  return { start, end: Math.min(start + 1 + first, reach) };
}

/** Whether the slot holds the item of the cursor. */
export const standsAt = <T extends SpotifyObject>(
  pages: readonly Page<T>[],
  slot: number,
  { id }: Mark,
): boolean => foundIn(pages).some((found) => found.slot === slot && found.id === id);

/** Each thing once, and not the one that the client holds already. */
function distinct<T extends SpotifyObject>(slots: readonly Slot<T>[], { after, before }: Range): Slot<T>[] {
  const given = new Set([after?.id, before?.id]);
  return slots.filter(({ item }) => {
    const id = isMalformed(item) ? null : item.id;
    if (id === null) return true;
    if (given.has(id)) return false;
    given.add(id);
    return true;
  });
}

const newest = <T>(pages: readonly Page<T>[]): Page<T> | undefined =>
  pages.reduce<Page<T> | undefined>(
    (latest, page) => (latest && latest.asOfMs > page.asOfMs ? latest : page),
    undefined,
  );
