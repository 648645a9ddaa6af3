import * as pick from './pick.js';
import { serve } from './serve.js';
import { albumsCeiling, createGet, isExtended } from './spotify.js';

/**
 * The floor: each operation written by hand, with the fewest calls, the smallest pages and no GraphQL. It is not usable as
 * an API, but no program that calls Spotify can be much faster on this runtime. With `--full-pages` it reads whole pages of
 * albums as the gateway does, which cost more than smaller ones, but let later requests find them in a cache.
 */

const get = createGet();
const readsFullPages = process.argv.includes('--full-pages');

/** Pages of a list up to `first`: the first page alone, because only it contains the length of the list. */
async function albumsOf(id, first) {
  const limit = readsFullPages ? albumsCeiling : Math.min(first, albumsCeiling);
  const page = (offset) => get(`/artists/${id}/albums?limit=${limit}&offset=${offset}`);
  const { total, items } = await page(0);
  const offsets = [];
  for (let offset = limit; offset < Math.min(first, total); offset += limit) offsets.push(offset);
  const others = await Promise.all(offsets.map(page));
  return { total, items: [items, ...others.map((other) => other.items)].flat().slice(0, first) };
}

async function tracksOf(albums) {
  const ids = albums.map(({ id }) => id);
  if (!isExtended) return Promise.all(ids.map((id) => get(`/albums/${id}/tracks?limit=10`)));
  const { albums: full } = await get(`/albums?ids=${ids.join(',')}`);
  return full.map(({ tracks }) => tracks);
}

const artistsOf = async (ids) =>
  isExtended
    ? (await get(`/artists?ids=${ids.join(',')}`)).artists
    : Promise.all(ids.map((id) => get(`/artists/${id}`)));

const artistWithAlbums = async ({ id }, first) => {
  const [{ name }, list] = await Promise.all([get(`/artists/${id}`), albumsOf(id, first)]);
  return { artist: { id, name, albums: pick.connection(list, pick.album) } };
};

const responses = {
  Q1: async ({ id }) => ({ artist: pick.artist(await get(`/artists/${id}`)) }),
  Q2: (variables) => artistWithAlbums(variables, 20),
  Q3: (variables) => artistWithAlbums(variables, 100),

  async Q4({ ids }) {
    const [artists, lists] = await Promise.all([
      artistsOf(ids),
      Promise.all(ids.map((id) => albumsOf(id, 5))),
    ]);
    return {
      artists: artists.map(({ id, name }, i) => ({
        id,
        name,
        albums: {
          totalCount: lists[i].total,
          edges: lists[i].items.map((item) => ({ node: pick.smallAlbum(item) })),
        },
      })),
    };
  },

  async Q5({ id }) {
    const withTracks = async () => {
      const list = await albumsOf(id, 20);
      return { list, tracks: await tracksOf(list.items) };
    };
    const [{ name }, { list, tracks }] = await Promise.all([get(`/artists/${id}`), withTracks()]);
    const { pageInfo, edges } = pick.connection(list, (item) => ({ id: item.id, name: item.name }));
    edges.forEach(({ node }, i) => {
      node.tracks = pick.tracks(tracks[i], 10);
    });
    return { artist: { id, name, albums: { pageInfo, edges } } };
  },

  async Q6({ id }) {
    const { name, description, images, episodes } = await get(`/shows/${id}`);
    const list = { ...episodes, items: episodes.items.slice(0, 20) };
    return {
      show: {
        id,
        name,
        description,
        images: images.map(pick.image),
        episodes: pick.connection(list, pick.episode),
      },
    };
  },

  async Q7({ id }) {
    const { name, items } = await get(`/playlists/${id}`);
    const list = { ...items, items: items.items.slice(0, 50) };
    return { playlist: { id, name, items: pick.connection(list, pick.playlistItem) } };
  },
};

serve(async (body) => {
  const { operationName, variables } = JSON.parse(body);
  return JSON.stringify({ data: await responses[operationName](variables) });
});
