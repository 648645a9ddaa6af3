import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  endAfterAll,
  exchange,
  patientFetch,
  runServer,
  type Server,
  scaledLimit,
  serverFile,
  startServer,
  until,
  upstreamOf,
} from '../support/process.ts';
import { artistQuery, artists } from '../support/schema-tests.ts';
import { manifestOf, temporaryFolder } from '../support/temporary-files.ts';
import { onTestEnd } from '../support/test-end.ts';
import { freePort } from '../support/test-server.ts';
import { startUpstream } from '../support/upstream.ts';

const canary = 'canary-3f9c1';
const json = { 'content-type': 'application/json' };
const bts = { data: { artist: { name: 'BTS' } } };

const hasIpv6 = Object.values(networkInterfaces())
  .flat()
  .some((address) => address?.address === '::1');
if (!hasIpv6) process.stdout.write('skipped: this machine has no IPv6 loopback\n');

/** A process without configuration, which no test changes, with the time and the output of its start. */
let startedMs: number;
let unconfigured: Server;
let startMessages: string;
const afterTests = endAfterAll();
beforeAll(async () => {
  startedMs = performance.now();
  unconfigured = await startServer({}, undefined, afterTests);
  startMessages = unconfigured.out();
}, 60_000);

test('a process sends its first response within five seconds', async () => {
  expect((await unconfigured.execute(artistQuery)).json).toEqual(bts);
  const tookMs = performance.now() - startedMs;
  process.stdout.write(
    `start to first response: ${Math.round(tookMs)} ms (on a machine at rest it shall be below 2,000)\n`,
  );
  expect(tookMs).toBeLessThan(await scaledLimit(5_000));
});

describe.concurrent('the start', { timeout: 60_000 }, () => {
  test('a process without credentials prints first that the sandbox is used, and last the URL', async () => {
    const { url } = unconfigured;
    const lines = startMessages.trimEnd().split('\n');
    expect(lines[0]).toMatch(/sandbox/i);
    expect(lines.at(-1)).toContain(url);
    const { status } = await patientFetch(`${url}?query={__typename}`);
    expect(status).toBe(200);
  });

  test('a process with credentials states its app and the place of its data, and does not mention a sandbox', async () => {
    const upstream = await startUpstream();
    const { out, execute } = await startServer({ ...upstreamOf(upstream), SPOTIFY_MARKET: 'DE' });
    expect(out()).toMatch(/^Spotify: app sandbo…, market DE, /m);
    expect(out()).toMatch(/^Data on disk in \.data: 0 calls in the last 24 h$/m);
    expect(out()).toMatch(/^GraphiQL on http:.* \(open it in a browser\)\nGraphQL on http:.*$/m);
    expect(out()).not.toMatch(/sandbox/i);
    expect((await execute(artistQuery)).json).toEqual(bts);
    expect(upstream.calls().map(({ kind }) => kind)).toEqual(['token', 'api']);
  });

  test('a process whose output cannot be written, because the disk is full, serves requests, and drains at SIGTERM', async () => {
    const port = await freePort();
    const command = 'exec "$0" "$1" > /dev/full';
    const child = spawn('sh', ['-c', command, process.execPath, serverFile], {
      cwd: temporaryFolder(),
      env: { PATH: process.env['PATH'], PORT: `${port}` },
      stdio: 'ignore',
    });
    onTestEnd(() => void child.kill('SIGKILL'));
    const ended = once(child, 'exit');
    const query = { method: 'POST', headers: json, body: '{"query":"{ __typename }"}' };
    await until(() => exchange(port, '/health').catch(() => undefined));
    for (let i = 0; i < 3; i++) expect((await exchange(port, '/graphql', query)).status).toBe(200);
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  });

  test.skipIf(!hasIpv6)(
    'a process prints a URL that can be opened, also if the host is an IPv6 address',
    async () => {
      const { url } = await startServer({ HOST: '::1' });
      expect((await patientFetch(`${url}?query={__typename}`)).status).toBe(200);
    },
  );

  test.for([
    ['development', null],
    ['extended', expect.any(Number)],
  ] as const)('SANDBOX_QUOTA_MODE=%s decides which fields the sandbox has', async ([mode, total]) => {
    const { out, execute } = await startServer({ SANDBOX_QUOTA_MODE: mode });
    expect(out()).toContain(`${mode} mode`);
    const { json } = await execute(`{ artist(id: "${artists.bts}") { followers { total } } }`);
    expect(json).toMatchObject({ data: { artist: { followers: total && { total } } } });
  });

  test('a process reads a .env file in its working directory, and the environment takes precedence', async () => {
    const dotenv = 'SANDBOX_QUOTA_MODE=extended\nINTROSPECTION=false\nPORT=1\nSPOTIFY_MARKE=DE\n';
    const { out, execute } = await startServer({ PORT: '0' }, dotenv);
    expect(out()).toContain('extended mode');
    expect(out()).toContain('SPOTIFY_MARKE is not read: did you mean SPOTIFY_MARKET?');
    expect((await execute('{ __schema { queryType { name } } }')).status).toBe(400);
  });

  test.for(['1', '2'])(
    'a process warns once of a variable that .env sets twice, and of trusted documents that do not fit the schema, with WEB_CONCURRENCY=%s',
    async (WEB_CONCURRENCY) => {
      const TRUSTED_DOCUMENTS = manifestOf({
        '1a': '{ __typename }',
        '2b': '{ artist(id: "1") { nickname } }',
        '3c': '{ quota {',
      });
      const dotenv = 'SPOTIFY_DAILY_LIMITS=artists/albums=4\nSPOTIFY_DAILY_LIMITS=search=5\n';
      const { out, get } = await startServer({ TRUSTED_DOCUMENTS, WEB_CONCURRENCY }, dotenv);
      const warnings = () =>
        out().match(/TRUSTED_DOCUMENTS .*? \\"2b\\": Cannot query field \\"nickname\\"/g);
      await until(() => warnings() ?? undefined);
      await get('/health');
      expect(warnings()).toEqual([expect.stringContaining('has 2 of 3 documents that the gateway rejects.')]);
      expect(
        out().match(/Lines 1 and 2 of .env set SPOTIFY_DAILY_LIMITS: only the last one is read/g),
      ).toHaveLength(1);
    },
  );

  test('a process listens on PORT, prints this port, and does not warn of trusted documents that fit the schema', async () => {
    const port = await freePort();
    const TRUSTED_DOCUMENTS = manifestOf({ '1a': '{ __typename }' });
    const { url, get, out } = await startServer({ PORT: `${port}`, TRUSTED_DOCUMENTS });
    expect(new URL(url).port).toBe(`${port}`);
    expect((await get('/health')).status).toBe(200);
    expect(out()).not.toContain('TRUSTED_DOCUMENTS');
  });

  test('a process whose port is in use ends with 1 and suggests another port, without a stack', async () => {
    const { port } = unconfigured;
    const { code, err } = await runServer({ PORT: `${port}` }).ended;
    expect(code).toBe(1);
    expect(err).toContain(`Port ${port} is in use by another process`);
    expect(err).toContain(`Choose another one, such as PORT=${port + 1}.`);
    expect(err).not.toMatch(/^ +at /m);
  });

  test('a process whose credentials are rejected logs the reason of Spotify and the variables, is unready and healthy, and no output contains the credentials', async () => {
    const upstream = await startUpstream();
    const environment = { ...upstreamOf(upstream), SPOTIFY_CLIENT_SECRET: canary };
    const { out, err, get, execute } = await startServer(environment);
    const line = await until(() => /^.*SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET.*$/m.exec(out())?.[0]);
    const entry = JSON.parse(line);
    expect(entry).toMatchObject({ level: 'error', code: 'UPSTREAM_AUTH_FAILED' });
    expect(entry.reason).toMatch(/^invalid_client: /);
    expect(entry.msg).toContain(
      'The id is right, but the secret is wrong: copy the secret from the dashboard of your app (https://developer.spotify.com/dashboard)',
    );
    expect(new Date(entry.time).toISOString()).toBe(entry.time);
    const replies = [await get('/ready'), await get('/health'), await execute(artistQuery)] as const;
    expect(replies.map(({ status }) => status)).toEqual([503, 200, 200]);
    expect(replies[0].text).toBe('Spotify rejects the credentials; see the log');
    expect(replies[2].json).toMatchObject({
      data: { artist: null },
      errors: [{ extensions: { code: 'UPSTREAM_AUTH_FAILED' } }],
    });
    expect(upstream.calls().map(({ kind }) => kind)).toEqual(['token']);
    const output = [out(), err(), ...replies.map(({ text }) => text)].join('\n');
    expect(output).not.toContain(canary);
    expect(output).not.toContain(Buffer.from(`${upstream.clientId}:${canary}`).toString('base64'));
  });
});

describe.concurrent('the paths beside the GraphQL endpoint', { timeout: 60_000 }, () => {
  test('GET /docs/errors.md returns this page of the package', async () => {
    const { status, text } = await unconfigured.get('/docs/errors.md');
    expect(status).toBe(200);
    expect(text).toBe(readFileSync('docs/errors.md', 'utf8'));
  });

  test('GET /health and GET /ready return 200 with one fixed word', async () => {
    const { get } = unconfigured;
    for (const path of ['/health', '/ready']) {
      const { status, text } = await get(path);
      expect(status).toBe(200);
      expect(text).toMatch(/^\w+$/);
      expect((await get(`${path}?more=1`)).text).toBe(text);
    }
  });

  test('/ready is 503 if Spotify cannot be reached, and the process goes on', async () => {
    const nowhere = `http://127.0.0.1:${await freePort()}`;
    const { get, out } = await startServer({
      SPOTIFY_API_URL: `${nowhere}/v1`,
      SPOTIFY_TOKEN_URL: `${nowhere}/token`,
      SPOTIFY_CLIENT_ID: 'some-id',
      SPOTIFY_CLIENT_SECRET: canary,
    });
    expect(await get('/ready')).toMatchObject({ status: 503, text: 'no valid Spotify token; see the log' });
    expect((await get('/health')).status).toBe(200);
    expect(out()).toContain('"reason":"ECONNREFUSED","msg":"Spotify has sent no token');
  });
});
