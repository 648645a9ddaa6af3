import { LRUCache } from 'lru-cache';
import { epochMs } from './clock.ts';
import type { List } from './lists.ts';
import type { Page, SpotifyObject } from './types.ts';

/** What is known of the lists' lengths, and which pages agree with it: pages of two lengths fit no window. */
export interface Lengths {
  /** The length as the latest page tells it, and how long to believe it; null where none was read lately. */
  of(list: AnyList): { total: number; freshUntilMs: number } | null;
  /** Whether a page is of the list as it is now. */
  agrees(list: AnyList, page: AnyPage): boolean;
  /** Takes note of a page; `key` is that of the answer, null where it came inside another one. */
  learn(list: AnyList, page: AnyPage, key: string | null): void;
}

type AnyList = Pick<List<SpotifyObject>, 'key' | 'steadyTotal'>;
type AnyPage = Pick<Page<SpotifyObject>, 'total' | 'asOfMs'>;

interface Known {
  total: number;
  asOfMs: number;
  /** The answers that say so. */
  keys: Set<string>;
}

const maxLists = 20_000; // some 300 bytes each; what is forgotten costs a round trip, but no call

/**
 * @param freshMs how long a length is believed
 * @param expire what to do with the answer of a page that fits no more
 */
export function createLengths(freshMs: number, expire: (key: string) => void): Lengths {
  const lists = new LRUCache<string, Known>({ max: maxLists });

  const fits = (list: AnyList, known: Known, total: number) => !list.steadyTotal || known.total === total;

  return {
    of({ key }) {
      const known = lists.get(key);
      if (!known || epochMs() >= known.asOfMs + freshMs) return null;
      return { total: known.total, freshUntilMs: known.asOfMs + freshMs };
    },
    agrees(list, { total, asOfMs }) {
      const known = lists.get(list.key);
      return !known || fits(list, known, total) || asOfMs >= known.asOfMs;
    },
    learn(list, page, key) {
      const known = lists.get(list.key);
      if (known && !fits(list, known, page.total)) {
        if (page.asOfMs < known.asOfMs) return;
        for (const outdated of known.keys) if (outdated !== key) expire(outdated);
        known.keys.clear();
      }
      const keys = known?.keys ?? new Set();
      if (key !== null) keys.add(key);
      const { total, asOfMs } = known && known.asOfMs > page.asOfMs ? known : page;
      lists.set(list.key, { total, asOfMs, keys });
    },
  };
}
