import type { Markets } from './markets.ts';

/** In the order in which Spotify lists them. */
export const albumGroups = ['album', 'single', 'compilation', 'appears_on'] as const;
export type AlbumGroup = (typeof albumGroups)[number];

export interface Image {
  url: string;
  /** Pixels; null where Spotify does not know. */
  width: number | null;
  height: number | null;
}

export interface Artist {
  id: string;
  name: string;
  genres: readonly string[];
  followers: number;
  /** 0 to 100. */
  popularity: number;
  images: readonly Image[];
}

export interface Album {
  id: string;
  name: string;
  /** `album`, `single` or `compilation`, and on one landmark a value that Spotify's document does not list. */
  type: string;
  artistIds: readonly string[];
  /** Tracks on each disc, first disc first. */
  discs: readonly number[];
  totalTracks: number;
  /** As precise as `precision` says: `1987`, `1987-03` or `1987-03-09`. */
  releaseDate: string;
  precision: 'year' | 'month' | 'day';
  markets: Markets;
  images: readonly Image[];
  label: string;
  upc: string;
  /** 0 to 100. */
  popularity: number;
  /** Why the album may not be played whatever the market: `product`, `explicit`, … */
  restriction?: string;
  /** The same album released for other markets: its tracks stand in where this one is not available. */
  otherEditionId?: string;
}

export interface Track {
  id: string;
  name: string;
  albumId: string;
  artistIds: readonly string[];
  disc: number;
  /** Starts at 1 again on every disc. */
  number: number;
  durationMs: number;
  explicit: boolean;
  markets: Markets;
  isrc: string;
  /** Only apps from before November 2024 still see it; even they find null at times. */
  previewUrl: string | null;
  /** 0 to 100. */
  popularity: number;
  restriction?: string;
}

/**
 * One place in an artist's list of albums. Spotify counts every place in `total` and in offsets, but
 * leaves `hidden` ones out of the page they belong to (a short page) and sends JSON null for `null` ones.
 */
export type Slot =
  | { shows: 'album'; group: AlbumGroup; albumId: string }
  | { shows: 'null'; group: AlbumGroup }
  | { shows: 'nothing'; group: AlbumGroup };
