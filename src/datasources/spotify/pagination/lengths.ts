import { createLru } from '../../../lru.ts';
import { epochMs } from '../../../observability/clock.ts';
import type { Malformed } from '../kinds/decoding/json.ts';
import type { Page } from '../kinds/decoding/page.ts';
import type { Entity } from '../kinds/kind.ts';
import type { PagedList } from '../kinds/requests/lists.ts';

export interface ListLength {
  /** The total that Spotify reported last. */
  reportedTotal: number;
  /** Whether the total that was sent last is not as documented. */
  isTotalMalformed: boolean;
  /** The reported total, or the slots that exist for certain if these are more. */
  length: number;
  /** The slots that exist for certain, as the pages show. */
  minLength: number;
  /** The slot at which the list ends for certain; null while no page has shown its end. */
  end: number | null;
  /** Whether every page agreed with the reported total about whether the list goes on. */
  isReliable: boolean;
  /** When the length expires, in milliseconds of the epoch. */
  freshUntilMs: number;
}

/** A page, without the type of its items. */
export type AnyPage = Pick<
  Page<Entity>,
  'offset' | 'limit' | 'total' | 'isTotalMalformed' | 'hasNext' | 'asOfMs'
> & {
  items: { readonly length: number };
};

/** A length and the reports that it was learned from. Times are in milliseconds of the epoch. */
interface LearnedLength extends Omit<ListLength, 'length' | 'freshUntilMs'> {
  asOfMs: number;
  /** Pages read since then fit together, even if they report different totals. */
  consistentSinceMs: number;
  /** Totals that were reported before, oldest first. */
  formerTotals: number[];
  /** Until then totals that differ from page to page do not mean that the list has changed. */
  flappingUntilMs: number;
}

/** The length of a list as these of its pages show it, even if they are no longer fresh; null for no pages. */
export function lengthFrom(pages: readonly AnyPage[]): Omit<ListLength, 'freshUntilMs'> | null {
  const [first] = pages;
  if (!first) return null;
  const learned = firstLength(first);
  for (const page of pages) {
    const { total: reportedTotal, isTotalMalformed, asOfMs } = page;
    if (asOfMs >= learned.asOfMs) Object.assign(learned, { reportedTotal, isTotalMalformed, asOfMs });
    recordExtent(learned, page);
  }
  return toListLength(learned);
}

/** Learns from a page how far the list reaches. */
function recordExtent(learned: LearnedLength, page: AnyPage): void {
  learned.minLength = Math.max(learned.minLength, minLengthFrom(page));
  learned.end = endFrom(page, learned);
  learned.isReliable &&= agreesWithTotal(page);
}

function toListLength(learned: LearnedLength): Omit<ListLength, 'freshUntilMs'> {
  const { reportedTotal, isTotalMalformed, minLength, end, isReliable } = learned;
  const length = Math.max(reportedTotal, minLength);
  return { reportedTotal, isTotalMalformed, length, minLength, end, isReliable };
}

/** The length that clients are shown; a marker if Spotify's total is not as documented. */
export const shownLength = ({
  isTotalMalformed,
  length,
}: Pick<ListLength, 'isTotalMalformed' | 'length'>): number | Malformed =>
  isTotalMalformed ? { malformed: 'page.total' } : length;

const firstLength = ({ total, isTotalMalformed, asOfMs }: AnyPage): LearnedLength => ({
  reportedTotal: total,
  isTotalMalformed,
  minLength: 0,
  end: null,
  isReliable: true,
  asOfMs,
  consistentSinceMs: asOfMs,
  formerTotals: [],
  flappingUntilMs: 0,
});

/** The slots that exist for certain: the slots of the page, and one more if Spotify names a next page. */
const minLengthFrom = ({ offset, limit, hasNext, items }: AnyPage): number => {
  if (items.length === 0) return 0;
  return hasNext ? offset + limit + 1 : offset + items.length;
};

function endFrom(page: AnyPage, { end, minLength }: LearnedLength): number | null {
  const { offset, limit, total, hasNext, items } = page;
  const slotsEnd = offset + items.length;
  const isLast = !hasNext && (items.length < limit || slotsEnd >= total);
  if (isLast && items.length > 0) return slotsEnd;
  // An empty page ends the list only if it follows the last slot that exists; `next` may have promised one slot more.
  if (isLast && minLength <= offset + 1) return offset;
  return end !== null && end < minLength ? null : end;
}

/** Whether the page and its total agree about whether the list goes on, and the page is as long as it can be. */
function agreesWithTotal({ offset, limit, total, hasNext, items }: AnyPage): boolean {
  const goesOn = offset + limit < total;
  return hasNext === goesOn && items.length === Math.max(0, Math.min(limit, total - offset));
}

/**
 * The length of each list, as far as its pages show it. The total that Spotify reports is not a bound: it can be 0, too
 * small, too large or different from page to page.
 */
export interface ListLengths {
  /** Null for a list of which no page was read within the freshness. */
  of(list: AnyList): ListLength | null;
  /** False for a page that was read before the list changed. */
  isConsistent(list: AnyList, page: AnyPage): boolean;
  /**
   * Learns from a page.
   * @param sinceMs start of the read to which the page belongs, in milliseconds of the epoch. If the list has grown,
   * the pages read since then still fit together: an item that moved is in two pages, and the repetition is removed. If
   * the list has become shorter, only this page and later ones fit: an item that moved would be missed
   */
  record(list: AnyList, page: AnyPage, sinceMs: number): void;
  /** Learns that a list ends at a slot, although `next` is set after it. */
  recordEnd(list: AnyList, slot: number): void;
  /** Forgets the lists whose keys contain one of these ids. */
  forget(ids: readonly string[]): void;
}

type AnyList = Pick<PagedList<Entity>, 'key' | 'hasStableTotal' | 'freshMs'>;

const maxFormerTotals = 10;
const maxLists = 5_000; // about as many as have pages in memory; a list that is dropped costs a round trip, but no call

/**
 * @param freshMs how long a length is valid, in milliseconds; null for as long as the pages of the list are fresh
 * @param onChange called when a list is found to have changed
 */
export function createListLengths(freshMs: number | null, onChange: () => void): ListLengths {
  const lists = createLru<LearnedLength>(maxLists);
  const freshMsOf = (list: AnyList): number => freshMs ?? list.freshMs;

  const hasChanged = ({ hasStableTotal }: AnyList, learned: LearnedLength, total: number): boolean =>
    hasStableTotal && learned.reportedTotal !== total && epochMs() >= learned.flappingUntilMs;

  function recordChange(
    list: AnyList,
    learned: LearnedLength,
    { total, asOfMs }: AnyPage,
    sinceMs: number,
  ): void {
    // If a former total returns, Spotify reports several totals for one list: the list has not changed.
    const isFlapping = learned.formerTotals.includes(total);
    learned.formerTotals = [...learned.formerTotals, learned.reportedTotal].slice(-maxFormerTotals);
    if (isFlapping) {
      learned.flappingUntilMs = epochMs() + freshMsOf(list);
      return;
    }
    onChange();
    const hasShrunk = total < learned.reportedTotal;
    learned.consistentSinceMs = Math.max(learned.consistentSinceMs, hasShrunk ? asOfMs : sinceMs);
    Object.assign(learned, { minLength: 0, end: null, isReliable: true });
  }

  return {
    of(list) {
      const learned = lists.get(list.key);
      const freshUntilMs = (learned?.asOfMs ?? 0) + freshMsOf(list);
      return learned && epochMs() < freshUntilMs ? { ...toListLength(learned), freshUntilMs } : null;
    },
    recordEnd({ key }, slot) {
      const learned = lists.get(key);
      if (learned) Object.assign(learned, { minLength: Math.min(learned.minLength, slot), end: slot });
    },
    forget(ids) {
      for (const key of [...lists.keys()]) if (ids.some((id) => key.includes(id))) lists.delete(key);
    },
    isConsistent(list, { total, asOfMs }) {
      const learned = lists.get(list.key);
      return !learned || !hasChanged(list, learned, total) || asOfMs >= learned.consistentSinceMs;
    },
    record(list, page, sinceMs) {
      const { total, asOfMs } = page;
      const learned = lists.get(list.key) ?? firstLength(page);
      lists.set(list.key, learned);
      if (asOfMs < learned.asOfMs) return;
      if (hasChanged(list, learned, total)) recordChange(list, learned, page, sinceMs);
      else if (total !== learned.reportedTotal) learned.end = null;
      Object.assign(learned, { reportedTotal: total, isTotalMalformed: page.isTotalMalformed, asOfMs });
      recordExtent(learned, page);
    },
  };
}
