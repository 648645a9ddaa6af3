import type { Page } from '../kinds/decoding/page.ts';

/** A page, without the type of its items. */
export type AnyPage = Pick<Page, 'offset' | 'limit' | 'total' | 'totalSource' | 'hasNext' | 'asOfMs'> & {
  items: { readonly length: number };
};

/** How far a list reaches. */
export interface Extent {
  /** The slots that exist for certain, as the pages show. */
  minLength: number;
  /** The slot at which the list ends at the latest; null while no page shows one. */
  maxLength: number | null;
  /** The slot at which the list ends for certain; null while slots between an item and `maxLength` are unknown. */
  end: number | null;
  /** The slot after the last page that has an item. */
  filledUntil: number;
  /** The offset of the first empty page behind it; Infinity if none is known. Later pages may have items all the same. */
  emptyFrom: number;
  /**
   * Whether every page agrees with its total about whether the list goes on, and not all of them lie after the end. If the
   * end is not known, also whether the totals of all pages are possible lengths.
   */
  isReliable: boolean;
}

/**
 * How far a list reaches, as some of its pages show it: from the whole set of pages, so that it does not matter in which
 * order they arrived. The total that Spotify reports is not used: it can be 0, too small, too large or different from page
 * to page.
 * @param maxOffset the end of the last slot that Spotify serves
 */
export function extentOf(pages: readonly AnyPage[], maxOffset: number): Extent {
  const filled = pages.filter((page) => !isEmpty(page));
  const itemsEnd = Math.max(0, ...filled.map(itemsEndOf));
  const withNext = filled.filter(({ hasNext }) => hasNext);
  const promisedEnd = Math.min(maxOffset, Math.max(0, ...withNext.map((page) => endOf(page) + 1)));
  const maxLength = Math.min(
    maxOffset,
    // An item in a later slot refutes an end. A `next` before an empty page does not: it may have promised one slot more.
    ...endsIn(pages).filter((end) => end >= itemsEnd && end >= promisedEnd - 1),
  );
  const filledUntil = Math.max(0, ...filled.map(endOf));
  const emptyOffsets = pages.filter(isEmpty).map(({ offset }) => offset);
  const end = hasGap(pages, itemsEnd, maxLength) ? null : itemsEnd;
  const minLength = end ?? Math.max(itemsEnd, promisedEnd);
  const isPossible = ({ total, totalSource }: AnyPage): boolean =>
    totalSource !== 'sent' || (minLength <= total && Math.min(total, maxOffset) <= maxLength);
  return {
    minLength,
    maxLength: maxLength === Number.POSITIVE_INFINITY ? null : maxLength,
    end,
    filledUntil,
    emptyFrom: Math.min(...emptyOffsets.filter((offset) => offset >= filledUntil)),
    // Pages after the end have no item that confirms a total: it may be 0 there, although the list has items.
    // Nor does the total of an empty page confirm that of another page: one of them may be larger than the list.
    isReliable:
      pages.every(agreesWithTotal) && (end !== null || (filled.length > 0 && pages.every(isPossible))),
  };
}

export const isEmpty = ({ items }: AnyPage): boolean => items.length === 0;
/** The slot after the last item. */
export const itemsEndOf = ({ offset, items }: AnyPage): number => offset + items.length;
/** The slot after the page, at which the next page begins. */
export const endOf = ({ offset, limit }: Pick<AnyPage, 'offset' | 'limit'>): number => offset + limit;

/** The slots at which the list ends at the latest, each as one page or two pages in succession show it. */
function endsIn(pages: readonly AnyPage[]): number[] {
  const emptyOffsets = new Set(pages.filter(isEmpty).map(({ offset }) => offset));
  const isEnd = (page: AnyPage): boolean => {
    const { limit, total, hasNext, items } = page;
    // After a full page without `next`, by whose total the list goes on, only the next page can tell.
    if (!hasNext) return items.length < limit || itemsEndOf(page) >= total;
    return isEmpty(page) && emptyOffsets.has(endOf(page));
  };
  return pages.filter(isEnd).map(itemsEndOf);
}

/** Whether some slots between two slots are in none of the pages. */
function hasGap(pages: readonly AnyPage[], from: number, to: number): boolean {
  if (to === Number.POSITIVE_INFINITY) return true;
  for (let start = to; start > from; ) {
    const page = pages.find((other) => other.offset < start && start <= endOf(other));
    if (!page) return true;
    start = page.offset;
  }
  return false;
}

/** Whether the page and its total agree about whether the list goes on, and the page is as long as it can be. */
function agreesWithTotal({ offset, limit, total, hasNext, items }: AnyPage): boolean {
  const goesOn = offset + limit < total;
  return hasNext === goesOn && items.length === Math.max(0, Math.min(limit, total - offset));
}
