import type { Items } from '../pagination/lazy-items.ts';
import type { SpotifyId } from './ids.ts';
import type { Malformed } from './malformed.ts';
import type { Market } from './markets.ts';

/**
 * What resolvers read and the caches keep: Spotify's objects without the fields that the schema does not
 * serve. Only `id`, and `name` of what was read by its id, are certain; every other value may be missing or malformed.
 */

/**
 * A value as Spotify sent it. Undefined: not sent. Null, where `T` allows it: Spotify says in this way that there is
 * none, such as no restriction.
 */
export type Sent<T> = T | Malformed | undefined;

/** A list as Spotify sent it. Null stands for an element that holds nothing. */
export type SentList<T> = Sent<readonly (T | Malformed | null)[]>;

export interface Image {
  url: Sent<string>;
  width: Sent<number | null>;
  height: Sent<number | null>;
}

export interface ReleaseDate {
  /** `YYYY`, `YYYY-MM` or `YYYY-MM-DD`, as precise as `precision` says. */
  date: Sent<string>;
  precision: Sent<'DAY' | 'MONTH' | 'YEAR' | 'OTHER'>;
}

export interface Copyright {
  text: Sent<string>;
  type: Sent<'C' | 'P' | 'OTHER'>;
}

export interface ExternalIds {
  isrc: Sent<string | null>;
  upc: Sent<string | null>;
  ean: Sent<string | null>;
}

export interface Restrictions {
  reason: Sent<'MARKET' | 'PRODUCT' | 'EXPLICIT' | 'OTHER'>;
}

export interface Followers {
  total: number | Malformed;
}

export type AlbumType = 'ALBUM' | 'SINGLE' | 'COMPILATION' | 'OTHER';
export type AlbumGroup = AlbumType | 'APPEARS_ON';

interface Entity {
  id: SpotifyId;
  externalUrl: Sent<string>;
  /** The market this was asked for, which what hangs on it inherits; null where none was named. */
  market: Market | null;
  /** Whether this is the full object: what it lacks, Spotify does not give to this app. */
  full: boolean;
}

export interface Artist extends Entity {
  kind: 'artist';
  name: string;
  images: SentList<Image>;
  genres: SentList<string>;
  followers: Sent<Followers>;
  popularity: Sent<number>;
}

export interface Album extends Entity {
  kind: 'album';
  name: string;
  albumType: Sent<AlbumType>;
  /** Why an artist's list shows the album; only lists say so, and not to every app. */
  albumGroup: AlbumGroup | undefined;
  totalTracks: Sent<number>;
  releaseDate: Sent<ReleaseDate>;
  images: SentList<Image>;
  artists: SentList<Artist>;
  isPlayable: Sent<boolean | null>;
  restrictions: Sent<Restrictions | null>;
  copyrights: SentList<Copyright>;
  externalIds: Sent<ExternalIds>;
  genres: SentList<string>;
  label: Sent<string>;
  popularity: Sent<number>;
  /** The first tracks, which a full album brings along; undefined where they cannot be used. */
  tracks: Page<Track> | undefined;
}

export interface Track extends Entity {
  kind: 'track';
  /** Undefined in a reference only. */
  name: string | undefined;
  discNumber: Sent<number>;
  trackNumber: Sent<number>;
  durationMs: Sent<number>;
  explicit: Sent<boolean>;
  isLocal: Sent<boolean>;
  isPlayable: Sent<boolean | null>;
  restrictions: Sent<Restrictions | null>;
  /** A reference to the track that was asked for, where this one stands in for it in the market. */
  linkedFrom: Sent<Track | null>;
  previewUrl: Sent<string | null>;
  artists: SentList<Artist>;
  /** The album in short; lists of one album's tracks leave it out and give `albumId` instead. */
  album: Sent<Album>;
  albumId: SpotifyId | undefined;
  externalIds: Sent<ExternalIds>;
  popularity: Sent<number>;
  /** Whether nothing is known of it but its id and its link. */
  isReference?: boolean;
}

export type SpotifyObject = Artist | Album | Track;

/** One upstream page. `items.at(i)` stands in slot `offset + i`; slots up to `offset + limit` may be missing. */
export interface Page<T> {
  offset: number;
  limit: number;
  /** As Spotify reports it; where it sends none, or a malformed one, the slots up to the end of the items. */
  total: number;
  /** Whether the total that Spotify sent is not as documented. */
  isTotalMalformed: boolean;
  /** Whether Spotify names a next page. */
  hasNext: boolean;
  items: Items<T>;
  /** When Spotify gave it, in milliseconds of the epoch: of two pages that differ, the later is right. */
  asOfMs: number;
}
