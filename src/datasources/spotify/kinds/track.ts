import { type Album, decodeAlbum } from './album.ts';
import { type Artist, simplifiedArtists } from './artist.ts';
import {
  booleanPart,
  expectObject,
  intPart,
  type Json,
  MalformedResponse,
  part,
  partOrNull,
  statedNull,
  withId,
} from './decoding/json.ts';
import {
  addressOrNull,
  type BaseFields,
  baseFields,
  type Decoded,
  type DecodedList,
  type ExternalIds,
  externalIds,
  externalUrl,
  type Restrictions,
  restrictions,
  simplifiedOptions,
} from './decoding/values.ts';
import {
  type DecodeOptions,
  dayMs,
  hourMs,
  type KindDefinition,
  type PagedListDefinition,
  type UnpagedListDefinition,
} from './kind.ts';
import { fallbackMarket, type Market } from './markets.ts';
import { readIdOf, type SpotifyId } from './spotify-id.ts';

export interface Track extends Omit<BaseFields, 'name'> {
  kind: 'track';
  /** Undefined in a reference only. */
  name: string | undefined;
  discNumber: Decoded<number>;
  trackNumber: Decoded<number>;
  durationMs: Decoded<number>;
  explicit: Decoded<boolean>;
  isLocal: Decoded<boolean>;
  /** Null if a simplified object lacks it. */
  isPlayable: Decoded<boolean | null>;
  restrictions: Decoded<Restrictions | null>;
  /** A reference to the requested track, if this track replaces it in the market. Undefined if it is withheld. */
  linkedFrom: Decoded<Track | null>;
  previewUrl: Decoded<string | null>;
  artists: DecodedList<Artist>;
  /** The simplified album; lists of one album's tracks have `albumId` instead. */
  album: Decoded<Album>;
  albumId: SpotifyId | undefined;
  externalIds: Decoded<ExternalIds>;
  popularity: Decoded<number>;
}

export const albumTracks = {
  name: 'albums/tracks',
  path: (id) => `/albums/${id}/tracks`,
  pageSizes: [50, 20, 10],
  developmentPageSize: 50,
  freshMs: dayMs,
  presumedDailyLimit: 2_300,
  decodeItem: decodeTrack,
} as const satisfies PagedListDefinition<Track>;

/** At most ten tracks of a market, without which Spotify may reject the request; not for every app. */
export const topTracks = {
  name: 'artists/top-tracks',
  path: (id) => `/artists/${id}/top-tracks`,
  key: 'tracks',
  freshMs: 6 * hourMs,
  takesMarket: true,
  fallbackMarket,
  decodeItem: (item, options) => decodeTrack(item, options),
} as const satisfies UnpagedListDefinition<Track>;

export const track = {
  name: 'track',
  plural: 'tracks',
  takesMarket: true,
  isFoundByBareId: true,
  batchSize: 50,
  freshMs: dayMs,
  isSearchable: true,
  isFullInSearch: true,
  withheldFields: ['Track.popularity', 'Track.previewUrl'],
  withheldWith: { linkedFrom: 'Track.previewUrl' },
  requiredFields: [
    'externalUrl',
    'artists',
    'discNumber',
    'trackNumber',
    'durationMs',
    'explicit',
    'isLocal',
  ],
  requiredIfFull: ['album', 'externalIds'],
  embedded: ['artists', 'album'],
  pagedLists: [albumTracks],
  unpagedLists: [topTracks],
  decode: (value, options) => decodeTrack(value, options),
  isRelinked: ({ linkedFrom }) => Boolean(linkedFrom),
  withoutUncertainValues,
} as const satisfies KindDefinition<Track>;

/** @throws MalformedResponse without a readable id and name */
function decodeTrack(value: unknown, options: DecodeOptions, albumId?: SpotifyId): Track {
  const json = expectObject(value, 'track');
  return {
    kind: 'track',
    ...baseFields(json, 'track', options),
    discNumber: intPart(json, 'disc_number', 'track'),
    trackNumber: intPart(json, 'track_number', 'track'),
    durationMs: intPart(json, 'duration_ms', 'track'),
    explicit: booleanPart(json, 'explicit', 'track'),
    isLocal: booleanPart(json, 'is_local', 'track'),
    isPlayable: booleanPart(json, 'is_playable', 'track') ?? (options.full ? undefined : null),
    restrictions: partOrNull(json['restrictions'], restrictions),
    linkedFrom: linkedFrom(json, options.market),
    previewUrl: addressOrNull(json, 'preview_url', 'track'),
    artists: simplifiedArtists(json, 'track', options),
    album: part(withId(json['album']), (album) => decodeAlbum(album, simplifiedOptions(options))),
    albumId,
    externalIds: part(json['external_ids'], externalIds),
    popularity: intPart(json, 'popularity', 'track'),
  };
}

/**
 * An app in development mode gets neither a preview nor `linked_from`. Its simplified tracks lack two more values: without
 * a market, whether they can be played; with one, whether they replace tracks of the listed album and belong to another.
 */
function withoutUncertainValues(object: Track): Track {
  if (object.previewUrl !== undefined) return object;
  return object.market === null ? { ...object, isPlayable: undefined } : { ...object, albumId: undefined };
}

/** Null if the track replaces none. Without the key of the preview, the app gets no `linked_from` of any track. */
const linkedFrom = (json: Json, market: Market | null): Track['linkedFrom'] =>
  part(json['linked_from'], (link) => linkedTrack(link, market)) ??
  (json['preview_url'] === undefined ? statedNull(json['linked_from']) : null);

/**
 * The track that another one replaces. Spotify often leaves out its id, and names it in the URI or the link.
 * @throws MalformedResponse if none of them names a track: null would state that no track is replaced
 */
function linkedTrack(value: unknown, market: Market | null): Track {
  const json = expectObject(value, 'track.linked_from');
  const link = externalUrl(json, 'linked_from');
  const ids = [json['id'], json['uri'], link].map((text) => readIdOf('track', text));
  const id = ids.find((readable) => readable !== null) ?? null;
  if (id === null) throw new MalformedResponse('track.linked_from');
  return trackReference(id, link, market);
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
