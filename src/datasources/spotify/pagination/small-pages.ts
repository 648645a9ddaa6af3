import { createLru } from '../../../lru.ts';
import type { Page } from '../kinds/decoding/page.ts';
import type { PagedList } from '../kinds/requests/lists.ts';

export type SmallPages = ReturnType<typeof createSmallPages>;

/** The last page of a list that was smaller than requested. */
interface SmallPage {
  offset: number;
  limit: number;
  /** Whether another page before it had the same size. */
  isConfirmed: boolean;
}

const maxLists = 5_000;

/**
 * The lists that Spotify pages in smaller pages than requested.
 * @param freshMs how long a page size is valid, in milliseconds; null for as long as the pages are fresh
 */
export function createSmallPages(freshMs: number | null) {
  const smallPages = createLru<SmallPage>(maxLists);
  return {
    /** The page size of such a list; null for any other list. */
    limitOf({ key }: Pick<PagedList, 'key'>): number | null {
      const small = smallPages.get(key);
      return small?.isConfirmed ? small.limit : null;
    },
    /** Whether a page of the list was smaller than requested, so that the next page may begin at its end. */
    hasSmallPage: ({ key }: Pick<PagedList, 'key'>): boolean => smallPages.has(key),
    /**
     * Records a page that is smaller than requested although the list goes on.
     * @returns whether this is now known to be the page size of the list: one such page may be an exception
     */
    record(
      list: Pick<PagedList, 'key' | 'freshMs'>,
      { offset, limit }: Pick<Page, 'offset' | 'limit'>,
    ): boolean {
      const before = smallPages.get(list.key);
      const isConfirmed = before?.limit === limit && (before.isConfirmed || before.offset !== offset);
      smallPages.set(list.key, { offset, limit, isConfirmed }, { ttl: freshMs ?? list.freshMs });
      return isConfirmed;
    },
  };
}
