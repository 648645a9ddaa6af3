import { everywhere } from '../catalogue/markets.ts';
import { userNeeded, withdrawnRoute } from './error-responses.ts';
import { writePage } from './page.ts';
import { type RequestContext, readWindow } from './request-context.ts';
import type { Route } from './route.ts';

// Routes of Spotify for which the catalogue has no objects. They respond to an app token as Spotify does, and never
// with "Service not found".

const extendedOnly = true;
const userWrites = true;

const browseRoutes: readonly Route[] = [
  { path: 'browse/featured-playlists', extendedOnly, read: emptyPage('playlists') },
  { path: 'markets', extendedOnly, read: () => ({ markets: everywhere.toSorted() }) },
];

/** Removed on 2024-11-27 for all apps that had not used them. */
const withdrawnRoutes = [
  ...['audio-analysis/*', 'audio-features', 'audio-features/*'],
  ...['recommendations', 'recommendations/available-genre-seeds'],
].map((path): Route => ({ path, extendedOnly, read: rejectWith(withdrawnRoute) }));

const userRoutes = [...['me', 'me/**', 'playlists/*/followers', 'playlists/*/followers/contains']].map(
  (path): Route => ({ path, userWrites, read: rejectWith(userNeeded) }),
);

export const unservedRoutes: readonly Route[] = [...browseRoutes, ...withdrawnRoutes, ...userRoutes];

function rejectWith(createError: () => Error) {
  return () => {
    throw createError();
  };
}

function emptyPage(key: string) {
  return (request: RequestContext) => ({
    [key]: writePage(request, request.path, { window: readWindow(request, 'browse'), total: 0 }, []),
  });
}
