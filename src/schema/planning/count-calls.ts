import type { GraphQLField, GraphQLObjectType } from 'graphql';
import { kinds, type Market, type Spotify } from '../../datasources/spotify/index.ts';
import { QueryTooComplex } from '../../errors.ts';
import type { ArgumentsOf } from './argument-values.ts';
import {
  type CacheView,
  type Cost,
  type CountInput,
  canCost,
  type FieldVisit,
  type ListView,
  type NamedCall,
  type Owner,
  objectCount,
  type ParentObjects,
  single,
  unknownLength,
} from './cost.ts';
import { add, addCost, type Count } from './count.ts';
import { marketOf } from './markets.ts';
import { readsOf } from './object-costs.ts';
import { type FieldSelection, isList, type SelectionTree, type TypeSelection } from './selection-tree.ts';

export interface CountOptions {
  spotify: CacheView & ListView & Pick<Spotify, 'app'>;
  /** Whether to leave out the calls that the cache saves; by default only those of `_entities`. */
  usesCache?: boolean;
}

// Fields that may cost a call, counted at each selection path. Nearly all of them do, so an operation that reaches
// this limit would cost too many calls. Counting as many takes about 10 ms.
const maxVisits = 10_000;

const none: readonly Owner[] = [];

/** What all counts of one plan share. */
interface SharedReads extends Pick<CountInput, 'referencesOf' | 'entityReadsOf'> {
  argumentsOf: ArgumentsOf;
}

/**
 * Counts the Spotify calls of an operation.
 * @param maxEntities see `CountInput`
 * @throws QueryTooComplex if there is too much to count
 */
export function countCalls(
  { root }: SelectionTree,
  { argumentsOf, ...shared }: SharedReads,
  { spotify, usesCache = false }: CountOptions,
  maxEntities: number,
): Count {
  const { app } = spotify;
  const count: Count = {
    input: { app, lists: spotify, cache: usesCache ? spotify : null, ...shared, maxEntities },
    argumentsOf,
    calls: new Map(),
    sharedCalls: new Map(),
    probeCalls: new Map(),
    lookups: app.has('batch') === null ? { direct: new Map(), deferred: new Map() } : null,
    uncachedEntities: 0,
    rejectedIndexes: new Map(),
    visits: 0,
    callsOfFields: new Map(),
  };
  if (!root.costsNothing) {
    countFields(count, root, {
      field: { args: {}, market: null, selectedNames: new Set() },
      cardinality: single,
      full: true,
      isFromOwner: false,
      owners: none,
      cachedCount: 0,
    });
  }
  countBatchProbe(count);
  for (const family of count.sharedCalls.values()) add(count.calls, family, 1);
  return count;
}

/** Counts the selected fields of the objects at one path that may cost a call. */
function countFields(count: Count, level: TypeSelection, parents: ParentObjects): void {
  const { argumentsOf, input } = count;
  let fullObjectField: string | null = null; // a field that needs the full object
  const probeCalls: NamedCall[] = [];
  for (const selection of level.branches) {
    count.visits += 1;
    if (count.visits > maxVisits) throw tooManyVisits(count.visits);
    const args = argumentsOf(selection);
    if (!args) continue; // the field will be null with an error, before anything is read
    const { below, field, name, selectedNames } = selection;
    const market = marketOf(selection, args, parents.field.market, argumentsOf);
    const mayNeedFullObjectBelow = () =>
      below.some(({ fields }) => fields.some((each) => mayNeedFullObject(each, market)));
    const visit: FieldVisit = { args, market, selectedNames, mayNeedFullObjectBelow, parents, input };
    const { cost } = field.extensions;
    if (!parents.full && cost?.needsFullObject?.(visit)) fullObjectField ??= name;
    if (!parents.full) probeCalls.push(...(cost?.probeCalls?.(visit) ?? []));
    if (below.length > 0) countField(count, level.type, selection, visit); // a value comes with its object
  }
  const { kind } = level.type.extensions;
  if (fullObjectField !== null && kind)
    addCost(count, fullObjectField, readsOf(kind, parents.cardinality, input.app), true);
  else for (const { name, family } of probeCalls) count.probeCalls.set(name, family);
}

/** Counts one field with objects, and all fields below it. */
function countField(
  count: Count,
  type: GraphQLObjectType,
  { field, below, nodes, name }: FieldSelection,
  visit: FieldVisit,
): void {
  const cost = field.extensions.cost?.calls?.(visit) ?? costOfUndeclared(type, field, visit.parents);
  addCost(count, name, cost, type.name !== 'Query');
  if (cost.entities) {
    count.uncachedEntities = Math.max(count.uncachedEntities, cost.entities.uncached);
    count.rejectedIndexes.set(nodes[0], cost.entities.rejectedIndexes);
  }
  const { objects, full, isFromOwner = false, owners = none, cachedObjects = 0 } = cost;
  if (objectCount(objects) === 0) return; // what is below is never read
  for (const level of below) {
    if (level.costsNothing) continue;
    countFields(count, level, {
      field: visit,
      cardinality: objects,
      full,
      isFromOwner,
      owners: owners.filter(({ kind }) => kind === level.type.extensions.kind),
      cachedCount: cachedObjects,
    });
  }
}

// A field that may be prefetched needs only the id of its object.
const mayNeedFullObject = ({ field }: FieldSelection, market: Market | null): boolean =>
  (canCost(field) && !field.extensions.prefetch) ||
  field.extensions.cost?.needsFullObjectById?.(market) === true;

/** While nothing is known about batches, the first lookup of several objects of one kind tries one. */
function countBatchProbe({ lookups, probeCalls }: Count): void {
  if (!lookups) return;
  const several = [...lookups.direct, ...lookups.deferred].find(([, count]) => count > 1);
  if (several) probeCalls.set('batch', kinds[several[0]].plural);
}

/** The cost of a field that declares none: its objects come with the parent. */
function costOfUndeclared(
  parent: GraphQLObjectType,
  field: GraphQLField<unknown, unknown>,
  { cardinality, full, isFromOwner }: ParentObjects,
): Cost {
  if (parent.extensions.isConnectionPart) return { calls: {}, objects: cardinality, full, isFromOwner };
  const batchSize = cardinality.batchSize * (isList(field) ? unknownLength : 1);
  return { calls: {}, objects: { ...cardinality, batchSize }, full: false };
}

const tooManyVisits = (actual: number) =>
  new QueryTooComplex('The operation has more fields that may cost a Spotify call than can be counted.', {
    limit: maxVisits,
    actual,
  });
