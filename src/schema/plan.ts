import {
  type FieldNode,
  GraphQLError,
  type GraphQLField,
  type GraphQLObjectType,
  getArgumentValues,
  getNullableType,
  isListType,
} from 'graphql';
import { type Abilities, isMarket, type Kind } from '../datasources/spotify/index.ts';
import { type Cost, type Crowd, costs, needsFull, readsOf, type Visit } from './cost.ts';
import type { Level, Outline, Selected } from './outline.ts';

/** Walks an operation before it runs: how many Spotify calls it may cost. */
export interface Plan {
  /** Calls at worst, with nothing held. */
  calls: number;
  /** What finding out about the app may cost on top: once in a day, whoever asks first. */
  tries: number;
  /** What it was made of. */
  outline: Outline;
}

const unknownLength = 5; // of a list that does not say: an album's artists are one or two, seldom more
const kinds: Readonly<Record<string, Kind>> = { Artist: 'artist', Album: 'album', Track: 'track' };

const one: Crowd = { groups: 1, size: 1 };

type AnyField = GraphQLField<unknown, unknown>;

/** The objects whose fields are being counted. */
interface Place {
  level: Level;
  parentArgs: Readonly<Record<string, unknown>>;
  crowd: Crowd;
  full: boolean;
}

/**
 * @param variables as they were coerced
 * @param app what is known of the app
 */
export function planOf(outline: Outline, variables: Readonly<Record<string, unknown>>, app: Abilities): Plan {
  const spent = new Set<string>();
  const tried = new Set<string>();
  const singles = new Map<string, number>();

  /** The calls for all that is selected of the objects at a place. */
  function callsAt(place: Place): number {
    if (place.level.isFree) return 0;
    let calls = 0;
    let wholeNeeded = false;
    for (const each of place.level.fields) {
      const { name } = each;
      const args = argumentsOf(each, variables);
      // The field's own resolver throws for these, before it reads anything.
      if (!args || namesNoMarket(args)) continue;
      wholeNeeded ||= !place.full && needsFull(name, args, app);
      calls += callsFor(place, each, args);
    }
    const kind = kinds[place.level.type.name];
    return calls + (wholeNeeded && kind ? spend(below(readsOf(kind, place.crowd, app))) : 0);
  }

  /** The calls for one field and all below it. */
  function callsFor(
    { level: { type }, crowd: parents, full, parentArgs }: Place,
    { name, field, below: levels, selected }: Selected,
    args: Place['parentArgs'],
  ): number {
    if (levels.length === 0) return 0; // a leaf comes with its object, in this form or in full
    const visit = { args, parentArgs, parents, full, selected, app };
    const cost = costs[name]?.(visit) ?? free(type, field, visit);
    let calls = spend(type.name === 'Query' ? cost : below(cost));
    for (const level of levels) {
      calls += callsAt({ level, parentArgs: args, crowd: cost.crowd, full: cost.full });
    }
    return calls;
  }

  function spend({ calls, shared = [], tries = [], byId = {}, laterById = {} }: Spending): number {
    const before = spent.size;
    for (const name of tries) tried.add(name);
    for (const name of shared) spent.add(name);
    for (const [kind, count] of Object.entries(byId)) countSingles(kind, count);
    for (const [kind, count] of Object.entries(laterById)) countSingles(`later ${kind}`, count);
    return calls + spent.size - before;
  }

  function countSingles(name: string, count: number): void {
    singles.set(name, (singles.get(name) ?? 0) + count);
  }

  const calls = callsAt({ level: outline.root, parentArgs: {}, crowd: one, full: true });
  // Several reads of single objects are tried as one while nothing is known about batches.
  const several = Array.from(singles.values()).some((count) => count > 1);
  if (several && app.has('batch') === null) tried.add('batches');
  return { calls, tries: tried.size, outline };
}

/** Null where they cannot be right. */
function argumentsOf(
  { field, nodes }: Selected,
  variables: Readonly<Record<string, unknown>>,
): Place['parentArgs'] | null {
  if (field.args.length === 0) return noArguments;
  try {
    return getArgumentValues(field, nodes[0] as FieldNode, variables);
  } catch (error) {
    if (error instanceof GraphQLError) return null;
    throw error;
  }
}

type Spending = Omit<Cost, 'crowd' | 'full'>;

/**
 * Reads below the root may coincide with each other, and with those that follow on another answer (of which no field
 * there has its own).
 */
const below = (cost: Spending): Spending => ({ laterById: cost.byId ?? {}, ...cost });

const noArguments: Place['parentArgs'] = {};

/** A field without a cost: what it gives has come with its object. */
function free(parent: GraphQLObjectType, field: AnyField, { parents, full }: Visit): Cost {
  // A connection and its edges only lead to the items that were counted with the connection.
  if (/(Connection|Edge)$/.test(parent.name)) return { calls: 0, crowd: parents, full };
  const length = isListType(getNullableType(field.type)) ? unknownLength : 1;
  return { calls: 0, crowd: { ...parents, size: parents.size * length }, full: false };
}

/** Whether the arguments name a market that is not an ISO code. */
const namesNoMarket = ({ market }: Place['parentArgs']): boolean =>
  typeof market === 'string' && !isMarket(market);
