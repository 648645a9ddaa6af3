import type { GraphQLResolveInfo } from 'graphql';
import type { Entity, Market, PagedList, Spotify } from '../../datasources/spotify/index.ts';
import { type MarketArgs, namedMarket } from '../arguments.ts';
import { type Context, type FieldRead, resolvedField } from '../context.ts';
import { marketInCursors } from '../planning/markets.ts';
import type { Connection } from './connection.ts';
import { type ConnectionArgs, cursorsOf, needsItems, windowArgsIn } from './page-arguments.ts';

/**
 * The window of a list that the arguments select, read only as far as the selection needs it.
 * @param listIn the list in a market; null for the market of its owner
 * @throws BadUserInput for an invalid page size or cursor, before any call for the list
 */
export async function connect<T extends Entity>(
  listIn: (market: Market | null) => PagedList<T>,
  args: ConnectionArgs & MarketArgs,
  context: Context,
  field: FieldRead,
): Promise<Connection<T> | null> {
  const { selectedNames, fieldContext } = field;
  const inCursors = marketInCursors(args);
  const isMarketOfCursors = inCursors !== null && !field.hasMarketAbove();
  const list = listIn(namedMarket(args) ?? (isMarketOfCursors ? inCursors : null));
  const { encode } = cursorsOf(list);
  const windowArgs = windowArgsIn(list, args);
  const isWindowNeeded = needsItems(selectedNames);
  const window = isWindowNeeded ? await context.spotify.window(list, windowArgs, fieldContext) : null;
  if (isWindowNeeded && window === null) return null;
  if (!selectedNames.has('totalCount')) return { window, windowArgs, encode, length: null };
  // A window of no slots reads no page: only the length shows whether there is a list.
  const length = window?.length ?? (await context.spotify.listLength(list, fieldContext));
  return length === null ? null : { window, windowArgs, encode, length };
}

/** The resolver of a connection over a list that an object owns. */
export const resolveConnection =
  <Owner, Args extends ConnectionArgs & MarketArgs, T extends Entity>(
    listOf: (spotify: Spotify, owner: Owner, market: Market | null, args: Args) => PagedList<T>,
  ) =>
  (owner: Owner, args: Args, context: Context, info: GraphQLResolveInfo): Promise<Connection<T> | null> =>
    connect(
      (market) => listOf(context.spotify, owner, market, args),
      args,
      context,
      resolvedField(context, info),
    );
