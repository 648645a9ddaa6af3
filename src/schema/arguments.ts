import type { GraphQLResolveInfo } from 'graphql';
import { type Market, parseMarket } from '../datasources/spotify/index.ts';
import { BadUserInput } from '../errors.ts';
import type { ArgsBuilder } from './builder.ts';
import type { Context } from './context.ts';
import { maxIds } from './planning/cost.ts';
import { asListError } from './resolvers.ts';

/** The arguments that many fields take: ids and the market. */

/** The argument of a field that reads one object. */
export const idArg = ({ arg }: ArgsBuilder) =>
  arg.id({ required: true, description: 'An id, a Spotify URI or an open.spotify.com link.' });

/** The argument of a field that reads one object for each id. */
export const idsArg = ({ arg }: ArgsBuilder) =>
  arg.idList({
    required: true,
    description: `At most ${maxIds} ids, Spotify URIs or open.spotify.com links.`,
  });

/** Tells a stitching parent that a plural field finds objects by their keys; see stitching.ts. */
export const mergedByIds = { directives: { merge: { keyField: 'id', keyArg: 'ids' } } };

/**
 * One entry for each id; an entry that fails does not affect the others.
 * @throws BadUserInput if there are more than `maxIds`
 */
export function mapIds<T>(
  ids: readonly string[],
  find: (id: string, index: number) => Promise<T>,
): Promise<T>[] {
  if (ids.length > maxIds)
    throw new BadUserInput(`At most ${maxIds} ids at a time; these are ${ids.length}.`);
  return ids.map((id, index) => entryOrError(() => find(id, index)));
}

/** An entry of a list: an entry that fails at once is no promise, because a list may have thousands of them. */
export function entryOrError<T>(find: () => Promise<T>): Promise<T> {
  try {
    return find().catch(asListError);
  } catch (error) {
    return asListError(error);
  }
}

/** The argument of each field whose value depends on the market. */
export const marketArg = ({ arg }: ArgsBuilder) =>
  arg({
    type: 'Market',
    description:
      'The country whose catalogue is used. If omitted: the market of the field above, otherwise that of the cursors, otherwise the default market of the gateway.',
  });

export interface MarketArgs {
  market?: string | null | undefined;
}

/** @throws BadUserInput for a value that is not a market */
export const namedMarket = ({ market }: MarketArgs): Market | null =>
  market === null || market === undefined ? null : parseMarket(market);

/**
 * The market that the operation names for a root field, in an argument or in a cursor.
 * @throws BadUserInput for an argument that is not a market
 */
export const rootMarket = (
  args: MarketArgs,
  { selection }: Context,
  info: GraphQLResolveInfo,
): Market | null => namedMarket(args) ?? selection.marketOfRoot(info);

export const maxTextLength = 250; // Spotify rejects the 251st character

const invisible = /^[\s\p{C}]*$/u; // blanks, control characters and others without a shape, which find nothing

/** The text that is searched for. @throws BadUserInput if Spotify would reject it */
export function searchText(q: string): string {
  const text = q.trim();
  if (invisible.test(text) || text === '*')
    throw new BadUserInput('The search text `q` is empty: give a name, or a filter such as `artist:`.');
  if (text.length > maxTextLength) {
    throw new BadUserInput(
      `At most ${maxTextLength} characters can be searched for; these are ${text.length}.`,
    );
  }
  return text;
}
