import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'graphql';
import { startServers } from '../src/servers.js';

/** The responses of a router, and their cost in calls, which the sandbox counts. */

async function startServersFor(t, quotaMode) {
  const servers = await startServers({ quotaMode });
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

test('the two subgraphs compose without an error or a hint', async (t) => {
  const { hints } = await startServersFor(t, 'development');
  assert.deepEqual(hints, []);
});

test('a concert whose artist no longer exists has no headliner, and other concerts are complete', async (t) => {
  const { execute, concerts: known, sandbox } = await startServersFor(t, 'extended');
  sandbox.faults.add({
    on: { route: 'artists', batch: true },
    fault: { kind: 'edit', edits: [{ path: 'artists.2', set: null }] },
  });

  const { data, errors } = await execute('{ concerts { city headliner { name } } }');

  const concerts = known
    .map(({ headlinerId }) => headlinerId)
    .map((id, i) => ({
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

for (const quotaMode of ['extended', 'development']) {
  const inMode = (extended, development) => (quotaMode === 'extended' ? extended : development);

  describe(`a router, and an app in ${quotaMode} mode`, () => {
    test('20 concerts with 5 albums of each artist cost the same calls as the artists alone', async (t) => {
      const { execute, concerts, spotifyCalls, gatewayRequests } = await startServersFor(t, quotaMode);
      const direct = await startServersFor(t, quotaMode);

      const response = await execute(
        '{ concerts { city headliner { name albums(first: 5) { nodes { name } } } } }',
      );

      const { data } = await direct.gateway.execute({
        document: parse(
          'query ($ids: [ID!]!) { artists(ids: $ids) { name albums(first: 5) { nodes { name } } } }',
        ),
        variables: { ids: concerts.map(({ headlinerId }) => headlinerId) },
      });
      assert.deepEqual(response, {
        data: {
          concerts: structuredClone(data.artists).map((headliner, i) => ({ city: `City ${i}`, headliner })),
        },
      });
      assert.deepEqual(spotifyCalls().toSorted(), direct.spotifyCalls().toSorted());
      assert.equal(spotifyCalls().length, inMode(21, 40));
      assert.equal(gatewayRequests(), 1);
    });

    test('artists and albums of the concerts are requested together', async (t) => {
      const { execute, concerts, sandbox, spotifyCalls, gatewayRequests } = await startServersFor(
        t,
        quotaMode,
      );

      const response = await execute('{ concerts { headliner { name } album { name } } }');

      const named = concerts.map(({ headlinerId, albumId }) => ({
        headliner: { name: sandbox.catalogue.artist(headlinerId).name },
        album: { name: sandbox.catalogue.album(albumId).name },
      }));
      assert.deepEqual(response, { data: { concerts: named } });
      assert.equal(spotifyCalls().length, inMode(2, 40));
      assert.equal(gatewayRequests(), 1);
    });

    test('a query can go from an artist and from the albums of a list back to concerts', async (t) => {
      const { execute, concerts, sandbox, spotifyCalls } = await startServersFor(t, quotaMode);
      const { headlinerId, albumId } = concerts[3];

      const { data, errors } = await execute(
        `{ artist(id: "${headlinerId}") {
             name
             concerts { city album { name } }
             albums(first: 1) { nodes { name concerts { city } } }
           } }`,
      );

      assert.equal(errors, undefined);
      const { name } = sandbox.catalogue.album(albumId);
      assert.deepEqual(data.artist, {
        name: sandbox.catalogue.artist(headlinerId).name,
        concerts: [{ city: 'City 3', album: { name } }],
        albums: { nodes: [{ name, concerts: [{ city: 'City 3' }] }] },
      });
      assert.equal(spotifyCalls().length, 2);
    });

    test('an artist that does not exist is null without an error', async (t) => {
      const { execute } = await startServersFor(t, quotaMode);

      const response = await execute('{ artist(id: "1111111111111111111111") { name concerts { city } } }');

      assert.deepEqual(response, { data: { artist: null } });
    });
  });
}

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
