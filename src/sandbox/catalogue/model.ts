import type { Markets } from './markets.ts';

/** In the order in which Spotify lists them. */
export const albumGroups = ['album', 'single', 'compilation', 'appears_on'] as const;
export type AlbumGroup = (typeof albumGroups)[number];

export interface Image {
  /** The last part of its URL: a prefix of the size, and the picture in hexadecimal digits. */
  file: string;
  /** Pixels; null if Spotify does not know the width. */
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
  /** `album`, `single` or `compilation`, and on one fixture a value that Spotify does not document. */
  type: string;
  artistIds: readonly string[];
  /** Tracks on each disc, first disc first. */
  discs: readonly number[];
  totalTracks: number;
  /** In the precision of `precision`: `1987`, `1987-03` or `1987-03-09`. */
  releaseDate: string;
  precision: 'year' | 'month' | 'day';
  markets: Markets;
  images: readonly Image[];
  label: string;
  upc: string;
  /** 0 to 100. */
  popularity: number;
  /** Why the album cannot be played in any market: `product`, `explicit`, … */
  restriction?: string;
  /** The same album released for other markets: its tracks replace these in markets in which this album is not available. */
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
  /** Only apps from before November 2024 get it, and it can be null for them too. */
  previewUrl: string | null;
  /** 0 to 100. */
  popularity: number;
  restriction?: string;
}

/**
 * One slot in an artist's list of albums. Spotify counts every slot in `total` and in offsets. It omits a slot that
 * shows `nothing` from its page (a short page), and sends JSON null for a slot that shows `null`.
 */
export type Slot =
  | { shows: 'album'; group: AlbumGroup; albumId: string }
  | { shows: 'null'; group: AlbumGroup }
  | { shows: 'nothing'; group: AlbumGroup };

export interface Show {
  id: string;
  name: string;
  /** As Spotify sends it: without tags, and with some characters escaped for HTML. */
  description: string;
  htmlDescription: string;
  publisher: string;
  languages: readonly string[];
  explicit: boolean;
  /** `audio` or `mixed`. */
  mediaType: string;
  markets: Markets;
  images: readonly Image[];
  /** How many slots its list of episodes has. */
  totalEpisodes: number;
  /** 0 to 100. Spotify does not send it; it orders the results of a search. */
  popularity: number;
}

export interface Episode {
  id: string;
  showId: string;
  name: string;
  description: string;
  htmlDescription: string;
  durationMs: number;
  explicit: boolean;
  languages: readonly string[];
  /** In the precision of `precision`. */
  releaseDate: string;
  precision: 'year' | 'month' | 'day';
  images: readonly Image[];
  previewUrl: string | null;
  /** 0 to 100. Spotify does not send it; it orders the results of a search. */
  popularity: number;
  /** Why it cannot be played. */
  restriction?: string;
}

/**
 * One slot in a show's list of episodes. Of a removed episode Spotify sends null or a shell, an object whose values are
 * null; a slot that shows `nothing` is omitted from its page.
 */
export type EpisodeSlot = { shows: 'episode'; episodeId: string } | { shows: 'null' | 'shell' | 'nothing' };

export interface Audiobook {
  id: string;
  name: string;
  authors: readonly string[];
  narrators: readonly string[];
  edition?: string;
  /** As Spotify sends it: some characters are escaped for HTML. */
  description: string;
  /** Tags in it are escaped too (recorded in 2025). */
  htmlDescription: string;
  publisher: string;
  languages: readonly string[];
  explicit: boolean;
  markets: Markets;
  images: readonly Image[];
  /** May differ from the number of slots that its list of chapters has (recorded: 38 and 20). */
  totalChapters: number;
  /** 0 to 100. Spotify does not send it; it orders the results of a search. */
  popularity: number;
}

export interface Chapter {
  id: string;
  audiobookId: string;
  name: string;
  /** From 0. */
  number: number;
  durationMs: number;
  explicit: boolean;
  /** In the precision of `precision`. */
  releaseDate: string;
  precision: 'year' | 'month' | 'day';
  previewUrl: string | null;
  /** Why it cannot be played. */
  restriction?: string;
}

/** One slot in an audiobook's list of chapters. A slot that shows `nothing` is omitted from its page. */
export type ChapterSlot = { shows: 'chapter'; chapterId: string } | { shows: 'null' | 'nothing' };

export interface User {
  id: string;
  /** Null for a user without one. */
  displayName: string | null;
}

export interface Playlist {
  id: string;
  name: string;
  /** As Spotify sends it: with some characters escaped for HTML. */
  description: string;
  owner: User;
  collaborative: boolean;
  followers: number;
  /** Its URL is on another host than those of covers, without a size. */
  images: readonly Image[];
  snapshotId: string;
  /** How many slots it has. */
  totalItems: number;
  /** 0 to 100. Spotify does not send it; it orders the results of a search. */
  popularity: number;
}

/** One slot of a playlist. Spotify sends null or a shell for a removed item; `nothing` is omitted from its page. */
export type PlaylistSlot = { addedAt: string | null; addedBy: User | null } & (
  | { shows: 'track'; trackId: string }
  | { shows: 'episode'; episodeId: string }
  | { shows: 'local'; name: string }
  | { shows: 'null' | 'shell' | 'nothing' }
);

/** A category of playlists. */
export interface Category {
  /** A word, or an id like those of objects. */
  id: string;
  name: string;
  icons: readonly Image[];
}
