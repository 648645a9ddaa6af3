import type { Playlist } from '../catalogue/model.ts';
import { type JsonObject, marketParameter } from './object-parts.ts';
import { type LinkParameter, slice, writePage } from './page.ts';
import { playlistItemWriter, userLinks } from './playlist-items.ts';
import type { RequestContext, Window } from './request-context.ts';

/** Writes playlists in Spotify's format, without the contents for an app that may not read them. */
export interface PlaylistObjects {
  /** The simplified object, as in a search. */
  playlist(playlist: Playlist): JsonObject;
  fullPlaylist(playlist: Playlist): JsonObject;
  images(playlist: Playlist): JsonObject[];
  /** One page of the contents, by their new name or by the old one. */
  itemPage(playlist: Playlist, window: Window, name: 'items' | 'tracks'): unknown;
}

// A playlist embeds at most this number of items.
const embeddedItems = 100;

/** @param market the market that the call is for, null for none */
export function createPlaylistObjects(request: RequestContext, market: string | null): PlaylistObjects {
  const { catalogue, conditions, apiUrl, imagesUrl, query } = request;
  const writeItem = playlistItemWriter(request, market);
  // Apps that keep their endpoints get the names from before February 2026 and those from after it (recorded in 2026).
  const isTransition = conditions.quotaMode === 'extended';

  // Keys are in the order of the recorded responses.

  const images = (playlist: Playlist): JsonObject[] =>
    playlist.images.map(({ file }) => ({ height: null, url: imagesUrl + file, width: null }));

  const playlistWith = (playlist: Playlist, isFull: boolean, contents: JsonObject): JsonObject => ({
    collaborative: playlist.collaborative,
    description: playlist.description,
    external_urls: { spotify: `https://open.spotify.com/playlist/${playlist.id}` },
    ...(isFull && { followers: { href: null, total: playlist.followers } }),
    href: `${apiUrl}/playlists/${playlist.id}`,
    id: playlist.id,
    images: playlist.images.length === 0 ? null : images(playlist),
    name: playlist.name,
    owner: { display_name: playlist.owner.displayName, ...userLinks(apiUrl, playlist.owner) },
    primary_color: null,
    public: isFull ? true : null,
    snapshot_id: playlist.snapshotId,
    ...contents,
    type: 'playlist',
    uri: `spotify:playlist:${playlist.id}`,
  });

  const itemPage = ({ id }: Playlist, window: Window, name: 'items' | 'tracks'): unknown => {
    const slots = catalogue.itemsOf(id);
    const items = slice(slots, window)
      .filter(({ shows }) => shows !== 'nothing')
      .map(writeItem);
    const additionalTypes = query.get('additional_types');
    const parameters: LinkParameter[] = [
      ...marketParameter(market),
      ...(additionalTypes === null
        ? []
        : [['additional_types', encodeURIComponent(additionalTypes)] as const]),
    ];
    const details = { window, total: slots.length, parameters, itemsKey: 'second' } as const;
    return writePage(request, `playlists/${id}/${name}`, details, items);
  };

  /** The contents by their names. */
  const contentsByName = (contentsNamed: (name: 'items' | 'tracks') => unknown): JsonObject => ({
    ...(isTransition && { tracks: contentsNamed('tracks') }),
    items: contentsNamed('items'),
  });

  return {
    images,
    itemPage,
    playlist: (playlist) =>
      playlistWith(
        playlist,
        false,
        contentsByName((name) => ({
          href: `${apiUrl}/playlists/${playlist.id}/${name}`,
          total: playlist.totalItems,
        })),
      ),
    fullPlaylist: (playlist) =>
      playlistWith(
        playlist,
        true,
        conditions.endpoints === 'development'
          ? {}
          : contentsByName((name) => itemPage(playlist, { offset: 0, limit: embeddedItems }, name)),
      ),
  };
}
