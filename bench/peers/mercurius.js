import fastify from 'fastify';
import mercurius from 'mercurius';
import { Agent, request } from 'undici';
import { fieldResolvers, typeNameOf } from './fields.js';
import { ceilings, connection, defaultFirst, readWindow, startOf } from './paging.js';
import { typeDefs } from './sdl.js';
import { apiUrl, authorization, isExtended, port, say } from './spotify.js';

/** Mercurius with its loaders, which resolve a field of all siblings at once, and its compiled queries. */

const dispatcher = new Agent({ keepAliveTimeout: 60_000 });

async function get(path) {
  const { statusCode, body } = await request(`${apiUrl}/${path}`, {
    headers: { authorization: await authorization() },
    dispatcher,
  });
  if (statusCode === 200) return body.json();
  await body.dump();
  throw new Error(`Spotify responded to ${path} with ${statusCode}`);
}

const artist = (id) => get(`artists/${id}`);

const resolvers = {
  Query: {
    artist: (_, { id }) => artist(id),
    show: (_, { id }) => get(`shows/${id}`),
    playlist: (_, { id }) => get(`playlists/${id}`),
    artists: async (_, { ids }) =>
      isExtended ? (await get(`artists?ids=${ids.join(',')}`)).artists : Promise.all(ids.map(artist)),
  },
  ...fieldResolvers,
  TrackOrEpisode: { resolveType: typeNameOf },
};

const window = (path, { first = defaultFirst, after }, ceiling) =>
  readWindow(first, startOf(after), ceiling, ({ offset, limit }) =>
    get(`${path}?offset=${offset}&limit=${limit}`),
  );

const embeddedTracks = 50;

/** Full albums embed their first tracks: one batch read for all albums, if the app has batch reads. */
async function tracksOf(queries) {
  const embedded = queries.every(
    ({ params: { first = defaultFirst, after } }) => after == null && first <= embeddedTracks,
  );
  if (!isExtended || !embedded) {
    return Promise.all(
      queries.map(({ obj, params }) => window(`albums/${obj.id}/tracks`, params, ceilings.tracks)),
    );
  }
  const { albums } = await get(`albums?ids=${queries.map(({ obj }) => obj.id).join(',')}`);
  return albums.map(({ tracks: { total, items } }, i) =>
    connection({ total, items: items.slice(0, queries[i].params.first ?? defaultFirst) }, 0),
  );
}

const loaders = {
  Artist: {
    albums: async (queries) =>
      Promise.all(
        queries.map(({ obj, params }) => window(`artists/${obj.id}/albums`, params, ceilings.albums)),
      ),
  },
  Album: { tracks: tracksOf },
  Show: {
    episodes: async (queries) =>
      Promise.all(
        queries.map(({ obj, params }) => window(`shows/${obj.id}/episodes`, params, ceilings.episodes)),
      ),
  },
  Playlist: {
    items: async (queries) =>
      Promise.all(
        queries.map(({ obj, params }) => window(`playlists/${obj.id}/items`, params, ceilings.items)),
      ),
  },
};

const app = fastify();
app.register(mercurius, { schema: typeDefs, resolvers, loaders, jit: 1 });
await app.listen({ port, host: '127.0.0.1' });
say(app.server.address().port);
