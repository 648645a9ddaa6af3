import {
  categories,
  type Entity,
  type Kind,
  kinds,
  listProperties,
  type Market,
  type OwnerKey,
  type PagedEndpoint,
  type PagedList,
  pagedEndpoints,
  searchReach,
  typedKinds,
  type WithheldField,
  worstCaseOffsets,
} from '../../datasources/spotify/index.ts';
import { type ConnectionArgs, parseCursor, windowArgsOf } from '../relay/page-arguments.ts';
import { searchText } from '../search-text.ts';
import { type CacheView, count, type FieldCost, type FieldVisit, single } from './cost.ts';
import { readsOf } from './object-costs.ts';
import { orNull } from './references.ts';

/** Costs of the fields that read lists. */

/** A list of one call that Spotify may withhold from an app. */
export const shortList = (
  endpoint: 'artists/top-tracks' | 'artists/related-artists',
  length: number,
): { cost: FieldCost; length: number } => ({
  length,
  cost: {
    calls: ({ parents, app }) => ({
      calls: { [endpoint]: app.has(endpoint) === false ? 0 : count(parents) },
      objects: { batches: count(parents), batchSize: length },
      full: true,
    }),
  },
});

/** The list of one object, as the resolver of the field reads it. */
export type ListOf<Args> = (
  spotify: Pick<CacheView, 'pagedList'>,
  owner: OwnerKey,
  market: Market | null,
  args: Args,
) => PagedList<Entity>;

/** A list that is read page by page. */
export const pagedList = <Args>(endpoint: PagedEndpoint, listOf: ListOf<Args>): FieldCost => ({
  calls(visit) {
    const { pages, size, probeCalls } = pagesOf(visit, endpoint);
    const parents = count(visit.parents);
    return {
      calls: { [endpoint]: parents * pages.length - cachedPages(visit, listOf, pages) },
      probeCalls,
      objects: { batches: parents, batchSize: size },
      full: false,
    };
  },
});

/** A list whose first page the full object contains, such as the tracks of an album. */
export function embeddedList<Args>(owner: Kind, endpoint: PagedEndpoint, listOf: ListOf<Args>): FieldCost {
  const { embeddedPage, freshMs } = typedKinds[owner];
  if (!embeddedPage) throw new Error(`An object of the kind ${owner} contains no page of a list.`);
  const { limit: embeddedItems, isInBatches } = embeddedPage;
  const listFreshMs = pagedEndpoints(kinds).find(({ name }) => name === endpoint)?.freshMs ?? 0;
  // If the list is fresh for less time than the object, the page in a cached object may be too old: then the list is read.
  const mayPageBeOld = listFreshMs < freshMs;
  const { withheldField, hasFullItems } = listProperties(endpoint);
  const isWithheld = (app: FieldVisit['app']) =>
    withheldField !== undefined && app.has(withheldField) === false;
  const beginsInEmbedded = (args: FieldVisit['args']) => beginsWithin(embeddedItems, args);

  return {
    needsFullObject: (visit) =>
      isInBatches && !isOtherMarket(visit) && beginsInEmbedded(visit.args) && !isWithheld(visit.app),
    calls(visit) {
      const { pages, size, limit, probeCalls } = pagesOf(visit, endpoint);
      const parents = count(visit.parents);
      if (isWithheld(visit.app))
        return { calls: {}, objects: { batches: parents, batchSize: 0 }, full: true };
      // An object that is counted as one call contains the page; if it is cached, its call pays for the page.
      const isAlone = parents === 1 || visit.app.has('batch') === false;
      const hasPage = isInBatches ? isAlone || !mayPageBeOld : visit.app.has('batch') === false;
      const pagesToRead =
        hasPage && beginsInEmbedded(visit.args)
          ? pages.filter((page) => page + limit > embeddedItems)
          : pages;
      const oldPages = mayPageBeOld ? visit.cachedParents * (pages.length - pagesToRead.length) : 0;
      // The items for another market come with the object for that market, and a search names no market of its objects.
      const isRead = isOtherMarket(visit) || (!isInBatches && !visit.full);
      const otherOwner =
        beginsInEmbedded(visit.args) && isRead ? readsOf(owner, visit.parents, visit.app) : null;
      return {
        calls: {
          [endpoint]: parents * pagesToRead.length + oldPages - cachedPages(visit, listOf, pagesToRead),
          ...otherOwner?.calls,
        },
        lookups: otherOwner?.lookups ?? {},
        probeCalls: pagesToRead.length + oldPages > 0 ? probeCalls : [],
        objects: { batches: parents, batchSize: size },
        full: hasFullItems,
        isFromOwner: true,
      };
    },
  };
}

/** Whether a list may be read in another market than its owner. */
const isOtherMarket = ({ market, parentMarket }: Pick<FieldVisit, 'market' | 'parentMarket'>): boolean =>
  market !== parentMarket;

/** A list that belongs to no object of the catalogue, and that Spotify may withhold from an app. */
export const browseList = (
  { name, withheldField }: { name: PagedEndpoint; withheldField: WithheldField },
  listOf?: (spotify: Pick<CacheView, 'browseList'>, args: FieldVisit['args']) => PagedList<Entity>,
): FieldCost => ({
  calls(visit) {
    const parents = count(visit.parents);
    if (visit.app.has(withheldField) === false)
      return { calls: {}, objects: { batches: parents, batchSize: 0 }, full: false };
    const { pages, size, probeCalls } = pagesOf(visit, name);
    const list = visit.cache && listOf?.(visit.cache, visit.args);
    const cached = list ? pages.filter((page) => visit.cache?.isPageCached(list, page)).length : 0;
    return {
      calls: { [name]: parents * pages.length - cached },
      probeCalls,
      objects: { batches: parents, batchSize: size },
      full: false,
    };
  },
});

/** One category by its id. */
export const categoryLookup: FieldCost = {
  calls: ({ app }) => ({
    calls: { [categories.name]: app.has(categories.withheldField) === false ? 0 : 1 },
    objects: single,
    full: true,
  }),
};

/** One kind of a search. The kinds of one search share their calls, page by page. */
export const searchHits = (kind: Kind): FieldCost => ({
  calls(visit) {
    const text = orNull(() => searchText((visit.parentArgs as { q: string }).q));
    if (text === null) return { calls: {}, objects: { batches: 1, batchSize: 0 }, full: false };
    const { pages, size, probeCalls } = pagesOf(visit, 'search', searchReach);
    const search = JSON.stringify([visit.parentArgs, visit.market]);
    const shared = pages.filter((page) => page < searchReach);
    const list = visit.cache?.search(kind, text, visit.market);
    const uncached = shared.filter((page) => !list || !visit.cache?.isPageCached(list, page));
    return {
      calls: { search: pages.length - shared.length }, // pages from the end, which differ between the kinds
      sharedCalls: uncached.map((page) => ({ name: `search for ${search} from ${page}`, family: 'search' })),
      probeCalls,
      objects: { batches: 1, batchSize: size },
      full: kinds[kind].isFullInSearch,
    };
  },
});

/** The number of cached pages of the lists of the known owners. */
function cachedPages<Args>(
  { cache, owners, market, args }: FieldVisit,
  listOf: ListOf<Args>,
  pages: readonly number[],
) {
  if (!cache) return 0;
  const lists = owners.map((owner) => listOf(cache, owner, market, args as Args));
  return lists.flatMap((list) => pages.filter((page) => cache.isPageCached(list, page))).length;
}

/** The offsets of the pages that a connection may have to read, and the maximum number of its items. */
function pagesOf(
  { args, selected, app }: FieldVisit,
  endpoint: PagedEndpoint,
  reach = Number.POSITIVE_INFINITY,
) {
  const { limit, probeCalls: rejections } = app.worstCasePage(endpoint);
  const windowArgs = orNull(() => windowArgsOf(args as ConnectionArgs, parseCursor));
  const needsItems = ['edges', 'nodes', 'pageInfo'].some((field) => selected.has(field));
  const pages =
    windowArgs && needsItems ? worstCaseOffsets(windowArgs, limit, reach, endpoint !== 'search') : [];
  if (windowArgs && pages.length === 0 && selected.has('totalCount')) pages.push(0);
  const probeCalls = Array.from({ length: pages.length > 0 ? rejections : 0 }, (_, i) => ({
    name: `${endpoint} ${i + 1}`,
    family: endpoint,
  }));
  return { pages, limit, size: windowArgs?.first ?? windowArgs?.last ?? 0, probeCalls };
}

/** Whether a window may begin in the first `items` slots. */
function beginsWithin(items: number, args: FieldVisit['args']): boolean {
  const windowArgs = orNull(() => windowArgsOf(args as ConnectionArgs, parseCursor));
  return windowArgs !== null && (windowArgs.after === null || windowArgs.after.slot + 1 < items);
}
