import type { Malformed } from '../kinds/json.ts';
import type { Entity } from '../kinds/kind.ts';
import type { Page } from '../kinds/page.ts';

export interface ListLength {
  /** As Spotify reported it last. */
  reportedTotal: number;
  /** Whether the total that was sent last is not as documented. */
  isTotalMalformed: boolean;
  /** The reported total, or the slots that exist for certain where these are more. */
  length: number;
  /** The slots that exist for certain, by the pages. */
  minLength: number;
  /** The slot at which the list ends for certain; null while no page has shown its end. */
  end: number | null;
  /** Whether every page agreed with the reported total about where the list goes on. */
  isReliable: boolean;
  /** Until when this may be believed, in milliseconds of the epoch. */
  freshUntilMs: number;
}

/** A page, without the type of its items. */
export type AnyPage = Pick<
  Page<Entity>,
  'offset' | 'limit' | 'total' | 'isTotalMalformed' | 'hasNext' | 'asOfMs'
> & {
  items: { readonly length: number };
};

export interface LearnedLength {
  reportedTotal: number;
  isTotalMalformed: boolean;
  minLength: number;
  end: number | null;
  isReliable: boolean;
  asOfMs: number;
  /** Pages read since then fit together, whatever total they report. */
  consistentSinceMs: number;
  /** Totals that were reported before, in the order of their coming. */
  formerTotals: number[];
  /** Until then totals that differ from page to page do not mean that the list has changed. */
  flappingUntilMs: number;
}

/** The length of a list as these of its pages tell it, which may be older than it is believed; null for no pages. */
export function lengthFrom(pages: readonly AnyPage[]): Omit<ListLength, 'freshUntilMs'> | null {
  const [first] = pages;
  if (!first) return null;
  const learned = firstLength(first);
  for (const page of pages) {
    const { total: reportedTotal, isTotalMalformed, asOfMs } = page;
    if (asOfMs >= learned.asOfMs) Object.assign(learned, { reportedTotal, isTotalMalformed, asOfMs });
    learned.minLength = Math.max(learned.minLength, minLengthFrom(page));
    learned.end = endFrom(page, learned);
    learned.isReliable &&= agreesWithTotal(page);
  }
  return lengthOf(learned);
}

export function lengthOf(learned: LearnedLength): Omit<ListLength, 'freshUntilMs'> {
  const { reportedTotal, isTotalMalformed, minLength, end, isReliable } = learned;
  const length = Math.max(reportedTotal, minLength);
  return { reportedTotal, isTotalMalformed, length, minLength, end, isReliable };
}

/** The length that clients are shown; a marker where Spotify's total is not as documented. */
export const shownTotal = ({
  isTotalMalformed,
  length,
}: Pick<ListLength, 'isTotalMalformed' | 'length'>): number | Malformed =>
  isTotalMalformed ? { malformed: 'page.total' } : length;

export const firstLength = ({ total, isTotalMalformed, asOfMs }: AnyPage): LearnedLength => ({
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

/** The slots that exist for certain: those of the page, and one more where Spotify names a next page. */
export const minLengthFrom = ({ offset, limit, hasNext, items }: AnyPage): number => {
  if (items.length === 0) return 0;
  return hasNext ? offset + limit + 1 : offset + items.length;
};

export function endFrom(page: AnyPage, { end, minLength }: LearnedLength): number | null {
  const { offset, limit, total, hasNext, items } = page;
  const slotsEnd = offset + items.length;
  const isLast = !hasNext && (items.length < limit || slotsEnd >= total);
  if (isLast && items.length > 0) return slotsEnd;
  // An empty page ends the list only if it follows the last slot that exists; `next` may have promised one slot more.
  if (isLast && minLength <= offset + 1) return offset;
  return end !== null && end < minLength ? null : end;
}

/** Whether the page and its total agree about whether the list goes on, and the page is as long as it can be. */
export function agreesWithTotal({ offset, limit, total, hasNext, items }: AnyPage): boolean {
  const goesOn = offset + limit < total;
  return hasNext === goesOn && items.length === Math.max(0, Math.min(limit, total - offset));
}
