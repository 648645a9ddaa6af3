import type { ReadThroughCache } from './cache/read-through-cache.ts';
import type { Capabilities } from './capabilities/capabilities.ts';
import { isMalformed } from './kinds/decoding/json.ts';
import { isDocumented } from './kinds/decoding/lazy-items.ts';
import type { Page } from './kinds/decoding/page.ts';
import { type Category, categories } from './kinds/index.ts';
import type { KindRegistry } from './kinds/kind.ts';
import { browseList, categoryRequest } from './kinds/requests/browse.ts';
import type { EndpointRequest } from './kinds/requests/endpoint-request.ts';
import { nullIfWithheld } from './pagination/withheld-lists.ts';
import type { FieldContext } from './usage/field-context.ts';

export interface CategoryReaderOptions {
  cache: Pick<ReadThroughCache, 'get' | 'getAfterError' | 'isCached' | 'load' | 'peek'>;
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
  return nullIfWithheld(key, capabilities, fieldContext, async () => {
    const page = await cachedPageWith(options, id, query);
    const isUsable = page !== null && cache.isCached(page, 'full');
    const listedCategory = isUsable ? categoryIn(await cache.get(page, fieldContext), id) : null;
    if (listedCategory) return listedCategory;
    return cache.get(request, fieldContext).catch(async (error) => {
      const stalePage = await cachedPageWith(options, id, query);
      const staleCategory =
        stalePage && categoryIn(await cache.getAfterError(stalePage, error, fieldContext), id);
      if (staleCategory) return staleCategory;
      throw error;
    });
  });
}

/**
 * The request for the cached page of the list that has the category, whose objects are those of reads by id; null if there is
 * none. Pages without the category do not count as used: their age says nothing about it.
 */
async function cachedPageWith(
  { cache, capabilities, registry }: CategoryReaderOptions,
  id: string,
  query: Record<string, string>,
): Promise<EndpointRequest<Page<Category>> | null> {
  const list = browseList(categories, undefined, query, registry);
  const limit = capabilities.maxPageSize(list.endpoint);
  for (let offset = 0; ; offset += limit) {
    const request = list.page(offset, limit);
    await cache.load(request);
    const page = cache.peek(request);
    if (!page) return null;
    if (categoryIn(page, id)) return request;
  }
}

/** The category on a page; null if the page lacks it, or has it with a malformed part, which a read by id may correct. */
function categoryIn(page: Page<Category> | null, id: string): Category | null {
  const items = page?.items ?? [];
  for (let index = 0; index < items.length; index++) {
    const category = items.at(index) ?? null;
    if (category === null || isMalformed(category) || category.categoryId !== id) continue;
    return isDocumented(category) ? category : null;
  }
  return null;
}
