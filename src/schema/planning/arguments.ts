import { type FieldNode, GraphQLError, getArgumentValues } from 'graphql';
import { isMarket } from '../../datasources/spotify/index.ts';
import type { FieldSelection } from './selection-tree.ts';

type Arguments = Readonly<Record<string, unknown>>;

/** The arguments of a field; null if they are invalid: then the field is null, and nothing is read. */
export type ArgumentsOf = (selected: FieldSelection) => Arguments | null;

const none: Arguments = {};

/**
 * Reads the arguments of each field once, in however many places it is selected in the same way.
 * @param variables the coerced variables
 */
export function createArguments(variables: Arguments): ArgumentsOf {
  const argsOfFields = new Map<FieldSelection, Arguments | null>();

  return (selected) => {
    if (selected.field.args.length === 0) return none;
    let args = argsOfFields.get(selected);
    if (args === undefined) {
      args = read(selected, variables);
      argsOfFields.set(selected, args);
    }
    return args;
  };
}

function read({ field, nodes }: FieldSelection, variables: Arguments): Arguments | null {
  try {
    const args = getArgumentValues(field, nodes[0] as FieldNode, variables);
    const { market } = args;
    return typeof market === 'string' && !isMarket(market) ? null : args;
  } catch (error) {
    if (error instanceof GraphQLError) return null;
    throw error;
  }
}
