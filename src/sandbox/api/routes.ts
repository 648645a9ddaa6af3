import { readAlbum, readAlbums, readAlbumTracks } from './albums.ts';
import { readArtist, readArtistAlbums, readArtists, readRelatedArtists, readTopTracks } from './artists.ts';
import type { Ask } from './ask.ts';
import { unknownRoute, userNeeded } from './refusals.ts';
import { readSearch } from './search.ts';
import { readTrack, readTracks } from './tracks.ts';

/** One endpoint of the Web API. */
export interface Route {
  /** The path below the API's root; `*` stands for an id, a trailing `**` for anything. */
  path: string;
  /** The path without its ids: what Spotify's quota buckets and this project's gates go by. */
  family: string;
  /** Not for apps in development mode, which get 403 before anything else is looked at. */
  extendedOnly?: true;
  read: (ask: Ask) => unknown;
}

/** The family of everything that the catalogue cannot answer. */
export const otherFamily = 'other';

const catalogueRoutes: readonly Route[] = [
  { path: 'artists', family: 'artists', extendedOnly: true, read: readArtists },
  { path: 'artists/*', family: 'artists', read: readArtist },
  { path: 'artists/*/albums', family: 'artists/albums', read: readArtistAlbums },
  { path: 'artists/*/top-tracks', family: 'artists/top-tracks', extendedOnly: true, read: readTopTracks },
  {
    path: 'artists/*/related-artists',
    family: 'artists/related-artists',
    extendedOnly: true,
    read: readRelatedArtists,
  },
  { path: 'albums', family: 'albums', extendedOnly: true, read: readAlbums },
  { path: 'albums/*', family: 'albums', read: readAlbum },
  { path: 'albums/*/tracks', family: 'albums/tracks', read: readAlbumTracks },
  { path: 'tracks', family: 'tracks', extendedOnly: true, read: readTracks },
  { path: 'tracks/*', family: 'tracks', read: readTrack },
  { path: 'search', family: 'search', read: readSearch },
];

// Endpoints that the catalogue has nothing for. What an app in development mode is told about them is
// known all the same, and a client that tries one must be told just that.
const withdrawnPaths = [
  ...['audio-analysis/*', 'audio-features', 'audio-features/*', 'recommendations', 'recommendations/**'],
  ...['browse/**', 'markets', 'playlists/*/tracks', 'users/*', 'users/*/playlists'],
  ...['audiobooks', 'chapters', 'episodes', 'shows'], // the batches; single reads remain
];
const userPaths = ['me', 'me/**', 'playlists/*/items'];

const routes: readonly Route[] = [
  ...catalogueRoutes,
  ...withdrawnPaths.map(
    (path): Route => ({ path, family: otherFamily, extendedOnly: true, read: refuse(unknownRoute) }),
  ),
  ...userPaths.map((path): Route => ({ path, family: otherFamily, read: refuse(userNeeded) })),
];

function refuse(refusal: () => Error) {
  return () => {
    throw refusal();
  };
}

const patterns = routes.map((route) => ({ route, pattern: route.path.split('/') }));

/** The endpoint that serves a path below the API's root, and the id in that path. */
export function findRoute(path: string): { route: Route; id: string } | undefined {
  const segments = path.split('/').filter(Boolean);
  for (const { route, pattern } of patterns) {
    const id = match(pattern, segments);
    if (id !== undefined) return { route, id };
  }
  return undefined;
}

/** The segment that stands where the pattern has `*` ('' if it has none), or undefined for no match. */
function match(pattern: readonly string[], segments: readonly string[]): string | undefined {
  const open = pattern.at(-1) === '**';
  if (open ? segments.length < pattern.length : segments.length !== pattern.length) return undefined;
  const fits = pattern.every((part, index) => part.startsWith('*') || part === segments[index]);
  return fits ? (segments[pattern.indexOf('*')] ?? '') : undefined;
}
