import type { Playlist } from '../catalogue/model.ts';
import { spotifyUser } from '../catalogue/playlists.ts';
import { resourceNotFound, userNeeded } from './error-responses.ts';
import { createPlaylistObjects } from './playlist-objects.ts';
import { type RequestContext, readId, readMarket, readWindow } from './request-context.ts';

/** Computes the ids of all tracks and episodes, in slices. */
export async function preparePlaylists({ catalogue }: RequestContext): Promise<void> {
  await catalogue.prepareTrackIds();
  await catalogue.prepareEpisodes();
}

/** GET /playlists/{id} */
export function readPlaylist(request: RequestContext): unknown {
  const market = readMarket(request);
  return createPlaylistObjects(request, market).fullPlaylist(existingPlaylist(request));
}

/** GET /playlists/{id}/images */
export const readPlaylistImages = (request: RequestContext): unknown =>
  createPlaylistObjects(request, null).images(existingPlaylist(request));

/** GET /playlists/{id}/items. In development mode every call needs the token of the owner. */
export function readPlaylistItems(request: RequestContext): unknown {
  if (request.conditions.endpoints === 'development') throw userNeeded();
  return itemPage(request, 'items');
}

/** GET /playlists/{id}/tracks, the old name of the same list. */
export const readPlaylistTracks = (request: RequestContext): unknown => itemPage(request, 'tracks');

function itemPage(request: RequestContext, name: 'items' | 'tracks'): unknown {
  const market = readMarket(request);
  const playlist = existingPlaylist(request);
  const window = readWindow(request, `playlists/${name}`);
  return createPlaylistObjects(request, market).itemPage(playlist, window, name);
}

/** Apps from after November 2024 do not find the playlists that Spotify has made. */
export const isVisible = ({ conditions }: RequestContext, { owner }: Playlist): boolean =>
  conditions.endpoints === 'extended' || owner.id !== spotifyUser.id;

function existingPlaylist(request: RequestContext): Playlist {
  const playlist = request.catalogue.playlist(readId(request));
  if (!playlist || !isVisible(request, playlist)) throw resourceNotFound();
  return playlist;
}
