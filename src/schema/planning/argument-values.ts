import { type FieldNode, GraphQLError, getArgumentValues } from 'graphql';
import {
  isMarket,
  type Kind,
  parseId,
  parseReference,
  type Reference,
} from '../../datasources/spotify/index.ts';
import { BadUserInput } from '../../errors.ts';
import { getOrCreate } from '../../maps.ts';
import type { ReferencesOf, Representation } from './cost.ts';
import type { FieldSelection } from './selection-tree.ts';

export type Arguments = Readonly<Record<string, unknown>>;

/** The arguments of a field; null if they are invalid: then the field is null, and nothing is read. */
export type ArgumentsOf = (selection: FieldSelection) => Arguments | null;

const none: Arguments = {};

/**
 * Reads the arguments of each field once, in however many places it is selected in the same way.
 * @param variables the coerced variables
 */
export function createArguments(variables: Arguments): ArgumentsOf {
  const argsOfFields = new Map<FieldSelection, Arguments | null>();

  return (selection) => {
    if (selection.field.args.length === 0) return none;
    return getOrCreate(argsOfFields, selection, () => argumentValues(selection, variables));
  };
}

function argumentValues({ field, nodes }: FieldSelection, variables: Arguments): Arguments | null {
  try {
    const args = getArgumentValues(field, nodes[0] as FieldNode, variables);
    const { market } = args;
    return typeof market === 'string' && !isMarket(market) ? null : args;
  } catch (error) {
    if (error instanceof GraphQLError) return null;
    throw error;
  }
}

/** Parses each list of keys once: a hundred fields may use the same variable. */
export function createReferences(): ReferencesOf {
  const referencesByKeys = new Map<unknown, Map<Kind | null, (Reference | null)[]>>();

  return (keys, kind = null) => {
    const byKind = getOrCreate(referencesByKeys, keys, () => new Map());
    return getOrCreate(byKind, kind, () => keys.map((key) => orNull(() => referenceOf(key, kind))));
  };
}

function referenceOf(key: string | Representation, kind: Kind | null): Reference {
  const input = typeof key === 'string' ? key : key.id;
  return kind === null ? parseReference(input) : { kinds: [kind], id: parseId(input, kind) };
}

/** The value, or null for invalid input: the field is then null with an error, and costs nothing. */
export function orNull<T>(parse: () => T): T | null {
  try {
    return parse();
  } catch (error) {
    if (error instanceof BadUserInput) return null;
    throw error;
  }
}
