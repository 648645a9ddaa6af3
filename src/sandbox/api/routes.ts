import { readAlbum, readAlbums, readAlbumTracks } from './albums.ts';
import { readArtist, readArtistAlbums, readArtists, readRelatedArtists, readTopTracks } from './artists.ts';
import {
  readAudiobook,
  readAudiobookChapters,
  readAudiobooks,
  readChapter,
  readChapters,
} from './audiobooks.ts';
import { readCategories, readCategory, readCategoryPlaylists, readNewReleases } from './browse.ts';
import { prepareEpisodes, readEpisode, readEpisodes } from './episodes.ts';
import {
  preparePlaylists,
  readPlaylist,
  readPlaylistImages,
  readPlaylistItems,
  readPlaylistTracks,
} from './playlists.ts';
import { familyOf, otherFamily, type Route } from './route.ts';
import { prepareSearch, readSearch } from './search.ts';
import { readShow, readShowEpisodes, readShows } from './shows.ts';
import { prepareTracks, readTrack, readTracks } from './tracks.ts';
import { unservedRoutes } from './unserved-routes.ts';
import { readUser, readUserPlaylists } from './users.ts';

const catalogueRoutes: readonly Route[] = [
  { path: 'artists', extendedOnly: true, read: readArtists },
  { path: 'artists/*', read: readArtist },
  { path: 'artists/*/albums', read: readArtistAlbums },
  { path: 'artists/*/top-tracks', extendedOnly: true, read: readTopTracks },
  { path: 'artists/*/related-artists', extendedOnly: true, read: readRelatedArtists },
  { path: 'albums', extendedOnly: true, read: readAlbums },
  { path: 'albums/*', read: readAlbum },
  { path: 'albums/*/tracks', read: readAlbumTracks },
  { path: 'tracks', extendedOnly: true, prepare: prepareTracks, read: readTracks },
  { path: 'tracks/*', prepare: prepareTracks, read: readTrack },
  { path: 'shows', extendedOnly: true, read: readShows },
  { path: 'shows/*', prepare: prepareEpisodes, read: readShow },
  { path: 'shows/*/episodes', prepare: prepareEpisodes, read: readShowEpisodes },
  { path: 'episodes', extendedOnly: true, prepare: prepareEpisodes, read: readEpisodes },
  { path: 'episodes/*', prepare: prepareEpisodes, read: readEpisode },
  { path: 'audiobooks', extendedOnly: true, read: readAudiobooks },
  { path: 'audiobooks/*', read: readAudiobook },
  { path: 'audiobooks/*/chapters', read: readAudiobookChapters },
  { path: 'chapters', extendedOnly: true, read: readChapters },
  { path: 'chapters/*', read: readChapter },
  { path: 'playlists/*', userWrites: true, prepare: preparePlaylists, read: readPlaylist },
  { path: 'playlists/*/images', userWrites: true, read: readPlaylistImages },
  { path: 'playlists/*/items', userWrites: true, prepare: preparePlaylists, read: readPlaylistItems },
  {
    path: 'playlists/*/tracks',
    extendedOnly: true,
    userWrites: true,
    prepare: preparePlaylists,
    read: readPlaylistTracks,
  },
  { path: 'users/*', extendedOnly: true, read: readUser },
  { path: 'users/*/playlists', extendedOnly: true, userWrites: true, read: readUserPlaylists },
  { path: 'browse/new-releases', extendedOnly: true, read: readNewReleases },
  { path: 'browse/categories', extendedOnly: true, read: readCategories },
  { path: 'browse/categories/*', extendedOnly: true, read: readCategory },
  { path: 'browse/categories/*/playlists', extendedOnly: true, read: readCategoryPlaylists },
  { path: 'search', prepare: prepareSearch, read: readSearch },
];

const patterns = [...catalogueRoutes, ...unservedRoutes].map((route) => ({
  route,
  pattern: route.path.split('/'),
}));

/** The endpoint families of the catalogue, by which daily limits are set. */
export const families: readonly string[] = [...new Set(catalogueRoutes.map(familyOf))];

/** The routes that a fault can name: all endpoint families, unknown paths and the token endpoint. */
export const faultRoutes: readonly string[] = [
  ...new Set([...catalogueRoutes, ...unservedRoutes].map(familyOf)),
  otherFamily,
  'token',
];

/** The endpoint for a path below the API's root, and the id in that path. */
export function findRoute(path: string): { route: Route; id: string } | undefined {
  const segments = path.replace(/\/$/, '').split('/'); // a slash at the end is accepted (recorded)
  for (const { route, pattern } of patterns) {
    const id = match(pattern, segments);
    if (id !== undefined) return { route, id };
  }
  return undefined;
}

/** The segment at the pattern's `*` ('' if the pattern has none); undefined if the path does not match. */
function match(pattern: readonly string[], segments: readonly string[]): string | undefined {
  const isOpenEnded = pattern.at(-1) === '**';
  if (isOpenEnded ? segments.length < pattern.length : segments.length !== pattern.length) return undefined;
  const segmentsFit = pattern.every(
    (patternSegment, index) => patternSegment.startsWith('*') || patternSegment === segments[index],
  );
  return segmentsFit ? (segments[pattern.indexOf('*')] ?? '') : undefined;
}
