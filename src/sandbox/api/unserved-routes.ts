import { everywhere } from '../catalogue/markets.ts';
import { createObjects } from './objects.ts';
import { slice, writePage } from './page.ts';
import { resourceNotFound, userNeeded, withdrawnRoute } from './refusals.ts';
import { type RequestContext, readWindow } from './request-context.ts';
import type { Route } from './route.ts';

// Routes of Spotify for which the catalogue has few objects or none. They respond to an app token as
// Spotify does: an id that exists at Spotify is unknown here, and is never "Service not found".

const newestReleases = 100; // the total of every captured page of new releases

const extendedOnly = true;
const userWrites = true;

/** Reads of single objects that the catalogue does not have, and their lists. */
const kindRoutes: readonly Route[] = [
  { path: 'users/*', extendedOnly, read: refuse(resourceNotFound) },
  { path: 'users/*/playlists', userWrites, extendedOnly, read: refuse(resourceNotFound) },
];

const browseRoutes: readonly Route[] = [
  { path: 'browse/new-releases', extendedOnly, read: readNewReleases },
  { path: 'browse/categories', extendedOnly, read: emptyPage('categories') },
  { path: 'browse/categories/*', extendedOnly, read: refuse(resourceNotFound) },
  { path: 'browse/categories/*/playlists', extendedOnly, read: emptyPage('playlists') },
  { path: 'browse/featured-playlists', extendedOnly, read: emptyPage('playlists') },
  { path: 'markets', extendedOnly, read: () => ({ markets: everywhere.toSorted() }) },
];

/** Removed on 2024-11-27 for all apps that had not used them. */
const withdrawnRoutes = [
  ...['audio-analysis/*', 'audio-features', 'audio-features/*'],
  ...['recommendations', 'recommendations/available-genre-seeds'],
].map((path): Route => ({ path, extendedOnly, read: refuse(withdrawnRoute) }));

const userRoutes = [...['me', 'me/**', 'playlists/*/followers', 'playlists/*/followers/contains']].map(
  (path): Route => ({ path, userWrites, read: refuse(userNeeded) }),
);

export const unservedRoutes: readonly Route[] = [
  ...kindRoutes,
  ...browseRoutes,
  ...withdrawnRoutes,
  ...userRoutes,
];

function refuse(refusal: () => Error) {
  return () => {
    throw refusal();
  };
}

function emptyPage(key: string) {
  return (request: RequestContext) => ({
    [key]: writePage(request, request.path, { window: readWindow(request, 'browse'), total: 0 }, []),
  });
}

/** GET /browse/new-releases */
function readNewReleases(request: RequestContext): unknown {
  const window = readWindow(request, 'browse');
  const newest = request.catalogue
    .albums()
    .toSorted((one, other) => other.releaseDate.localeCompare(one.releaseDate))
    .slice(0, newestReleases);
  const objects = createObjects(request, null);
  const items = slice(newest, window).map((album) => objects.album(album));
  return {
    albums: writePage(request, request.path, { window, total: newest.length, itemsKey: 'second' }, items),
  };
}
