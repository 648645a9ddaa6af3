import type { FieldContext } from '../../usage/field-context.ts';
import { expectArray, expectObject, type Malformed, partOrNull, withId } from '../decoding/json.ts';
import { isWhole } from '../decoding/lazy-items.ts';
import { decodePage, type Page, type PageRequest } from '../decoding/page.ts';
import { simplifiedOptions } from '../decoding/values.ts';
import { kinds } from '../index.ts';
import {
  type Entity,
  type KindRegistry,
  marketQuery,
  type PagedEndpointDefinition,
  type PagedListDefinition,
  type UnpagedListDefinition,
} from '../kind.ts';
import type { Market } from '../markets.ts';
import type { SpotifyId } from '../spotify-id.ts';
import { embeddedInEach, embeddedInItems } from './embedded-objects.ts';
import { type EndpointRequest, withMarket } from './endpoint-request.ts';
import { throwIfContentsWithheld, throwIfLimitRejected, throwIfWithheld } from './withheld.ts';

/** One list that Spotify pages, such as the albums of one artist in one market. */
export interface PagedList<T extends Entity = Entity> {
  /** Names the list in cursors and caches. */
  key: string;
  /** Names the lists whose pages share calls with its pages, such as the kinds of one search; by default `key`. */
  sharedKey?: string;
  /** The market in which it is read; null for none. */
  market: Market | null;
  endpoint: string;
  page(offset: number, limit: number): EndpointRequest<Page<T>>;
  /** The field that Spotify may withhold from an app: then the list is null. */
  withheldField?: string;
  /** Whether Spotify may respond that there is no such list. */
  mayBeAbsent?: boolean;
  /** The maximum number of items of the first page in the full object. */
  embeddedItems?: number;
  /** The first page from the full object that contains it; null if there is no such list. @throws FeatureWithheld */
  embeddedFirstPage?(fieldContext: FieldContext): Promise<Page<T> | null | undefined>;
  /** The end of the last slot that Spotify serves; Infinity if only the list's length ends it. */
  maxOffset: number;
  /** How long a page and the length of the list are fresh, in milliseconds. */
  freshMs: number;
  /** See `PagedEndpointDefinition`. */
  hasStableTotal: boolean;
}

/** The list of one owner, such as an album. @param filter as the definition of the list takes it */
export function pagedList<T extends Entity, F>(
  definition: PagedListDefinition<T, F>,
  owner: SpotifyId,
  filter: F,
  market: Market | null,
  registry: KindRegistry = kinds,
): PagedList<T> {
  const { withheldField, hasFullItems, identify } = definition;
  const pages = pagesAt(definition, {
    path: definition.path(owner),
    query: definition.query?.(filter) ?? {},
    market,
    registry,
    decode(body, pageRequest) {
      const options = simplifiedOptions(pageRequest);
      const decodeItem = (item: unknown) => definition.decodeItem(item, options, owner, filter);
      return decodePage(body, pageRequest, decodeItem, identify);
    },
  });
  return {
    ...pages,
    ...(withheldField && { withheldField }),
    page(offset, limit) {
      const page = pages.page(offset, limit);
      return {
        ...page,
        ...(hasFullItems && { embeddedObjects: ({ items }) => embeddedInEach(items, registry) }),
        ...(withheldField && {
          feature: { name: withheldField, object: pages.key },
          onErrorStatus(response) {
            throwIfContentsWithheld(response);
            return page.onErrorStatus(response);
          },
        }),
      };
    },
  };
}

/** The pages of a list, which differ only in their offset and limit. */
interface PagesOptions<T> {
  path: string;
  /** The parameters besides market, offset and limit. */
  query: Record<string, string>;
  market: Market | null;
  registry: KindRegistry;
  /** Decodes the response to the request of one page. */
  decode(body: unknown, pageRequest: PageRequest): Page<T>;
}

export function pagesAt<T extends Entity>(
  { name, freshMs, maxOffset = Number.POSITIVE_INFINITY, hasStableTotal = true }: PagedEndpointDefinition,
  { path, market, registry, decode, ...options }: PagesOptions<T>,
): PagedList<T> {
  const query = withMarket(options.query, market);
  const key = `${path}?${new URLSearchParams(query)}`;
  return {
    key,
    market,
    endpoint: name,
    maxOffset,
    hasStableTotal,
    freshMs,
    page(offset, limit) {
      const pageQuery = { ...query, limit: `${limit}`, offset: `${offset}` };
      return {
        key: `${path}?${new URLSearchParams(pageQuery)}`,
        apiRequest: { family: name, path, query: pageQuery },
        freshMs,
        decode: (body) => decode(body, { offset, limit, market, kinds: registry }),
        isWhole: ({ items, totalSource }) => totalSource !== 'malformed' && isWhole(items),
        // Only a read by id shows that an object does not exist: a list without its page is a fault.
        onErrorStatus(response) {
          throwIfLimitRejected(response);
          return undefined;
        },
        limit: { endpoint: name, list: key, items: limit, isLimitHonoured: (page) => page.limit === limit },
        onNotModified: (page, asOfMs) => ({ ...page, asOfMs }),
        embeddedObjects: (page) => embeddedInItems(page.items, registry),
      };
    },
  };
}

/** The request for a list without pages. @param market null for a list that is the same in every market */
export function unpagedList<T extends Entity>(
  { name, path, key, freshMs, decodeItem }: UnpagedListDefinition<T>,
  owner: SpotifyId,
  market: Market | null,
  registry: KindRegistry = kinds,
): EndpointRequest<(T | Malformed | null)[]> {
  const options = { full: true, market, kinds: registry };
  return {
    key: `${path(owner)}${marketQuery(market)}`,
    apiRequest: { family: name, path: path(owner), query: withMarket({}, market) },
    freshMs,
    decode: (body) =>
      expectArray(expectObject(body, 'response')[key], key).map((item) =>
        partOrNull(withId(item), (present) => decodeItem(present, options)),
      ),
    feature: { name, object: owner },
    // The list of an object that exists can be withheld, but not absent.
    onErrorStatus(response) {
      throwIfWithheld(response);
      return undefined;
    },
    isWhole,
    embeddedObjects: (items) => embeddedInItems(items, registry),
  };
}
