import type { GraphQLResolveInfo } from 'graphql';
import { type Market, typedKinds } from '../../datasources/spotify/index.ts';
import { parseCursor } from '../relay/page-arguments.ts';
import { type ArgumentsOf, createArguments, orNull } from './arguments.ts';
import { createSelectionTree, type FieldSelection, type SelectionTree } from './selection-tree.ts';

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

type Arguments = Readonly<Record<string, unknown>>;

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

/** The markets that an operation names, as resolvers read them. */
export interface Markets {
  /** The market that it names for a root field. */
  ofRoot(info: GraphQLResolveInfo): Market | null;
  /** The market that it names for the field above the one at a path of the response. */
  above(path: readonly (string | number)[], info: GraphQLResolveInfo): Market | null;
}

/** @param planned the selection tree of the operation, if it was planned */
export function createMarkets(planned: () => SelectionTree | undefined): Markets {
  let selections: { tree: SelectionTree; argumentsOf: ArgumentsOf } | undefined;

  function selectionsOf({ schema, operation, fragments, variableValues }: GraphQLResolveInfo) {
    selections ??= {
      tree:
        planned() ??
        createSelectionTree(
          { schema, definition: operation, fragments: new Map(Object.entries(fragments)) },
          variableValues,
        ),
      argumentsOf: createArguments(variableValues),
    };
    return selections;
  }

  function at(path: readonly (string | number)[], info: GraphQLResolveInfo): Market | null {
    const { tree, argumentsOf } = selectionsOf(info);
    let levels: FieldSelection['below'] = [tree.root];
    let market: Market | null = null;
    for (const key of path) {
      if (typeof key === 'number') continue;
      // Fields of several types may have one name in the response. Those that take a market have no fields below in common.
      const selected = levels.flatMap(({ byResponseName }) => byResponseName.get(key) ?? []);
      const markets = selected.map((each) => marketOf(each, argumentsOf(each) ?? {}, market, argumentsOf));
      market = markets.find((each) => each !== null) ?? null;
      levels = selected.flatMap(({ below }) => below);
    }
    return market;
  }

  return {
    ofRoot: (info) => at([info.path.key], info),
    above: (path, info) => at(path.slice(0, -1), info),
  };
}
