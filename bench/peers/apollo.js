import { RESTDataSource } from '@apollo/datasource-rest';
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { fieldResolvers } from './fields.js';
import { ceilings, connection, defaultFirst, readWindow, startOf } from './paging.js';
import { typeDefs } from './sdl.js';
import { apiUrl, authorization, isExtended, port, say } from './spotify.js';

/**
 * Apollo Server with a REST data source for each request, as its documentation recommends: equal reads of a request share
 * one call. Responses are cached as long as their headers allow, which Spotify's do not, or for `CACHE_TTL_SECONDS`: a
 * number for all responses, or `by-kind` for the freshness of the gateway.
 */

const { CACHE_TTL_SECONDS } = process.env;
const hour = 3_600; // seconds

function ttlOf(path) {
  if (CACHE_TTL_SECONDS !== 'by-kind') return Number(CACHE_TTL_SECONDS);
  if (path.includes('/albums') && path.includes('artists/')) return hour;
  if (path.includes('search')) return hour;
  return (path.includes('artists/') ? 6 : 24) * hour;
}

class Spotify extends RESTDataSource {
  baseURL = `${apiUrl}/`;

  async willSendRequest(_, request) {
    request.headers.authorization = await authorization();
  }

  cacheOptionsFor(url) {
    return CACHE_TTL_SECONDS && { ttl: ttlOf(url) };
  }

  artist(id) {
    return this.get(`artists/${id}`);
  }

  album(id) {
    return this.get(`albums/${id}`);
  }

  search(q, type, limit) {
    return this.get('search', { params: { q, type, limit } });
  }

  async artists(ids) {
    if (!isExtended) return Promise.all(ids.map((id) => this.artist(id)));
    return (await this.get('artists', { params: { ids: ids.join(',') } })).artists;
  }

  albumsOf(id, { first = defaultFirst, after }) {
    return this.window(`artists/${id}/albums`, first, after, ceilings.albums);
  }

  tracksOf(id, { first = defaultFirst, after }) {
    return this.window(`albums/${id}/tracks`, first, after, ceilings.tracks);
  }

  show(id) {
    return this.get(`shows/${id}`);
  }

  episodesOf(id, { first = defaultFirst, after }) {
    return this.window(`shows/${id}/episodes`, first, after, ceilings.episodes);
  }

  playlist(id) {
    return this.get(`playlists/${id}`);
  }

  itemsOf(id, { first = defaultFirst, after }) {
    return this.window(`playlists/${id}/items`, first, after, ceilings.items);
  }

  window(path, first, after, ceiling) {
    return readWindow(first, startOf(after), ceiling, (params) => this.get(path, { params }));
  }
}

const resolvers = {
  Query: {
    artist: (_, { id }, { dataSources }) => dataSources.spotify.artist(id),
    artists: (_, { ids }, { dataSources }) => dataSources.spotify.artists(ids),
    album: (_, { id }, { dataSources }) => dataSources.spotify.album(id),
    search: (_, { q }) => ({ q }),
    show: (_, { id }, { dataSources }) => dataSources.spotify.show(id),
    playlist: (_, { id }, { dataSources }) => dataSources.spotify.playlist(id),
  },
  SearchResults: {
    artists: async ({ q }, { first }, { dataSources }) =>
      connection((await dataSources.spotify.search(q, 'artist', first)).artists, 0),
  },
  Artist: {
    albums: ({ id }, args, { dataSources }) => dataSources.spotify.albumsOf(id, args),
  },
  Show: {
    episodes: ({ id }, args, { dataSources }) => dataSources.spotify.episodesOf(id, args),
  },
  Playlist: {
    items: ({ id }, args, { dataSources }) => dataSources.spotify.itemsOf(id, args),
  },
  ...fieldResolvers,
  Album: {
    ...fieldResolvers.Album,
    tracks: ({ id }, args, { dataSources }) => dataSources.spotify.tracksOf(id, args),
  },
};

const server = new ApolloServer({ typeDefs, resolvers });

const { url } = await startStandaloneServer(server, {
  listen: { port, host: '127.0.0.1' },
  context: async () => ({ dataSources: { spotify: new Spotify({ cache: server.cache }) } }),
});
say(new URL(url).port);
