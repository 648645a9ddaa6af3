/**
 * The kind of app that the sandbox simulates: `development` is every app created since 2026-02-11, `extended` is the
 * mode of approved organisations.
 */
export type QuotaMode = 'development' | 'extended';

export const quotaModes = ['development', 'extended'] as const satisfies readonly QuotaMode[];

/** Endpoint families with paged lists. */
export type PagedRoute =
  | 'artists/albums'
  | 'albums/tracks'
  | 'shows/episodes'
  | 'audiobooks/chapters'
  | PlaylistRoute
  | 'search'
  | 'browse';
type PlaylistRoute = 'playlists/items' | 'playlists/tracks';

/** Items per page: the maximum of `limit`, and its default. */
export interface PageSizes {
  maxLimit: number;
  defaultLimit: number;
}

const classic: PageSizes = { maxLimit: 50, defaultLimit: 20 };
const reduced: PageSizes = { maxLimit: 10, defaultLimit: 5 };
/** The items of playlists by their old name have larger pages (recorded in 2025). */
const large: PageSizes = { maxLimit: 100, defaultLimit: 100 };

/** Album tracks kept their sizes: a live probe got 50 of 199 in one page (2026-09-30). */
export const pageSizes: Record<QuotaMode, Record<PagedRoute, PageSizes>> = {
  extended: {
    'artists/albums': classic,
    'albums/tracks': classic,
    'shows/episodes': classic,
    'audiobooks/chapters': classic,
    'playlists/items': classic,
    'playlists/tracks': large,
    search: classic,
    browse: classic,
  },
  development: {
    'artists/albums': reduced,
    'albums/tracks': classic,
    'shows/episodes': classic,
    'audiobooks/chapters': classic,
    'playlists/items': classic,
    'playlists/tracks': large,
    search: reduced,
    browse: classic,
  },
};

/** Maximum ids of one batch read; development mode has no batch reads. */
export const batchSizes = {
  artists: 50,
  albums: 20,
  tracks: 50,
  shows: 50,
  episodes: 50,
  audiobooks: 50,
  chapters: 50,
} as const;

/**
 * Fields that an object lacks in each mode, by Spotify's migration guide of February 2026 and by responses recorded in
 * 2026: the recorded artists have no `genres` and the recorded tracks no `preview_url` either. Albums
 * keep their `genres`, an empty list. `external_ids` was removed, and restored in March 2026.
 */
export const withheldFields: Record<
  QuotaMode,
  Record<'artist' | 'album' | 'track' | 'show' | 'audiobook' | 'chapter' | 'user', readonly string[]>
> = {
  extended: { artist: [], album: [], track: [], show: [], audiobook: [], chapter: [], user: [] },
  development: {
    artist: ['followers', 'genres', 'popularity'],
    album: ['available_markets', 'album_group', 'label', 'popularity'],
    track: ['available_markets', 'linked_from', 'popularity', 'preview_url'],
    show: ['available_markets', 'publisher'],
    audiobook: ['available_markets', 'publisher'],
    chapter: ['available_markets'],
    user: ['followers'],
  },
};

/** The conditions of one response. Faults change them; without faults only the quota mode varies. */
export interface Conditions {
  /** The mode that decides which fields the app sees. */
  quotaMode: QuotaMode;
  /** The mode that decides which endpoints the app may use, and in pages of which size. */
  endpoints: QuotaMode;
  /** A page size limit below that of the mode; with `clamp` larger requests get smaller pages instead of 400. */
  ceiling: { limit: number; clamp: boolean } | null;
  /** The market for calls that name none. */
  impliedMarket: string | null;
  /** Changes to every artist's list of albums. */
  listing: { inserted: number; removed: number; extraTotal: number };
}

export const usualConditions = (quotaMode: QuotaMode): Conditions => ({
  quotaMode,
  endpoints: quotaMode,
  ceiling: null,
  impliedMarket: null,
  listing: { inserted: 0, removed: 0, extraTotal: 0 },
});
