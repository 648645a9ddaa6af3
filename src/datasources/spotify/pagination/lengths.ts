import { createLru } from '../../../lru.ts';
import { epochMs } from '../../../observability/clock.ts';
import type { Purges } from '../cache/purges.ts';
import type { Malformed } from '../kinds/decoding/json.ts';
import type { PagedList } from '../kinds/requests/lists.ts';
import { type AnyPage, type Extent, extentOf } from './extent.ts';

export interface ListLength extends Extent {
  /** The total that Spotify reported last; the slots that exist for certain if it reported none. */
  reportedTotal: number;
  /** Whether the total that was sent last is not as documented. */
  isTotalMalformed: boolean;
  /** The reported total, or the slots that exist for certain if these are more. */
  length: number;
  /** When the length expires, in milliseconds of the epoch. */
  freshUntilMs: number;
}

/** What Spotify has reported about the total of a list. Times are in milliseconds of the epoch. */
interface Report {
  /** The total that was reported last; null for none. */
  total: number | null;
  isTotalMalformed: boolean;
  asOfMs: number;
}

/** What the pages of a list have shown. */
interface LearnedLength {
  report: Report;
  /** The last page that was read at each offset, without its items. */
  pages: Map<number, AnyPage>;
  /** Pages read since then fit together, even if they report different totals. */
  consistentSinceMs: number;
  /** Totals that were reported before, oldest first. */
  formerTotals: number[];
  /** Until then totals that differ from page to page do not mean that the list has changed. */
  flappingUntilMs: number;
}

/** The length that clients are shown; a marker if Spotify's total is not as documented. */
export const shownLength = ({
  isTotalMalformed,
  length,
}: Pick<ListLength, 'isTotalMalformed' | 'length'>): number | Malformed =>
  isTotalMalformed ? { malformed: 'page.total' } : length;

const noReport: Report = { total: null, isTotalMalformed: false, asOfMs: Number.NEGATIVE_INFINITY };

/** The later of a report and the report of a page. */
function laterReport(report: Report, { total, totalSource, asOfMs }: AnyPage): Report {
  if (asOfMs < report.asOfMs) return report;
  return {
    total: totalSource === 'sent' ? total : report.total,
    isTotalMalformed: totalSource === 'malformed',
    asOfMs,
  };
}

export type ListLengths = ReturnType<typeof createListLengths>;

type AnyList = Pick<PagedList, 'key' | 'hasStableTotal' | 'freshMs' | 'maxOffset'>;

const maxFormerTotals = 10;
// Without a dropped page, a window may have to read its pages one after the other, with as many calls.
const maxPages = 20_000; // of all lists, some 4 MB: more than have items in memory
const maxPagesOfList = 500;
const listPages = 4; // a list takes as much memory as four pages

/**
 * The length of each list, as far as its pages show it. The total that Spotify reports is not a bound: it can be 0, too
 * small, too large or different from page to page.
 * @param freshMs how long a length is valid, in milliseconds; null for as long as the pages of the list are fresh
 * @param onChange called when a list is found to have changed
 * @param isPurged whether an operator has removed an id of this key since then: an older page shows nothing
 */
export function createListLengths(
  freshMs: number | null,
  onChange: () => void,
  isPurged: Purges['isPurged'],
) {
  const lists = createLru<LearnedLength>(maxPages, {
    sizeOf: ({ pages }) => Math.max(listPages, pages.size),
  });
  const freshMsOf = (list: AnyList): number => freshMs ?? list.freshMs;

  /** Whether a page of the list shows that it has another length than was reported before. */
  const hasChanged = (
    { hasStableTotal }: AnyList,
    { report, flappingUntilMs }: LearnedLength,
    { total, totalSource }: AnyPage,
  ): boolean =>
    hasStableTotal &&
    totalSource === 'sent' &&
    report.total !== null &&
    report.total !== total &&
    epochMs() >= flappingUntilMs;

  const isConsistent = (list: AnyList, learned: LearnedLength, page: AnyPage): boolean =>
    page.asOfMs >= learned.consistentSinceMs || !hasChanged(list, learned, page);

  function recordChange(list: AnyList, learned: LearnedLength, page: AnyPage, sinceMs: number): void {
    const { total, asOfMs } = page;
    const reportedTotal = learned.report.total ?? total;
    // If a former total returns, Spotify reports several totals for one list: the list has not changed.
    const isFlapping = learned.formerTotals.includes(total);
    learned.formerTotals = [...learned.formerTotals, reportedTotal].slice(-maxFormerTotals);
    if (isFlapping) {
      learned.flappingUntilMs = epochMs() + freshMsOf(list);
      return;
    }
    onChange();
    const changedMs = total < reportedTotal ? asOfMs : Math.min(sinceMs, asOfMs); // the page may have been cached
    learned.consistentSinceMs = Math.max(learned.consistentSinceMs, changedMs);
  }

  /** The pages that were read within the freshness and since the list changed. */
  const freshPages = (list: AnyList, learned: LearnedLength): AnyPage[] => {
    const oldestMs = epochMs() - freshMsOf(list);
    return [...learned.pages.values()].filter(
      (page) => page.asOfMs > oldestMs && isConsistent(list, learned, page),
    );
  };

  return {
    /**
     * The length of the list as its fresh pages and these pages show it; null if there are none.
     * @param pages counted even if they are not fresh any more, unless the list has changed since
     */
    of(list: AnyList, pages: readonly AnyPage[] = []): ListLength | null {
      const learned = lists.get(list.key);
      const isFresh = learned !== undefined && epochMs() < learned.report.asOfMs + freshMsOf(list);
      if (!isFresh && pages.length === 0) return null;
      const consistentPages = isFresh
        ? [...freshPages(list, learned), ...pages.filter((page) => isConsistent(list, learned, page))]
        : [...pages];
      const inOrder = consistentPages.sort((one, other) => one.asOfMs - other.asOfMs);
      const shown = new Map(inOrder.map((page) => [page.offset, page])); // the later page of two at one offset
      const extent = extentOf([...shown.values()], list.maxOffset);
      const { total, isTotalMalformed, asOfMs } = isFresh
        ? learned.report
        : pages.reduce(laterReport, noReport);
      return {
        ...extent,
        reportedTotal: total ?? extent.minLength,
        isTotalMalformed,
        length: Math.max(total ?? 0, extent.minLength),
        freshUntilMs: asOfMs + freshMsOf(list),
      };
    },
    /** Forgets the lists whose keys contain one of these ids. */
    forget(ids: readonly string[]): void {
      for (const key of [...lists.keys()]) if (ids.some((id) => key.includes(id))) lists.delete(key);
    },
    /** False for a page that was read before the list changed. */
    isConsistent(list: AnyList, page: AnyPage): boolean {
      const learned = lists.get(list.key);
      return !learned || isConsistent(list, learned, page);
    },
    /**
     * Learns from a page.
     * @param sinceMs start of the read to which the page belongs, in milliseconds of the epoch. If the list has grown,
     * the pages read since then still fit together: an item that moved is in two pages, and the repetition is removed. If
     * the list has become shorter, only this page and later ones fit: an item that moved would be missed
     */
    record(list: AnyList, page: AnyPage, sinceMs: number): void {
      const { asOfMs } = page;
      if (isPurged(list.key, asOfMs)) return;
      const learned = lists.get(list.key) ?? {
        report: noReport,
        pages: new Map(),
        consistentSinceMs: asOfMs,
        formerTotals: [],
        flappingUntilMs: 0,
      };
      if (asOfMs >= learned.report.asOfMs && hasChanged(list, learned, page)) {
        recordChange(list, learned, page, sinceMs);
      }
      recordPage(learned.pages, page);
      // A new object: the cache of the lists measures the size of an equal one only once.
      lists.set(list.key, { ...learned, report: laterReport(learned.report, page) });
    },
  };
}

/** Records a copy without the items, which would stay in memory. */
function recordPage(pages: Map<number, AnyPage>, { items: { length }, ...page }: AnyPage): void {
  const { offset, asOfMs } = page;
  if ((pages.get(offset)?.asOfMs ?? 0) > asOfMs) return;
  pages.delete(offset);
  pages.set(offset, { ...page, items: { length } });
  for (const oldest of pages.keys()) {
    if (pages.size <= maxPagesOfList) break;
    pages.delete(oldest);
  }
}
