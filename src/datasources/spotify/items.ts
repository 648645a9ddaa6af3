import type { Market } from './markets.ts';
import type { RawList } from './raw-list.ts';
import { isMalformed, type Malformed, type SpotifyObject } from './types.ts';

/** The items of a page in the order of their slots: an array, or a list of which each is decoded when it is read. */
export type Items<T> = readonly (T | Malformed | null)[] | LazyItems<T>;

export interface LazyItems<T> {
  readonly length: number;
  at(index: number): T | Malformed | null;
  /** The id of the item as it stands in the text; null where it has none, undefined where there is no item. */
  idAt(index: number): string | null | undefined;
  /** Whether all that have been read were as documented. */
  isWhole(): boolean;
  /** For which market they were asked. */
  market: Market | null;
  /** What is to be found in them, as `RawList` has it. */
  stamps: readonly number[];
  owners: readonly number[];
  /** All of them, read. */
  all(): readonly (T | Malformed | null)[];
  /** For other processes, who get no text. */
  toJSON(): readonly (T | Malformed | null)[];
}

/**
 * @param length how many of the list count
 * @param decode what becomes of one; a marker where it is not as documented
 */
export function lazyItems<T>(
  list: RawList,
  length: number,
  market: Market | null,
  decode: (parse: () => unknown) => T | Malformed,
): LazyItems<T> {
  let text: RawList | null = list;
  let items: readonly (T | Malformed | null)[] = [];
  let reads = 0;
  let isWhole = true;

  function read(raw: RawList, index: number): T | Malformed | null {
    const item = raw.isNull(index) ? null : decode(() => raw.parse(index));
    if (item !== null && isMalformed(item as object)) isWhole = false;
    return item;
  }

  function at(index: number): T | Malformed | null {
    // What is read again and again is not worth being read anew, and its text no longer worth its memory.
    if (text === null || reads >= length) return all()[index] ?? null;
    reads += 1;
    return read(text, index);
  }

  function all(): readonly (T | Malformed | null)[] {
    const raw = text;
    if (raw) items = Array.from({ length }, (_, index) => read(raw, index));
    text = null;
    return items;
  }

  return {
    length,
    at,
    idAt(index) {
      if (text === null) return idOf(items[index] as SpotifyObject | Malformed | null);
      return text.isNull(index) ? undefined : text.idAt(index);
    },
    isWhole: () => isWhole,
    market,
    stamps: list.stamps,
    owners: list.owners,
    all,
    toJSON: all,
  };
}

export const isLazy = <T>(items: Items<T>): items is LazyItems<T> => !Array.isArray(items);

/** The id of an item; null where it cannot be read, undefined where there is none. */
export const idAt = (items: Items<SpotifyObject>, index: number): string | null | undefined =>
  isLazy(items) ? items.idAt(index) : idOf(items[index] ?? null);

const idOf = (item: SpotifyObject | Malformed | null): string | null | undefined => {
  if (item === null) return undefined;
  return isMalformed(item) ? null : item.id;
};

/** Whether each item is as documented, of those that have been read. */
export const isWhole = (items: Items<SpotifyObject>): boolean =>
  isLazy(items) ? items.isWhole() : !items.some((item) => item !== null && isMalformed(item));
