import type { Kind, Reference } from '../../datasources/spotify/index.ts';
import { getOrCreate } from '../../maps.ts';
import {
  type EntityReads,
  type FieldCost,
  type FieldVisit,
  maxRepresentations,
  type Representation,
  type UncachedEntity,
} from './cost.ts';
import { readsByIds } from './object-costs.ts';

/** The cost of `_entities`, with which a federation router reads up to 1,000 objects, of which many may be cached. */

/**
 * One entry for each representation. Cached entities cost nothing. Of the others, the first `visit.entities.max` are
 * read, and those of one kind share their reads, as the ids of a plural field do.
 * @param kindsOfTypes the kinds by the names of their types
 */
export const entitiesCost = (kindsOfTypes: ReadonlyMap<string, Kind>): FieldCost => ({
  calls(visit) {
    const { uncached, count } = readsOfField(visit, kindsOfTypes);
    const { max } = visit.entities;
    const references = new Map<Kind, Reference[]>(Array.from(kindsOfTypes.values(), (kind) => [kind, []]));
    for (const { kind, reference } of uncached.slice(0, max)) references.get(kind)?.push(reference);
    const reads = Array.from(references, ([kind, ofKind]) => readsByIds(kind, ofKind, visit.app));
    const rejectedIndexes = new Set(uncached.slice(max).flatMap(({ indexes }) => indexes));
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
function readsOfField(visit: FieldVisit, kindsOfTypes: ReadonlyMap<string, Kind>): EntityReads {
  const representations = visit.args['representations'] as Representation[];
  const form = visit.needsFullObject() ? 'full' : 'any';
  const { reads } = visit.entities;
  const readsByForm = getOrCreate(reads, representations, () => new Map());
  const key = `${form} ${visit.market}`;
  return getOrCreate(readsByForm, key, () => createReads(visit, representations, form, kindsOfTypes));
}

function createReads(
  { entities, market, referencesOf }: FieldVisit,
  representations: readonly Representation[],
  form: 'full' | 'any',
  kindsOfTypes: ReadonlyMap<string, Kind>,
): EntityReads {
  if (representations.length > maxRepresentations) return { uncached: [], count: 0 };
  const references = referencesOf(representations);
  const uncached = new Map<string, UncachedEntity & { indexes: number[] }>(); // equal entities share one read
  for (const [index, { __typename }] of representations.entries()) {
    const [kind, reference] = [kindsOfTypes.get(__typename), references[index]];
    if (!kind || !reference || entities.cache.isObjectCached(kind, reference.id, market, form)) continue;
    const key = `${kind} ${reference.id}`;
    getOrCreate(uncached, key, () => ({ kind, reference, indexes: [] })).indexes.push(index);
  }
  return { uncached: Array.from(uncached.values()), count: representations.length };
}
