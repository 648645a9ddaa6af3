import {
  batchMax,
  type CapabilityView,
  isInRange,
  type Kind,
  type PagedEndpoint,
  parseReference,
  type Reference,
  type WithheldField,
  worstCaseOffsets,
} from '../../datasources/spotify/index.ts';
import { BadUserInput } from '../../errors.ts';
import { maxIds } from '../limits.ts';
import { parseCursor } from '../relay/cursor.ts';
import { type PagingArgs, rangeOf } from '../relay/page-arguments.ts';

/**
 * What each field costs in Spotify calls: the worst case, with nothing held, for what the app is known to
 * be allowed. A field that is not named here costs nothing.
 */

/** Objects of one place in the answer. They arrive in groups, and only those of a group can share a read. */
export interface Crowd {
  groups: number;
  size: number;
}

/** A field as the plan meets it. */
export interface Visit {
  args: Readonly<Record<string, unknown>>;
  /** The arguments of the field above. */
  parentArgs: Readonly<Record<string, unknown>>;
  /** The objects whose field it is. */
  parents: Crowd;
  /** Whether they came in full. */
  full: boolean;
  /** Names of the fields selected below. */
  selected: ReadonlySet<string>;
  app: CapabilityView;
  referencesOf: ReferencesOf;
}

interface Key {
  __typename?: string;
  id: string;
}

/** What the keys of objects point at, null for one that is no id; those of one type, or all. */
export type ReferencesOf = (keys: readonly (string | Key)[], type?: string) => readonly (Reference | null)[];

export interface Cost {
  calls: number;
  /** Calls that other fields may need as well: each name counts once in an operation. */
  shared?: string[];
  /** Calls on top by which the app's abilities are found out, named likewise. */
  tries?: readonly string[];
  /** Of the calls, those that read one object by its id, and so may be tried as a batch with their like. */
  byId?: Partial<Record<Kind, number>>;
  /** Likewise, of those that follow on another answer: their like are found below the root. */
  laterById?: Partial<Record<Kind, number>>;
  /** What stands below the field, and whether it comes in full. */
  crowd: Crowd;
  full: boolean;
}

const one: Crowd = { groups: 1, size: 1 };
export const unknownLength = 5; // of a list that does not say: an album's artists are one or two, seldom more
export const topTracksLength = 10;
export const relatedArtistsLength = 20;
/** Fields that give the schema as text, some tens of thousands of characters. */
export const schemaTexts: ReadonlySet<string> = new Set(['Query._sdl', '_Service.sdl']);
const entityKinds: Readonly<Record<string, Kind>> = { Artist: 'artist', Album: 'album', Track: 'track' };
const embeddedTracks = 50; // of a full album
const searchReach = 1_000;
const fieldsOfReference = new Set(['id', 'uri', 'externalUrl']);

/** By the name of a field: what it costs. */
export const costs: Readonly<Record<string, (visit: Visit) => Cost>> = {
  'Query.artist': singular('artist'),
  'Query.album': singular('album'),
  'Query.track': singular('track'),
  'Query.node': (visit) => ({ ...nodes({ ...visit, args: { ids: [visit.args['id']] } }), crowd: one }),
  'Query.artists': plural('artist'),
  'Query.albums': plural('album'),
  'Query.tracks': plural('track'),
  'Query.nodes': nodes,
  'Query._entities': entities,
  'Artist.albums': artistAlbums,
  'Artist.topTracks': shortList('artists/top-tracks', topTracksLength),
  'Artist.relatedArtists': shortList('artists/related-artists', relatedArtistsLength),
  'Album.tracks': albumTracks,
  // A track from its album's list does not say its album, which is one for all of the list.
  'Track.album': ({ parents, full }) => {
    const calls = full ? 0 : parents.groups;
    return { calls, byId: { album: calls }, crowd: parents, full: false };
  },
  'Track.linkedFrom': linkedTracks,
  'SearchResults.artists': finds(true),
  'SearchResults.albums': finds(false),
  'SearchResults.tracks': finds(true),
};

/** Fields that only full objects have, and under which name an app may be denied them. */
const fullFields: Readonly<Record<string, WithheldField | null>> = {
  'Artist.images': null,
  'Artist.genres': 'Artist.genres',
  'Artist.followers': 'Artist.followers',
  'Artist.popularity': 'Artist.popularity',
  'Album.copyrights': null,
  'Album.externalIds': null,
  'Album.genres': null,
  'Album.label': 'Album.label',
  'Album.popularity': 'Album.popularity',
  'Track.externalIds': null,
  'Track.popularity': 'Track.popularity',
};

/** Whether there is any app for which the field costs a call, by itself or with its like. */
export const mayCost = (name: string): boolean => name in costs || name in fullFields;

/** Whether a field of short forms has the full objects read, which other fields then share. */
export function needsFull(name: string, args: Visit['args'], app: CapabilityView): boolean {
  if (name === 'Album.tracks') return args['market'] == null && beginsEmbedded(args);
  const withheld = fullFields[name];
  return withheld !== undefined && (withheld === null || app.has(withheld) !== false);
}

/** Reads of whole objects by their ids: in batches where the app has them, else one by one. */
export function readsOf(kind: Kind, { groups, size }: Crowd, app: CapabilityView): Omit<Cost, 'full'> {
  const single = groups * size;
  if (!app.has('batch') || size === 1) {
    return { calls: single, byId: { [kind]: single }, crowd: { groups: single, size: 1 } };
  }
  const calls = groups * Math.ceil(size / batchMax[kind]);
  return { calls, crowd: { groups: calls, size: Math.min(size, batchMax[kind]) } };
}

function singular(kind: Kind) {
  return (): Cost => ({ calls: 1, byId: { [kind]: 1 }, crowd: one, full: true });
}

/** Reads each list of keys once: one in a variable may be that of a hundred fields. */
export function createReferences(): ReferencesOf {
  const known = new Map<unknown, Map<string, (Reference | null)[]>>();

  return (keys, type = '') => {
    const byType = known.get(keys) ?? new Map<string, (Reference | null)[]>();
    known.set(keys, byType);
    const references = byType.get(type) ?? keys.flatMap((key) => referenceOf(key, type));
    byType.set(type, references);
    return references;
  };
}

function referenceOf(key: string | Key, type: string): [Reference | null] | [] {
  if (typeof key === 'string') return [tolerant(() => parseReference(key))];
  return key.__typename === type ? [tolerant(() => parseReference(key.id))] : [];
}

/** What the ids of a plural field point at; where there are too many, the field is null and reads none. */
function idsOf({ args, referencesOf }: Visit): readonly (Reference | null)[] {
  const ids = args['ids'] as string[];
  return ids.length > maxIds ? [] : referencesOf(ids);
}

function plural(kind: Kind) {
  return (visit: Visit): Cost => ({ full: true, ...readsByIds(kind, idsOf(visit), visit.app) });
}

/** Reads of one kind of objects by their ids. Those that can be nobody's are kept out of batches, which they would spoil. */
function readsByIds(
  kind: Kind,
  references: readonly (Reference | null)[],
  app: CapabilityView,
): Omit<Cost, 'full'> {
  const alone = references.filter((reference) => reference && !isInRange(reference.id)).length;
  const reads = readsOf(kind, { groups: 1, size: references.length - alone }, app);
  if (alone === 0) return reads;
  // What hangs on them is asked for together with them, before it is known that they are nobody's.
  return { ...reads, calls: reads.calls + alone, crowd: { groups: references.length, size: 1 } };
}

function nodes(visit: Visit): Cost {
  const references = idsOf(visit);
  const of = (kind: Kind | null) => references.filter((each) => each?.kind === kind).length;
  // A bare id is asked for as an artist, together with the others, and after that as an album and as a track.
  const byId = { artist: of('artist') + of(null), album: of('album'), track: of('track') };
  return {
    calls: byId.artist + byId.album + byId.track + 2 * of(null),
    byId,
    laterById: { album: of(null), track: of(null) },
    crowd: { groups: references.length, size: 1 },
    full: true,
  };
}

/** References of one type share their reads, as the ids of a plural field do. */
function entities({ args, app, referencesOf }: Visit): Cost {
  const all = args['representations'] as Key[];
  const reads = Object.entries(entityKinds).map(([type, kind]) =>
    readsByIds(kind, referencesOf(all, type), app),
  );
  return {
    calls: reads.reduce((sum, { calls }) => sum + calls, 0),
    byId: Object.assign({}, ...reads.map(({ byId }) => byId)),
    crowd: { groups: all.length, size: 1 },
    full: true,
  };
}

function shortList(endpoint: 'artists/top-tracks' | 'artists/related-artists', length: number) {
  return ({ parents, app }: Visit): Cost => ({
    calls: app.has(endpoint) === false ? 0 : count(parents),
    crowd: { groups: count(parents), size: length },
    full: true,
  });
}

function artistAlbums(visit: Visit): Cost {
  const { pages, size, tries } = pagesOf(visit, 'artists/albums');
  const parents = count(visit.parents);
  return { calls: parents * pages.length, tries, crowd: { groups: parents, size }, full: false };
}

function albumTracks(visit: Visit): Cost {
  const { pages, size, limit, tries } = pagesOf(visit, 'albums/tracks');
  const parents = count(visit.parents);
  const embedded = beginsEmbedded(visit.args);
  const behind = embedded ? pages.filter((page) => page + limit > embeddedTracks) : pages;
  // Tracks for another market come with the album for that market.
  const elsewhere =
    embedded && visit.args['market'] != null ? readsOf('album', visit.parents, visit.app) : null;
  return {
    calls: parents * behind.length + (elsewhere?.calls ?? 0),
    byId: elsewhere?.byId ?? {},
    tries: behind.length > 0 ? tries : [],
    crowd: { groups: parents, size },
    full: false,
  };
}

/** All but what a reference says by itself comes from the track, which is read by its id. */
function linkedTracks({ parents, selected, app }: Visit): Cost {
  const isReference = Array.from(selected).every((name) => fieldsOfReference.has(name));
  const reads = isReference ? { calls: 0, crowd: parents } : readsOf('track', parents, app);
  return { ...reads, full: true };
}

/** The kinds of one search share their calls, page by page. */
function finds(full: boolean) {
  return (visit: Visit): Cost => {
    const { pages, size, tries } = pagesOf(visit, 'search', searchReach);
    const search = JSON.stringify(visit.parentArgs);
    const near = pages.filter((page) => page < searchReach);
    return {
      calls: pages.length - near.length, // the ends of the kinds' lists lie apart
      shared: near.map((page) => `search for ${search} from ${page}`),
      tries,
      crowd: { groups: 1, size },
      full,
    };
  };
}

/** The pages that a connection may have to read, by their offsets, and how many items it may give. */
function pagesOf({ args, selected, app }: Visit, endpoint: PagedEndpoint, reach = Number.POSITIVE_INFINITY) {
  const { limit, probeCalls: refusals } = app.worstCasePage(endpoint);
  const range = tolerant(() => rangeOf(args as PagingArgs, parseCursor));
  const wanted = ['edges', 'nodes', 'pageInfo'].some((field) => selected.has(field));
  const pages = range && wanted ? worstCaseOffsets(range, limit, reach, endpoint !== 'search') : [];
  if (range && pages.length === 0 && selected.has('totalCount')) pages.push(0);
  const tries = pages.length > 0 ? Array.from({ length: refusals }, (_, i) => `${endpoint} ${i + 1}`) : [];
  return { pages, limit, size: range?.first ?? range?.last ?? 0, tries };
}

function beginsEmbedded(args: Visit['args']): boolean {
  const range = tolerant(() => rangeOf(args as PagingArgs, parseCursor));
  return range !== null && (range.after === null || range.after.slot + 1 < embeddedTracks);
}

const count = ({ groups, size }: Crowd): number => groups * size;

/** What cannot be right is refused where it stands, and costs nothing. */
function tolerant<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof BadUserInput) return null;
    throw error;
  }
}
