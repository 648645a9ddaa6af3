import { artistId, playlistId, seedOf, showId } from '../src/upstream/ids.js';
import * as upstream from '../src/upstream/objects.js';
import * as pick from './pick.js';

/** One artist for the schema's default resolvers: constant data, so that responses have the right size without calls. */

const seed = seedOf(0);
const mode = { extended: true };
const artistCount = 20;

const tracks = upstream.albumTracks(seed, 0, { offset: 0, limit: 50 }, mode);
const list = upstream.artistAlbums(seed, { offset: 0, limit: upstream.albumsPerArtist }, mode);

// As long as the cursors of the gateway, which contain the list and the item.
const cursor = Buffer.from(`1.100.120.${artistId(seed)}.listOfItems`).toString('base64url');

const album = (json) => ({ ...pick.album(json), tracks: ({ first }) => pick.tracks(tracks, first) });
const albums = new Map([5, 20, 100].map((first) => [first, connectionOf(first)]));

function connectionOf(first) {
  const { edges, pageInfo, totalCount } = pick.connection(
    { ...list, items: list.items.slice(0, first) },
    album,
  );
  return {
    totalCount,
    pageInfo: { ...pageInfo, startCursor: cursor, endCursor: cursor },
    edges: edges.map(({ node }) => ({ cursor, node })),
  };
}

const artist = {
  ...pick.artist(upstream.artist(seed, mode)),
  id: artistId(seed),
  albums: ({ first }) => albums.get(first),
};

const withCursors = (list) => {
  const { edges, pageInfo, totalCount } = list;
  return {
    totalCount,
    pageInfo: { ...pageInfo, startCursor: cursor, endCursor: cursor },
    edges: edges.map(({ node }) => ({ cursor, node })),
  };
};

const fullShow = upstream.show(seed, mode);
const show = {
  id: showId(seed),
  name: fullShow.name,
  description: fullShow.description,
  images: fullShow.images.map(pick.image),
  episodes: withCursors(
    pick.connection({ ...fullShow.episodes, items: fullShow.episodes.items.slice(0, 20) }, pick.episode),
  ),
};

const fullPlaylist = upstream.playlist(seed, mode);
const playlist = {
  id: playlistId(seed),
  name: fullPlaylist.name,
  items: withCursors(
    pick.connection({ ...fullPlaylist.items, items: fullPlaylist.items.items.slice(0, 50) }, (item) => {
      const { item: track, ...rest } = pick.playlistItem(item);
      return { ...rest, item: { __typename: 'Track', ...track } };
    }),
  ),
};

export const rootValue = {
  artist,
  artists: Array.from({ length: artistCount }, () => artist),
  show,
  playlist,
};
