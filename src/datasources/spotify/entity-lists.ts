import { GatewayError, onlyGatewayError } from '../../errors.ts';
import { propertyOf } from '../../json.ts';
import { epochMs } from '../../observability/clock.ts';
import type { ReadThroughCache } from './cache/read-through-cache.ts';
import type { Capabilities } from './capabilities/capabilities.ts';
import { readCategory } from './category-reader.ts';
import type { Malformed } from './kinds/decoding/json.ts';
import type { Page } from './kinds/decoding/page.ts';
import {
  type BrowseListDefinition,
  type Category,
  type Kind,
  type KindOf,
  kinds,
  typedKinds,
} from './kinds/index.ts';
import type { Entity, KindRegistry, PagedListDefinition, UnpagedListDefinition } from './kinds/kind.ts';
import type { Market } from './kinds/markets.ts';
import { browseList, categoryRequest } from './kinds/requests/browse.ts';
import { embeddedPageOf } from './kinds/requests/embedded-objects.ts';
import { byId, FeatureWithheld } from './kinds/requests/endpoint-request.ts';
import { type PagedList, pagedList, unpagedList } from './kinds/requests/lists.ts';
import { searchResults } from './kinds/requests/search.ts';
import { recordWithheld } from './pagination/withheld-lists.ts';
import type { FieldContext } from './usage/field-context.ts';

/** The lists of objects. A `market` of null means the market of the owner, and after it the default market. */
export interface EntityLists {
  /** A list without pages; null if Spotify withholds it from this app. */
  unpagedList<T extends Entity>(
    list: UnpagedListDefinition<T>,
    owner: ListOwner,
    market: Market | null,
    fieldContext: FieldContext,
  ): Promise<readonly Item<T>[] | null>;
  /** @param filter as the definition of the list takes it */
  pagedList<T extends Entity, F>(
    list: PagedListDefinition<T, F>,
    owner: ListOwner,
    filter: F,
    market: Market | null,
  ): PagedList<T>;
  /**
   * The search results of one kind. The kinds that are searched for together share their calls, and so their market.
   * @param together the kinds that are searched for together; by default this one alone
   */
  search<K extends Kind>(
    kind: K,
    q: string,
    market: Market | null,
    together?: readonly Kind[],
  ): PagedList<KindOf[K]>;
  /** A list that belongs to no object of the catalogue. @param locale as the client wrote it; null for none */
  browseList<T extends Entity, O>(
    list: BrowseListDefinition<T, O>,
    owner: O,
    locale: string | null,
  ): PagedList<T>;
  /** Null if there is no such category, or Spotify withholds it from this app. */
  category(id: string, locale: string | null, fieldContext: FieldContext): Promise<Category | null>;
  /** Whether a read of the list costs no call now. */
  isUnpagedListCached(list: UnpagedListDefinition<Entity>, owner: OwnerKey, market: Market | null): boolean;
  /** Whether a read of the category costs no call now: its response is cached, or Spotify has stated that there is none. */
  isCategoryCached(id: string, locale: string | null): boolean;
}

export type Item<T> = T | Malformed;

/** Identifies the owner of a list, and the market in which its lists are read. */
export type OwnerKey = Pick<Entity, 'id' | 'market'>;

/** The owner of a list. If it is the object itself, it may contain the first page of the list. */
export type ListOwner = OwnerKey | Entity;

/** @param freshMs one freshness for everything; null for a freshness by kind */
export function createEntityLists(
  cache: ReadThroughCache,
  capabilities: Capabilities,
  defaultMarket: Market | null,
  registry: KindRegistry = kinds,
  freshMs: number | null = null,
): EntityLists {
  const marketOf = (namedMarket: Market | null, owner?: ListOwner): Market | null =>
    namedMarket ?? owner?.market ?? defaultMarket;

  /** Whether the page that an object contains may still be used: some lists change sooner than their owner. */
  const isFresh = (page: Page<Entity>, kindMs: number, listMs: number): boolean =>
    freshMs !== null || listMs >= kindMs || epochMs() - page.asOfMs < listMs;

  /** Reads the first page from the full owner, if its kind contains the page: the call costs the same and returns more. */
  function embeddedFirstPage<T extends Entity>(
    list: PagedList<T>,
    owner: ListOwner,
    market: Market | null,
  ): Pick<PagedList<T>, 'embeddedFirstPage' | 'embeddedItems'> {
    const ownerKind = Object.values(registry).find(
      ({ embeddedPage }) => embeddedPage?.list === list.endpoint,
    );
    const embeddedPage = ownerKind?.embeddedPage;
    if (!ownerKind || !embeddedPage) return {};
    const isUsable = (page: Page<T>): boolean => isFresh(page, ownerKind.freshMs, list.freshMs);
    const ownerRequest = byId(ownerKind, owner.id, market, registry);
    // The items of the page were decoded as those of this list, which its type does not state.
    const pageIn = (object: Entity) => embeddedPageOf(object, registry) as Page<T> | undefined;

    const usablePageIn = async (object: Entity, fieldContext: FieldContext) => {
      const page = pageIn(object);
      if (!page || isUsable(page)) return page;
      // An old page is a stale response of the list: it may be used until it is refreshed.
      const request = list.page(page.offset, page.limit);
      if (!cache.isCached(request, 'full')) cache.put(request, page, page.asOfMs, page.items.length);
      const isOwnerFresh = epochMs() - page.asOfMs < ownerKind.freshMs;
      if (isOwnerFresh || cache.isCached(request, 'full')) return undefined;
      // The owner is refreshed too: its response contains the page, so that the list needs no call of its own.
      const refreshed = await cache.get(ownerRequest, fieldContext, 'refresh').catch(onlyGatewayError);
      const newPage = refreshed && !(refreshed instanceof GatewayError) ? pageIn(refreshed) : undefined;
      return newPage && isUsable(newPage) ? newPage : undefined;
    };
    return {
      embeddedItems: embeddedPage.limit,
      async embeddedFirstPage(fieldContext) {
        const isContained = 'kind' in owner && market === owner.market;
        const page = isContained ? await usablePageIn(owner, fieldContext) : undefined;
        if (page) return page;
        // The owner may not exist in another market than its own: only a read by its id can show that.
        if (market === owner.market && !embeddedPage.isInBatches) return undefined;
        const full = await cache.get(ownerRequest, fieldContext);
        if (full && list.withheldField && !isPageSent(full, embeddedPage.key))
          throw new FeatureWithheld({ isExplicit: false });
        return full && usablePageIn(full, fieldContext);
      },
    };
  }

  return {
    async unpagedList(list, owner, namedMarket, fieldContext) {
      const request = unpagedListRequest(list, owner, marketOf(namedMarket, owner), registry);
      const items = await capabilities.nullIfMissing(list.name, owner.id, () =>
        cache.get(request, fieldContext),
      );
      if (items === null) recordWithheld(fieldContext, capabilities.withheldUntilMs(list.name, owner.id));
      const present = items?.filter((item) => item !== null) ?? null;
      return list.takesMarket
        ? present
        : (present?.map((item) => ({ ...item, market: owner.market })) ?? null);
    },
    pagedList(list, owner, filter, namedMarket) {
      const market = marketOf(namedMarket, owner) ?? list.fallbackMarket ?? null;
      const pages = pagedList(list, owner.id, filter, market, registry);
      return { ...pages, ...embeddedFirstPage(pages, owner, market) };
    },
    search<K extends Kind>(
      kind: K,
      q: string,
      namedMarket: Market | null,
      together: readonly Kind[] = [kind],
    ) {
      const [fallbackMarket = null] = together.flatMap((each) => typedKinds[each].fallbackSearchMarket ?? []);
      return searchResults(typedKinds[kind], q, marketOf(namedMarket) ?? fallbackMarket, registry);
    },
    browseList: (list, owner, locale) => browseList(list, owner, localeQuery(locale), registry),
    category: (id, locale, fieldContext) =>
      readCategory({ cache, capabilities, registry }, id, localeQuery(locale), fieldContext),
    isUnpagedListCached: (list, owner, namedMarket) =>
      cache.isCached(unpagedListRequest(list, owner, marketOf(namedMarket, owner), registry), 'full'),
    isCategoryCached: (id, locale) => cache.isCached(categoryRequest(id, localeQuery(locale)), 'full'),
  };
}

const unpagedListRequest = <T extends Entity>(
  list: UnpagedListDefinition<T>,
  { id }: ListOwner,
  market: Market | null,
  registry: KindRegistry,
) => unpagedList(list, id, list.takesMarket ? (market ?? list.fallbackMarket ?? null) : null, registry);

/** Whether a full object contains the page of its list. If Spotify withholds the list from the app, it does not. */
const isPageSent = (object: Entity, key: string): boolean => propertyOf(object, key) !== undefined;

const localeQuery = (locale: string | null): Record<string, string> => (locale === null ? {} : { locale });
