import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { pino } from 'pino';
import { startSandbox } from 'spotify-graphql-gateway/sandbox';
import { createApp } from '../src/app.js';
import { createRedis } from '../src/redis.js';
import { freePort, noRedis, startRedis } from './redis.js';

/** A server and the gateway in it share the calls, Redis, the log and the shutdown, but not their Redis keys. */

const skip = noRedis();

/** Starts a Redis and a sandbox. @returns also a function that starts a server in front of them */
async function startAround(t) {
  const sandbox = await startSandbox();
  t.after(sandbox.close);
  const server = await startRedis();
  t.after(server.stop);
  const redis = new Redis(server.url);
  t.after(() => redis.disconnect());
  const { bts } = sandbox.catalogue.fixtures.artists;

  async function startServer() {
    const lines = [];
    const app = createApp({
      environment: {
        SPOTIFY_API_URL: sandbox.apiUrl,
        SPOTIFY_TOKEN_URL: sandbox.tokenUrl,
        SPOTIFY_CLIENT_ID: sandbox.clientId,
        SPOTIFY_CLIENT_SECRET: sandbox.clientSecret,
        SPOTIFY_QUOTA_MODE: 'development',
        REDIS_URL: server.url,
      },
      redis,
      log: pino({ base: null }, { write: (line) => lines.push(JSON.parse(line)) }),
    });
    t.after(() => app.close());
    const url = await app.listen({ host: '127.0.0.1', port: 0 });
    const execute = async (query) => {
      const response = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query }),
      });
      if (response.status !== 503) return response.json();
      // The server, the sandbox and the test are one process: if it is overloaded, the gateway responds with 503.
      await wait(Number(response.headers.get('retry-after')) * 1000);
      return execute(query);
    };
    const newest = async () => (await fetch(`${url}/artists/${bts}/newest`)).json();
    return { app, url, execute, newest, lines };
  }

  const spotifyCalls = () =>
    sandbox
      .calls()
      .filter(({ kind }) => kind === 'api')
      .map(({ path }) => path);
  return { sandbox, redis, bts, startServer, spotifyCalls };
}

test('GraphQL and a route of the server share their calls', { skip }, async (t) => {
  const { bts, sandbox, startServer, spotifyCalls } = await startAround(t);
  const { execute, newest } = await startServer();
  const [{ albumId }] = sandbox.catalogue.albumsOf(bts);
  const { name, releaseDate } = sandbox.catalogue.album(albumId);

  assert.deepEqual(await newest(), { artist: 'BTS', newest: name, released: releaseDate, visits: 1 });
  const spent = spotifyCalls();
  assert.equal(spent.length, 2);

  assert.deepEqual(await execute(`{ artist(id: "${bts}") { name albums(first: 2) { totalCount } } }`), {
    data: { artist: { name: 'BTS', albums: { totalCount: 104 } } },
  });
  assert.deepEqual(spotifyCalls(), spent);
});

test('one Redis stores the data of the server and the cache of the gateway, which the next server uses', {
  skip,
}, async (t) => {
  const { bts, redis, startServer, spotifyCalls } = await startAround(t);
  const first = await startServer();
  const response = await first.newest();
  await first.app.close();
  const spent = spotifyCalls();

  const second = await startServer();
  assert.deepEqual(await second.newest(), { ...response, visits: 2 });
  assert.deepEqual(spotifyCalls(), spent);

  const keys = await redis.keys('*');
  assert.ok(keys.length > 1);
  assert.deepEqual(
    keys.filter((key) => !key.startsWith('spotify-graphql:')),
    [`visits:${bts}`],
  );
});

test('the server and the gateway write to one log, each with its name', { skip }, async (t) => {
  const { bts, startServer } = await startAround(t);
  const { execute, newest, lines } = await startServer();

  await execute(`query Followed { artist(id: "${bts}") { name } }`);
  await newest();

  const logged = lines.map(({ part, msg, operation }) => [part, operation ?? msg]);
  assert.deepEqual(
    logged.filter(([part]) => part === 'graphql'),
    [
      ['graphql', 'Followed'], // over HTTP
      ['graphql', 'Newest'], // from the server's own route
    ],
  );
  assert.ok(logged.some(([part, msg]) => part === 'app' && msg === 'request completed'));
});

test('an outage of Spotify fails the route, and the server stays up', { skip }, async (t) => {
  const { sandbox, startServer } = await startAround(t);
  const { url, newest } = await startServer();
  const endOutage = sandbox.faults.add({ fault: { kind: 'answer', status: 503 } });

  assert.deepEqual(await newest(), { codes: ['UPSTREAM_UNAVAILABLE'] });
  endOutage();

  assert.equal((await fetch(`${url}/ready`)).status, 200);
});

test('a server that closes still sends the responses to running requests', { skip }, async (t) => {
  const { bts, sandbox, startServer, spotifyCalls } = await startAround(t);
  const { app, execute } = await startServer();
  sandbox.faults.add({ fault: { kind: 'delay', ms: 300 } });

  const response = execute(`{ artist(id: "${bts}") { name } }`);
  while (spotifyCalls().length === 0) await new Promise(setImmediate);
  await app.close();

  assert.deepEqual(await response, { data: { artist: { name: 'BTS' } } });
});

test('without Redis the route responds at once and counts no visits, and the log says so once', async (t) => {
  const sandbox = await startSandbox();
  t.after(sandbox.close);
  const REDIS_URL = `redis://127.0.0.1:${await freePort()}`;
  const lines = [];
  const log = pino({ base: null }, { write: (line) => lines.push(JSON.parse(line)) });
  const redis = createRedis(REDIS_URL, log);
  t.after(() => redis.disconnect());
  const app = createApp({ environment: { ...sandbox.environment, REDIS_URL }, redis, log });
  t.after(() => app.close());
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  await wait(300); // the client tries to connect several times

  const response = await fetch(`${url}/artists/${sandbox.catalogue.fixtures.artists.bts}/newest`);

  assert.equal(response.status, 200);
  const { artist, visits } = await response.json();
  assert.deepEqual({ artist, visits }, { artist: 'BTS', visits: null });
  assert.equal(lines.filter(({ msg }) => msg.startsWith('no Redis')).length, 1);
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
