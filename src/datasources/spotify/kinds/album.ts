import { type Artist, simplifiedArtists } from './artist.ts';
import {
  booleanPart,
  enumPart,
  expectObject,
  intPart,
  listPart,
  part,
  partOrNull,
  statedNull,
  stringPart,
} from './decoding/json.ts';
import { type Page, usableEmbeddedPage } from './decoding/page.ts';
import {
  type BaseFields,
  baseFields,
  type Copyright,
  copyright,
  type Decoded,
  type DecodedList,
  type ExternalIds,
  externalIds,
  type Image,
  images,
  type ReleaseDate,
  type Restrictions,
  releaseDate,
  restrictions,
  texts,
} from './decoding/values.ts';
import {
  type DecodeOptions,
  dayMs,
  type EmbeddedPage,
  type Entity,
  hourMs,
  type KindDefinition,
  type PagedListDefinition,
} from './kind.ts';

export type AlbumType = 'ALBUM' | 'SINGLE' | 'COMPILATION' | 'OTHER';
export type AlbumGroup = AlbumType | 'APPEARS_ON';

export interface Album extends BaseFields {
  kind: 'album';
  albumType: Decoded<AlbumType>;
  /** Why the list of an artist contains the album. Only lists have the group, and not for every app. */
  albumGroup: AlbumGroup | undefined;
  /** Null, as the next three, if a simplified object states null: the full object is not read for an item of a list. */
  totalTracks: Decoded<number | null>;
  releaseDate: Decoded<ReleaseDate | null>;
  images: DecodedList<Image> | null;
  artists: DecodedList<Artist> | null;
  /** Null if a simplified object lacks it. */
  isPlayable: Decoded<boolean | null>;
  restrictions: Decoded<Restrictions | null>;
  copyrights: DecodedList<Copyright>;
  externalIds: Decoded<ExternalIds>;
  genres: DecodedList<string>;
  label: Decoded<string>;
  popularity: Decoded<number>;
  /** The first tracks, which a full album contains; undefined if they cannot be used. */
  tracks: Page<Entity> | undefined;
}

export const groupOrder = ['ALBUM', 'SINGLE', 'COMPILATION', 'APPEARS_ON'] as const;

const inOrder = (groups: readonly AlbumGroup[]): AlbumGroup[] =>
  groupOrder.filter((group) => groups.length === 0 || groups.includes(group));

/** The filter: album groups in any order; none means all. */
export const artistAlbums = {
  name: 'artists/albums',
  path: (id) => `/artists/${id}/albums`,
  // Every report of the limit of 10 in development mode is about this list and the search.
  pageSizes: [50, 10],
  developmentPageSize: 10,
  limitGroup: 'search',
  freshMs: hourMs,
  presumedDailyLimit: 100,
  query(groups) {
    const selected = inOrder(groups);
    // All four groups are Spotify's default: with and without the parameter, the list has the same key.
    return selected.length === groupOrder.length ? {} : { include_groups: selected.join(',').toLowerCase() };
  },
  filterIn: ({ include_groups: groups = '' }) =>
    groupOrder.filter((group) => groups.toUpperCase().split(',').includes(group)),
  decodeItem(item, options, _artist, groups = []) {
    const selected = inOrder(groups);
    const decoded = decodeAlbum(item, options);
    // Spotify withholds the group from some apps; a list of one group implies it.
    return selected.length === 1 ? { ...decoded, albumGroup: selected[0] } : decoded;
  },
} as const satisfies PagedListDefinition<Album, readonly AlbumGroup[]>;

const embeddedTracks: EmbeddedPage = { key: 'tracks', list: 'albums/tracks', limit: 50, isInBatches: true };

export const album = {
  name: 'album',
  plural: 'albums',
  takesMarket: true,
  isFoundByBareId: true,
  batchSize: 20,
  freshMs: dayMs,
  isSearchable: true,
  isFullInSearch: false,
  withheldFields: ['Album.label', 'Album.popularity'],
  embedded: ['artists'],
  embeddedPage: embeddedTracks,
  pagedLists: [artistAlbums],
  unpagedLists: [],
  decode: decodeAlbum,
  requiredFields: ['externalUrl', 'albumType', 'totalTracks', 'releaseDate', 'images', 'artists'],
  // Without a market, tracks state it of their albums, and the albums themselves do not (recorded in 2026).
  withoutUncertainValues: (object) =>
    object.market === null && object.isPlayable !== null ? { ...object, isPlayable: undefined } : object,
} as const satisfies KindDefinition<Album>;

/** @throws MalformedResponse without a readable id and name */
export function decodeAlbum(value: unknown, options: DecodeOptions): Album {
  const json = expectObject(value, 'album');
  const base = baseFields(json, 'album', options);
  const tracks = usableEmbeddedPage(json, embeddedTracks, options, base.id);
  const nullInList = (key: string) => (options.full ? undefined : statedNull(json[key]));
  return {
    kind: 'album',
    ...base,
    albumType: enumPart(json['album_type'], ['ALBUM', 'SINGLE', 'COMPILATION']),
    albumGroup: enumPart(json['album_group'], ['ALBUM', 'SINGLE', 'COMPILATION', 'APPEARS_ON']),
    totalTracks: intPart(json, 'total_tracks', 'album') ?? totalOf(tracks) ?? nullInList('total_tracks'),
    releaseDate: releaseDate(json, 'album') ?? nullInList('release_date'),
    images: images(json, 'album') ?? nullInList('images'),
    artists: simplifiedArtists(json, 'album', options) ?? nullInList('artists'),
    isPlayable: booleanPart(json, 'is_playable', 'album') ?? (options.full ? undefined : null),
    restrictions: partOrNull(json['restrictions'], restrictions),
    copyrights: listPart(json, 'copyrights', 'album', copyright),
    externalIds: part(json['external_ids'], externalIds),
    genres: texts(json, 'genres', 'album'),
    label: stringPart(json, 'label', 'album'),
    popularity: intPart(json, 'popularity', 'album'),
    tracks,
  };
}

/** Responses from before 2018 lack the number of an album's tracks; the embedded tracks still have it. */
function totalOf(tracks: Page<Entity> | undefined): number | undefined {
  if (!tracks) return undefined;
  const isUnknown = tracks.totalSource !== 'sent' && tracks.hasNext; // the items of the page were counted, and others follow
  return isUnknown ? undefined : tracks.total;
}
