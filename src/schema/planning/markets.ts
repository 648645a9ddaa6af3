import { type Market, typedKinds } from '../../datasources/spotify/index.ts';
import { parseCursor } from '../relay/page-arguments.ts';
import { type Arguments, type ArgumentsOf, orNull } from './argument-values.ts';
import type { FieldSelection } from './selection-tree.ts';

/**
 * The market that an operation names for a field: in its argument `market`; else for the field above; else in its cursors,
 * because a client may read the next page by `node`, where it cannot name the market of the first page. A root field also
 * takes the market in the cursors directly below it: the object that it reads may not exist in another market.
 */
export function marketOf(
  { name, below }: FieldSelection,
  args: Arguments,
  above: Market | null,
  argumentsOf: ArgumentsOf,
): Market | null {
  const named = marketIn(args) ?? above ?? marketInCursors(args);
  return named === null && name.startsWith('Query.') ? marketBelow(below, argumentsOf) : named;
}

const marketIn = ({ market }: Arguments): Market | null => (market as Market | undefined) ?? null;

/** The market that the cursors in the arguments name: that of the first page. Null if they name none. */
export function marketInCursors({ after, before }: { after?: unknown; before?: unknown }): Market | null {
  for (const cursor of [after, before]) {
    const market = typeof cursor === 'string' ? orNull(() => parseCursor(cursor).market) : null;
    if (market !== null) return market;
  }
  return null;
}

/** The market in the cursors of the lists of an object that depends on the market; null if they name several. */
function marketBelow(below: FieldSelection['below'], argumentsOf: ArgumentsOf): Market | null {
  const markets = new Set<Market>();
  for (const { type, branches } of below) {
    const { kind } = type.extensions;
    if (!kind || !typedKinds[kind].takesMarket) continue;
    for (const branch of branches) {
      const args = argumentsOf(branch);
      const market = args && marketIn(args) === null ? marketInCursors(args) : null;
      if (market !== null) markets.add(market);
    }
  }
  const [market = null, ...others] = markets;
  return others.length === 0 ? market : null;
}
