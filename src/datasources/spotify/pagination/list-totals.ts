import { LRUCache } from 'lru-cache';
import { epochMs } from '../../../observability/clock.ts';
import type { Entity } from '../kinds/kind.ts';
import type { PagedList } from '../kinds/lists.ts';
import {
  type AnyPage,
  agreesWithTotal,
  endFrom,
  firstLength,
  type LearnedLength,
  type ListLength,
  lengthOf,
  minLengthFrom,
} from './list-length.ts';

/**
 * The length of each list, as far as its pages have told it. The total that Spotify reports is not a bound: it can be
 * 0, too small, too large or different from page to page.
 */
export interface ListTotals {
  /** Null for a list of which no page was read lately. */
  of(list: AnyList): ListLength | null;
  /** False for a page that was read before the list changed. */
  isConsistent(list: AnyList, page: AnyPage): boolean;
  /**
   * Learns from a page.
   * @param sinceMs start of the read to which the page belongs, in milliseconds of the epoch. If the list has grown,
   * the pages read since then still fit together: an item that moved comes twice, which can be seen. If the list has
   * become shorter, only this page and later ones fit: an item that moved would be missed
   */
  record(list: AnyList, page: AnyPage, sinceMs: number): void;
  /** Learns that a list ends at a slot, though `next` is set behind it. */
  recordEnd(list: AnyList, slot: number): void;
  /** The page size of a list that Spotify pages in smaller pages than requested; null for any other list. */
  pageLimit(list: AnyList): number | null;
  /**
   * Notes a page that is smaller than requested although the list goes on.
   * @returns whether this is now known to be the page size of the list: one such page may be an exception
   */
  recordSmallPage(list: AnyList, page: AnyPage): boolean;
}

type AnyList = Pick<PagedList<Entity>, 'key' | 'hasStableTotal'>;
/** The last page of a list that was smaller than requested. */
interface SmallPage {
  offset: number;
  limit: number;
  /** Whether another page before it had the same size. */
  isConfirmed: boolean;
}

const maxFormerTotals = 10;
const maxLists = 5_000; // about as many as have pages in memory; a list that is dropped costs a round trip, but no call

/**
 * @param freshMs how long a length is believed, in milliseconds
 * @param onChange called when a list is found to have changed
 */
export function createListTotals(freshMs: number, onChange: () => void): ListTotals {
  const lists = new LRUCache<string, LearnedLength>({ max: maxLists });
  const smallPages = new LRUCache<string, SmallPage>({ max: maxLists, ttl: freshMs });

  const hasChanged = ({ hasStableTotal }: AnyList, learned: LearnedLength, total: number): boolean =>
    hasStableTotal && learned.reportedTotal !== total && epochMs() >= learned.flappingUntilMs;

  function recordChange(learned: LearnedLength, { total, asOfMs }: AnyPage, sinceMs: number): void {
    // A total that returns is a way of reporting, not a change of the list.
    const isFlapping = learned.formerTotals.includes(total);
    learned.formerTotals = [...learned.formerTotals, learned.reportedTotal].slice(-maxFormerTotals);
    if (isFlapping) {
      learned.flappingUntilMs = epochMs() + freshMs;
      return;
    }
    onChange();
    const hasShrunk = total < learned.reportedTotal;
    learned.consistentSinceMs = Math.max(learned.consistentSinceMs, hasShrunk ? asOfMs : sinceMs);
    Object.assign(learned, { minLength: 0, end: null, isReliable: true });
  }

  return {
    of({ key }) {
      const learned = lists.get(key);
      if (!learned || epochMs() >= learned.asOfMs + freshMs) return null;
      return { ...lengthOf(learned), freshUntilMs: learned.asOfMs + freshMs };
    },
    recordEnd({ key }, slot) {
      const learned = lists.get(key);
      if (learned) Object.assign(learned, { minLength: Math.min(learned.minLength, slot), end: slot });
    },
    isConsistent(list, { total, asOfMs }) {
      const learned = lists.get(list.key);
      return !learned || !hasChanged(list, learned, total) || asOfMs >= learned.consistentSinceMs;
    },
    pageLimit({ key }) {
      const small = smallPages.get(key);
      return small?.isConfirmed ? small.limit : null;
    },
    recordSmallPage({ key }, { offset, limit }) {
      const before = smallPages.get(key);
      const isConfirmed = before?.limit === limit && (before.isConfirmed || before.offset !== offset);
      smallPages.set(key, { offset, limit, isConfirmed });
      return isConfirmed;
    },
    record(list, page, sinceMs) {
      const { total, asOfMs } = page;
      const learned = lists.get(list.key) ?? firstLength(page);
      lists.set(list.key, learned);
      if (asOfMs < learned.asOfMs) return;
      if (hasChanged(list, learned, total)) recordChange(learned, page, sinceMs);
      else if (total !== learned.reportedTotal) learned.end = null;
      learned.reportedTotal = total;
      learned.isTotalMalformed = page.isTotalMalformed;
      learned.asOfMs = asOfMs;
      learned.minLength = Math.max(learned.minLength, minLengthFrom(page));
      learned.end = endFrom(page, learned);
      learned.isReliable &&= agreesWithTotal(page);
    },
  };
}
