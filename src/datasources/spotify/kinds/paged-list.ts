import { isWhole } from '../pagination/lazy-items.ts';
import type { FieldContext } from '../usage/field-context.ts';
import { simplifiedOptions } from './base-fields.ts';
import { embeddedInItems } from './embedded-objects.ts';
import { type EndpointRequest, throwIfLimitRejected } from './endpoint-request.ts';
import { withMarket } from './entity-request.ts';
import { kinds } from './index.ts';
import type { Entity, KindRegistry, PagedEndpointDefinition, PagedListDefinition } from './kind.ts';
import type { Market } from './markets.ts';
import { decodePage, type Page, type PageRequest } from './page.ts';
import type { SpotifyId } from './spotify-id.ts';

/** One list that Spotify pages, such as the albums of one artist in one market. */
export interface PagedList<T extends Entity> {
  /** Names the list in cursors and caches. */
  key: string;
  endpoint: string;
  page(offset: number, limit: number): EndpointRequest<Page<T>>;
  /** The first page from the full object that contains it; null if there is no such list. */
  embeddedFirstPage?(fieldContext: FieldContext): Promise<Page<T> | null | undefined>;
  /** The end of the last slot that Spotify serves; Infinity if only the list's length ends it. */
  maxOffset: number;
  /** Whether different totals on two pages mean that the list has changed. */
  hasStableTotal: boolean;
}

/** The list of one owner, such as an album. @param filter as the definition of the list takes it */
export const pagedList = <T extends Entity, F>(
  definition: PagedListDefinition<T, F>,
  owner: SpotifyId,
  filter: F,
  market: Market | null,
  registry: KindRegistry = kinds,
): PagedList<T> =>
  pagesAt(
    definition,
    definition.path(owner),
    definition.query?.(filter) ?? {},
    market,
    registry,
    (body, pageRequest) => {
      const options = simplifiedOptions(pageRequest);
      return decodePage(body, pageRequest, (item) => definition.decodeItem(item, options, owner, filter));
    },
  );

/** The pages at one path. @param decode decodes the response to the request of one page */
export function pagesAt<T extends Entity>(
  { name, freshMs }: PagedEndpointDefinition,
  path: string,
  filter: Record<string, string>,
  market: Market | null,
  registry: KindRegistry,
  decode: (body: unknown, pageRequest: PageRequest) => Page<T>,
): PagedList<T> {
  const query = withMarket(filter, market);
  const key = `${path}?${new URLSearchParams(query)}`;
  return {
    key,
    endpoint: name,
    maxOffset: Number.POSITIVE_INFINITY,
    hasStableTotal: true,
    page(offset, limit) {
      const window = { ...query, limit: `${limit}`, offset: `${offset}` };
      return {
        key: `${path}?${new URLSearchParams(window)}`,
        request: { family: name, path, query: window },
        freshMs,
        decode: (body) => decode(body, { offset, limit, market, kinds: registry }),
        isWhole: (page) => isWhole(page.items),
        // Only a read by id shows that an object does not exist: a list without its page is a fault.
        onErrorStatus(answer) {
          throwIfLimitRejected(answer);
          return undefined;
        },
        limit: { endpoint: name, list: key, items: limit, isLimitHonoured: (page) => page.limit === limit },
        onNotModified: (page, asOfMs) => ({ ...page, asOfMs }),
        embeddedObjects: (page) => embeddedInItems(page.items, registry),
      };
    },
  };
}
