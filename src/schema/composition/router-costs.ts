import { type GraphQLField, getNamedType, isCompositeType, isObjectType } from 'graphql';
import { kinds, pagedEndpoint, parseMarket } from '../../datasources/spotify/index.ts';
import { maxIds } from '../argument-limits.ts';
import { createReferences } from '../planning/argument-values.ts';
import { type Cost, type FieldVisit, single, unknownLength } from '../planning/cost.ts';
import { isList } from '../planning/selection-tree.ts';
import { cursorsOf, defaultWindowSize, maxWindowSize } from '../relay/page-arguments.ts';

/**
 * The costs of fields for the demand control of federation routers, by the directives `@cost` and `@listSize`. A router
 * knows neither the app nor the cache nor the number of ids, so a weight is the Spotify calls of the field at worst.
 */

type Field = GraphQLField<unknown, unknown>;

/** The directives of a field, as `printSchemaWithDirectives` takes them. */
export function costDirectives(field: Field): Record<string, object> {
  const weight = weightOf(field);
  const size = sizeOf(field);
  return { ...(weight > 0 && { cost: { weight } }), ...(size && { listSize: size }) };
}

/** Objects themselves cost nothing: without this, a router counts each as 1. */
export const noWeight = { cost: { weight: 0 } };

function sizeOf(field: Field): object | null {
  const type = getNamedType(field.type);
  const sizedFields = isObjectType(type)
    ? Object.values(type.getFields()).filter(({ extensions }) => extensions.length === 'pageSize')
    : [];
  if (sizedFields.length > 0 && !isList(field)) {
    return {
      assumedSize: defaultWindowSize,
      slicingArguments: ['first', 'last'],
      sizedFields: sizedFields.map(({ name }) => name),
      requireOneSlicingArgument: false,
    };
  }
  const { length = unknownLength } = field.extensions;
  if (!isList(field) || !isCompositeType(type) || length === 'pageSize') return null;
  return { assumedSize: takesIds(field) ? maxIds : length };
}

const takesIds = ({ args }: Field): boolean => args.some(({ name }) => name === 'ids');

function weightOf({ extensions: { cost } }: Field): number {
  if (!cost) return 0;
  const { calls, needsFullObject } = cost;
  if (!calls) return needsFullObject ? 1 : 0;
  return Math.max(
    ...pageArguments.map((args) => callsOfCost(calls(visitWith({ ...fieldArguments, ...args })))),
  );
}

const callsOfCost = ({ calls, sharedCalls = [] }: Cost): number =>
  Object.values(calls).reduce((total, count) => total + count, sharedCalls.length);

const bareId = '0'.repeat(22); // of any kind, so that `node` looks it up as each
const cursor = cursorsOf({ key: '', market: null }).encode({ slot: 0, total: 0, id: null });

/** The largest windows: from the front, after a cursor, from the end. */
const pageArguments = [
  { first: maxWindowSize },
  { first: maxWindowSize, after: cursor },
  { last: maxWindowSize },
];
const fieldArguments = {
  id: bareId,
  ids: Array.from({ length: maxIds }, () => bareId),
  q: 'text',
  isrc: 'AAAAA0000000',
  upc: '000000000000',
};

/** The most expensive visit: one simplified object, read in another market, for an app with all fields, small pages and no batches. */
const visitWith = (args: FieldVisit['args']): FieldVisit => ({
  args,
  market: parseMarket('US'),
  selectedNames: new Set(['edges', 'name']),
  mayNeedFullObjectBelow: () => true,
  parents: {
    field: { args, market: null, selectedNames: new Set(Object.values(kinds).map(({ plural }) => plural)) },
    cardinality: single,
    full: false,
    isFromOwner: false,
    owners: [],
    cachedCount: 0,
  },
  input: {
    app: {
      has: (capability) => capability !== 'batch',
      isTriedAgain: () => false,
      worstCasePage: (endpoint) => ({
        limit: pagedEndpoint(endpoint).developmentPageSize,
        probeCalls: 0,
      }),
    },
    lists: null,
    cache: null,
    referencesOf: createReferences(),
    entityReadsOf: () => ({ uncached: [], count: 0 }),
    maxEntities: 0,
  },
});
