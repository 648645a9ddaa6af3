import { execute, type GraphQLSchema, parse } from 'graphql';
import { expect, onTestFinished, test } from 'vitest';
import {
  createOperationContext,
  createSpotify,
  type SpotifyOptions,
} from '../../src/datasources/spotify/index.ts';
import { nodeHost } from '../../src/datasources/spotify/node.ts';
import { startSandbox } from '../../src/sandbox/index.ts';
import { createContext } from '../../src/schema/context.ts';
import { schema } from '../../src/schema/index.ts';
import { artists, catalogue } from '../support/schema-tests.ts';

const log = { info: () => undefined, warn: () => undefined, error: () => undefined };

async function startSpotify() {
  const sandbox = await startSandbox({ catalogue, quotaMode: 'development' });
  const options: SpotifyOptions = {
    clientId: sandbox.clientId,
    clientSecret: sandbox.clientSecret,
    apiUrl: sandbox.apiUrl,
    tokenUrl: sandbox.tokenUrl,
    quotaMode: 'development',
    market: null,
    rateLimit: null,
    concurrency: 8,
    timeoutMs: 5_000,
    freshMs: 60_000,
    staleMs: 0,
    dailyLimits: new Map(),
    dataDir: null,
    redisUrl: null,
    proxy: null,
  };
  const spotify = createSpotify(options, nodeHost(options), log);
  onTestFinished(async () => {
    await spotify.close();
    await sandbox.close();
  });
  return { spotify, sandbox };
}

test('the exported schema runs on the executor of graphql, without a plan', async () => {
  const { spotify, sandbox } = await startSpotify();
  const operationContext = createOperationContext(10_000);
  const run = (executed: GraphQLSchema, text: string) =>
    execute({
      schema: executed,
      document: parse(text),
      variableValues: { id: artists.bts, withNodes: false },
      contextValue: createContext(spotify, operationContext),
    });
  const result = await run(
    schema,
    `query ($id: ID!, $withNodes: Boolean!) {
      artist(id: $id) { ...Albums albums(first: 1) { nodes { name } } none: albums { __typename } }
      node(id: "spotify:artist:${artists.albums9}") { ... on Artist { name albums { totalCount nodes @include(if: $withNodes) { id } } } }
      search(q: "love") { albums(first: 1) { nodes { __typename } } }
    }
    fragment Albums on Artist { albums(first: 1) { totalCount } }`,
  );
  operationContext.end();
  expect(JSON.parse(JSON.stringify(result))).toEqual({
    data: {
      artist: {
        albums: { totalCount: 104, nodes: [{ name: expect.any(String) }] },
        none: { __typename: 'ArtistAlbumsConnection' },
      },
      node: { name: 'Nine Lives Left', albums: { totalCount: 9 } },
      search: { albums: { nodes: expect.any(Array) } },
    },
  });
  const calls = sandbox.calls().filter(({ kind }) => kind === 'api');
  expect(calls.map(({ route }) => route).toSorted()).toEqual([
    'artists',
    'artists',
    'artists/albums',
    'artists/albums',
    'search',
  ]);
});
