import { once } from 'node:events';
import { createServer } from 'node:http';
import { createGateway, readConfig } from 'spotify-graphql-gateway';
import { startSandbox } from 'spotify-graphql-gateway/sandbox';

/** A gateway in front of a sandbox, which stands in for Spotify and counts the calls. */

const quiet = { info() {}, warn() {}, error() {} };

/**
 * @param mount makes the listener of the server from the gateway; by default the gateway serves itself
 * @param environment further variables of the gateway
 */
export async function startServers({
  quotaMode = 'development',
  mount = ({ listener }) => listener,
  environment = {},
} = {}) {
  const sandbox = await startSandbox({ quotaMode });
  const { gateway: options } = readConfig({
    ...sandbox.environment,
    ...environment,
    SPOTIFY_QUOTA_MODE: quotaMode,
    // The sandbox shares this machine, which may be busy.
    UPSTREAM_TIMEOUT_MS: '15000',
    REQUEST_TIMEOUT_MS: '45000',
  });
  const gateway = createGateway(options, quiet);
  const server = await serve(await mount(gateway));

  return {
    url: server.url,
    gateway,
    sandbox,
    /** The paths of the calls to Spotify, without those for the token. */
    spotifyCalls: () =>
      sandbox
        .calls()
        .filter(({ kind }) => kind === 'api')
        .map(({ path }) => path)
        .toSorted(),
    async close() {
      await server.close();
      await gateway.dispose();
      await sandbox.close();
    },
  };
}

/** Listens on a free port of this machine. */
export async function serve(listener) {
  // Node closes idle connections after 5 s: on a busy machine, a parent would send a request at that moment.
  const server = createServer({ keepAliveTimeout: 60_000 }, listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${server.address().port}/graphql`,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
