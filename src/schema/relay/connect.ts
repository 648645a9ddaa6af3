import type { GraphQLResolveInfo } from 'graphql';
import type { Entity, Market, PagedList, Spotify } from '../../datasources/spotify/index.ts';
import { type MarketArgs, namedMarket } from '../arguments.ts';
import { type Context, type FieldRead, fieldRead } from '../context.ts';
import { marketInCursors } from '../planning/markets.ts';
import type { Connection } from './connection.ts';
import { type ConnectionArgs, cursorsOf, needsItems, windowArgsForList } from './page-arguments.ts';

/**
 * The market of a connection: in its argument or, unless a field above names a market, in its cursors. Null for the market
 * of the object that owns the list.
 * @throws BadUserInput for an argument that is not a market
 */
export function marketOfConnection(args: ConnectionArgs & MarketArgs, field: FieldRead): Market | null {
  const market = namedMarket(args);
  if (market !== null) return market;
  const inCursors = marketInCursors(args);
  return inCursors !== null && !field.hasMarketAbove() ? inCursors : null;
}

/**
 * The window of a list that the arguments select, read only as far as the selection needs it.
 * @throws BadUserInput for an invalid page size or cursor, before any call for the list
 */
export async function connect<T extends Entity>(
  list: PagedList<T>,
  args: ConnectionArgs,
  { spotify }: Context,
  { selectedNames, fieldContext }: FieldRead,
): Promise<Connection<T> | null> {
  const { encode } = cursorsOf(list);
  const windowArgs = windowArgsForList(list, args);
  const isWindowNeeded = needsItems(selectedNames);
  const window = isWindowNeeded ? await spotify.window(list, windowArgs, fieldContext) : null;
  if (isWindowNeeded && window === null) return null;
  if (!selectedNames.has('totalCount')) return { window, windowArgs, encode, length: null };
  // A window of no slots reads no page: only the length shows whether there is a list.
  const length = window?.length ?? (await spotify.listLength(list, fieldContext));
  return length === null ? null : { window, windowArgs, encode, length };
}

/** The resolver of a connection over a list that an object owns. */
export const resolveConnection =
  <Owner, Args extends ConnectionArgs & MarketArgs, T extends Entity>(
    listOf: (spotify: Spotify, owner: Owner, market: Market | null, args: Args) => PagedList<T>,
  ) =>
  async (
    owner: Owner,
    args: Args,
    context: Context,
    info: GraphQLResolveInfo,
  ): Promise<Connection<T> | null> => {
    const field = fieldRead(context, info);
    const list = listOf(context.spotify, owner, marketOfConnection(args, field), args);
    return connect(list, args, context, field);
  };
