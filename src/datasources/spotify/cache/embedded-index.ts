import { epochMs } from '../../../observability/clock.ts';
import type { ObjectName } from '../kinds/endpoint-request.ts';
import { isMalformed } from '../kinds/malformed.ts';
import { objectKey } from '../kinds/object-key.ts';
import { isObject, partsOf } from '../kinds/objects.ts';
import type { SpotifyObject } from '../kinds/types.ts';
import type { LazyItems } from '../pagination/lazy-items.ts';

/** Finds the objects that came in the items of a page, and decodes only the item that holds the object. */
export interface EmbeddedIndex {
  /** @returns removes what is found in this list, except what a later list holds as well */
  add(items: LazyItems<SpotifyObject>, lifetime: Freshness): () => void;
  /** A fresh short form of the object; undefined where there is none. */
  find(name: ObjectName): EmbeddedEntry | undefined;
}

export interface Freshness {
  freshUntilMs: number;
  usableUntilMs: number;
}

interface EmbeddedEntry extends Freshness {
  value: SpotifyObject;
}

export function createEmbeddedIndex(): EmbeddedIndex {
  const lists = new Map<string, { items: LazyItems<SpotifyObject>; lifetime: Freshness }>();

  return {
    add(items, { freshUntilMs, usableUntilMs }) {
      const list = { items, lifetime: { freshUntilMs, usableUntilMs } };
      for (const key of items.indexes.keys()) lists.set(key, list);
      return () => {
        for (const key of items.indexes.keys()) if (lists.get(key) === list) lists.delete(key);
      };
    },
    find(name) {
      const key = objectKey(name.kind, name.id, name.market);
      const list = lists.get(key);
      if (!list || epochMs() >= list.lifetime.freshUntilMs) return undefined;
      const item = list.items.at(list.items.indexes.get(key) ?? -1);
      const object = item && !isMalformed(item) ? findWithin(item, name) : undefined;
      if (!object) return undefined;
      // An artist is the same in every market: only where it was found does it pass one on to its albums.
      const value = object.kind === 'artist' ? { ...object, market: null } : object;
      return { value, ...list.lifetime };
    },
  };
}

/** The object itself, or one inside it. */
function findWithin(object: SpotifyObject, { kind, id }: ObjectName): SpotifyObject | undefined {
  for (const part of partsOf(object)) {
    if (isObject(part) && part.kind === kind && part.id === id && isItself(part)) return part;
  }
  return undefined;
}

/** A track that stands in for another says so, which is wrong of the same track asked for itself. */
export const isItself = (object: SpotifyObject): boolean => object.kind !== 'track' || !object.linkedFrom;
