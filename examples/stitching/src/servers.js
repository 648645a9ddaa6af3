import { createGateway, readConfig } from 'spotify-graphql-gateway';
import { startSandbox } from 'spotify-graphql-gateway/sandbox';
import { createConcerts } from './concerts.js';
import { createParent } from './parent.js';
import { createReviews } from './reviews.js';
import { serve, serveSchema } from './serve.js';
import { inProcess, overHttp } from './services.js';

/** The gateway, two services and the parent, with the sandbox in the place of Spotify. */

const quiet = { info() {}, warn() {}, error() {} };

/**
 * Twenty concerts of as many artists, and reviews of their albums.
 * @param reviews the number of reviews, each of another album
 * @param gatewayIs `http` if the gateway is its own server, `in-process` if the parent mounts it
 */
export async function startServers({ quotaMode, gatewayIs, reviews = 20, port = 0, log = quiet }) {
  const sandbox = await startSandbox({ quotaMode });
  const { gateway: options } = readConfig({
    ...sandbox.environment,
    SPOTIFY_QUOTA_MODE: quotaMode,
    // The sandbox shares this machine, which may be busy.
    UPSTREAM_TIMEOUT_MS: '15000',
    REQUEST_TIMEOUT_MS: '45000',
  });
  const gateway = createGateway(options, log);
  const gatewayServer = await serve(gateway.handler);

  const artistIds = artistsOf(sandbox.catalogue).slice(0, 20);
  const albumIds = albumsOf(sandbox.catalogue, artistIds).slice(0, reviews);
  const concertsServer = await serveSchema(
    createConcerts(artistIds.map((headlinerId, i) => ({ city: `City ${i}`, headlinerId }))),
  );
  const reviewsServer = await serveSchema(
    createReviews(albumIds.map((albumId, i) => ({ text: `Review ${i}`, albumId }))),
  );

  const schema = createParent({
    spotify: gatewayIs === 'http' ? await overHttp(gatewayServer.url) : inProcess(gateway),
    concerts: await overHttp(concertsServer.url),
    reviews: await overHttp(reviewsServer.url),
  });
  const parentServer = await serveSchema(schema, port);
  gatewayServer.clearRequests();

  return {
    schema,
    url: parentServer.url,
    gateway,
    sandbox,
    artistIds,
    albumIds,
    /** The number of HTTP requests that the gateway has executed. */
    gatewayRequests: gatewayServer.requests,
    /** The paths of the calls to Spotify, without token calls. */
    spotifyCalls: () =>
      sandbox
        .calls()
        .filter(({ kind }) => kind === 'api')
        .map(({ path }) => path),
    async close() {
      await Promise.all(
        [parentServer, concertsServer, reviewsServer, gatewayServer].map((each) => each.close()),
      );
      await gateway.dispose();
      await sandbox.close();
    },
  };
}

/** Ordinary artists with enough albums. */
const artistsOf = ({ artists, fixtures, albumsOf: listOf }) =>
  artists()
    .map(({ id }) => id)
    .filter((id) => !Object.values(fixtures.artists).includes(id) && listOf(id).length >= 5);

/** The newest album of each artist, then the other albums. */
const albumsOf = ({ albums, albumsOf: listOf }, artistIds) =>
  Array.from(new Set([...artistIds.map((id) => listOf(id)[0].albumId), ...albums().map(({ id }) => id)]));
