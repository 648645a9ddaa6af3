import { epochMs } from '../../../observability/clock.ts';
import type { ReadThroughCache } from '../cache/read-through-cache.ts';
import { SmallerPageNeeded } from '../capabilities/rejections.ts';
import type { Entity } from '../kinds/kind.ts';
import type { PagedList } from '../kinds/lists.ts';
import type { Page } from '../kinds/page.ts';
import { type FieldContext, recordFreshness } from '../usage/field-context.ts';
import type { ListLength, ListTotals } from './lengths.ts';
import { nextOffsets, type SlotRange } from './slots.ts';

/** Reads aligned pages of lists, each from the cache if it is there and belongs to the current version of the list. */

/** One read of a list for one field. */
export interface ListRead<T extends Entity> {
  list: PagedList<T>;
  /** The page size. */
  limit: number;
  fieldContext: FieldContext;
  cache: ReadThroughCache;
  totals: ListTotals;
  /** Counts a page that is older than the last change of its list. */
  recordChange(): void;
}

/**
 * The pages that cover the slots, as far as the list goes; null if there is no such list.
 * @throws SmallerPageNeeded if Spotify pages the list in smaller pages
 */
export async function readPages<T extends Entity>(
  read: ListRead<T>,
  slots: SlotRange,
): Promise<Page<T>[] | null> {
  if (slots.start === slots.end) return [];
  const { list, limit, totals, fieldContext } = read;
  const startedMs = epochMs();
  let pages: Page<T>[] = [];
  if (slots.start < limit && list.embeddedFirstPage) {
    const firstPage = await list.embeddedFirstPage(fieldContext);
    if (firstPage === null) return null;
    if (firstPage) {
      totals.record(list, firstPage, startedMs);
      pages.push(firstPage);
    }
  }
  for (;;) {
    const offsets = nextOffsets(pages, slots, limit, lengthOf(read), list.maxOffset);
    if (offsets.length === 0) break;
    const nextPages = await Promise.all(offsets.map((offset) => readPage(read, offset, startedMs)));
    pages = untilGap([...pages, ...nextPages]);
  }
  recordEmptyEnd(read, pages);
  return readChangedAgain(read, pages, startedMs);
}

/** @param startedMs start of the read to which the page belongs, in milliseconds of the epoch */
export async function readPage<T extends Entity>(
  { list, limit, cache, totals, recordChange, fieldContext }: ListRead<T>,
  offset: number,
  startedMs: number,
): Promise<Page<T>> {
  const items = Math.min(limit, list.maxOffset - offset);
  const endpointRequest = list.page(offset, items);
  const getPage = async (): Promise<Page<T>> => {
    const page = await cache.get(endpointRequest, fieldContext);
    if (page === null)
      throw new Error('A page of a list is never absent: only a read by id can show absence.');
    return page;
  };
  let page = await getPage();
  if (!totals.isConsistent(list, page)) {
    recordChange();
    cache.expire(endpointRequest.key);
    page = await getPage();
  }
  if (page.limit < items) {
    cache.put(list.page(offset, page.limit), page, page.asOfMs);
    if (page.hasNext && totals.recordSmallPage(list, page)) throw new SmallerPageNeeded(page.limit);
  }
  totals.record(list, page, startedMs);
  return page;
}

/** Pages from before the list changed are read again, so that the window fits together. */
function readChangedAgain<T extends Entity>(
  read: ListRead<T>,
  pages: readonly Page<T>[],
  startedMs: number,
): Promise<Page<T>[]> {
  const { list, limit, totals } = read;
  const mayReadAgain = ({ offset, limit: size }: Page<T>) =>
    size === Math.min(limit, list.maxOffset - offset);
  return Promise.all(
    pages.map((page) =>
      totals.isConsistent(list, page) || !mayReadAgain(page) ? page : readPage(read, page.offset, startedMs),
    ),
  );
}

/** The length of a list as far as it is known; the field is then as fresh as the length. */
export function lengthOf<T extends Entity>({
  list,
  totals,
  fieldContext,
}: Pick<ListRead<T>, 'list' | 'totals' | 'fieldContext'>): ListLength | null {
  const length = totals.of(list);
  if (length) recordFreshness(fieldContext, length.freshUntilMs);
  return length;
}

/** Two empty pages in succession end the list behind its last item. */
function recordEmptyEnd<T extends Entity>({ list, totals }: ListRead<T>, pages: readonly Page<T>[]): void {
  const [previous, last] = pages.slice(-2);
  if (previous?.items.length !== 0 || last?.items.length !== 0) return;
  const filled = pages.findLast(({ items }) => items.length > 0);
  totals.recordEnd(list, filled ? filled.offset + filled.items.length : previous.offset);
}

/** The pages up to the first gap between two of them, which a page smaller than requested leaves. */
export function untilGap<T>(pages: readonly Page<T>[]): Page<T>[] {
  const gap = pages.findIndex(({ offset }, i) => {
    const previous = pages[i - 1];
    return previous !== undefined && offset > previous.offset + previous.limit;
  });
  return gap === -1 ? [...pages] : pages.slice(0, gap);
}
