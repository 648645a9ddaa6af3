import type { GraphQLField, GraphQLObjectType, GraphQLSchema } from 'graphql';
import type { CapabilityView } from '../../datasources/spotify/index.ts';
import { QueryTooComplex } from '../../errors.ts';
import { createArguments } from './arguments.ts';
import { type Cardinality, type Cost, type FieldVisit, single, unknownLength } from './cost.ts';
import { createReferences, readsOf } from './object-costs.ts';
import { answerFieldsOf } from './response-size.ts';
import { type FieldSelection, isList, type SelectionTree, type TypeSelection } from './selection-tree.ts';

/** The cost of an operation, counted before it runs. */
export interface Plan {
  /** Spotify calls at worst, with nothing cached. */
  calls: number;
  /** Calls on top that find out what the app may do: once a day, for the first operation that needs it. */
  tries: number;
  /** Fields of the response: each field of each object counts. */
  answerFields: number;
  /** The selections that were counted. */
  selectionTree: SelectionTree;
}

// Fields that may cost a call, counted at each selection path. Nearly all of them do, so an operation that reaches
// this limit would cost too many calls. Counting as many takes about 10 ms.
const maxVisits = 10_000;

type AnyField = GraphQLField<unknown, unknown>;

/** The objects at one selection path, whose fields are counted. */
interface Place {
  level: TypeSelection;
  parentArgs: Readonly<Record<string, unknown>>;
  objects: Cardinality;
  full: boolean;
}

/**
 * Counts the Spotify calls that an operation may cost, and the fields of its response.
 * @param variables the coerced variables
 * @param app the known capabilities of the app
 * @throws QueryTooComplex when there is too much to count
 */
export function planOf(
  selectionTree: SelectionTree,
  variables: Readonly<Record<string, unknown>>,
  app: CapabilityView,
  schema: GraphQLSchema,
): Plan {
  const argumentsOf = createArguments(variables);
  const referencesOf = createReferences();
  const sharedNames = new Set<string>();
  const probeNames = new Set<string>();
  const lookupCounts = new Map<string, number>();
  let visits = 0;

  /** The calls for all fields that are selected of the objects. */
  function callsAt(place: Place): number {
    if (place.level.costsNothing) return 0;
    let calls = 0;
    let needsFullObject = false;
    for (const each of place.level.branches) {
      visits += 1;
      if (visits > maxVisits) throw tooManyFields(visits);
      const args = argumentsOf(each);
      if (!args) continue; // the field will be null with an error, before anything is read
      needsFullObject ||= !place.full && each.field.extensions.cost?.needsFullObject?.(args, app) === true;
      calls += callsFor(place, each, args);
    }
    const { kind } = place.level.type.extensions;
    return calls + (needsFullObject && kind ? addCost(below(readsOf(kind, place.objects, app))) : 0);
  }

  /** The calls for one field and all below it. */
  function callsFor(
    { level: { type }, objects: parents, full, parentArgs }: Place,
    { field, below: levels, selected }: FieldSelection,
    args: Place['parentArgs'],
  ): number {
    if (levels.length === 0) return 0; // a leaf comes with its object, in this form or in full
    const visit = { args, parentArgs, parents, full, selected, app, referencesOf };
    const cost = field.extensions.cost?.calls?.(visit) ?? costsNothing(type, field, visit);
    let calls = addCost(type.name === 'Query' ? cost : below(cost));
    for (const level of levels) {
      calls += callsAt({ level, parentArgs: args, objects: cost.objects, full: cost.full });
    }
    return calls;
  }

  function addCost({
    calls,
    sharedCalls = [],
    probeCalls = [],
    lookups = {},
    deferredLookups = {},
  }: Calls): number {
    const before = sharedNames.size;
    for (const name of probeCalls) probeNames.add(name);
    for (const name of sharedCalls) sharedNames.add(name);
    for (const [kind, count] of Object.entries(lookups)) countLookups(kind, count);
    for (const [kind, count] of Object.entries(deferredLookups)) countLookups(`deferred ${kind}`, count);
    return calls + sharedNames.size - before;
  }

  function countLookups(name: string, count: number): void {
    lookupCounts.set(name, (lookupCounts.get(name) ?? 0) + count);
  }

  const calls = callsAt({ level: selectionTree.root, parentArgs: {}, objects: single, full: true });
  // Several reads of single objects are probeNames as one while nothing is known about batches.
  const several = Array.from(lookupCounts.values()).some((count) => count > 1);
  if (several && app.has('batch') === null) probeNames.add('batches');
  return {
    calls,
    tries: probeNames.size,
    answerFields: answerFieldsOf(selectionTree, argumentsOf, schema),
    selectionTree,
  };
}

type Calls = Omit<Cost, 'objects' | 'full'>;

/**
 * Below the root, lookups may land in one tick with lookups that earlier responses have triggered, so both count as
 * lookups that can be batched.
 */
const below = (cost: Calls): Calls => ({ deferredLookups: cost.lookups ?? {}, ...cost });

/** A field without a cost: its objects have come with the parent. */
function costsNothing(parent: GraphQLObjectType, field: AnyField, { parents, full }: FieldVisit): Cost {
  if (parent.extensions.isConnectionPart) return { calls: 0, objects: parents, full };
  const length = isList(field) ? unknownLength : 1;
  return { calls: 0, objects: { ...parents, batchSize: parents.batchSize * length }, full: false };
}

const tooManyFields = (actual: number) =>
  new QueryTooComplex('The operation has more fields that may cost a Spotify call than can be counted.', {
    limit: maxVisits,
    actual,
  });
