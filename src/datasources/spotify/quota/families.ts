/** The endpoint families that there are. */
export const families = [
  'artists',
  'artists/albums',
  'artists/top-tracks',
  'artists/related-artists',
  'albums',
  'albums/tracks',
  'tracks',
  'search',
] as const;

/** Endpoints that Spotify counts together: the path without its ids, single and batch reads alike. */
export type Family = (typeof families)[number];
