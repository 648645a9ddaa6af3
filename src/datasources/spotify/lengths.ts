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
  /**
   * Takes note of a page.
   * @param sinceMs pages given since then belong together, unless the list has become shorter: where it grows,
   * items come twice, which can be seen, but where it shrinks, some are missed
   */
  learn(list: AnyList, page: AnyPage, sinceMs: number): void;
}

type AnyList = Pick<List<SpotifyObject>, 'key' | 'steadyTotal'>;
type AnyPage = Pick<Page<SpotifyObject>, 'total' | 'asOfMs'>;

interface Known {
  total: number;
  asOfMs: number;
  /** Since when its pages belong together, whatever length they tell. */
  togetherSinceMs: number;
  lastChange: Change | null;
}

interface Change {
  /** What was said before. Where it is said again, the pages are of two minds, and are left so for a while. */
  formerTotal: number;
  quarrelUntilMs: number;
}

const maxLists = 5_000; // about as many as have pages in memory; what is forgotten costs a round trip, but no call

/**
 * @param freshMs how long a length is believed
 * @param onChange called when a list has become another than before
 */
export function createLengths(freshMs: number, onChange: () => void): Lengths {
  const lists = new LRUCache<string, Known>({ max: maxLists });

  const isTornFrom = ({ steadyTotal }: AnyList, known: Known, total: number) =>
    steadyTotal && known.total !== total && epochMs() >= (known.lastChange?.quarrelUntilMs ?? 0);

  /** A newer page says otherwise: the older ones fit no more, unless this goes to and fro. */
  function replace(known: Known, { total, asOfMs }: AnyPage, sinceMs: number): void {
    const isQuarrel = total === known.lastChange?.formerTotal;
    known.lastChange = { formerTotal: known.total, quarrelUntilMs: isQuarrel ? epochMs() + freshMs : 0 };
    if (isQuarrel) return;
    onChange();
    const hasShrunk = total < known.total;
    known.togetherSinceMs = Math.max(known.togetherSinceMs, hasShrunk ? asOfMs : sinceMs);
  }

  return {
    of({ key }) {
      const known = lists.get(key);
      if (!known || epochMs() >= known.asOfMs + freshMs) return null;
      return { total: known.total, freshUntilMs: known.asOfMs + freshMs };
    },
    agrees(list, { total, asOfMs }) {
      const known = lists.get(list.key);
      return !known || !isTornFrom(list, known, total) || asOfMs >= known.togetherSinceMs;
    },
    learn(list, page, sinceMs) {
      const { total, asOfMs } = page;
      const known = lists.get(list.key);
      if (!known) {
        lists.set(list.key, { total, asOfMs, togetherSinceMs: asOfMs, lastChange: null });
        return;
      }
      if (asOfMs < known.asOfMs) return;
      if (isTornFrom(list, known, total)) replace(known, page, sinceMs);
      known.total = total;
      known.asOfMs = asOfMs;
    },
  };
}
