import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'graphql';
import { serve } from '../src/serve.js';
import { startServers } from '../src/servers.js';
import { overHttp } from '../src/services.js';

/** The responses of the parent, and their cost in calls, which the sandbox counts. */

async function startServersFor(t, setting) {
  const servers = await startServers(setting);
  t.after(servers.close);
  const execute = async (query) => {
    const response = await fetch(servers.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query }),
    });
    return response.json();
  };
  return { ...servers, execute };
}

const directly = async ({ gateway }, document, variables) =>
  (await gateway.execute({ document: parse(document), variables })).data;

const settings = [
  { quotaMode: 'extended', gatewayIs: 'http' },
  { quotaMode: 'development', gatewayIs: 'http' },
  { quotaMode: 'extended', gatewayIs: 'in-process' },
  { quotaMode: 'development', gatewayIs: 'in-process' },
];

for (const setting of settings) {
  const { quotaMode, gatewayIs } = setting;
  const inMode = (extended, development) => (quotaMode === 'extended' ? extended : development);
  const overHttp = (requests) => (gatewayIs === 'http' ? requests : 0);

  describe(`${gatewayIs}, an app in ${quotaMode} mode`, () => {
    test('20 concerts with 5 albums of each artist cost the same calls as the artists alone', async (t) => {
      const { execute, artistIds, albumIds, spotifyCalls, gatewayRequests } = await startServersFor(
        t,
        setting,
      );
      const direct = await startServersFor(t, setting);

      const response = await execute(
        '{ concerts { city headliner { name albums(first: 5) { nodes { id name reviews { text } } } } } }',
      );

      const { artists } = await directly(
        direct,
        'query ($ids: [ID!]!) { artists(ids: $ids) { name albums(first: 5) { nodes { id name } } } }',
        { ids: artistIds },
      );
      const reviewsOf = (id) =>
        albumIds.flatMap((albumId, i) => (albumId === id ? [{ text: `Review ${i}` }] : []));
      const headliners = artists.map(({ name, albums }) => ({
        name,
        albums: { nodes: albums.nodes.map((album) => ({ ...album, reviews: reviewsOf(album.id) })) },
      }));
      assert.deepEqual(response, {
        data: { concerts: headliners.map((headliner, i) => ({ city: `City ${i}`, headliner })) },
      });
      assert.deepEqual(spotifyCalls().toSorted(), direct.spotifyCalls().toSorted());
      assert.equal(spotifyCalls().length, inMode(21, 40));
      assert.equal(gatewayRequests(), overHttp(1));
    });

    test('a query can go from an artist back to concerts, and from an album back to reviews', async (t) => {
      const { execute, artistIds, albumIds, sandbox, spotifyCalls } = await startServersFor(t, setting);

      const response = await execute(
        `{ artist(id: "${artistIds[3]}") { name concerts { city } }
           albums(ids: ["${albumIds[5]}", "${albumIds[4]}"]) { name reviews { text album { name } } } }`,
      );

      const albums = [5, 4].map((i) => {
        const { name } = sandbox.catalogue.album(albumIds[i]);
        return { name, reviews: [{ text: `Review ${i}`, album: { name } }] };
      });
      const { name } = sandbox.catalogue.artist(artistIds[3]);
      assert.deepEqual(response, { data: { artist: { name, concerts: [{ city: 'City 3' }] }, albums } });
      assert.equal(spotifyCalls().length, inMode(2, 3));
    });

    test('20 aliased root fields cost the same calls as one field with 20 ids', async (t) => {
      const { execute, artistIds, sandbox, spotifyCalls, gatewayRequests } = await startServersFor(
        t,
        setting,
      );

      const response = await execute(
        `{ ${artistIds.map((id, i) => `a${i}: artist(id: "${id}") { name }`).join('\n')} }`,
      );

      const named = artistIds.map((id, i) => [`a${i}`, { name: sandbox.catalogue.artist(id).name }]);
      assert.deepEqual(response, { data: Object.fromEntries(named) });
      assert.equal(spotifyCalls().length, inMode(1, 20));
      assert.equal(gatewayRequests(), overHttp(1));
    });

    test('a failed list of albums is null with an error code, and other concerts are complete', async (t) => {
      const { execute, artistIds, sandbox } = await startServersFor(t, setting);
      sandbox.faults.add({
        on: { path: `/artists/${artistIds[2]}/albums` },
        fault: { kind: 'answer', status: 500 },
      });

      const { data, errors } = await execute('{ concerts { headliner { name albums { totalCount } } } }');

      const failed = data.concerts.flatMap(({ headliner }, i) => (headliner.albums === null ? [i] : []));
      assert.deepEqual(failed, [2]);
      // The path is not checked: for objects that were fetched together, stitching uses the path of the first.
      const codes = errors.map(({ extensions }) => extensions.code);
      assert.deepEqual(codes, ['UPSTREAM_UNAVAILABLE']);
    });
  });
}

test('a concert whose artist no longer exists has no headliner, and other concerts are complete', async (t) => {
  const { execute, artistIds, sandbox } = await startServersFor(t, settings[0]);
  sandbox.faults.add({
    on: { route: 'artists', batch: true },
    fault: { kind: 'edit', edits: [{ path: 'artists.2', set: null }] },
  });

  const { data, errors } = await execute('{ concerts { city headliner { name } } }');

  const concerts = artistIds.map((id, i) => ({
    city: `City ${i}`,
    headliner: i === 2 ? null : { name: sandbox.catalogue.artist(id).name },
  }));
  assert.deepEqual(data, { concerts });
  // The error is the parent's: it has created an object for the id, but gets no fields of it.
  assert.deepEqual(
    errors.map(({ path }) => path.join('.')),
    ['concerts.2.headliner.name'],
  );
});

test('albums beyond the gateway’s limit of ids are requested in several batches', async (t) => {
  const { execute, albumIds, sandbox, spotifyCalls, gatewayRequests } = await startServersFor(t, {
    ...settings[0],
    reviews: 120,
  });

  const response = await execute('{ reviews { album { name } } }');

  const reviews = albumIds.map((id) => ({ album: { name: sandbox.catalogue.album(id).name } }));
  assert.equal(reviews.length, 120);
  assert.deepEqual(response, { data: { reviews } });
  assert.equal(spotifyCalls().length, 6);
  assert.equal(gatewayRequests(), 1);
});

test('a request to an overloaded gateway is repeated after its Retry-After', async (t) => {
  const responses = [
    [503, '{"errors":[{"message":"Too busy."}]}', { 'retry-after': '1' }],
    [200, '{"data":{"_sdl":"type Query { up: Boolean }"}}', {}],
  ];
  const requestTimes = [];
  const busy = await serve((request, response) => {
    requestTimes.push(performance.now());
    const [status, body, headers] = responses[requestTimes.length - 1];
    request.resume();
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
  });
  t.after(busy.close);

  const { schema } = await overHttp(busy.url);

  assert.deepEqual(Object.keys(schema.getQueryType().getFields()), ['up']);
  assert.equal(requestTimes.length, 2);
  assert.ok(requestTimes[1] - requestTimes[0] >= 990);
});

test('types and fields that only Spotify has are prefixed, and fields for parents are removed', async (t) => {
  const { execute } = await startServersFor(t, settings[0]);

  const { data } = await execute(
    '{ __schema { queryType { fields { name } } types { name } } searchSpotify(q: "artist:BTS") { artists(first: 1) { nodes { __typename name albums(first: 1) { __typename } } } } }',
  );

  const fields = data.__schema.queryType.fields.map(({ name }) => name);
  for (const name of ['artist', 'concerts', 'searchSpotify', 'spotifyQuota'])
    assert.ok(fields.includes(name), name);
  assert.deepEqual(
    fields.filter((name) => /^(_.*|nodes?|search|quota)$/.test(name)),
    [],
  );
  const unprefixed = data.__schema.types
    .map(({ name }) => name)
    .filter((name) => !/^(Spotify|__)/.test(name));
  assert.deepEqual(unprefixed.toSorted(), [
    'Album',
    'Artist',
    'Boolean',
    'Concert',
    'ID',
    'Int',
    'Query',
    'Review',
    'String',
  ]);
  assert.deepEqual(data.searchSpotify, {
    artists: {
      nodes: [{ __typename: 'Artist', name: 'BTS', albums: { __typename: 'SpotifyArtistAlbumsConnection' } }],
    },
  });
});

test('the example ends with one sentence if its port is in use', { timeout: 30_000 }, async (t) => {
  const other = createServer().listen(0, '127.0.0.1');
  t.after(() => other.close());
  await once(other, 'listening');
  const PORT = `${other.address().port}`;
  const main = fileURLToPath(new URL('../src/main.js', import.meta.url));
  const child = spawn(process.execPath, [main], {
    env: { ...process.env, PORT },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  t.after(() => child.kill());
  const [message, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  assert.equal(message, `Port ${PORT} is in use by another process. Set PORT to another one.\n`);
  assert.equal(code, 1);
});
