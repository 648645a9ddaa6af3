import {
  type CapabilityView,
  isInRange,
  type Kind,
  kindNames,
  kinds,
  type Reference,
  type WithheldField,
  withheldFieldOf,
} from '../../datasources/spotify/index.ts';
import { maxIds } from '../argument-limits.ts';
import {
  type Cardinality,
  type Cost,
  type FieldCost,
  type FieldVisit,
  type Owner,
  objectCount,
} from './cost.ts';
import { withheldProbeCalls } from './list-pages.ts';

/** One object by its id. */
export const lookupCost = (kind: Kind): FieldCost => ({
  calls(visit) {
    const references = validReferences(visit, [visit.args['id'] as string], kind);
    const calls = uncached(visit, references).length;
    return {
      ...lookupsOf(kind, calls),
      objects: { batches: references.length, batchSize: 1 },
      full: true,
      owners: ownersOf(visit, references),
    };
  },
});

/** One entry for each id of the argument `ids`. */
export const lookupsCost = (kind: Kind): FieldCost => ({
  calls(visit) {
    const { app } = visit.input;
    const references = idsOf(visit, kind);
    return {
      ...readsByIds(kind, uncached(visit, references), app),
      objects: readsByIds(kind, references, app).objects,
      full: true,
      owners: ownersOf(visit, references),
    };
  },
});

/** One object of any kind. */
export const nodeLookupCost: FieldCost = {
  calls: (visit) => nodesCost(visit, validReferences(visit, [visit.args['id'] as string], null)),
};

/** Objects of any kind: one entry for each id of the argument `ids`. */
export const nodeLookupsCost: FieldCost = { calls: (visit) => nodesCost(visit, idsOf(visit, null)) };

/** A field that only full objects have. Where Spotify withholds it from the app, no object is read for it. */
export function fullObjectCost(kind: Kind, field: string): FieldCost {
  const withheld = withheldFieldOf<WithheldField>(kinds[kind], field);
  return {
    needsFullObject: ({ input: { app } }) => withheld === undefined || app.has(withheld) !== false,
    probeCalls: ({ input: { app } }) =>
      withheld ? withheldProbeCalls(app, withheld, kinds[kind].plural) : [],
  };
}

/**
 * The object to whose list an item belongs. The items of the list itself lack it, and all of them have the same owner.
 * Other simplified items lack it too, and then it is read with the full item.
 */
export const ownerCost = (item: Kind, owner: Kind): FieldCost => ({
  calls({ parents: { cardinality, full, isFromOwner }, input: { app } }) {
    if (full) return { calls: {}, objects: cardinality, full: false };
    if (!isFromOwner) return { ...readsOf(item, cardinality, app), full: false };
    return { ...lookupsOf(owner, cardinality.batches), objects: cardinality, full: false };
  },
});

const fieldsOfReference = new Set(['id', 'uri', 'externalUrl']);

/** An object that is known by its reference alone: all other fields of it are read by its id. */
export const referenceCost = (kind: Kind): FieldCost => ({
  calls({ selectedNames, parents: { cardinality }, input: { app } }) {
    const isReference = Array.from(selectedNames).every((name) => fieldsOfReference.has(name));
    const reads = isReference ? { calls: {}, objects: cardinality } : readsOf(kind, cardinality, app);
    return { ...reads, full: true };
  },
});

/** Reads of full objects by their ids: in batches if the app has batch reads, else one by one. */
export function readsOf(kind: Kind, objects: Cardinality, app: CapabilityView): Omit<Cost, 'full'> {
  const total = objectCount(objects);
  if (!app.has('batch') || objects.batchSize === 1) {
    return { ...lookupsOf(kind, total), objects: { batches: total, batchSize: 1 } };
  }
  const { batchSize, plural } = kinds[kind];
  const { cachedBatches = 0 } = objects;
  const batches = objects.batches * Math.ceil(objects.batchSize / batchSize);
  return {
    calls: { [plural]: Math.min(total, batches + cachedBatches) },
    objects: {
      batches,
      batchSize: Math.min(objects.batchSize, batchSize),
      cachedBatches: cachedBatches + cacheLevels,
    },
  };
}

const cacheLevels = 2; // memory and the store: objects from each of them arrive before those from Spotify

/** Calls for one object each. */
const lookupsOf = (kind: Kind, calls: number): Pick<Cost, 'calls' | 'lookups'> => ({
  calls: { [kinds[kind].plural]: calls },
  lookups: { [kind]: calls },
});

/** The references of the argument `ids`; none if there are too many ids, because the field is then null. */
function idsOf(visit: FieldVisit, kind: Kind | null): readonly Reference[] {
  const ids = visit.args['ids'] as string[];
  return ids.length > maxIds ? [] : validReferences(visit, ids, kind);
}

/** The references in a list of ids. An invalid id, or one of another kind, costs nothing: its object is null. */
const validReferences = ({ input }: FieldVisit, ids: readonly string[], kind: Kind | null) =>
  input.referencesOf(ids, kind).filter((reference) => reference !== null);

/** Reads of objects of one kind by their ids. Spotify rejects a batch with an id out of range, so it is read alone. */
export function readsByIds(
  kind: Kind,
  references: readonly Reference[],
  app: CapabilityView,
): Omit<Cost, 'full'> {
  const outOfRange = references.filter((reference) => !isInRange(reference.id)).length;
  const reads = readsOf(kind, { batches: 1, batchSize: references.length - outOfRange }, app);
  if (outOfRange === 0) return reads;
  // The lists of these objects count too: they are prefetched before it is known that the objects do not exist.
  const family = kinds[kind].plural;
  const calls = { [family]: (reads.calls[family] ?? 0) + outOfRange };
  return { ...reads, calls, objects: { batches: references.length, batchSize: 1 } };
}

function nodesCost(visit: FieldVisit, references: readonly Reference[]): Cost {
  const uncachedReferences = uncached(visit, references).map((reference) =>
    withoutAbsentKinds(visit, reference),
  );
  const lookupsAt = (isCounted: (kindIndex: number) => boolean) =>
    kindNames.map((kind) => {
      const lookups = uncachedReferences.filter((reference) => isCounted(reference.kinds.indexOf(kind)));
      return [kind, lookups.length] as const;
    });
  return {
    calls: Object.fromEntries(
      lookupsAt((kindIndex) => kindIndex >= 0).map(([kind, calls]) => [kinds[kind].plural, calls]),
    ),
    // All objects are first looked up as the first of their kinds; an object that is not found, as each further kind.
    lookups: Object.fromEntries(lookupsAt((kindIndex) => kindIndex === 0)),
    deferredLookups: Object.fromEntries(lookupsAt((kindIndex) => kindIndex > 0)),
    objects: { batches: references.length, batchSize: 1 },
    full: true,
    owners: ownersOf(visit, references),
  };
}

/** The references whose objects are not cached. */
const uncached = (visit: FieldVisit, references: readonly Reference[]) =>
  visit.input.cache ? references.filter((reference) => !isCached(visit, reference)) : references;

function isCached(visit: FieldVisit, reference: Reference): boolean {
  const { market, input } = visit;
  const form = visit.mayNeedFullObjectBelow() ? 'full' : 'any';
  const candidates = withoutAbsentKinds(visit, reference).kinds;
  return (
    candidates.length === 0 ||
    candidates.some((kind) => input.cache?.isObjectCached(kind, reference.id, market, form))
  );
}

/** The reference without the kinds as which the object is known not to exist: it is not looked up as these. */
const withoutAbsentKinds = ({ market, input }: FieldVisit, reference: Reference): Reference => ({
  ...reference,
  kinds: reference.kinds.filter((kind) => !input.cache?.isObjectAbsent(kind, reference.id, market)),
});

/** The objects that references name. */
const ownersOf = ({ market }: FieldVisit, references: readonly Reference[]): Owner[] =>
  references.flatMap((reference) => reference.kinds.map((kind) => ({ kind, id: reference.id, market })));
