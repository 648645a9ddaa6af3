import { epochMs } from '../../../observability/clock.ts';
import { embeddedIn, isObject } from '../kinds/embedded-objects.ts';
import type { EntityKey } from '../kinds/endpoint-request.ts';
import { type Entity, findKind, getKind, type KindRegistry } from '../kinds/kind.ts';
import { isMalformed } from '../kinds/malformed.ts';
import { objectKey } from '../kinds/object-key.ts';
import type { LazyItems } from '../pagination/lazy-items.ts';

/** Finds the objects that came in the items of a page, and decodes only the item that holds the object. */
export interface EmbeddedIndex {
  /** @returns removes what is found in this list, except what a later list holds as well */
  add(items: LazyItems<Entity>, lifetime: Freshness): () => void;
  /** A fresh short form of the object; undefined where there is none. */
  find(name: EntityKey): EmbeddedEntry | undefined;
}

export interface Freshness {
  freshUntilMs: number;
  usableUntilMs: number;
}

interface EmbeddedEntry extends Freshness {
  value: Entity;
}

export function createEmbeddedIndex(kinds: KindRegistry): EmbeddedIndex {
  const lists = new Map<string, { items: LazyItems<Entity>; lifetime: Freshness }>();

  return {
    add(items, { freshUntilMs, usableUntilMs }) {
      const list = { items, lifetime: { freshUntilMs, usableUntilMs } };
      for (const key of items.indexes.keys()) lists.set(key, list);
      return () => {
        for (const key of items.indexes.keys()) if (lists.get(key) === list) lists.delete(key);
      };
    },
    find(name) {
      const key = objectKey(kinds, name.kind, name.id, name.market);
      const list = lists.get(key);
      if (!list || epochMs() >= list.lifetime.freshUntilMs) return undefined;
      const item = list.items.at(list.items.indexes.get(key) ?? -1);
      const object = item && !isMalformed(item) ? findWithin(item, name, kinds) : undefined;
      if (!object) return undefined;
      return { value: withoutOtherMarket(object, kinds), ...list.lifetime };
    },
  };
}

/** The object itself, or one inside it. */
function findWithin(object: Entity, { kind, id }: EntityKey, kinds: KindRegistry): Entity | undefined {
  for (const part of embeddedIn(object, kinds)) {
    if (isObject(part) && part.kind === kind && part.id === id && isItself(part, kinds)) return part;
  }
  return undefined;
}

/** An object that replaces another one says so, which is wrong for the same object requested by its own id. */
export const isItself = (object: Entity, kinds: KindRegistry): boolean =>
  !findKind(kinds, object.kind)?.isRelinked?.(object);

/** The object without the market of its page if it is the same in every market: only there do its lists inherit one. */
export const withoutOtherMarket = (object: Entity, kinds: KindRegistry): Entity =>
  object.market === null || getKind(kinds, object.kind).takesMarket ? object : { ...object, market: null };
