import { epochMs } from '../../../observability/clock.ts';
import { lazyItems } from '../pagination/lazy-items.ts';
import { type Kind, parseId, type SpotifyId } from './ids.ts';
import {
  booleanPart,
  elements,
  intPart,
  isInt,
  type Json,
  list,
  MalformedAnswer,
  orMalformed,
  part,
  partOrNull,
  record,
  text,
  textPart,
} from './json.ts';
import type { Malformed } from './malformed.ts';
import { isMalformed } from './malformed.ts';
import type { Market } from './markets.ts';
import type {
  Album,
  Artist,
  Copyright,
  ExternalIds,
  Followers,
  Image,
  Page,
  ReleaseDate,
  Restrictions,
  Sent,
  SentList,
  Track,
} from './types.ts';

/**
 * Spotify's JSON to our types, with every check on its shape. Written by hand: it runs over each object of
 * each answer, keeps only what the schema serves, and lets one malformed part of an object, or one malformed item of a
 * list, fail alone.
 */

const embeddedPage = { offset: 0, limit: 50 }; // of a full album's tracks

/** In which form and for which market an object was asked. */
export interface Asked {
  full: boolean;
  market: Market | null;
  /** Where it was asked for by its id: a track may have come under another one, nothing else may. */
  id?: SpotifyId;
  /** Short artists of the same answer by their ids: the fifty albums of a page have few between them. */
  artists?: Map<unknown, Artist>;
}

/** How the short forms of one answer are asked for. */
export const inShort = (market: Market | null): Asked => ({ full: false, market, artists: new Map() });

/** @throws MalformedAnswer without a readable id and name */
export function decodeArtist(value: unknown, asked: Asked): Artist {
  const json = record(value, 'artist');
  return {
    kind: 'artist',
    ...identity(json, 'artist', asked),
    images: images(json, 'artist'),
    genres: genres(json, 'artist'),
    followers: followers(json['followers']),
    popularity: intPart(json, 'popularity', 'artist'),
  };
}

/** @throws MalformedAnswer without a readable id and name */
export function decodeAlbum(value: unknown, asked: Asked): Album {
  const json = record(value, 'album');
  const entity = identity(json, 'album', asked);
  const tracks = part(json['tracks'], (page) =>
    decodeAlbumTracks(page, { ...embeddedPage, market: asked.market }, entity.id),
  );
  // A page that cannot be used is read again by itself, when it is wanted.
  const usableTracks = isMalformed(tracks) ? undefined : tracks;
  return {
    kind: 'album',
    ...entity,
    albumType: enumPart(json['album_type'], ['ALBUM', 'SINGLE', 'COMPILATION']),
    albumGroup: enumPart(json['album_group'], ['ALBUM', 'SINGLE', 'COMPILATION', 'APPEARS_ON']),
    // Answers from before 2018 lack the number; the embedded tracks still tell it.
    totalTracks: intPart(json, 'total_tracks', 'album') ?? usableTracks?.total,
    releaseDate: releaseDate(json),
    images: images(json, 'album'),
    artists: shortArtists(json, 'album', asked),
    isPlayable: booleanPart(json, 'is_playable', 'album') ?? null,
    restrictions: partOrNull(json['restrictions'], restrictions),
    copyrights: part(json['copyrights'], (value) => elements(value, 'album.copyrights', copyright)),
    externalIds: part(json['external_ids'], externalIds),
    genres: genres(json, 'album'),
    label: textPart(json, 'label', 'album'),
    popularity: intPart(json, 'popularity', 'album'),
    tracks: usableTracks,
  };
}

/** @throws MalformedAnswer without a readable id and name */
export function decodeTrack(value: unknown, asked: Asked, albumId?: SpotifyId): Track {
  const json = record(value, 'track');
  return {
    kind: 'track',
    ...identity(json, 'track', asked),
    discNumber: intPart(json, 'disc_number', 'track'),
    trackNumber: intPart(json, 'track_number', 'track'),
    durationMs: intPart(json, 'duration_ms', 'track'),
    explicit: booleanPart(json, 'explicit', 'track'),
    isLocal: booleanPart(json, 'is_local', 'track'),
    isPlayable: booleanPart(json, 'is_playable', 'track') ?? null,
    restrictions: partOrNull(json['restrictions'], restrictions),
    linkedFrom: partOrNull(json['linked_from'], (link) => linkedTrack(link, asked.market)),
    previewUrl: previewUrl(json),
    artists: shortArtists(json, 'track', asked),
    album: part(withId(json['album']), (album) => decodeAlbum(album, shortened(asked))),
    albumId,
    externalIds: part(json['external_ids'], externalIds),
    popularity: intPart(json, 'popularity', 'track'),
  };
}

/** Which slots of a list were asked for, and for which market. */
export interface AskedPage {
  offset: number;
  limit: number;
  market: Market | null;
}

/**
 * One page of a list; each item that `decodeItem` rejects becomes a marker in its slot. A page without a usable total
 * ends where its items end, unless `next` is set.
 */
export function decodePage<T>(value: unknown, asked: AskedPage, decodeItem: (item: unknown) => T): Page<T> {
  const json = record(value, 'page');
  const { offset } = asked;
  if ((json['offset'] ?? offset) !== offset) throw new MalformedAnswer('page.offset');
  const items = list(json['items'], 'page.items');
  // The reported size is trusted only as far as the items agree with it: some pages report a size of 1 for ten items.
  const limit = Math.min(asked.limit, Math.max(countOr(asked.limit, json['limit']), items.length));
  if (!isInt(json['limit']) && !isInt(json['total'])) throw new MalformedAnswer('page.total');
  if (limit === 0) throw new MalformedAnswer('page.limit'); // no number of such pages makes a list
  return {
    offset,
    limit,
    total: countOr(offset + items.length, json['total']),
    isTotalMalformed: json['total'] != null && !isInt(json['total']),
    hasNext: typeof json['next'] === 'string',
    items: lazyItems(items.slice(0, limit).map(withId), asked.market, (item) =>
      orMalformed(() => decodeItem(item)),
    ),
    asOfMs: epochMs(),
  };
}

const countOr = (otherwise: number, value: unknown): number => (isInt(value) ? value : otherwise);

export function decodeAlbumTracks(value: unknown, asked: AskedPage, albumId: SpotifyId): Page<Track> {
  const short = inShort(asked.market);
  return decodePage(value, asked, (track) => decodeTrack(track, short, albumId));
}

/** The objects under one key, as batch reads and the short lists without paging answer them. */
export function decodeList<T>(
  value: unknown,
  key: string,
  decodeItem: (item: unknown) => T,
): (T | Malformed | null)[] {
  return listUnder(value, key).map((item) => partOrNull(withId(item), decodeItem));
}

export const fieldOf = (value: unknown, key: string): unknown => record(value, 'answer')[key];

export const listUnder = (value: unknown, key: string): readonly unknown[] => list(fieldOf(value, key), key);

/** The value, or null for an object without an id: a local file, or what Spotify leaves of a removed object. */
function withId(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return ((value as Json)['id'] ?? null) === null ? null : value;
}

function identity(json: Json, kind: Kind, { full, market, id: askedId }: Asked) {
  const id = spotifyId(json, kind);
  if (askedId && askedId !== id && kind !== 'track') throw new MalformedAnswer(`${kind}.id`);
  if (typeof json['type'] === 'string' && json['type'] !== kind) throw new MalformedAnswer(`${kind}.type`);
  return {
    id,
    name: text(json, 'name', kind),
    externalUrl: externalUrl(json, kind),
    market,
    full,
  };
}

function spotifyId(json: Json, kind: Kind): SpotifyId {
  try {
    return parseId(text(json, 'id', kind), kind);
  } catch {
    throw new MalformedAnswer(`${kind}.id`);
  }
}

function shortArtists(json: Json, where: string, asked: Asked): SentList<Artist> {
  const short = shortened(asked);
  return part(json['artists'], (artists) =>
    list(artists, `${where}.artists`).map((item) =>
      partOrNull(withId(item), (artist) => shortArtist(artist, short)),
    ),
  );
}

function shortArtist(value: unknown, short: Asked): Artist {
  const { id, name } = record(value, 'artist');
  const known = short.artists?.get(id);
  if (known && known.name === name) return known;
  const artist = decodeArtist(value, short);
  if (!isMalformed(artist.externalUrl)) short.artists?.set(id, artist);
  return artist;
}

/** How what stands inside an object is asked for with it. */
const shortened = ({ market, artists = new Map() }: Asked): Asked => ({ full: false, market, artists });

const images = (json: Json, where: string): SentList<Image> =>
  part(json['images'], (value) => elements(value, `${where}.images`, image));

function image(value: unknown): Image {
  const json = record(value, 'image');
  return {
    url: part(json['url'], (url) => webAddress(url, 'image.url')),
    width: intPart(json, 'width', 'image') ?? null,
    height: intPart(json, 'height', 'image') ?? null,
  };
}

const genres = (json: Json, where: string): SentList<string> =>
  part(json['genres'], (value) =>
    elements(value, `${where}.genres`, (genre) => {
      if (typeof genre === 'string') return genre;
      throw new MalformedAnswer(`${where}.genres`);
    }),
  );

/** Some artists have followers without a number, which says no more than no followers at all (spotify/web-api#261). */
function followers(value: unknown): Sent<Followers> {
  const json = part(value, (each) => record(each, 'artist.followers'));
  if (json === undefined || isMalformed(json)) return json;
  const total = intPart(json, 'total', 'followers');
  return total === undefined ? undefined : { total };
}

function copyright(value: unknown): Copyright {
  const json = record(value, 'copyright');
  return { text: textPart(json, 'text', 'copyright'), type: enumPart(json['type'], ['C', 'P']) };
}

function externalIds(value: unknown): ExternalIds {
  const json = record(value, 'external_ids');
  return {
    isrc: textPart(json, 'isrc', 'external_ids') ?? null,
    upc: textPart(json, 'upc', 'external_ids') ?? null,
    ean: textPart(json, 'ean', 'external_ids') ?? null,
  };
}

const restrictions = (value: unknown): Restrictions => ({
  reason: enumPart(record(value, 'restrictions')['reason'], ['MARKET', 'PRODUCT', 'EXPLICIT']),
});

function releaseDate(json: Json): ReleaseDate | undefined {
  const date = textPart(json, 'release_date', 'album');
  if (date === undefined) return undefined;
  return { date, precision: enumPart(json['release_date_precision'], ['DAY', 'MONTH', 'YEAR']) };
}

/** The track for which another one stands in. Spotify often leaves out its id, and names it in the URI or the link. */
function linkedTrack(value: unknown, market: Market | null): Track | null {
  const json = record(value, 'track.linked_from');
  const link = externalUrl(json, 'linked_from');
  const id = [json['id'], json['uri'], link].map(trackIdIn).find((each) => each !== null);
  return id === undefined || id === null ? null : trackReference(id, link, market);
}

function trackIdIn(value: unknown): SpotifyId | null {
  try {
    return typeof value === 'string' ? parseId(value, 'track') : null;
  } catch {
    return null;
  }
}

/** A track of which only the id and the link are known. */
const trackReference = (id: SpotifyId, externalUrl: Track['externalUrl'], market: Market | null): Track => ({
  kind: 'track',
  id,
  externalUrl,
  market,
  full: false,
  isReference: true,
  name: undefined,
  discNumber: undefined,
  trackNumber: undefined,
  durationMs: undefined,
  explicit: undefined,
  isLocal: undefined,
  isPlayable: undefined,
  restrictions: undefined,
  linkedFrom: undefined,
  previewUrl: undefined,
  artists: undefined,
  album: undefined,
  albumId: undefined,
  externalIds: undefined,
  popularity: undefined,
});

/** Spotify says null of a track without a preview, and leaves out the key for apps that are given none. */
const previewUrl = (json: Json): Sent<string | null> =>
  json['preview_url'] === null
    ? null
    : part(json['preview_url'], (value) => webAddress(value, 'track.preview_url'));

/** Spotify's enums grow, and were not always in small letters: what we do not know is `OTHER`. */
function enumPart<const T extends string>(value: unknown, known: readonly T[]): T | 'OTHER' | undefined {
  if (value === undefined || value === null) return undefined;
  const name = typeof value === 'string' ? value.toUpperCase() : '';
  return known.find((candidate) => candidate === name) ?? 'OTHER';
}

const externalUrl = (json: Json, where: string): Sent<string> => {
  const urls = part(json['external_urls'], (value) => record(value, `${where}.external_urls`));
  if (urls === undefined || isMalformed(urls)) return urls;
  return part(urls['spotify'], (value) => webAddress(value, `${where}.external_urls`));
};

/** Clients put these into `href` and `src`: nothing but http may pass. */
function webAddress(value: unknown, where: string): string {
  if (typeof value === 'string' && /^https?:\/\//i.test(value)) return value;
  throw new MalformedAnswer(where);
}
