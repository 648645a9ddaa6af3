import { embeddedIn, isObject } from '../kinds/embedded-objects.ts';
import type { EntityKey } from '../kinds/endpoint-request.ts';
import { isMalformed } from '../kinds/json.ts';
import { type Entity, findKind, getKind, type KindRegistry, objectKey } from '../kinds/kind.ts';
import type { LazyItems } from '../pagination/lazy-items.ts';
import { type Freshness, isFresh } from './freshness.ts';

/** Finds objects in the items of pages, and decodes only the item that contains the object. */
export interface EmbeddedIndex {
  /** @returns removes the objects of this list, except those that a later list contains too */
  add(items: LazyItems<Entity>, freshness: Freshness): () => void;
  /** A fresh simplified object; undefined if no list contains it. */
  find(name: EntityKey): EmbeddedEntry | undefined;
}

interface EmbeddedEntry extends Freshness {
  value: Entity;
}

export function createEmbeddedIndex(kinds: KindRegistry): EmbeddedIndex {
  const lists = new Map<string, { items: LazyItems<Entity>; freshness: Freshness }>();

  return {
    add(items, { freshUntilMs, usableUntilMs }) {
      const list = { items, freshness: { freshUntilMs, usableUntilMs } };
      for (const key of items.indexes.keys()) lists.set(key, list);
      return () => {
        for (const key of items.indexes.keys()) if (lists.get(key) === list) lists.delete(key);
      };
    },
    find(name) {
      const key = objectKey(kinds, name.kind, name.id, name.market);
      const list = lists.get(key);
      if (!list || !isFresh(list.freshness)) return undefined;
      const item = list.items.at(list.items.indexes.get(key) ?? -1);
      const object = item && !isMalformed(item) ? findWithin(item, name, kinds) : undefined;
      if (!object) return undefined;
      return { value: withoutOtherMarket(object, kinds), ...list.freshness };
    },
  };
}

/** The object itself, or one inside it. */
function findWithin(object: Entity, { kind, id }: EntityKey, kinds: KindRegistry): Entity | undefined {
  for (const part of embeddedIn(object, kinds)) {
    if (isObject(part) && part.kind === kind && part.id === id && !isRelinked(part, kinds)) return part;
  }
  return undefined;
}

/** Whether Spotify sent the object in place of another one, which is wrong for a read of the object itself. */
export const isRelinked = (object: Entity, kinds: KindRegistry): boolean =>
  findKind(kinds, object.kind)?.isRelinked?.(object) === true;

/** The object without the market of its page if it is the same in every market: only there do its lists inherit one. */
export const withoutOtherMarket = (object: Entity, kinds: KindRegistry): Entity =>
  object.market === null || getKind(kinds, object.kind).takesMarket ? object : { ...object, market: null };
