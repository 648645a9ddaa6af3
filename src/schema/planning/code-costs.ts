import { type Kind, kinds } from '../../datasources/spotify/index.ts';
import { type FieldCost, single } from './cost.ts';
import { orNull } from './references.ts';

/**
 * The search for the one object that has a code: one call for the first page of its results.
 * @param textOf returns the search text for the arguments of the field; it throws for an invalid code, which costs nothing
 */
export const searchByCode = (
  kind: Kind,
  textOf: (args: Readonly<Record<string, unknown>>) => string,
): FieldCost => ({
  calls({ args, market, app, cache }) {
    const q = orNull(() => textOf(args));
    const list = q === null ? undefined : cache?.search(kind, q, market);
    const isRead = q !== null && !(list && cache?.isPageCached(list, 0));
    const { probeCalls } = app.worstCasePage('search');
    return {
      calls: { search: isRead ? 1 : 0 },
      probeCalls: Array.from({ length: isRead ? probeCalls : 0 }, (_, i) => ({
        name: `search ${i + 1}`,
        family: 'search',
      })),
      objects: single,
      full: kinds[kind].isFullInSearch,
    };
  },
});
