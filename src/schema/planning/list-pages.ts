import {
  type CapabilityView,
  type Family,
  type Feature,
  type Market,
  type OwnerKey,
  type PagedEndpoint,
  type PagedList,
  pagedEndpoint,
  parseId,
  type WindowArgs,
  type WithheldField,
  worstCaseOffsets,
} from '../../datasources/spotify/index.ts';
import {
  type ConnectionArgs,
  needsItems,
  parseCursor,
  parseWindowArgs,
  windowArgsForList,
} from '../relay/page-arguments.ts';
import { orNull } from './argument-values.ts';
import { type FieldVisit, type ListView, type NamedCall, objectCount } from './cost.ts';

/** The list of one object, as the resolver of the field reads it. It throws for invalid arguments. */
export type ListOf<Args> = (
  spotify: Pick<ListView, 'pagedList'>,
  owner: OwnerKey,
  market: Market | null,
  args: Args,
) => PagedList;

// A list of any owner accepts and rejects the same arguments, cursors excepted. The id does not contain its kind.
const anyOwner: OwnerKey = { id: parseId('0'.repeat(22), 'artist'), market: null };

/** The list, or null if it rejects the arguments: then the field is null before any call. */
export const listOrNull = (listOf: () => PagedList, args: FieldVisit['args']): PagedList | null =>
  orNull(() => {
    const list = listOf();
    windowArgsForList(list, args as ConnectionArgs);
    return list;
  });

/**
 * The lists that accept the arguments, as far as their owners are known, and the number of parents that may have such a
 * list. A list rejects, for example, the cursor of another list.
 */
export function listsOf<Args>(
  { args, market, parents: { cardinality, owners }, input: { lists, cache } }: FieldVisit,
  listOf: ListOf<Args>,
): { lists: readonly PagedList[]; parentCount: number } {
  const allParents = { lists: [], parentCount: objectCount(cardinality) };
  if (!lists) return allParents;
  const { after, before, ...others } = args;
  const listWithoutCursors = listOrNull(() => listOf(lists, anyOwner, market, args as Args), others);
  if (listWithoutCursors === null) return { lists: [], parentCount: 0 };
  const areListsNeeded = cache !== null || after != null || before != null;
  if (!areListsNeeded || owners.length === 0) return allParents;
  const accepting = owners
    .map((owner) => listOrNull(() => listOf(lists, owner, market, args as Args), args))
    .filter((list) => list !== null);
  // More parents than owners may be counted, because an incomplete batch counts as a complete one.
  const rejecting = owners.length - accepting.length;
  return { lists: accepting, parentCount: accepting.length === 0 ? 0 : allParents.parentCount - rejecting };
}

/** The number of cached pages of the lists. */
export const cachedPages = (
  { input: { cache } }: FieldVisit,
  lists: readonly PagedList[],
  pages: readonly number[],
): number =>
  cache ? lists.flatMap((list) => pages.filter((page) => cache.isPageCached(list, page))).length : 0;

/** The offsets of the pages that a connection may have to read, and the maximum number of its items. */
export function pagesOf({ args, selectedNames, input: { app } }: FieldVisit, endpoint: PagedEndpoint) {
  const { limit, probeCalls } = app.worstCasePage(endpoint);
  const { maxOffset = Number.POSITIVE_INFINITY, hasStableTotal = true } = pagedEndpoint(endpoint);
  const windowArgs = windowArgsOrNull(args);
  const pages =
    windowArgs && needsItems(selectedNames)
      ? worstCaseOffsets(windowArgs, limit, maxOffset, hasStableTotal)
      : [];
  if (windowArgs && pages.length === 0 && selectedNames.has('totalCount')) pages.push(0);
  return {
    pages,
    limit,
    size: sizeOf(windowArgs),
    probeCalls: pages.length > 0 ? pageSizeProbeCalls(endpoint, probeCalls) : [],
  };
}

/** The number of slots that a connection may return; 0 if its arguments are rejected. */
export const windowSizeOf = (args: FieldVisit['args']): number => sizeOf(windowArgsOrNull(args));

const sizeOf = (windowArgs: WindowArgs | null): number => windowArgs?.first ?? windowArgs?.last ?? 0;

/** The calls that learn the page size limit of an endpoint, which all fields of the operation share. */
export const pageSizeProbeCalls = (endpoint: PagedEndpoint, count: number): NamedCall[] =>
  Array.from({ length: count }, (_, i) => ({ name: `${endpoint} ${i + 1}`, family: endpoint }));

/** The call that learns whether Spotify still withholds a list or a field; none if it is too early for that. */
export const withheldProbeCalls = (
  app: CapabilityView,
  capability: Feature | WithheldField,
  family: Family,
): NamedCall[] => (app.isTriedAgain(capability) ? [{ name: `probe of ${family}`, family }] : []);

/** The window that the arguments select; null if they are invalid. */
const windowArgsOrNull = (args: FieldVisit['args']): WindowArgs | null =>
  orNull(() => parseWindowArgs(args as ConnectionArgs, parseCursor));

/** Whether a window may begin in the first `items` slots. */
export function beginsWithin(items: number, args: FieldVisit['args']): boolean {
  const windowArgs = windowArgsOrNull(args);
  return windowArgs !== null && (windowArgs.after === null || windowArgs.after.slot + 1 < items);
}
