import { createLru } from '../../../lru.ts';
import type { Page } from '../kinds/decoding/page.ts';
import type { PagedList } from '../kinds/requests/lists.ts';

/** The lists that Spotify pages in smaller pages than requested. */
export interface SmallPages {
  /** The page size of such a list; null for any other list. */
  limitOf(list: Pick<PagedList, 'key'>): number | null;
  /**
   * Records a page that is smaller than requested although the list goes on.
   * @returns whether this is now known to be the page size of the list: one such page may be an exception
   */
  record(list: Pick<PagedList, 'key' | 'freshMs'>, page: Pick<Page, 'offset' | 'limit'>): boolean;
}

/** The last page of a list that was smaller than requested. */
interface SmallPage {
  offset: number;
  limit: number;
  /** Whether another page before it had the same size. */
  isConfirmed: boolean;
}

const maxLists = 5_000;

/** @param freshMs how long a page size is valid, in milliseconds; null for as long as the pages are fresh */
export function createSmallPages(freshMs: number | null): SmallPages {
  const smallPages = createLru<SmallPage>(maxLists);
  return {
    limitOf({ key }) {
      const small = smallPages.get(key);
      return small?.isConfirmed ? small.limit : null;
    },
    record(list, { offset, limit }) {
      const before = smallPages.get(list.key);
      const isConfirmed = before?.limit === limit && (before.isConfirmed || before.offset !== offset);
      smallPages.set(list.key, { offset, limit, isConfirmed }, { ttl: freshMs ?? list.freshMs });
      return isConfirmed;
    },
  };
}
