import { epochMs } from '../../../observability/clock.ts';
import type { ReadThroughCache } from '../cache/read-through-cache.ts';
import { SmallerPageNeeded } from '../capabilities/rejections.ts';
import type { Entity } from '../kinds/kind.ts';
import type { PagedList } from '../kinds/lists.ts';
import type { Page } from '../kinds/page.ts';
import { type FieldContext, recordFreshness } from '../usage/field-context.ts';
import type { ListLength } from './list-length.ts';
import type { ListTotals } from './list-totals.ts';
import { nextOffsets, type SlotRange } from './slot-ranges.ts';

/** Reads aligned pages of lists, each from the cache if it is there and belongs to the current version of the list. */
export interface PageReader {
  /**
   * The pages that cover the slots, as far as the list goes; null if there is no such list.
   * @throws SmallerPageNeeded if Spotify pages the list in smaller pages
   */
  readPages<T extends Entity>(
    list: PagedList<T>,
    slots: SlotRange,
    limit: number,
    fieldContext: FieldContext,
  ): Promise<Page<T>[] | null>;
  /** @param startedMs start of the read to which the page belongs, in milliseconds of the epoch */
  readPage<T extends Entity>(
    list: PagedList<T>,
    offset: number,
    limit: number,
    startedMs: number,
    fieldContext: FieldContext,
  ): Promise<Page<T>>;
}

/** @param onChange called when a page is found to be older than the last change of its list */
export function createPageReader(
  cache: ReadThroughCache,
  totals: ListTotals,
  onChange: () => void,
): PageReader {
  /** See `PageReader.readPages`. */
  async function readPages<T extends Entity>(
    list: PagedList<T>,
    slots: SlotRange,
    limit: number,
    fieldContext: FieldContext,
  ): Promise<Page<T>[] | null> {
    if (slots.start === slots.end) return [];
    const startedMs = epochMs();
    let pages: Page<T>[] = [];
    if (slots.start < limit && list.embeddedFirstPage) {
      const opening = await list.embeddedFirstPage(fieldContext);
      if (opening === null) return null;
      if (opening) {
        totals.record(list, opening, startedMs);
        pages.push(opening);
      }
    }
    for (;;) {
      const offsets = nextOffsets(pages, slots, limit, lengthOf(totals, list, fieldContext), list.maxOffset);
      if (offsets.length === 0) break;
      const next = offsets.map((offset) => readPage(list, offset, limit, startedMs, fieldContext));
      pages = untilGap([...pages, ...(await Promise.all(next))]);
    }
    recordEmptyEnd(totals, list, pages);
    return readChangedAgain(list, pages, limit, startedMs, fieldContext);
  }

  /** Pages from before the list changed are read again, so that the window fits together. */
  function readChangedAgain<T extends Entity>(
    list: PagedList<T>,
    pages: readonly Page<T>[],
    limit: number,
    startedMs: number,
    fieldContext: FieldContext,
  ): Promise<Page<T>[]> {
    const mayReadAgain = ({ offset, limit: size }: Page<T>) =>
      size === Math.min(limit, list.maxOffset - offset);
    return Promise.all(
      pages.map((page) =>
        totals.isConsistent(list, page) || !mayReadAgain(page)
          ? page
          : readPage(list, page.offset, limit, startedMs, fieldContext),
      ),
    );
  }

  async function readPage<T extends Entity>(
    list: PagedList<T>,
    offset: number,
    limit: number,
    startedMs: number,
    fieldContext: FieldContext,
  ): Promise<Page<T>> {
    const items = Math.min(limit, list.maxOffset - offset);
    const endpointRequest = list.page(offset, items);
    let page = (await cache.get(endpointRequest, fieldContext)) as Page<T>;
    if (!totals.isConsistent(list, page)) {
      onChange();
      cache.expire(endpointRequest.key);
      page = (await cache.get(endpointRequest, fieldContext)) as Page<T>;
    }
    if (page.limit < items) {
      cache.put(list.page(offset, page.limit), page);
      if (page.hasNext && totals.recordSmallPage(list, page)) throw new SmallerPageNeeded(page.limit);
    }
    totals.record(list, page, startedMs);
    return page;
  }

  return { readPages, readPage };
}

/** The length of a list as far as it is known; the field is then as fresh as the length. */
export function lengthOf<T extends Entity>(
  totals: ListTotals,
  list: PagedList<T>,
  fieldContext: FieldContext,
): ListLength | null {
  const known = totals.of(list);
  if (known) recordFreshness(fieldContext, known.freshUntilMs);
  return known;
}

/** Two empty pages in succession end the list behind its last item. */
function recordEmptyEnd<T extends Entity>(
  totals: ListTotals,
  list: PagedList<T>,
  pages: readonly Page<T>[],
): void {
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
