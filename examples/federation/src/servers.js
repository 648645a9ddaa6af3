import { createGatewayRuntime } from '@graphql-hive/gateway-runtime';
import { createGateway, readConfig } from 'spotify-graphql-gateway';
import { startSandbox } from 'spotify-graphql-gateway/sandbox';
import { createConcerts } from './concerts.js';
import { serve, serveSchema } from './serve.js';
import { composeSupergraph } from './supergraph.js';

/** The gateway, a subgraph and a router, with the sandbox in the place of Spotify. */

const quiet = { info() {}, warn() {}, error() {} };

/** Twenty concerts of as many artists, each presenting an album of theirs. */
export async function startServers({ quotaMode, port = 0, log = quiet }) {
  const sandbox = await startSandbox({ quotaMode });
  const { gateway: options } = readConfig({
    ...sandbox.environment,
    SPOTIFY_QUOTA_MODE: quotaMode,
    // The sandbox shares this machine, which may be busy.
    UPSTREAM_TIMEOUT_MS: '15000',
    REQUEST_TIMEOUT_MS: '45000',
  });
  const gateway = createGateway(options, log);
  const spotify = await serve(gateway.handler);

  const concerts = concertsIn(sandbox.catalogue);
  const ours = await serveSchema(createConcerts(concerts));

  const { supergraphSdl, hints } = await composeSupergraph({ SPOTIFY: spotify.url, CONCERTS: ours.url });
  const router = createGatewayRuntime({
    supergraph: supergraphSdl,
    logging: false,
    // An overloaded gateway responds with 503 and `Retry-After`, without a call to Spotify.
    upstreamRetry: { maxRetries: 4, shouldRetry: ({ response }) => response?.status === 503 },
  });
  const routerServer = await serve(router, port);
  spotify.clearRequests();

  return {
    url: routerServer.url,
    gateway,
    sandbox,
    concerts,
    hints,
    /** The number of HTTP requests that the gateway has executed. */
    gatewayRequests: spotify.requests,
    /** The paths of the calls to Spotify, without token calls. */
    spotifyCalls: () =>
      sandbox
        .calls()
        .filter(({ kind }) => kind === 'api')
        .map(({ path }) => path),
    async close() {
      await Promise.all([routerServer, ours, spotify].map((each) => each.close()));
      await router.dispose();
      await gateway.dispose();
      await sandbox.close();
    },
  };
}

/** Concerts of ordinary artists with at least five albums. */
const concertsIn = ({ artists, fixtures, albumsOf }) =>
  artists()
    .map(({ id }) => id)
    .filter((id) => !Object.values(fixtures.artists).includes(id) && albumsOf(id).length >= 5)
    .slice(0, 20)
    .map((id, i) => ({ city: `City ${i}`, headlinerId: id, albumId: albumsOf(id)[0].albumId }));
