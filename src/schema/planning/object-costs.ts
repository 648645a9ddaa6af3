import {
  type CapabilityView,
  isInRange,
  type Kind,
  kinds,
  parseReference,
  type Reference,
  type WithheldField,
} from '../../datasources/spotify/index.ts';
import { BadUserInput } from '../../errors.ts';
import {
  type Cardinality,
  type Cost,
  count,
  type FieldCost,
  type FieldVisit,
  maxIds,
  type ObjectKey,
  type ReferencesOf,
  single,
} from './cost.ts';

/** Costs of the fields that read objects by their ids. */

/** One object by its id. */
export const lookup = (kind: Kind): FieldCost => ({
  calls: () => ({ ...lookupsOf({ [kind]: 1 }), objects: single, full: true }),
});

/** One entry for each id of the argument `ids`. */
export const lookups = (kind: Kind): FieldCost => ({
  calls: (visit) => ({ full: true, ...readsByIds(kind, idsOf(visit), visit.app) }),
});

/** One object of any kind. */
export const nodeLookup: FieldCost = {
  calls: (visit) => ({ ...nodes({ ...visit, args: { ids: [visit.args['id']] } }), objects: single }),
};

/** Objects of any kind: one entry for each id of the argument `ids`. */
export const nodeLookups: FieldCost = { calls: nodes };

/**
 * One entry for each representation. Those of one type share their reads, as the ids of a plural field do.
 * @param kindsOfTypes the kinds by the names of their types
 */
export const entityLookups = (kindsOfTypes: ReadonlyMap<string, Kind>): FieldCost => ({
  calls({ args, app, referencesOf }) {
    const representations = args['representations'] as ObjectKey[];
    const reads = Array.from(kindsOfTypes, ([type, kind]) =>
      readsByIds(kind, referencesOf(representations, type), app),
    );
    return {
      // Each kind has a family of its own.
      calls: Object.assign({}, ...reads.map(({ calls }) => calls)),
      lookups: Object.assign({}, ...reads.map((read) => read.lookups)),
      objects: { batches: representations.length, batchSize: 1 },
      full: true,
    };
  },
});

/**
 * A field that only full objects have.
 * @param withheld the name under which Spotify may withhold the field from an app
 */
export const fullObject = (withheld?: WithheldField): FieldCost => ({
  needsFullObject: (_, app) => withheld === undefined || app.has(withheld) !== false,
});

/** The album of a track: a track of an album's list lacks it, and all tracks of one list have the same album. */
export const albumOfTrack: FieldCost = {
  calls({ parents, full }) {
    return { ...lookupsOf({ album: full ? 0 : parents.batches }), objects: parents, full: false };
  },
};

const fieldsOfReference = new Set(['id', 'uri', 'externalUrl']);

/** A track that is known by its reference alone: all other fields of it are read by its id. */
export const referencedTrack: FieldCost = {
  calls({ parents, selected, app }) {
    const isReference = Array.from(selected).every((name) => fieldsOfReference.has(name));
    const reads = isReference ? { calls: {}, objects: parents } : readsOf('track', parents, app);
    return { ...reads, full: true };
  },
};

/** Reads of full objects by their ids: in batches where the app has them, else one by one. */
export function readsOf(kind: Kind, objects: Cardinality, app: CapabilityView): Omit<Cost, 'full'> {
  const total = count(objects);
  if (!app.has('batch') || objects.batchSize === 1) {
    return { ...lookupsOf({ [kind]: total }), objects: { batches: total, batchSize: 1 } };
  }
  const { batchSize, plural } = kinds[kind];
  const batches = objects.batches * Math.ceil(objects.batchSize / batchSize);
  return {
    calls: { [plural]: batches },
    objects: { batches, batchSize: Math.min(objects.batchSize, batchSize) },
  };
}

/** Calls for one object each. */
const lookupsOf = (lookups: Partial<Record<Kind, number>>): Pick<Cost, 'calls' | 'lookups'> => ({
  calls: Object.fromEntries(
    Object.entries(lookups).map(([kind, calls]) => [kinds[kind as Kind].plural, calls]),
  ),
  lookups,
});

/** The references of the argument `ids`; where there are too many, the field is null and reads none. */
function idsOf({ args, referencesOf }: FieldVisit): readonly (Reference | null)[] {
  const ids = args['ids'] as string[];
  return ids.length > maxIds ? [] : referencesOf(ids);
}

/** Reads of one kind of objects by their ids. An id that no object can have would spoil a batch, and is read alone. */
function readsByIds(
  kind: Kind,
  references: readonly (Reference | null)[],
  app: CapabilityView,
): Omit<Cost, 'full'> {
  const alone = references.filter((reference) => reference && !isInRange(reference.id)).length;
  const reads = readsOf(kind, { batches: 1, batchSize: references.length - alone }, app);
  if (alone === 0) return reads;
  // Their lists are prefetched, before it is known that the objects do not exist.
  const family = kinds[kind].plural;
  const calls = { [family]: (reads.calls[family] ?? 0) + alone };
  return { ...reads, calls, objects: { batches: references.length, batchSize: 1 } };
}

function nodes(visit: FieldVisit): Cost {
  const references = idsOf(visit);
  const countOf = (kind: Kind | null) => references.filter((reference) => reference?.kind === kind).length;
  // A bare id is looked up as an artist, together with the others, and after that as an album and as a track.
  const bare = countOf(null);
  const first = { artist: countOf('artist') + bare, album: countOf('album'), track: countOf('track') };
  const deferred = { album: bare, track: bare };
  const all = { ...first, album: first.album + bare, track: first.track + bare };
  return {
    calls: lookupsOf(all).calls,
    lookups: first,
    deferredLookups: deferred,
    objects: { batches: references.length, batchSize: 1 },
    full: true,
  };
}

/** Reads each list of keys once: one in a variable may be that of a hundred fields. */
export function createReferences(): ReferencesOf {
  const referencesByKeys = new Map<unknown, Map<string, (Reference | null)[]>>();

  return (keys, type = '') => {
    const byType = referencesByKeys.get(keys) ?? new Map<string, (Reference | null)[]>();
    referencesByKeys.set(keys, byType);
    const references = byType.get(type) ?? keys.flatMap((key) => referenceOf(key, type));
    byType.set(type, references);
    return references;
  };
}

function referenceOf(key: string | ObjectKey, type: string): [Reference | null] | [] {
  if (typeof key === 'string') return [orNull(() => parseReference(key))];
  return key.__typename === type ? [orNull(() => parseReference(key.id))] : [];
}

/** The value, or null for invalid input: the field is then null with an error, and costs nothing. */
export function orNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof BadUserInput) return null;
    throw error;
  }
}
