import type { Kind, Reference } from '../../datasources/spotify/index.ts';
import { getOrCreate } from '../../maps.ts';
import { maxRepresentations } from '../argument-limits.ts';
import type {
  CacheView,
  EntityReads,
  EntityReadsOf,
  FieldCost,
  ReferencesOf,
  Representation,
  UncachedEntity,
} from './cost.ts';
import { readsByIds } from './object-costs.ts';

/** The cost of `_entities`, with which a federation router reads up to 1,000 objects, of which many may be cached. */

/**
 * One entry for each representation. Cached entities cost nothing. Of the others, the first `input.maxEntities` are read, and
 * those of one kind share their reads, as the ids of a plural field do.
 * @param kindsOfTypes the kinds by the names of their types
 */
export const entitiesCost = (kindsOfTypes: ReadonlyMap<string, Kind>): FieldCost => ({
  calls({ args, market, mayNeedFullObjectBelow, input: { app, entityReadsOf, maxEntities } }) {
    const representations = args['representations'] as Representation[];
    const form = mayNeedFullObjectBelow() ? 'full' : 'any';
    const { uncached, count } = entityReadsOf(representations, form, market, kindsOfTypes);
    const references = new Map<Kind, Reference[]>(Array.from(kindsOfTypes.values(), (kind) => [kind, []]));
    for (const { kind, reference } of uncached.slice(0, maxEntities)) references.get(kind)?.push(reference);
    const reads = Array.from(references, ([kind, ofKind]) => readsByIds(kind, ofKind, app));
    const rejectedIndexes = new Set(uncached.slice(maxEntities).flatMap(({ indexes }) => indexes));
    return {
      // Each kind has a family of its own.
      calls: Object.assign({}, ...reads.map(({ calls }) => calls)),
      lookups: Object.assign({}, ...reads.map(({ lookups }) => lookups)),
      objects: { batches: count - rejectedIndexes.size, batchSize: 1 },
      full: true,
      cachedObjects: uncached.reduce((left, { indexes }) => left - indexes.length, count),
      entities: { uncached: uncached.length, rejectedIndexes },
    };
  },
});

/** Reads each list of representations once: a hundred fields may use the same variable. */
export function createEntityReads(cache: CacheView, referencesOf: ReferencesOf): EntityReadsOf {
  const readsOfLists = new Map<readonly Representation[], Map<string, EntityReads>>();

  return (representations, form, market, kindsOfTypes) => {
    const isCached = (kind: Kind, { id }: Reference) => cache.isObjectCached(kind, id, market, form);
    const readsOfList = getOrCreate(readsOfLists, representations, () => new Map());
    return getOrCreate(readsOfList, `${form} ${market}`, () =>
      createReads(representations, referencesOf, kindsOfTypes, isCached),
    );
  };
}

function createReads(
  representations: readonly Representation[],
  referencesOf: ReferencesOf,
  kindsOfTypes: ReadonlyMap<string, Kind>,
  isCached: (kind: Kind, reference: Reference) => boolean,
): EntityReads {
  if (representations.length > maxRepresentations) return { uncached: [], count: 0 };
  const references = referencesOf(representations);
  const uncached = new Map<string, UncachedEntity & { indexes: number[] }>(); // equal entities share one read
  for (const [index, { __typename }] of representations.entries()) {
    const [kind, reference] = [kindsOfTypes.get(__typename), references[index]];
    if (!kind || !reference || isCached(kind, reference)) continue;
    const key = `${kind} ${reference.id}`;
    getOrCreate(uncached, key, () => ({ kind, reference, indexes: [] })).indexes.push(index);
  }
  return { uncached: Array.from(uncached.values()), count: representations.length };
}
