import { LRUCache } from 'lru-cache';
import { epochMs } from './clock.ts';
import type { List } from './lists.ts';
import type { Page, SpotifyObject } from './types.ts';

/** What is known of the lists' lengths, and which pages agree with it: pages of two lengths fit no window. */
export interface Lengths {
  /** The length as the latest page tells it, and how long to believe it; null where none was read lately. */
  of(list: AnyList): { total: number; freshUntilMs: number } | null;
  /** Whether a page is of the list as it is now; `key` is that of its answer, null where it came in another. */
  agrees(list: AnyList, page: AnyPage, key: string | null): boolean;
  /**
   * Takes note of a page.
   * @param sinceMs pages read since then belong together, unless the list has become shorter: where it grows,
   * items come twice, which can be seen, but where it shrinks, some are missed
   */
  learn(list: AnyList, page: AnyPage, key: string | null, sinceMs: number): void;
}

type AnyList = Pick<List<SpotifyObject>, 'key' | 'steadyTotal'>;
type AnyPage = Pick<Page<SpotifyObject>, 'total' | 'asOfMs'>;

interface Known {
  total: number;
  asOfMs: number;
  /** The answers that are pages of this list, and when they were given. */
  keys: Map<string, number>;
  /** What was said before. Where it is said again, the pages are of two minds, and are left so for a while. */
  formerTotal: number | null;
  quarrelUntilMs: number;
}

const maxLists = 20_000; // some 300 bytes each; what is forgotten costs a round trip, but no call

/**
 * @param freshMs how long a length is believed
 * @param expire what to do with the answer of a page that fits no more
 */
export function createLengths(freshMs: number, expire: (key: string) => void): Lengths {
  const lists = new LRUCache<string, Known>({ max: maxLists });

  const fits = (list: AnyList, known: Known, total: number) =>
    !list.steadyTotal || known.total === total || epochMs() < known.quarrelUntilMs;

  /** A newer page says otherwise: the older ones fit no more, unless this goes to and fro. */
  function replace(known: Known, total: number, newKey: string | null, sinceMs: number): void {
    if (total === known.formerTotal) known.quarrelUntilMs = epochMs() + freshMs;
    known.formerTotal = known.total;
    if (epochMs() < known.quarrelUntilMs) return;
    const hasShrunk = total < known.total;
    for (const [key, asOfMs] of known.keys) {
      if (key === newKey || (asOfMs >= sinceMs && !hasShrunk)) continue;
      known.keys.delete(key);
      expire(key);
    }
  }

  return {
    of({ key }) {
      const known = lists.get(key);
      if (!known || epochMs() >= known.asOfMs + freshMs) return null;
      return { total: known.total, freshUntilMs: known.asOfMs + freshMs };
    },
    agrees(list, { total, asOfMs }, key) {
      const known = lists.get(list.key);
      if (!known || fits(list, known, total) || asOfMs >= known.asOfMs) return true;
      return key !== null && known.keys.has(key);
    },
    learn(list, { total, asOfMs }, key, sinceMs) {
      const known = lists.get(list.key) ?? {
        total,
        asOfMs,
        keys: new Map(),
        formerTotal: null,
        quarrelUntilMs: 0,
      };
      lists.set(list.key, known);
      const isLatest = asOfMs >= known.asOfMs;
      if (isLatest && !fits(list, known, total)) replace(known, total, key, sinceMs);
      if (key !== null) known.keys.set(key, asOfMs);
      if (isLatest) Object.assign(known, { total, asOfMs });
    },
  };
}
