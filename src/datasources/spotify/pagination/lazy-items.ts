import type { Kind } from '../kinds/ids.ts';
import { isMalformed, type Malformed } from '../kinds/malformed.ts';
import type { Market } from '../kinds/markets.ts';
import { objectKey } from '../kinds/object-key.ts';

/** The items of a page in the order of their slots: an array, or a list whose items are decoded on first capabilities. */
export type Items<T> = readonly (T | Malformed | null)[] | LazyItems<T>;

export interface LazyItems<T> {
  readonly length: number;
  /** The item in a slot, decoded once; null where the slot holds none. */
  at(index: number): T | Malformed | null;
  /** The id of the item, not decoded; null where it has none that could be one of Spotify's, undefined where there is no item. */
  idAt(index: number): string | null | undefined;
  /** Whether all items that have been decoded were as documented. */
  isWhole(): boolean;
  /** The index of the item that holds an object, by the object's `objectKey`. */
  readonly indexes: ReadonlyMap<string, number>;
  /** All of them, decoded. */
  all(): readonly (T | Malformed | null)[];
}

/**
 * @param list the items as Spotify sent them
 * @param market the market that they were asked for
 * @param decode decodes one item; a marker where it is not as documented
 */
export function lazyItems<T>(
  list: readonly unknown[],
  market: Market | null,
  decode: (item: unknown) => T | Malformed,
): LazyItems<T> {
  const ids = list.map(idOf);
  const encoded = [...list]; // each until it is decoded
  const decoded: (T | Malformed | null | undefined)[] = Array(list.length).fill(undefined);
  let isWhole = true;

  function at(index: number): T | Malformed | null {
    const known = decoded[index];
    if (known !== undefined || index >= ids.length) return known ?? null;
    const item = encoded[index] === null ? null : decode(encoded[index]);
    if (isMalformed(item)) isWhole = false;
    encoded[index] = null;
    decoded[index] = item;
    return item;
  }

  return {
    length: ids.length,
    at,
    idAt: (index) => ids[index],
    isWhole: () => isWhole,
    indexes: indexesOf(list, market),
    all: () => ids.map((_, index) => at(index)),
  };
}

type Json = Partial<Record<'id' | 'type' | 'artists' | 'album', unknown>>;

function idOf(item: unknown): string | null | undefined {
  if (item === null) return undefined;
  const { id } = item as Json;
  return typeof id === 'string' && bareId.test(id) ? id : null;
}

const bareId = /^[0-9A-Za-z]{22}$/;
const kinds: ReadonlySet<unknown> = new Set<Kind>(['artist', 'album', 'track']);

/** Where to find each object of a list: its items, their artists, and the album of a track with its artists. */
function indexesOf(list: readonly unknown[], market: Market | null): Map<string, number> {
  const indexes = new Map<string, number>();
  const note = (object: unknown, index: number): void => {
    if (typeof object !== 'object' || object === null) return;
    const { id, type, artists, album } = object as Json;
    if (typeof id === 'string' && kinds.has(type)) indexes.set(objectKey(type as Kind, id, market), index);
    if (Array.isArray(artists)) for (const artist of artists) note(artist, index);
    if (type === 'track') note(album, index);
  };
  for (const [index, item] of list.entries()) note(item, index);
  return indexes;
}

/** Whether a value of any type is a list whose items are decoded on first capabilities. */
export const isLazyItems = (value: object): value is LazyItems<unknown> =>
  typeof (value as Partial<LazyItems<unknown>>).idAt === 'function';

export const isLazy = <T>(items: Items<T>): items is LazyItems<T> => !Array.isArray(items);

/** The id of an item; null where it cannot be read, undefined where there is none. */
export function idAt(items: Items<{ readonly id: string }>, index: number): string | null | undefined {
  if (isLazy(items)) return items.idAt(index);
  const item = items[index] ?? null;
  if (item === null) return undefined;
  return isMalformed(item) ? null : item.id;
}

/** Whether each item is as documented, of those that have been decoded. */
export const isWhole = (items: Items<{ readonly id: string }>): boolean =>
  isLazy(items) ? items.isWhole() : !items.some(isMalformed);
