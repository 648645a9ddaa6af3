import { epochMs } from './clock.ts';
import { parseId, type SpotifyId } from './ids.ts';
import { lazyItems } from './items.ts';
import {
  int,
  type Json,
  list,
  MalformedAnswer,
  optional,
  optionalBoolean,
  optionalInt,
  optionalText,
  record,
  text,
} from './json.ts';
import type { Market } from './markets.ts';
import type {
  Album,
  AlbumGroup,
  AlbumType,
  Artist,
  Copyright,
  ExternalIds,
  Image,
  Malformed,
  Page,
  ReleaseDate,
  Restrictions,
  Track,
  TrackLink,
} from './types.ts';

/**
 * Spotify's JSON to our types, with every check on its shape. Written by hand: it runs over each object of
 * each answer, keeps only what the schema serves, and lets one bad item of a list fail alone.
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

export function decodeArtist(value: unknown, asked: Asked): Artist {
  const json = record(value, 'artist');
  return {
    kind: 'artist',
    ...identity(json, 'artist', asked),
    images: optional(json['images'], images),
    genres: optional(json['genres'], genres),
    followers: optional(json['followers'], (followers) =>
      optionalInt(record(followers, 'followers'), 'total'),
    ),
    popularity: optionalInt(json, 'popularity'),
  };
}

export function decodeAlbum(value: unknown, asked: Asked): Album {
  const json = record(value, 'album');
  const entity = identity(json, 'album', asked);
  const tracks = optional(json['tracks'], (page) =>
    decodeAlbumTracks(page, { ...embeddedPage, market: asked.market }, entity.id),
  );
  return {
    kind: 'album',
    ...entity,
    albumType: albumType(json['album_type']),
    albumGroup: optional(json['album_group'], albumGroup),
    // Answers from before 2018 lack the number; the embedded tracks still tell it.
    totalTracks: optionalInt(json, 'total_tracks') ?? tracks?.total,
    releaseDate: releaseDate(json),
    images: optional(json['images'], images),
    artists: optional(json['artists'], (list) => shortArtists(list, asked)),
    isPlayable: optionalBoolean(json, 'is_playable'),
    restrictions: optional(json['restrictions'], restrictions),
    copyrights: optional(json['copyrights'], copyrights),
    externalIds: optional(json['external_ids'], externalIds),
    genres: optional(json['genres'], genres),
    label: optionalText(json, 'label'),
    popularity: optionalInt(json, 'popularity'),
    tracks,
  };
}

export function decodeTrack(value: unknown, asked: Asked, albumId?: SpotifyId): Track {
  const json = record(value, 'track');
  return {
    kind: 'track',
    ...identity(json, 'track', asked),
    discNumber: int(json, 'disc_number', 'track'),
    trackNumber: int(json, 'track_number', 'track'),
    durationMs: int(json, 'duration_ms', 'track'),
    explicit: optionalBoolean(json, 'explicit') ?? false,
    isLocal: optionalBoolean(json, 'is_local') ?? false,
    isPlayable: optionalBoolean(json, 'is_playable'),
    restrictions: optional(json['restrictions'], restrictions),
    linkedFrom: optional(json['linked_from'], trackLink),
    previewUrl: url(json['preview_url']),
    artists: shortArtists(json['artists'], asked),
    album: optional(json['album'], (album) => decodeAlbum(album, shortened(asked))),
    albumId,
    externalIds: optional(json['external_ids'], externalIds),
    popularity: optionalInt(json, 'popularity'),
  };
}

/** Which slots of a list were asked for, and for which market. */
export interface AskedPage {
  offset: number;
  limit: number;
  market: Market | null;
}

/** One page of a list; each item that `decodeItem` rejects becomes a marker in its slot. */
export function decodePage<T>(value: unknown, asked: AskedPage, decodeItem: (item: unknown) => T): Page<T> {
  const json = record(value, 'page');
  const offset = int(json, 'offset', 'page');
  if (offset !== asked.offset) throw new MalformedAnswer('page.offset');
  const limit = Math.min(int(json, 'limit', 'page'), asked.limit);
  if (limit === 0) throw new MalformedAnswer('page.limit'); // no number of such pages makes a list
  return {
    offset,
    limit,
    total: int(json, 'total', 'page'),
    hasNext: typeof json['next'] === 'string',
    items: lazyItems(list(json['items'], 'page.items').slice(0, limit), asked.market, (item) =>
      tolerate(() => decodeItem(item)),
    ),
    asOfMs: epochMs(),
  };
}

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
  return listUnder(value, key).map((item) => (item === null ? null : tolerate(() => decodeItem(item))));
}

export const fieldOf = (value: unknown, key: string): unknown => record(value, 'answer')[key];

export const listUnder = (value: unknown, key: string): readonly unknown[] => list(fieldOf(value, key), key);

function tolerate<T>(decode: () => T): T | Malformed {
  try {
    return decode();
  } catch (error) {
    if (error instanceof MalformedAnswer) return { malformed: error.message };
    throw error;
  }
}

function identity(json: Json, kind: 'artist' | 'album' | 'track', { full, market, id: askedId }: Asked) {
  const id = spotifyId(json, kind);
  if (askedId && askedId !== id && kind !== 'track') throw new MalformedAnswer(`${kind}.id`);
  if (typeof json['type'] === 'string' && json['type'] !== kind) throw new MalformedAnswer(`${kind}.type`);
  return {
    id,
    name: text(json, 'name', kind),
    externalUrl: externalUrl(json),
    market,
    full,
  };
}

function spotifyId(json: Json, kind: 'artist' | 'album' | 'track'): SpotifyId {
  try {
    return parseId(text(json, 'id', kind), kind);
  } catch {
    throw new MalformedAnswer(`${kind}.id`);
  }
}

function shortArtists(value: unknown, asked: Asked): Artist[] {
  const short = shortened(asked);
  return list(value, 'artists').map((item) => {
    const { id, name } = record(item, 'artist');
    const known = short.artists?.get(id);
    if (known && known.name === name) return known;
    const artist = decodeArtist(item, short);
    short.artists?.set(id, artist);
    return artist;
  });
}

/** How what stands inside an object is asked for with it. */
const shortened = ({ market, artists = new Map() }: Asked): Asked => ({ full: false, market, artists });

const images = (value: unknown): Image[] =>
  list(value, 'images').map((item) => {
    const json = record(item, 'image');
    return {
      url: url(json['url']),
      width: optionalInt(json, 'width') ?? null,
      height: optionalInt(json, 'height') ?? null,
    };
  });

const genres = (value: unknown): string[] =>
  list(value, 'genres').filter((genre): genre is string => typeof genre === 'string');

const copyrights = (value: unknown): Copyright[] =>
  list(value, 'copyrights').map((item) => {
    const json = record(item, 'copyright');
    return { text: text(json, 'text', 'copyright'), type: oneOf(json['type'], ['C', 'P']) };
  });

function externalIds(value: unknown): ExternalIds {
  const json = record(value, 'external_ids');
  return {
    isrc: optionalText(json, 'isrc') ?? null,
    upc: optionalText(json, 'upc') ?? null,
    ean: optionalText(json, 'ean') ?? null,
  };
}

const restrictions = (value: unknown): Restrictions => ({
  reason: oneOf(record(value, 'restrictions')['reason'], ['MARKET', 'PRODUCT', 'EXPLICIT']),
});

function releaseDate(json: Json): ReleaseDate | undefined {
  const date = optionalText(json, 'release_date');
  if (date === undefined) return undefined;
  return { date, precision: oneOf(json['release_date_precision'], ['DAY', 'MONTH', 'YEAR']) };
}

function trackLink(value: unknown): TrackLink {
  const json = record(value, 'linked_from');
  const id = spotifyId(json, 'track');
  return { id, externalUrl: externalUrl(json) };
}

const albumType = (value: unknown): AlbumType => oneOf(value, ['ALBUM', 'SINGLE', 'COMPILATION']);

const albumGroup = (value: unknown): AlbumGroup =>
  oneOf(value, ['ALBUM', 'SINGLE', 'COMPILATION', 'APPEARS_ON']);

/** Spotify's enums grow, and were not always in small letters: what we do not know is `OTHER`. */
function oneOf<const T extends string>(value: unknown, known: readonly T[]): T | 'OTHER' {
  const name = typeof value === 'string' ? value.toUpperCase() : '';
  return known.find((candidate) => candidate === name) ?? 'OTHER';
}

const externalUrl = (json: Json): string | null =>
  optional(json['external_urls'], (urls) => url(record(urls, 'external_urls')['spotify'])) ?? null;

/** Clients put these into `href` and `src`: nothing but http may pass. */
const url = (value: unknown): string | null =>
  typeof value === 'string' && /^https?:\/\//i.test(value) ? value : null;
