import { type GraphQLResolveInfo, responsePathAsArray } from 'graphql';
import type { Market } from '../../datasources/spotify/index.ts';
import { type ArgumentsOf, createArguments } from './argument-values.ts';
import { marketOf } from './markets.ts';
import {
  createSelectionTree,
  type FieldSelection,
  type ResponsePath,
  type SelectionTree,
} from './selection-tree.ts';

export type RunningSelection = ReturnType<typeof createRunningSelection>;

/**
 * The selection of an operation while it runs, as resolvers read it.
 * @param planned the selection tree of the operation, if it was planned
 */
export function createRunningSelection(planned: () => SelectionTree | undefined) {
  let created: { tree: SelectionTree; argumentsOf: ArgumentsOf } | undefined;

  function selectionOf({ schema, operation, fragments, variableValues }: GraphQLResolveInfo) {
    if (created) return created;
    const parsed = { schema, definition: operation, fragments: new Map(Object.entries(fragments)) };
    created = {
      tree: planned() ?? createSelectionTree(parsed, variableValues),
      argumentsOf: createArguments(variableValues),
    };
    return created;
  }

  function marketAt(path: ResponsePath, info: GraphQLResolveInfo): Market | null {
    const { tree, argumentsOf } = selectionOf(info);
    let market: Market | null = null;
    for (const fields of tree.fieldsAlong(path)) {
      // One field for each type with this response name: a market that any of them names counts.
      const markets = fields.map((field) => marketOf(field, argumentsOf(field) ?? {}, market, argumentsOf));
      market = markets.find((named) => named !== null) ?? null;
    }
    return market;
  }

  return {
    /** The field that is being resolved. */
    field(info: GraphQLResolveInfo): Pick<FieldSelection, 'selectedNames' | 'below'> | undefined {
      const fields = selectionOf(info).tree.fieldsAlong(responsePathAsArray(info.path)).at(-1);
      return fields?.find(({ name }) => name === `${info.parentType.name}.${info.fieldName}`);
    },
    /** The market that the operation names for a root field. */
    marketOfRoot: (info: GraphQLResolveInfo): Market | null => marketAt([info.path.key], info),
    /** Whether the operation names a market for a field above the one at a path of the response. */
    hasMarketAbove: (path: ResponsePath, info: GraphQLResolveInfo): boolean =>
      marketAt(path.slice(0, -1), info) !== null,
  };
}
