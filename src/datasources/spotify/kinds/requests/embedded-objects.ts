import { isMalformed, type Malformed } from '../decoding/json.ts';
import { type Items, isLazy, type LazyItems } from '../decoding/lazy-items.ts';
import type { Page } from '../decoding/page.ts';
import {
  type Entity,
  getKind,
  getList,
  type KindDefinition,
  type KindRegistry,
  type ListEntry,
} from '../kind.ts';
import type { Market } from '../markets.ts';

/** A part of a response: an object, or a list whose items are not decoded yet. */
export type EmbeddedObject = Entity | LazyItems<Entity>;

export const isEntity = (part: EmbeddedObject): part is Entity => 'kind' in part;

/** The objects of a list; a list whose items are not decoded yet stays one. */
export function* embeddedInItems(items: Items<Entity>, kinds: KindRegistry): Iterable<EmbeddedObject> {
  if (isLazy(items)) yield items;
  else yield* embeddedInEach(items, kinds);
}

/** The objects of a list that are as documented, each with those inside it. */
export function* embeddedInEach(items: Items<Entity>, kinds: KindRegistry): Iterable<EmbeddedObject> {
  for (const item of isLazy(items) ? items.all() : items) {
    if (item !== null && !isMalformed(item)) yield* embeddedIn(item, kinds);
  }
}

/** An object and those inside it; of an entry only those inside it. */
export function* embeddedIn(object: Entity, kinds: KindRegistry): Iterable<EmbeddedObject> {
  if (isListEntry(object)) {
    yield* embeddedInEach([object.item], kinds);
    return;
  }
  yield object;
  const kind = getKind(kinds, object.kind);
  for (const value of embeddedValues(kind, object)) {
    if (value === undefined || value === null || isMalformed(value)) continue;
    if (isList(value)) yield* embeddedInEach(value, kinds);
    else yield* embeddedIn(value, kinds);
  }
  const page = embeddedPageOf(object, kinds);
  if (!page) return;
  const isFull = getList(kinds, kind.embeddedPage?.list ?? '').hasFullItems;
  yield* isFull ? embeddedInEach(page.items, kinds) : embeddedInItems(page.items, kinds);
}

const isListEntry = (object: Entity): object is ListEntry => object.isListEntry === true;

/** The first page of a list that the object contains; undefined if it contains none. */
export function embeddedPageOf(object: Entity, kinds: KindRegistry): Page<Entity> | undefined {
  const key = getKind(kinds, object.kind).embeddedPage?.key;
  const page = key === undefined ? undefined : (object as Entity & Readonly<Record<string, unknown>>)[key];
  return isMalformed(page) ? undefined : (page as Page<Entity> | undefined);
}

/** The object with all objects inside it, as if it had been requested in the market. */
export function inMarket<T extends Entity>(object: T, market: Market | null, kinds: KindRegistry): T {
  const kind = getKind(kinds, object.kind);
  const values = embeddedValues(kind, object).map((value) => {
    if (value === undefined || value === null || isMalformed(value)) return value;
    if (!isList(value)) return inMarket(value, market, kinds);
    return value.map((item) => (item === null || isMalformed(item) ? item : inMarket(item, market, kinds)));
  });
  return { ...object, ...Object.fromEntries(kind.embedded.map((key, i) => [key, values[i]])), market };
}

/** A value or a marker; undefined if Spotify sent nothing. */
type Embedded = Entity | Malformed | readonly (Entity | Malformed | null)[] | null | undefined;

/** The objects inside an object, by the keys that its kind declares. */
const embeddedValues = (kind: KindDefinition, object: Entity): Embedded[] =>
  kind.embedded.map((key) => (object as Entity & Readonly<Record<string, unknown>>)[key] as Embedded);

const isList = <T>(value: T | readonly T[]): value is readonly T[] => Array.isArray(value);
