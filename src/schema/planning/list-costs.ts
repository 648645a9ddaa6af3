import {
  categories,
  type Kind,
  listProperties,
  type PagedEndpoint,
  type PagedList,
  pagedEndpoint,
  type relatedArtists,
  type topTracks,
  typedKinds,
  type WithheldField,
} from '../../datasources/spotify/index.ts';
import { orNull } from './argument-values.ts';
import {
  type Cost,
  type CountInput,
  type FieldCost,
  type FieldVisit,
  type ListView,
  nothing,
  objectCount,
  single,
} from './cost.ts';
import {
  beginsWithin,
  cachedPages,
  type ListOf,
  listOrNull,
  listsOf,
  pagesOf,
  withheldProbeCalls,
} from './list-pages.ts';
import { readsOf } from './object-costs.ts';

/** A list of one call that Spotify may withhold from an app. */
export const unpagedListOptions = (
  list: typeof topTracks | typeof relatedArtists,
  length: number,
): { cost: FieldCost; length: number } => ({
  length,
  cost: {
    calls({ market, parents: { cardinality, owners }, input: { app, cache } }) {
      const parentCount = objectCount(cardinality);
      const cached = owners.filter((owner) => cache?.isUnpagedListCached(list, owner, market)).length;
      return {
        calls: { [list.name]: app.has(list.name) === false ? 0 : parentCount - cached },
        probeCalls: cached < parentCount ? withheldProbeCalls(app, list.name, list.name) : [],
        objects: { batches: parentCount, batchSize: length },
        full: true,
      };
    },
  },
});

/** A list that is read page by page. */
export const pagedListCost = <Args>(endpoint: PagedEndpoint, listOf: ListOf<Args>): FieldCost => ({
  calls(visit) {
    const { lists, parentCount } = listsOf(visit, listOf);
    return parentCount === 0 ? nothing : pagesCost(visit, endpoint, lists, parentCount);
  },
});

/** The pages of one list of each parent. @param lists those of which the owners are known */
function pagesCost(
  visit: FieldVisit,
  endpoint: PagedEndpoint,
  lists: readonly PagedList[],
  parentCount: number,
): Cost {
  const { pages, size, probeCalls } = pagesOf(visit, endpoint);
  return {
    calls: { [endpoint]: parentCount * pages.length - cachedPages(visit, lists, pages) },
    probeCalls,
    objects: { batches: parentCount, batchSize: size },
    full: false,
  };
}

/** A list whose first page the full object contains, such as the tracks of an album. */
export function embeddedListCost<Args>(
  owner: Kind,
  endpoint: PagedEndpoint,
  listOf: ListOf<Args>,
): FieldCost {
  const { embeddedPage, freshMs } = typedKinds[owner];
  if (!embeddedPage) throw new Error(`An object of the kind ${owner} contains no page of a list.`);
  const { limit: embeddedItems, isInBatches } = embeddedPage;
  const listFreshMs = pagedEndpoint(endpoint).freshMs;
  // If the list is fresh for less time than the object, the page in a cached object may be too old: then the list is read.
  const mayPageBeOld = listFreshMs < freshMs;
  const { withheldField, hasFullItems } = listProperties(endpoint);
  const isWithheld = ({ app }: CountInput) => withheldField !== undefined && app.has(withheldField) === false;
  const beginsInEmbedded = (args: FieldVisit['args']) => beginsWithin(embeddedItems, args);

  return {
    needsFullObject: (visit) =>
      isInBatches && !isOtherMarket(visit) && beginsInEmbedded(visit.args) && !isWithheld(visit.input),
    calls(visit) {
      const { parents, input } = visit;
      const { app } = input;
      const { pages, size, limit, probeCalls } = pagesOf(visit, endpoint);
      const { lists, parentCount } = listsOf(visit, listOf);
      if (parentCount === 0 || isWithheld(input)) return nothing;
      // An object that is read alone comes with its first page. If it is cached but its page is old, the page costs the call
      // that the object saved.
      const isAlone = objectCount(parents.cardinality) === 1 || app.has('batch') === false;
      // Where batches lack the page, only an object that was read by itself has it.
      const isReadByItself = app.has('batch') === false && (parents.full || isOtherMarket(visit));
      const hasPage = isInBatches ? isAlone || !mayPageBeOld : isReadByItself;
      const pagesToRead =
        hasPage && beginsInEmbedded(visit.args)
          ? pages.filter((page) => page + limit > embeddedItems)
          : pages;
      const oldPages = mayPageBeOld ? parents.cachedCount * (pages.length - pagesToRead.length) : 0;
      // The items for another market come with the object for that market.
      const otherOwner =
        beginsInEmbedded(visit.args) && isOtherMarket(visit)
          ? readsOf(owner, parents.cardinality, app)
          : null;
      return {
        calls: {
          [endpoint]: parentCount * pagesToRead.length + oldPages - cachedPages(visit, lists, pagesToRead),
          ...otherOwner?.calls,
        },
        lookups: otherOwner?.lookups ?? {},
        probeCalls: pagesToRead.length + oldPages > 0 ? probeCalls : [],
        objects: { batches: parentCount, batchSize: size },
        full: hasFullItems,
        isFromOwner: true,
      };
    },
  };
}

/** Whether a list may be read in another market than its owner. */
const isOtherMarket = ({ market, parents }: FieldVisit): boolean => market !== parents.field.market;

/**
 * A list that belongs to no object of the catalogue, and that Spotify may withhold from an app.
 * @param listOf the list that the arguments select; it throws for invalid arguments. Left out: its owner is not known
 */
export const browseListCost = (
  { name, withheldField }: { name: PagedEndpoint; withheldField: WithheldField },
  listOf?: (spotify: Pick<ListView, 'browseList'>, args: FieldVisit['args']) => PagedList,
): FieldCost => ({
  calls(visit) {
    const { args, parents, input } = visit;
    const { app, lists } = input;
    const list = lists && listOf ? listOrNull(() => listOf(lists, args), args) : undefined;
    if (list === null) return nothing;
    if (app.has(withheldField) === false)
      return { ...nothing, probeCalls: withheldProbeCalls(app, withheldField, name) };
    return pagesCost(visit, name, list ? [list] : [], objectCount(parents.cardinality));
  },
});

/** One category by its id. @param check returns the arguments; it throws for invalid ones, which cost nothing */
export const categoryLookupCost = <Args>(
  check: (args: Args) => { id: string; locale: string | null },
): FieldCost => ({
  calls({ args, input: { app, cache } }) {
    const checked = orNull(() => check(args as Args));
    if (checked === null) return nothing;
    const { name, withheldField } = categories;
    const isCached = cache?.isCategoryCached(checked.id, checked.locale) ?? false;
    return {
      calls: { [name]: isCached || app.has(withheldField) === false ? 0 : 1 },
      probeCalls: isCached ? [] : withheldProbeCalls(app, withheldField, name),
      objects: single,
      full: true,
    };
  },
});
