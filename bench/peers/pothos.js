import { createServer } from 'node:http';
import SchemaBuilder from '@pothos/core';
import { createYoga } from 'graphql-yoga';
import { ofetch } from 'ofetch';
import { typeNameOf } from './fields.js';
import { ceilings, connection, defaultFirst, readWindow, startOf } from './paging.js';
import { apiUrl, authorization, isExtended, port, say } from './spotify.js';

/** The libraries of the gateway in their simplest use: one resolver for each field, one call for each read. */

const get = async (path) =>
  ofetch(path, { baseURL: apiUrl, headers: { authorization: await authorization() } });

const artist = (id) => get(`/artists/${id}`);

const window = (path, { first, after }, ceiling) =>
  readWindow(first ?? defaultFirst, startOf(after), ceiling, ({ offset, limit }) =>
    get(`${path}?offset=${offset}&limit=${limit}`),
  );

const builder = new SchemaBuilder({});
const Artist = builder.objectRef('Artist');
const Album = builder.objectRef('Album');
const Track = builder.objectRef('Track');
const Show = builder.objectRef('Show');
const Episode = builder.objectRef('Episode');
const Playlist = builder.objectRef('Playlist');
const PlaylistItem = builder.objectRef('PlaylistItem');
const AlbumType = builder.enumType('AlbumType', { values: ['ALBUM', 'SINGLE', 'COMPILATION'] });
const DatePrecision = builder.enumType('DatePrecision', { values: ['DAY', 'MONTH', 'YEAR'] });

const Image = builder.objectRef('Image').implement({
  fields: (t) => ({
    url: t.exposeString('url', { nullable: true }),
    width: t.exposeInt('width', { nullable: true }),
    height: t.exposeInt('height', { nullable: true }),
  }),
});

const ReleaseDate = builder.objectRef('ReleaseDate').implement({
  fields: (t) => ({
    date: t.exposeString('release_date'),
    precision: t.field({
      type: DatePrecision,
      resolve: (album) => album.release_date_precision.toUpperCase(),
    }),
  }),
});

const PageInfo = builder.objectRef('PageInfo').implement({
  fields: (t) => ({
    hasNextPage: t.exposeBoolean('hasNextPage'),
    hasPreviousPage: t.exposeBoolean('hasPreviousPage'),
    startCursor: t.exposeString('startCursor', { nullable: true }),
    endCursor: t.exposeString('endCursor', { nullable: true }),
  }),
});

function connectionOf(name, node) {
  const Edge = builder.objectRef(`${name}Edge`).implement({
    fields: (t) => ({
      cursor: t.exposeString('cursor'),
      node: t.expose('node', { type: node, nullable: true }),
    }),
  });
  return builder.objectRef(`${name}Connection`).implement({
    fields: (t) => ({
      edges: t.expose('edges', { type: [Edge] }),
      pageInfo: t.expose('pageInfo', { type: PageInfo }),
      totalCount: t.exposeInt('totalCount', { nullable: true }),
    }),
  });
}

const ArtistConnection = connectionOf('Artist', Artist);
const AlbumConnection = connectionOf('Album', Album);
const TrackConnection = connectionOf('Track', Track);
const EpisodeConnection = connectionOf('Episode', Episode);
const PlaylistItemsConnection = connectionOf('PlaylistItems', PlaylistItem);
const pagingArgs = (t) => ({ first: t.arg.int(), after: t.arg.string() });

Artist.implement({
  fields: (t) => ({
    id: t.exposeID('id'),
    name: t.exposeString('name'),
    uri: t.exposeString('uri'),
    genres: t.exposeStringList('genres', { nullable: true }),
    images: t.expose('images', { type: [Image], nullable: true }),
    albums: t.field({
      type: AlbumConnection,
      nullable: true,
      args: pagingArgs(t),
      resolve: ({ id }, args) => window(`/artists/${id}/albums`, args, ceilings.albums),
    }),
  }),
});

Album.implement({
  fields: (t) => ({
    id: t.exposeID('id'),
    name: t.exposeString('name'),
    albumType: t.field({ type: AlbumType, resolve: (album) => album.album_type.toUpperCase() }),
    releaseDate: t.field({ type: ReleaseDate, nullable: true, resolve: (album) => album }),
    totalTracks: t.exposeInt('total_tracks', { nullable: true }),
    images: t.expose('images', { type: [Image], nullable: true }),
    artists: t.expose('artists', { type: [Artist], nullable: true }),
    tracks: t.field({
      type: TrackConnection,
      nullable: true,
      args: pagingArgs(t),
      resolve: ({ id }, args) => window(`/albums/${id}/tracks`, args, ceilings.tracks),
    }),
  }),
});

Track.implement({
  fields: (t) => ({
    id: t.exposeID('id'),
    name: t.exposeString('name'),
    durationMs: t.exposeInt('duration_ms'),
    trackNumber: t.exposeInt('track_number'),
    discNumber: t.exposeInt('disc_number'),
    explicit: t.exposeBoolean('explicit'),
    artists: t.expose('artists', { type: [Artist] }),
    album: t.expose('album', { type: Album, nullable: true }),
  }),
});

Show.implement({
  fields: (t) => ({
    id: t.exposeID('id'),
    name: t.exposeString('name'),
    description: t.exposeString('description', { nullable: true }),
    images: t.expose('images', { type: [Image], nullable: true }),
    episodes: t.field({
      type: EpisodeConnection,
      nullable: true,
      args: pagingArgs(t),
      resolve: ({ id }, args) => window(`/shows/${id}/episodes`, args, ceilings.episodes),
    }),
  }),
});

Episode.implement({
  fields: (t) => ({
    id: t.exposeID('id'),
    name: t.exposeString('name'),
    description: t.exposeString('description', { nullable: true }),
    durationMs: t.exposeInt('duration_ms'),
    releaseDate: t.field({ type: ReleaseDate, nullable: true, resolve: (episode) => episode }),
    images: t.expose('images', { type: [Image], nullable: true }),
  }),
});

Playlist.implement({
  fields: (t) => ({
    id: t.exposeID('id'),
    name: t.exposeString('name'),
    items: t.field({
      type: PlaylistItemsConnection,
      nullable: true,
      args: pagingArgs(t),
      resolve: ({ id }, args) => window(`/playlists/${id}/items`, args, ceilings.items),
    }),
  }),
});

const TrackOrEpisode = builder.unionType('TrackOrEpisode', {
  types: [Track, Episode],
  resolveType: typeNameOf,
});

PlaylistItem.implement({
  fields: (t) => ({
    addedAt: t.exposeString('added_at', { nullable: true }),
    item: t.expose('item', { type: TrackOrEpisode, nullable: true }),
  }),
});

const SearchResults = builder.objectRef('SearchResults').implement({
  fields: (t) => ({
    artists: t.field({
      type: ArtistConnection,
      args: { first: t.arg.int() },
      resolve: async ({ q }, { first }) =>
        connection(
          (await get(`/search?${new URLSearchParams({ q, type: 'artist', limit: first })}`)).artists,
          0,
        ),
    }),
  }),
});

builder.queryType({
  fields: (t) => ({
    artist: t.field({
      type: Artist,
      nullable: true,
      args: { id: t.arg.id({ required: true }) },
      resolve: (_, { id }) => artist(id),
    }),
    album: t.field({
      type: Album,
      nullable: true,
      args: { id: t.arg.id({ required: true }) },
      resolve: (_, { id }) => get(`/albums/${id}`),
    }),
    show: t.field({
      type: Show,
      nullable: true,
      args: { id: t.arg.id({ required: true }) },
      resolve: (_, { id }) => get(`/shows/${id}`),
    }),
    playlist: t.field({
      type: Playlist,
      nullable: true,
      args: { id: t.arg.id({ required: true }) },
      resolve: (_, { id }) => get(`/playlists/${id}`),
    }),
    search: t.field({
      type: SearchResults,
      nullable: true,
      args: { q: t.arg.string({ required: true }) },
      resolve: (_, { q }) => ({ q }),
    }),
    artists: t.field({
      type: [Artist],
      nullable: { list: false, items: true },
      args: { ids: t.arg.idList({ required: true }) },
      resolve: async (_, { ids }) =>
        isExtended ? (await get(`/artists?ids=${ids.join(',')}`)).artists : Promise.all(ids.map(artist)),
    }),
  }),
});

const server = createServer(createYoga({ schema: builder.toSchema(), graphiql: false }));
server.listen(port, '127.0.0.1', () => say(server.address().port));
