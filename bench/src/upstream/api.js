import { parseId } from './ids.js';
import {
  albumsPerArtist,
  albumTracks,
  artist,
  artistAlbums,
  fullAlbum,
  playlist,
  playlistItems,
  show,
  showEpisodes,
} from './objects.js';
import { createTemplates } from './templates.js';

/** The part of the Web API that the operations need, including the rejections for an app in development mode. */

const ceilings = {
  extended: { albums: 50, tracks: 50, episodes: 50, items: 50 },
  development: { albums: 10, tracks: 50, episodes: 50, items: 50 },
};
const batchMax = { artists: 50, albums: 20 };

/**
 * @param mode `extended` or `development`
 * @returns `respond`, a function from the path and query of a GET to its response and the family that the call counts for,
 * and `setAlbumsPerArtist`
 */
export function createApi(mode) {
  const render = createTemplates();
  const kind = { extended: mode === 'extended' };
  let total = albumsPerArtist;

  const artistBytes = ({ seed }) => render('artist', seed, (mark) => artist(mark, kind));
  const albumBytes = ({ seed, album }) =>
    render(`album ${album}`, seed, (mark) => fullAlbum(mark, album, kind));

  const single = (family, id, bytes) => response(family, id ? bytes(id) : null);

  function batch(family, ids, parse, bytes) {
    if (mode === 'development') return refusal(family, 403, 'Forbidden');
    if (ids.length > batchMax[family]) return refusal(family, 400, 'too many ids requested');
    const parts = ids.map((id) => (parse(id) ? bytes(parse(id)) : Buffer.from('null')));
    const body = parts.flatMap((part, i) => (i === 0 ? [part] : [comma, part]));
    return response(family, Buffer.concat([Buffer.from(`{"${family}":[`), ...body, Buffer.from(']}')]));
  }

  function page(family, id, query, ceiling, write) {
    const window = { offset: Number(query.get('offset') ?? 0), limit: Number(query.get('limit') ?? 5) };
    if (!(window.limit >= 1 && window.limit <= ceiling)) return refusal(family, 400, 'Invalid limit');
    if (!id) return refusal(family, 404, 'Resource not found');
    const key = `${family} ${id.album} ${window.offset} ${window.limit} ${total}`;
    return response(
      family,
      render(key, id.seed, (mark) => write(mark, window)),
    );
  }

  const albumsOf = (id, query) =>
    page('artists/albums', id, query, ceilings[mode].albums, (mark, window) =>
      artistAlbums(mark, window, kind, total),
    );

  const episodesOf = (id, query) => page('shows/episodes', id, query, ceilings[mode].episodes, showEpisodes);

  const itemsOf = (id, query) =>
    page('playlists/items', id, query, ceilings[mode].items, (mark, window) =>
      playlistItems(mark, window, kind),
    );

  const tracksOf = (id, query) =>
    page('albums/tracks', id, query, ceilings[mode].tracks, (mark, window) =>
      albumTracks(mark, id.album, window, kind),
    );

  const routes = {
    artists: { type: 'artist', bytes: artistBytes, lists: { albums: albumsOf } },
    albums: { type: 'album', bytes: albumBytes, lists: { tracks: tracksOf } },
    shows: {
      type: 'show',
      bytes: ({ seed }) => render('show', seed, (mark) => show(mark, kind)),
      lists: { episodes: episodesOf },
    },
    playlists: {
      type: 'playlist',
      bytes: ({ seed }) => render('playlist', seed, (mark) => playlist(mark, kind)),
      lists: { items: itemsOf },
    },
  };

  function respond(path, query) {
    const [name, id = '', list] = path.slice(1).split('/');
    const route = routes[name];
    if (!route) return refusal('other', 404, 'Service not found');
    const parse = (text) => parseId(text, route.type);
    const ids = query.get('ids');
    if (ids !== null) return batch(name, ids.split(','), parse, route.bytes);
    if (list === undefined) return single(name, parse(id), route.bytes);
    return route.lists[list]?.(parse(id), query) ?? refusal('other', 404, 'Service not found');
  }

  return {
    respond,
    setAlbumsPerArtist(count) {
      total = count;
    },
  };
}

const comma = Buffer.from(',');

const response = (family, body) =>
  body ? { family, status: 200, body } : refusal(family, 404, 'Resource not found');

const refusal = (family, status, message) => ({
  family,
  status,
  body: Buffer.from(JSON.stringify({ error: { status, message } })),
});
