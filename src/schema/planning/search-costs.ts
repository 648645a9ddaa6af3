import { type Kind, kinds, searchEndpoint } from '../../datasources/spotify/index.ts';
import { kindsTogether, parseSearchText, searchedKinds } from '../search-arguments.ts';
import { orNull } from './argument-values.ts';
import { type FieldCost, nothing, single } from './cost.ts';
import { listOrNull, pageSizeProbeCalls, pagesOf } from './list-pages.ts';

/** One kind of a search. The kinds of one search in one market usually share their calls, page by page. */
export const searchCost = (kind: Kind): FieldCost => ({
  calls(visit) {
    const { parents, input } = visit;
    const { q, type } = parents.field.args as { q: string; type?: readonly Kind[] | null };
    const text = orNull(() => parseSearchText(q));
    const searched = searchedKinds(type, parents.field.selectedNames);
    if (text === null || !searched.includes(kind)) return nothing;
    const { lists, cache } = input;
    const { market } = visit;
    const together = kindsTogether(kind, searched, visit.args);
    const list = lists ? listOrNull(() => lists.search(kind, text, market, together), visit.args) : undefined;
    if (list === null) return nothing;
    const { pages, size, probeCalls } = pagesOf(visit, 'search');
    const search = JSON.stringify([parents.field.args, list?.market ?? market]);
    const shared = pages.filter((page) => page < searchEndpoint.maxOffset);
    const uncached = shared.filter((page) => !list || !cache?.isPageCached(list, page));
    return {
      calls: { search: pages.length - shared.length }, // pages from the end, which differ between the kinds
      // The kinds read the first page of equal windows together. After that, a kind whose first page is cached or shows
      // another length may read the later pages alone.
      sharedCalls: uncached.map((page) => ({
        name: `search for ${search} from ${page}${page === pages[0] ? '' : ` for ${kind}`}`,
        family: 'search',
      })),
      probeCalls,
      objects: { batches: 1, batchSize: size },
      full: kinds[kind].isFullInSearch,
    };
  },
});

/**
 * The search for the one object that has a code: one call for the first page of its results.
 * @param textOf returns the search text for the arguments of the field; it throws for an invalid code, which costs nothing
 */
export const codeSearchCost = (
  kind: Kind,
  textOf: (args: Readonly<Record<string, unknown>>) => string,
): FieldCost => ({
  calls({ args, market, input: { app, cache, lists } }) {
    const q = orNull(() => textOf(args));
    const list = q === null ? undefined : lists?.search(kind, q, market);
    const isRead = q !== null && !(list && cache?.isPageCached(list, 0));
    return {
      calls: { search: isRead ? 1 : 0 },
      probeCalls: isRead ? pageSizeProbeCalls('search', app.worstCasePage('search').probeCalls) : [],
      objects: single,
      full: kinds[kind].isFullInSearch,
    };
  },
});
