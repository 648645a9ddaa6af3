import type { ReadThroughCache } from './cache/read-through-cache.ts';
import type { Capabilities } from './capabilities/capabilities.ts';
import { isMalformed } from './kinds/decoding/json.ts';
import { isDocumented } from './kinds/decoding/lazy-items.ts';
import { type Category, categories } from './kinds/index.ts';
import type { KindRegistry } from './kinds/kind.ts';
import { browseList, categoryRequest } from './kinds/requests/browse.ts';
import { unlessWithheld } from './pagination/withheld-lists.ts';
import type { FieldContext } from './usage/field-context.ts';

export interface CategoryReaderOptions {
  cache: Pick<ReadThroughCache, 'get' | 'isCached' | 'load'>;
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
  const request = categoryRequest(id, query);
  const key = { key: request.key, withheldField: categories.withheldField };
  return unlessWithheld(key, options.capabilities, fieldContext, async () => {
    const listedCategory = await categoryInCachedList(options, id, query, fieldContext);
    return listedCategory ?? options.cache.get(request, fieldContext);
  });
}

/** The category from the cached pages of the list, whose objects are those of reads by id; null if they lack it. */
async function categoryInCachedList(
  { cache, capabilities, registry }: CategoryReaderOptions,
  id: string,
  query: Record<string, string>,
  fieldContext: FieldContext,
): Promise<Category | null> {
  const list = browseList(categories, undefined, query, registry);
  const limit = capabilities.maxPageSize(list.endpoint);
  const isCached = async (offset: number): Promise<boolean> => {
    await cache.load(list.page(offset, limit));
    return cache.isCached(list.page(offset, limit), 'full');
  };
  for (let offset = 0; await isCached(offset); offset += limit) {
    const items = (await cache.get(list.page(offset, limit), fieldContext))?.items;
    for (let index = 0; items && index < items.length; index++) {
      const category = items.at(index) ?? null;
      if (category === null || isMalformed(category) || category.categoryId !== id) continue;
      // A malformed part may be correct in the response to a read by id.
      return isDocumented(category) ? category : null;
    }
  }
  return null;
}
