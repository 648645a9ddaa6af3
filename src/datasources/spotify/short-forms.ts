import { stampOf } from '../../stamp.ts';
import { epochMs } from './clock.ts';
import type { LazyItems } from './items.ts';
import type { Market } from './markets.ts';
import { isObject, partsOf } from './objects.ts';
import type { ObjectName } from './resource.ts';
import { isMalformed, type SpotifyObject } from './types.ts';

/** Finds the objects that stand in lists of which nobody has read them yet, without reading the others. */
export interface ShortForms {
  /** @returns what takes it back: forgets what is found in this list, but not what a later one has as well */
  add(items: LazyItems<SpotifyObject>, lifetime: Lifetime): () => void;
  /** A fresh short form of the object; undefined where there is none. */
  find(name: ObjectName): ShortForm | undefined;
}

export interface Lifetime {
  freshUntilMs: number;
  usableUntilMs: number;
}

interface ShortForm extends Lifetime {
  value: SpotifyObject;
}

interface Held extends Lifetime {
  items: LazyItems<SpotifyObject>;
}

export function createShortForms(): ShortForms {
  // By the stamps of ids, which are numbers: a page has a hundred, and their strings would all have to be kept.
  const lists = new Map<number, Held>();
  const markets = new Set<Market | null>();

  function findFor(market: Market | null, { kind, id }: ObjectName): ShortForm | undefined {
    const stamp = stampOf(id);
    const held = lists.get(stamp ^ stampOfMarket(market));
    if (!held || epochMs() >= held.freshUntilMs) return undefined;
    const { items, freshUntilMs, usableUntilMs } = held;
    for (const [at, owner] of items.owners.entries()) {
      const item = items.stamps[at] === stamp ? items.at(owner) : null;
      const value = item && !isMalformed(item) ? partOf(item, kind, id) : undefined;
      if (value) return { value, freshUntilMs, usableUntilMs };
    }
    return undefined;
  }

  return {
    add(items, { freshUntilMs, usableUntilMs }) {
      const held = { items, freshUntilMs, usableUntilMs };
      const market = stampOfMarket(items.market);
      markets.add(items.market);
      for (const stamp of items.stamps) lists.set(stamp ^ market, held);
      return () => {
        for (const stamp of items.stamps) {
          if (lists.get(stamp ^ market) === held) lists.delete(stamp ^ market);
        }
      };
    },
    find(name) {
      if (name.kind !== 'artist') return findFor(name.market, name);
      // An artist is the same in every market: only where it was found does it pass one on to its albums.
      for (const market of markets) {
        const found = findFor(market, name);
        if (found) return { ...found, value: { ...found.value, market: null } };
      }
      return undefined;
    },
  };
}

const stampOfMarket = (market: Market | null): number => (market === null ? 0 : stampOf(market));

/** The object itself, or one inside it. */
function partOf(object: SpotifyObject, kind: ObjectName['kind'], id: string): SpotifyObject | undefined {
  for (const part of partsOf(object)) {
    if (isObject(part) && part.kind === kind && part.id === id && isItself(part)) return part;
  }
  return undefined;
}

/** A track that stands in for another says so, which is wrong of the same track asked for itself. */
export const isItself = (object: SpotifyObject): boolean => object.kind !== 'track' || !object.linkedFrom;
