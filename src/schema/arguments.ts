import type { GraphQLResolveInfo } from 'graphql';
import { type Market, parseMarket } from '../datasources/spotify/index.ts';
import { maxIds } from './argument-limits.ts';
import type { ArgsBuilder } from './builder.ts';
import type { Context } from './context.ts';

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
