import { markOf } from '../../mark.ts';
import { epochMs } from './clock.ts';
import type { LazyItems } from './items.ts';
import type { Market } from './markets.ts';
import { isObject, partsOf } from './objects.ts';
import type { ObjectName } from './resource.ts';
import { isMalformed, type SpotifyObject } from './types.ts';

/** Finds the objects that stand in lists of which nobody has read them yet, without reading the others. */
export interface ShortForms {
  add(items: LazyItems<SpotifyObject>, lifetime: Lifetime): void;
  /** Forgets what is found in these and in no list that was added later. */
  drop(items: LazyItems<SpotifyObject>): void;
  /** A fresh short form of the object; undefined where there is none. */
  find(name: ObjectName): Found | undefined;
}

export interface Lifetime {
  freshUntilMs: number;
  usableUntilMs: number;
}

interface Found extends Lifetime {
  value: SpotifyObject;
}

interface Held extends Lifetime {
  items: LazyItems<SpotifyObject>;
}

export function createShortForms(): ShortForms {
  // By the marks of ids, which are numbers: a page has a hundred, and their strings would take half of its time.
  const lists = new Map<number, Held>();
  const markets = new Set<Market | null>();

  function findFor(market: Market | null, { kind, id }: ObjectName): Found | undefined {
    const mark = markOf(id);
    const held = lists.get(mark ^ markOfMarket(market));
    if (!held || epochMs() >= held.freshUntilMs) return undefined;
    const { items, freshUntilMs, usableUntilMs } = held;
    for (const [at, owner] of items.owners.entries()) {
      const item = items.marks[at] === mark ? items.at(owner) : null;
      const value = item && !isMalformed(item) ? partOf(item, kind, id) : undefined;
      if (value) return { value, freshUntilMs, usableUntilMs };
    }
    return undefined;
  }

  return {
    add(items, { freshUntilMs, usableUntilMs }) {
      const held = { items, freshUntilMs, usableUntilMs };
      const market = markOfMarket(items.market);
      markets.add(items.market);
      for (const mark of items.marks) lists.set(mark ^ market, held);
    },
    drop(items) {
      const market = markOfMarket(items.market);
      for (const mark of items.marks) {
        if (lists.get(mark ^ market)?.items === items) lists.delete(mark ^ market);
      }
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

const markOfMarket = (market: Market | null): number => (market === null ? 0 : markOf(market));

/** The object itself, or one inside it. */
function partOf(object: SpotifyObject, kind: ObjectName['kind'], id: string): SpotifyObject | undefined {
  for (const part of partsOf(object)) {
    if (isObject(part) && part.kind === kind && part.id === id && isItself(part)) return part;
  }
  return undefined;
}

/** A track that stands in for another says so, which is wrong of the same track asked for itself. */
export const isItself = (object: SpotifyObject): boolean => object.kind !== 'track' || !object.linkedFrom;
