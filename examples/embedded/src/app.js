import Fastify from 'fastify';
import { parse } from 'graphql';
import { createGateway, readConfig } from 'spotify-graphql-gateway';
import { graphql } from './graphql.js';

/** A server with its own routes and the gateway in the same process. */

const newest = parse(`
  query Newest($artist: ID!) {
    artist(id: $artist) { name albums(first: 1) { nodes { name releaseDate { date } } } }
  }
`);

/**
 * @param environment the gateway's variables; its `REDIS_URL` is that of `redis`
 * @param redis the server's own client
 * @param log a pino instance
 */
export function createApp({ environment, redis, log }) {
  const gateway = createGateway(readConfig(environment).gateway, log.child({ part: 'graphql' }));
  const app = Fastify({ loggerInstance: log.child({ part: 'app' }) });

  app.register(graphql, { gateway });

  // A route of the server executes a query in the process, without HTTP.
  app.get('/artists/:id/newest', async (request, reply) => {
    const { data, errors } = await gateway.execute({
      document: newest,
      variables: { artist: request.params.id },
    });
    if (errors) {
      request.log.warn({ codes: errors.map(({ extensions }) => extensions.code) }, 'no response');
      return reply.code(502).send({ codes: errors.map(({ extensions }) => extensions.code) });
    }
    if (data.artist === null) return reply.code(404).send({});
    // The album is known, so a lack of Redis costs the number of visits only.
    const visits = await redis.incr(`visits:${request.params.id}`).catch(() => null);
    const [album] = data.artist.albums.nodes;
    return { artist: data.artist.name, newest: album.name, released: album.releaseDate.date, visits };
  });

  return app;
}
