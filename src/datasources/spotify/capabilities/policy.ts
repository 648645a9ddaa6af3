import type { Kind } from '../kinds/ids.ts';

/** The only file that knows the two quota modes of Spotify's apps, and what each of them may do. */

export type QuotaMode = 'auto' | 'development' | 'extended';
export type PagedEndpoint = 'artists/albums' | 'albums/tracks' | 'search';
/** `batch` is the reading of many objects by their ids; the others are endpoints. */
export type Feature = (typeof features)[number];
export type WithheldField = (typeof withheldFields)[Kind][number];
export type Capability = PagedEndpoint | Feature | WithheldField;

export const features = ['batch', 'artists/top-tracks', 'artists/related-artists'] as const;

/** Fields that Spotify leaves out of full objects for apps in development mode. */
export const withheldFields = {
  artist: ['Artist.followers', 'Artist.genres', 'Artist.popularity'],
  album: ['Album.label', 'Album.popularity'],
  track: ['Track.popularity', 'Track.previewUrl'],
} as const;

/** The page sizes that Spotify may accept, the largest first. */
export const pageSizes: Record<PagedEndpoint, readonly number[]> = {
  'artists/albums': [50, 10],
  search: [50, 10],
  'albums/tracks': [50, 20, 10],
};

/** These two have one limit: every report of the 10 of development mode is about both. */
export const endpointsWithSameLimit: readonly PagedEndpoint[] = ['artists/albums', 'search'];
export const largestPageSize = 50;

/** The kinds of app that Spotify documents since February 2026. */
export const modes: Record<QuotaMode, Partial<Record<Capability, boolean | number>>> = {
  auto: {},
  extended: { batch: true, 'artists/albums': 50, 'albums/tracks': 50, search: 50 },
  development: {
    batch: false,
    'artists/top-tracks': false,
    'artists/related-artists': false,
    ...Object.fromEntries(
      Object.values(withheldFields)
        .flat()
        .map((field) => [field, false]),
    ),
    'artists/albums': 10,
    'albums/tracks': 50,
    search: 10,
  },
};
