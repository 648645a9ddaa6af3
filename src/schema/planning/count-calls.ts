import type { GraphQLField, GraphQLObjectType } from 'graphql';
import { kinds, type Market, type Spotify } from '../../datasources/spotify/index.ts';
import { QueryTooComplex } from '../../errors.ts';
import {
  type CacheView,
  type Cost,
  canCost,
  type FieldVisit,
  type ListView,
  type Owner,
  objectCount,
  type PathVisit,
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
const noNames: ReadonlySet<string> = new Set();

/** The fields that are selected of the objects at one path. */
interface LevelVisit extends PathVisit {
  level: TypeSelection;
}

/**
 * Counts the Spotify calls of an operation.
 * @param maxEntities maximum number of uncached entities that each `_entities` may read
 * @throws QueryTooComplex if there is too much to count
 */
export function countCalls(
  { root }: SelectionTree,
  { reads, ...readers }: Pick<Count, 'argumentsOf' | 'referencesOf'> & Pick<FieldVisit['entities'], 'reads'>,
  { spotify, usesCache = false }: CountOptions,
  maxEntities: number,
): Count {
  const count: Count = {
    ...readers,
    app: spotify.app,
    lists: spotify,
    cache: usesCache ? spotify : null,
    entities: { cache: spotify, max: maxEntities, reads },
    calls: new Map(),
    sharedCalls: new Map(),
    probeCalls: new Map(),
    lookups: spotify.app.has('batch') === null ? { direct: new Map(), deferred: new Map() } : null,
    uncachedEntities: 0,
    rejectedIndexes: new Map(),
    visits: 0,
    callsOfFields: new Map(),
  };
  if (!root.costsNothing) {
    const parents = { parents: single, full: true, isFromOwner: false, owners: none, cachedParents: 0 };
    countFields(count, {
      level: root,
      parentArgs: {},
      parentMarket: null,
      parentSelected: noNames,
      ...parents,
    });
  }
  countBatchProbe(count);
  for (const family of count.sharedCalls.values()) add(count.calls, family, 1);
  return count;
}

/** Counts the selected fields of the objects at one path that may cost a call. */
function countFields(count: Count, visit: LevelVisit): void {
  let fullField: string | null = null; // a field that needs the full object
  for (const selected of visit.level.branches) {
    count.visits += 1;
    if (count.visits > maxVisits) throw tooManyVisits(count.visits);
    const args = count.argumentsOf(selected);
    if (!args) continue; // the field will be null with an error, before anything is read
    const { cost } = selected.field.extensions;
    const market = marketOf(selected, args, visit.parentMarket, count.argumentsOf);
    const { parentMarket } = visit;
    if (!visit.full && cost?.needsFullObject?.({ args, market, parentMarket, app: count.app }))
      fullField ??= selected.name;
    countField(count, visit, selected, args, market);
  }
  const { kind } = visit.level.type.extensions;
  if (fullField !== null && kind) addCost(count, fullField, readsOf(kind, visit.parents, count.app), true);
}

/** Counts one field and all fields below it. */
function countField(
  count: Count,
  visit: LevelVisit,
  selection: FieldSelection,
  args: FieldVisit['args'],
  market: Market | null,
): void {
  const { field, below, nodes, selected } = selection;
  if (below.length === 0) return; // a value comes with its simplified or full object
  const { type } = visit.level;
  // The spreads come last: with them first, an operation of 4,100 visits blocks Node 20 for 200 ms instead of 70 ms.
  const fieldVisit: FieldVisit = {
    args,
    market,
    selected,
    needsFullObject: () => below.some(({ fields }) => fields.some((each) => mayNeedFullObject(each, market))),
    ...count,
    ...visit,
  };
  const cost = field.extensions.cost?.calls?.(fieldVisit) ?? costOfUndeclared(type, field, visit);
  addCost(count, selection.name, cost, type.name !== 'Query');
  if (cost.entities) {
    count.uncachedEntities = Math.max(count.uncachedEntities, cost.entities.uncached);
    count.rejectedIndexes.set(nodes[0], cost.entities.rejectedIndexes);
  }
  if (objectCount(cost.objects) + (cost.cachedObjects ?? 0) === 0) return; // what is below is never read
  for (const level of below) {
    if (level.costsNothing) continue;
    const { owners = none } = cost;
    countFields(count, {
      level,
      parentArgs: args,
      parentMarket: market,
      parentSelected: selected,
      parents: cost.objects,
      full: cost.full,
      isFromOwner: cost.isFromOwner ?? false,
      owners: owners.filter(({ kind }) => kind === level.type.extensions.kind),
      cachedParents: cost.cachedObjects ?? 0,
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
  { parents, full, isFromOwner }: PathVisit,
): Cost {
  if (parent.extensions.isConnectionPart) return { calls: {}, objects: parents, full, isFromOwner };
  const length = isList(field) ? unknownLength : 1;
  return { calls: {}, objects: { ...parents, batchSize: parents.batchSize * length }, full: false };
}

const tooManyVisits = (actual: number) =>
  new QueryTooComplex('The operation has more fields that may cost a Spotify call than can be counted.', {
    limit: maxVisits,
    actual,
  });
