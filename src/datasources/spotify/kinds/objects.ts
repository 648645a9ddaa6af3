import { type Items, isLazy, isWhole } from '../pagination/lazy-items.ts';
import { decodeAlbum, decodeArtist, decodeList, decodeTrack, listUnder } from './decode.ts';
import { absentOn404, type Batch, type Part, type Resource, throwIfWithheld } from './endpoint-request.ts';
import { isInRange, type Kind, type SpotifyId } from './ids.ts';
import { isMalformed, type Malformed } from './malformed.ts';
import type { Market } from './markets.ts';
import { marketQuery, objectKey } from './object-key.ts';
import type { Album, Artist, SpotifyObject, Track } from './types.ts';

/** The reads of single objects and of what comes with them whole: `/artists/{id}` and its like. */

/** Most ids of one call, for apps that have batch endpoints. */
export const batchMax: Record<Kind, number> = { artist: 50, album: 20, track: 50 };
const itemBytes = 256_000; // an album with 50 tracks and all their market codes is some 110 KB
const leastBytes = 2_000_000;

type Decode<T> = (body: unknown, id: SpotifyId) => T;

export const artist = (id: SpotifyId): Resource<Artist> =>
  byId('artist', id, null, (body, asked) => decodeArtist(body, { full: true, market: null, id: asked }));

export const album = (id: SpotifyId, market: Market | null): Resource<Album> => ({
  ...byId('album', id, market, (body, asked) => decodeAlbum(body, { full: true, market, id: asked })),
  confirmed: (value, asOfMs) => (value.tracks ? { ...value, tracks: { ...value.tracks, asOfMs } } : value),
});

export const track = (id: SpotifyId, market: Market | null): Resource<Track> =>
  byId('track', id, market, (body) => decodeTrack(body, { full: true, market }));

/** At most ten tracks of a market, without which Spotify may refuse; not for every app. */
export const topTracks = (id: SpotifyId, market: Market): Resource<(Track | Malformed | null)[]> => ({
  key: `artist/${id}/top-tracks${marketQuery(market)}`,
  request: { family: 'artists/top-tracks', path: `/artists/${id}/top-tracks`, query: { market } },
  decode: (body) => decodeList(body, 'tracks', (item) => decodeTrack(item, { full: true, market })),
  refused: onlyWithheld,
  isWhole,
  brings: partsOfAll,
});

/** At most twenty artists; only for apps that had access before November 2024. */
export const relatedArtists = (id: SpotifyId): Resource<(Artist | Malformed | null)[]> => ({
  key: `artist/${id}/related-artists`,
  request: { family: 'artists/related-artists', path: `/artists/${id}/related-artists`, query: {} },
  decode: (body) => decodeList(body, 'artists', (item) => decodeArtist(item, { full: true, market: null })),
  refused: onlyWithheld,
  isWhole,
  brings: partsOfAll,
});

export const withMarket = (query: Record<string, string>, market: Market | null): Record<string, string> =>
  market === null ? query : { ...query, market };

export const isObject = (part: Part): part is SpotifyObject => 'kind' in part;

/** A list that nobody has read yet stays one. */
export function* partsOfAll(items: Items<SpotifyObject>): Iterable<Part> {
  if (isLazy(items)) yield items;
  else yield* partsOfEach(items);
}

/** The objects of a list that are what they should be, each with those inside it. */
export function* partsOfEach(items: Items<SpotifyObject>): Iterable<Part> {
  for (const item of isLazy(items) ? items.all() : items) {
    if (item !== null && !isMalformed(item)) yield* partsOf(item);
  }
}

export function* partsOf(object: SpotifyObject): Iterable<Part> {
  yield object;
  if (object.kind === 'artist') return;
  if (object.artists !== undefined && !isMalformed(object.artists)) yield* partsOfEach(object.artists);
  if (object.kind === 'track' && object.album !== undefined && !isMalformed(object.album)) {
    yield* partsOf(object.album);
  }
  if (object.kind === 'album' && object.tracks) yield* partsOfAll(object.tracks.items);
}

/** The track with all that hangs on it, as if it had been asked for in the market. */
export function inMarket(track: Track, market: Market | null): Track {
  const { artists, album } = track;
  const marked = { ...track, market };
  if (artists !== undefined && !isMalformed(artists)) {
    marked.artists = artists.map((each) => (each === null || isMalformed(each) ? each : { ...each, market }));
  }
  if (album !== undefined && !isMalformed(album)) marked.album = { ...album, market };
  return marked;
}

/** The list of an object that exists: it can be withheld, but not absent. */
function onlyWithheld(answer: Parameters<typeof throwIfWithheld>[0]): undefined {
  throwIfWithheld(answer);
}

function byId<T extends SpotifyObject>(
  kind: Kind,
  id: SpotifyId,
  market: Market | null,
  decode: Decode<T>,
): Resource<T> {
  const inRange = isInRange(id);
  return {
    key: objectKey(kind, id, market),
    request: { family: `${kind}s`, path: `/${kind}s/${id}`, query: withMarket({}, market) },
    decode: (body) => decode(body, id),
    // An id out of range is nobody's, and Spotify reports it as an invalid request.
    refused: (answer) => (answer.status === 400 && !inRange ? null : absentOn404(answer)),
    names: { kind, id, market },
    ...(inRange && { batch: batchOf(kind, market), batchValue: id }),
    brings: partsOf,
  };
}

function batchOf(kind: Kind, market: Market | null): Batch {
  return {
    key: `${kind}s${marketQuery(market)}`,
    max: batchMax[kind],
    feature: 'batch',
    request: (ids) => ({
      family: `${kind}s`,
      path: `/${kind}s`,
      query: withMarket({ ids: ids.join(',') }, market),
      maxBytes: Math.max(leastBytes, ids.length * itemBytes),
    }),
    isUsable: (body, ids) => {
      const items = (body as Partial<Record<string, unknown>> | null)?.[`${kind}s`];
      return !Array.isArray(items) || items.length === ids.length;
    },
    // By position alone: a track may come under another id than it was asked for (relinking), with and without a link.
    part(body, index) {
      const item = listUnder(body, `${kind}s`)[index] ?? null;
      return isNothing(item) ? null : item;
    },
  };
}

/** Nothing, or what Spotify leaves of an object that was removed: its keys with neither an id nor a name. */
function isNothing(item: unknown): boolean {
  if (item === null) return true;
  const { id, name } = item as Partial<Record<'id' | 'name', unknown>>;
  return id === null && name === null;
}
