import { isWhole } from '../pagination/lazy-items.ts';
import type { FieldContext } from '../usage/field-context.ts';
import { simplifiedOptions } from './base-fields.ts';
import { partsOfAll } from './embedded-objects.ts';
import { type Resource, throwIfLimitRejected } from './endpoint-request.ts';
import { withMarket } from './entity-request.ts';
import { kinds } from './index.ts';
import type { Entity, KindRegistry, PagedEndpointDefinition, PagedListDefinition } from './kind.ts';
import type { Market } from './markets.ts';
import { decodePage, type Page, type PageRequest } from './page.ts';
import type { SpotifyId } from './spotify-id.ts';

/** One list that Spotify pages, such as the albums of one artist in one market. */
export interface List<T extends Entity> {
  /** Names the list in cursors and caches. */
  key: string;
  endpoint: string;
  page(offset: number, limit: number): Resource<Page<T>>;
  /** Where the first page comes from when it need not be asked for; null when there is no such list. */
  opening?(fieldContext: FieldContext): Promise<Page<T> | null | undefined>;
  /** Slots that can be reached; Infinity where only the list's length ends it. */
  reach: number;
  /** Whether a total that differs between pages means that the list has changed. */
  steadyTotal: boolean;
}

/** The list of one owner, such as an album. @param filter as the definition of the list takes it */
export const pagedList = <T extends Entity, F>(
  definition: PagedListDefinition<T, F>,
  owner: SpotifyId,
  filter: F,
  market: Market | null,
  registry: KindRegistry = kinds,
): List<T> =>
  pagesAt(
    definition,
    definition.path(owner),
    definition.query?.(filter) ?? {},
    market,
    registry,
    (body, asked) => {
      const options = simplifiedOptions(asked);
      return decodePage(body, asked, (item) => definition.decodeItem(item, options, owner, filter));
    },
  );

/** The pages at one path. @param decode decodes the response to the request of one page */
export function pagesAt<T extends Entity>(
  { name }: PagedEndpointDefinition,
  path: string,
  filter: Record<string, string>,
  market: Market | null,
  registry: KindRegistry,
  decode: (body: unknown, asked: PageRequest) => Page<T>,
): List<T> {
  const query = withMarket(filter, market);
  const key = `${path}?${new URLSearchParams(query)}`;
  return {
    key,
    endpoint: name,
    reach: Number.POSITIVE_INFINITY,
    steadyTotal: true,
    page(offset, limit) {
      const window = { ...query, limit: `${limit}`, offset: `${offset}` };
      return {
        key: `${path}?${new URLSearchParams(window)}`,
        request: { family: name, path, query: window },
        decode: (body) => decode(body, { offset, limit, market, kinds: registry }),
        isWhole: (page) => isWhole(page.items),
        // Only a read by id shows that an object does not exist: a list without its page is a fault.
        refused(answer) {
          throwIfLimitRejected(answer);
          return undefined;
        },
        limit: { endpoint: name, list: key, items: limit, isGranted: (page) => page.limit === limit },
        confirmed: (page, asOfMs) => ({ ...page, asOfMs }),
        brings: (page) => partsOfAll(page.items, registry),
      };
    },
  };
}
