import type { ApiRequest } from '../../transport/api-client.ts';
import { expectObject } from '../decoding/json.ts';
import { decodePage } from '../decoding/page.ts';
import { simplifiedOptions } from '../decoding/values.ts';
import { kinds, searchEndpoint } from '../index.ts';
import type { Entity, KindDefinition, KindRegistry } from '../kind.ts';
import type { Market } from '../markets.ts';
import { embeddedInEach } from './embedded-objects.ts';
import { type Batch, withMarket } from './endpoint-request.ts';
import { type PagedList, pagesAt } from './lists.ts';

/** The search results of one kind; the kinds of one search in one market share their calls. */
export function searchResults<T extends Entity>(
  { name, plural, isFullInSearch, decode }: KindDefinition<T>,
  q: string,
  market: Market | null,
  registry: KindRegistry = kinds,
): PagedList<T> {
  const results = pagesAt(searchEndpoint, {
    path: '/search',
    query: { q, type: name },
    market,
    registry,
    decode(body, pageRequest) {
      const options = { ...simplifiedOptions(pageRequest), full: isFullInSearch };
      return decodePage(fieldOf(body, plural), pageRequest, (item) => decode(item, options));
    },
  });
  return {
    ...results,
    sharedKey: `/search?${new URLSearchParams(withMarket({ q }, market))}`,
    page(offset, limit) {
      const page = results.page(offset, limit);
      const batch = searchBatch(page.apiRequest, registry);
      // The results are decoded at once, because full objects replace calls by their ids.
      return {
        ...page,
        embeddedObjects: ({ items }) => embeddedInEach(items, registry),
        batch,
        batchKey: name,
      };
    },
  };
}

/** One call for all kinds of one search. */
function searchBatch(request: ApiRequest, registry: KindRegistry): Batch {
  const queryWithoutType = withoutType(request);
  const pluralOf = (name: string | undefined) => registry[name ?? '']?.plural ?? '';
  return {
    key: `search?${new URLSearchParams(queryWithoutType)}`,
    max: Object.keys(registry).length,
    request: (names) => ({ ...request, query: { ...queryWithoutType, type: names.join(',') } }),
    part(body, index, names) {
      const plural = pluralOf(names[index]);
      return { [plural]: fieldOf(body, plural) };
    },
  };
}

function withoutType({ query: { type: _, ...others } }: ApiRequest): Record<string, string> {
  return others;
}

const fieldOf = (value: unknown, key: string): unknown => expectObject(value, 'response')[key];
