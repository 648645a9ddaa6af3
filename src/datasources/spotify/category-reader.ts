import type { ReadThroughCache } from './cache/read-through-cache.ts';
import type { Capabilities } from './capabilities/capabilities.ts';
import { isMalformed } from './kinds/decoding/json.ts';
import { isDocumented } from './kinds/decoding/lazy-items.ts';
import type { Page } from './kinds/decoding/page.ts';
import { type Category, categories } from './kinds/index.ts';
import type { KindRegistry } from './kinds/kind.ts';
import { browseList, categoryRequest } from './kinds/requests/browse.ts';
import type { EndpointRequest } from './kinds/requests/endpoint-request.ts';
import { unlessWithheld } from './pagination/withheld-lists.ts';
import type { FieldContext } from './usage/field-context.ts';

export interface CategoryReaderOptions {
  cache: Pick<ReadThroughCache, 'get' | 'getAfterError' | 'isCached' | 'load'>;
  capabilities: Capabilities;
  registry: KindRegistry;
}

/**
 * A category by its id; null if there is none, or Spotify withholds it from this app.
 * @param query the parameters of the request, such as `locale`
 */
export function readCategory(
  options: CategoryReaderOptions,
  id: string,
  query: Record<string, string>,
  fieldContext: FieldContext,
): Promise<Category | null> {
  const { cache, capabilities } = options;
  const request = categoryRequest(id, query);
  const key = { key: request.key, withheldField: categories.withheldField };
  const getIfCached: GetPage = async (page) => {
    await cache.load(page);
    return cache.isCached(page, 'full') ? cache.get(page, fieldContext) : null;
  };
  return unlessWithheld(key, capabilities, fieldContext, async () => {
    const listedCategory = await categoryInList(options, id, query, getIfCached);
    if (listedCategory) return listedCategory;
    return cache.get(request, fieldContext).catch(async (error) => {
      const getStale: GetPage = (page) => cache.getAfterError(page, error, fieldContext);
      const staleCategory = await categoryInList(options, id, query, getStale);
      if (staleCategory) return staleCategory;
      throw error;
    });
  });
}

type GetPage = (page: EndpointRequest<Page<Category>>) => Promise<Page<Category> | null>;

/**
 * The category from the list, whose objects are those of reads by id; null if it lacks the category.
 * @param getPage a page from the cache; null if there is none
 */
async function categoryInList(
  { capabilities, registry }: CategoryReaderOptions,
  id: string,
  query: Record<string, string>,
  getPage: GetPage,
): Promise<Category | null> {
  const list = browseList(categories, undefined, query, registry);
  const limit = capabilities.maxPageSize(list.endpoint);
  for (let offset = 0; ; offset += limit) {
    const items = (await getPage(list.page(offset, limit)))?.items;
    if (!items) return null;
    for (let index = 0; index < items.length; index++) {
      const category = items.at(index) ?? null;
      if (category === null || isMalformed(category) || category.categoryId !== id) continue;
      // A malformed part may be correct in the response to a read by id.
      return isDocumented(category) ? category : null;
    }
  }
}
