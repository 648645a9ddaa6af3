import type { GraphQLField, GraphQLObjectType, GraphQLSchema } from 'graphql';
import type { CapabilityView, Kind } from '../../datasources/spotify/index.ts';
import { QueryTooComplex } from '../../errors.ts';
import { answerFieldsOf } from './answer-size.ts';
import { createArguments } from './arguments.ts';
import {
  type Cost,
  type Crowd,
  costs,
  createReferences,
  needsFull,
  readsOf,
  unknownLength,
  type Visit,
} from './cost.ts';
import { isList, type Level, type Outline, type Selected } from './selection-tree.ts';

/** Walks an operation before it runs: how many Spotify calls it may cost, and how large its response may be. */
export interface Plan {
  /** Calls at worst, with nothing held. */
  calls: number;
  /** What finding out about the app may cost on top: once in a day, whoever asks first. */
  tries: number;
  /** Fields of the response: each field of each object counts. */
  answerFields: number;
  /** What it was made of. */
  outline: Outline;
}

const kinds: Readonly<Record<string, Kind>> = { Artist: 'artist', Album: 'album', Track: 'track' };
// Fields that may cost a call, each place by itself. Nearly all of them do, so an operation that reaches this would
// cost too many calls; it is reached after some 10 ms.
const maxVisits = 10_000;

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
 * @throws QueryTooComplex when there is too much to count
 */
export function planOf(
  outline: Outline,
  variables: Readonly<Record<string, unknown>>,
  app: CapabilityView,
  schema: GraphQLSchema,
): Plan {
  const argumentsOf = createArguments(variables);
  const referencesOf = createReferences();
  const spent = new Set<string>();
  const tried = new Set<string>();
  const singles = new Map<string, number>();
  let visits = 0;

  /** The calls for all that is selected of the objects at a place. */
  function callsAt(place: Place): number {
    if (place.level.isFree) return 0;
    let calls = 0;
    let wholeNeeded = false;
    for (const each of place.level.branches) {
      visits += 1;
      if (visits > maxVisits) throw tooManyFields(visits);
      const args = argumentsOf(each);
      if (!args) continue; // the field will be null with an error, before anything is read
      wholeNeeded ||= !place.full && needsFull(each.name, args, app);
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
    const visit = { args, parentArgs, parents, full, selected, app, referencesOf };
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
  return { calls, tries: tried.size, answerFields: answerFieldsOf(outline, argumentsOf, schema), outline };
}

type Spending = Omit<Cost, 'crowd' | 'full'>;

/**
 * Reads below the root may coincide with each other, and with those that follow on another answer (of which no field
 * there has its own).
 */
const below = (cost: Spending): Spending => ({ laterById: cost.byId ?? {}, ...cost });

/** A field without a cost: what it gives has come with its object. */
function free(parent: GraphQLObjectType, field: AnyField, { parents, full }: Visit): Cost {
  // A connection and its edges only lead to the items that were counted with the connection.
  if (/(Connection|Edge)$/.test(parent.name)) return { calls: 0, crowd: parents, full };
  const length = isList(field) ? unknownLength : 1;
  return { calls: 0, crowd: { ...parents, size: parents.size * length }, full: false };
}

const tooManyFields = (actual: number) =>
  new QueryTooComplex('The operation has more fields that may cost a Spotify call than can be counted.', {
    limit: maxVisits,
    actual,
  });
