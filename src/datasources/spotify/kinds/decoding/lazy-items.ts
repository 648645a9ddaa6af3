import { propertyOf } from '../../../../json.ts';
import { cacheKeyOf, findKind, type KindRegistry } from '../kind.ts';
import type { Market } from '../markets.ts';
import { isBareId } from '../spotify-id.ts';
import { isMalformed, type Malformed } from './json.ts';

/** The items of a page in the order of their slots: an array, or a list whose items are decoded on first access. */
export type Items<T> = readonly (T | Malformed | null)[] | LazyItems<T>;

export interface LazyItems<T> {
  readonly length: number;
  /** The item in a slot, decoded once; null if the slot is empty. */
  at(index: number): T | Malformed | null;
  /** The id of the item, which is not decoded for it; null if it has no valid id, undefined if there is no item. */
  idAt(index: number): string | null | undefined;
  /** Whether all items that have been decoded were as documented. */
  isWhole(): boolean;
  /** The index of the item that contains an object, by the cache key of the object. */
  readonly indexes: ReadonlyMap<string, number>;
  /** All of them, decoded. */
  all(): readonly (T | Malformed | null)[];
  /** All of them as they are in memory: decoded, or as Spotify sent them. */
  contents(): readonly unknown[];
}

/**
 * @param list the items as Spotify sent them
 * @param request the market of the request, and the kinds of objects that the items may contain
 * @param decode decodes one item; a marker if it is not as documented
 */
export function lazyItems<T>(
  list: readonly unknown[],
  request: { market: Market | null; kinds: KindRegistry },
  decode: (item: unknown) => T | Malformed,
): LazyItems<T> {
  const ids = list.map(idOf);
  const encoded = [...list]; // each until it is decoded
  const decoded: (T | Malformed | null | undefined)[] = Array(list.length).fill(undefined);
  let isWhole = true;

  function at(index: number): T | Malformed | null {
    const decodedItem = decoded[index];
    if (decodedItem !== undefined || index >= ids.length) return decodedItem ?? null;
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
    indexes: indexesOf(list, request),
    all: () => ids.map((_, index) => at(index)),
    contents: () => [...decoded, ...encoded],
  };
}

function idOf(item: unknown): string | null | undefined {
  if (item === null) return undefined;
  const id = propertyOf(item, 'id');
  return typeof id === 'string' && isBareId(id) ? id : null;
}

/** The index of the item that contains each object: the items themselves, and the objects inside them. */
function indexesOf(
  list: readonly unknown[],
  { market, kinds }: { market: Market | null; kinds: KindRegistry },
): Map<string, number> {
  const indexes = new Map<string, number>();
  const embeddedKeys = new Set(Object.values(kinds).flatMap(({ embedded }) => embedded));
  const add = (value: unknown, index: number): void => {
    if (typeof value !== 'object' || value === null) return;
    const id = propertyOf(value, 'id');
    const kind = findKind(kinds, propertyOf(value, 'type'));
    if (kind && typeof id === 'string') indexes.set(cacheKeyOf(kinds, kind.name, id, market), index);
    for (const key of kind?.embedded ?? embeddedKeys) {
      const inside = propertyOf(value, key);
      if (Array.isArray(inside)) for (const element of inside) add(element, index);
      else add(inside, index);
    }
  };
  for (const [index, item] of list.entries()) add(item, index);
  return indexes;
}

/** Whether a value of any type is a list whose items are decoded on first access. */
export const isLazyItems = (value: object): value is LazyItems<unknown> =>
  typeof propertyOf(value, 'idAt') === 'function';

export const isLazy = <T>(items: Items<T>): items is LazyItems<T> => !Array.isArray(items);

/** The id of an item; null if the item cannot be read, undefined if there is no item. */
export function idAt(items: Items<{ readonly id: string }>, index: number): string | null | undefined {
  if (isLazy(items)) return items.idAt(index);
  const item = items[index] ?? null;
  if (item === null) return undefined;
  return isMalformed(item) ? null : item.id;
}

/** Whether each item is as documented, of those that have been decoded. */
export const isWhole = (items: Items<{ readonly id: string }>): boolean =>
  isLazy(items) ? items.isWhole() : !items.some(isMalformed);

/** Whether the value and all its parts are as documented. */
export function isDocumented(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  const parts = isLazyItems(value) ? value.all() : Object.values(value);
  return !isMalformed(value) && parts.every(isDocumented);
}
