import type { GraphQLField, GraphQLObjectType, GraphQLSchema } from 'graphql';
import { type CapabilityView, type Family, type Kind, kinds } from '../../datasources/spotify/index.ts';
import { QueryTooComplex } from '../../errors.ts';
import { type ArgumentsOf, createArguments } from './arguments.ts';
import {
  type Cardinality,
  type Cost,
  type FieldVisit,
  type NamedCall,
  type ReferencesOf,
  single,
  unknownLength,
} from './cost.ts';
import { createReferences, readsOf } from './object-costs.ts';
import { responseFieldsOf } from './response-size.ts';
import { type FieldSelection, isList, type SelectionTree, type TypeSelection } from './selection-tree.ts';

/** The cost of an operation, counted before it runs. */
export interface Plan {
  /** Spotify calls at worst, with nothing cached. */
  calls: number;
  /** Calls on top that find out what the app may do: once a day, for the first operation that needs it. */
  probeCalls: number;
  /** `calls` and `probeCalls` by endpoint family. */
  families: readonly FamilyCalls[];
  /** Fields of the response: each field of each object counts. */
  responseFields: number;
  /** The selections that were counted. */
  selectionTree: SelectionTree;
}

export interface FamilyCalls {
  family: Family;
  calls: number;
}

// Fields that may cost a call, counted at each selection path. Nearly all of them do, so an operation that reaches
// this limit would cost too many calls. Counting as many takes about 10 ms.
const maxVisits = 10_000;

/** The objects at one selection path, whose fields are counted. */
interface Place {
  level: TypeSelection;
  parentArgs: Readonly<Record<string, unknown>>;
  objects: Cardinality;
  full: boolean;
}

/** What has been counted so far, and what the count needs everywhere. */
interface Count {
  app: CapabilityView;
  argumentsOf: ArgumentsOf;
  referencesOf: ReferencesOf;
  calls: Map<Family, number>;
  /** The families of shared calls and of probe calls by the names of the calls. */
  sharedCalls: Map<string, Family>;
  probeCalls: Map<string, Family>;
  lookups: Record<'direct' | 'deferred', Map<Kind, number>>;
  visits: number;
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
  const count: Count = {
    app,
    argumentsOf: createArguments(variables),
    referencesOf: createReferences(),
    calls: new Map(),
    sharedCalls: new Map(),
    probeCalls: new Map(),
    lookups: { direct: new Map(), deferred: new Map() },
    visits: 0,
  };
  countFields(count, { level: selectionTree.root, parentArgs: {}, objects: single, full: true });
  countBatchProbe(count);
  for (const family of count.sharedCalls.values()) add(count.calls, family, 1);
  const calls = sum(count.calls.values());
  const byFamily = new Map(count.calls);
  for (const family of count.probeCalls.values()) add(byFamily, family, 1);
  return {
    calls,
    probeCalls: count.probeCalls.size,
    families: Array.from(byFamily, ([family, calls]) => ({ family, calls })).filter(({ calls }) => calls > 0),
    responseFields: responseFieldsOf(selectionTree, count.argumentsOf, schema),
    selectionTree,
  };
}

/** Counts all fields that are selected of the objects at one path. */
function countFields(count: Count, place: Place): void {
  if (place.level.costsNothing) return;
  let needsFullObject = false;
  for (const selected of place.level.branches) {
    count.visits += 1;
    if (count.visits > maxVisits) throw tooManyFields(count.visits);
    const args = count.argumentsOf(selected);
    if (!args) continue; // the field will be null with an error, before anything is read
    const { cost } = selected.field.extensions;
    needsFullObject ||= !place.full && cost?.needsFullObject?.(args, count.app) === true;
    countField(count, place, selected, args);
  }
  const { kind } = place.level.type.extensions;
  if (needsFullObject && kind) addCost(count, belowRoot(readsOf(kind, place.objects, count.app)));
}

/** Counts one field and all below it. */
function countField(
  count: Count,
  { level: { type }, objects: parents, full, parentArgs }: Place,
  { field, below, selected }: FieldSelection,
  args: Place['parentArgs'],
): void {
  if (below.length === 0) return; // a leaf comes with its object, in this form or in full
  const { app, referencesOf } = count;
  const visit = { args, parentArgs, parents, full, selected, app, referencesOf };
  const cost = field.extensions.cost?.calls?.(visit) ?? costOfNone(type, field, visit);
  addCost(count, type.name === 'Query' ? cost : belowRoot(cost));
  for (const level of below) {
    countFields(count, { level, parentArgs: args, objects: cost.objects, full: cost.full });
  }
}

type Calls = Omit<Cost, 'objects' | 'full'>;

function addCost(count: Count, { calls, sharedCalls, probeCalls, lookups, deferredLookups }: Calls): void {
  for (const [family, number] of Object.entries(calls)) add(count.calls, family, number);
  addNames(count.sharedCalls, sharedCalls);
  addNames(count.probeCalls, probeCalls);
  addLookups(count.lookups.direct, lookups);
  addLookups(count.lookups.deferred, deferredLookups);
}

function addNames(names: Map<string, Family>, calls: readonly NamedCall[] = []): void {
  for (const { name, family } of calls) names.set(name, family);
}

function addLookups(counts: Map<Kind, number>, lookups: Cost['lookups'] = {}): void {
  for (const [kind, calls] of Object.entries(lookups)) add(counts, kind as Kind, calls);
}

/** While nothing is known about batches, the first lookup of several objects of one kind tries one. */
function countBatchProbe({ app, lookups, probeCalls }: Count): void {
  if (app.has('batch') !== null) return;
  const several = [...lookups.direct, ...lookups.deferred].find(([, count]) => count > 1);
  if (several) probeCalls.set('batch', kinds[several[0]].plural);
}

/**
 * Below the root, lookups may land in one tick with lookups that earlier responses have triggered, so both count as
 * lookups that can be batched.
 */
const belowRoot = (cost: Calls): Calls => ({ deferredLookups: cost.lookups ?? {}, ...cost });

/** The cost of a field without a cost: its objects have come with the parent. */
function costOfNone(
  parent: GraphQLObjectType,
  field: GraphQLField<unknown, unknown>,
  { parents, full }: FieldVisit,
): Cost {
  if (parent.extensions.isConnectionPart) return { calls: {}, objects: parents, full };
  const length = isList(field) ? unknownLength : 1;
  return { calls: {}, objects: { ...parents, batchSize: parents.batchSize * length }, full: false };
}

function add<K>(counts: Map<K, number>, key: K, count: number): void {
  counts.set(key, (counts.get(key) ?? 0) + count);
}

const sum = (counts: Iterable<number>): number => Array.from(counts).reduce((total, each) => total + each, 0);

const tooManyFields = (actual: number) =>
  new QueryTooComplex('The operation has more fields that may cost a Spotify call than can be counted.', {
    limit: maxVisits,
    actual,
  });
