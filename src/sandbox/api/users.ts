import type { Playlist, User } from '../catalogue/model.ts';
import { withheldFields } from '../quota-mode.ts';
import { resourceNotFound } from './error-responses.ts';
import { without } from './object-parts.ts';
import { slice, writePage } from './page.ts';
import { userLinks } from './playlist-items.ts';
import { createPlaylistObjects } from './playlist-objects.ts';
import { type RequestContext, readWindow } from './request-context.ts';

/** GET /users/{id} */
export function readUser(request: RequestContext): unknown {
  const { user, playlists } = existingUser(request);
  const { external_urls, href, id, type, uri } = userLinks(request.apiUrl, user);
  const followers = playlists.reduce((sum, playlist) => sum + playlist.followers, 0);
  return without(withheldFields[request.conditions.quotaMode].user, {
    display_name: user.displayName,
    external_urls,
    followers: { href: null, total: followers },
    href,
    id,
    images: [],
    type,
    uri,
  });
}

/** GET /users/{id}/playlists */
export function readUserPlaylists(request: RequestContext): unknown {
  const { playlists } = existingUser(request);
  const window = readWindow(request, 'browse');
  const items = slice(playlists, window).map(createPlaylistObjects(request, null).playlist);
  return writePage(request, request.path, { window, total: playlists.length, itemsKey: 'second' }, items);
}

function existingUser({ id, catalogue }: RequestContext): { user: User; playlists: readonly Playlist[] } {
  const user = catalogue.user(id);
  if (!user) throw resourceNotFound();
  return { user, playlists: catalogue.playlists().filter(({ owner }) => owner.id === user.id) };
}
