import type { SpotifyId } from './ids.ts';
import type { Items } from './items.ts';
import type { Market } from './markets.ts';

/**
 * What resolvers read and the caches keep: Spotify's objects without the fields that the schema does not
 * serve. A field typed `| undefined` is one that some form of the object lacks; what Spotify says to be
 * nothing is null.
 */

export interface Image {
  url: string | null;
  width: number | null;
  height: number | null;
}

export interface ReleaseDate {
  /** `YYYY`, `YYYY-MM` or `YYYY-MM-DD`, as precise as `precision` says. */
  date: string;
  precision: 'DAY' | 'MONTH' | 'YEAR' | 'OTHER';
}

export interface Copyright {
  text: string;
  type: 'C' | 'P' | 'OTHER';
}

export interface ExternalIds {
  isrc: string | null;
  upc: string | null;
  ean: string | null;
}

export interface Restrictions {
  reason: 'MARKET' | 'PRODUCT' | 'EXPLICIT' | 'OTHER';
}

export type AlbumType = 'ALBUM' | 'SINGLE' | 'COMPILATION' | 'OTHER';
export type AlbumGroup = AlbumType | 'APPEARS_ON';

/** Where a relinked track was asked for under another id. */
export interface TrackLink {
  id: string;
  externalUrl: string | null;
}

interface Entity {
  id: SpotifyId;
  name: string;
  externalUrl: string | null;
  /** The market this was asked for, which what hangs on it inherits; null where none was named. */
  market: Market | null;
  /** Whether this is the full object: what it lacks, Spotify does not give to this app. */
  full: boolean;
}

export interface Artist extends Entity {
  kind: 'artist';
  images: readonly Image[] | undefined;
  genres: readonly string[] | undefined;
  followers: number | undefined;
  popularity: number | undefined;
}

export interface Album extends Entity {
  kind: 'album';
  albumType: AlbumType;
  /** Why an artist's list shows the album; only lists say so, and not to every app. */
  albumGroup: AlbumGroup | undefined;
  totalTracks: number | undefined;
  releaseDate: ReleaseDate | undefined;
  images: readonly Image[] | undefined;
  artists: readonly Artist[] | undefined;
  isPlayable: boolean | undefined;
  restrictions: Restrictions | undefined;
  copyrights: readonly Copyright[] | undefined;
  externalIds: ExternalIds | undefined;
  genres: readonly string[] | undefined;
  label: string | undefined;
  popularity: number | undefined;
  /** The first tracks, which a full album brings along. */
  tracks: Page<Track> | undefined;
}

export interface Track extends Entity {
  kind: 'track';
  discNumber: number;
  trackNumber: number;
  durationMs: number;
  explicit: boolean;
  isLocal: boolean;
  isPlayable: boolean | undefined;
  restrictions: Restrictions | undefined;
  linkedFrom: TrackLink | undefined;
  previewUrl: string | null;
  artists: readonly Artist[];
  /** The album in short; lists of one album's tracks leave it out and give `albumId` instead. */
  album: Album | undefined;
  albumId: SpotifyId | undefined;
  externalIds: ExternalIds | undefined;
  popularity: number | undefined;
}

export type SpotifyObject = Artist | Album | Track;

/** An item that is not as documented; it fails alone, its siblings stay. */
export interface Malformed {
  /** What is wrong, such as `album.name`. */
  malformed: string;
}

export const isMalformed = (item: object): item is Malformed => 'malformed' in item;

/** One upstream page. `items.at(i)` stands in slot `offset + i`; slots up to `offset + limit` may be missing. */
export interface Page<T> {
  offset: number;
  limit: number;
  total: number;
  /** Whether Spotify names a next page. */
  hasNext: boolean;
  items: Items<T>;
  /** When Spotify gave it, in milliseconds of the epoch: of two pages that differ, the later is right. */
  asOfMs: number;
}
