import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import type { Sandbox } from '../../src/sandbox/index.ts';
import { isFull } from '../support/clock.ts';
import {
  type Environment,
  endAfterAll,
  isRefused,
  type Reply,
  type Run,
  runServer,
  type Server,
  serverFile,
  shutDown,
  startServer,
  until,
  upstreamOf,
} from '../support/process.ts';
import { artistQuery, artists } from '../support/schema-tests.ts';
import { manifestOf, temporaryFolder } from '../support/temporary-files.ts';
import type { OnEnd } from '../support/test-end.ts';
import { freePort, portOf } from '../support/test-server.ts';
import { startUpstream } from '../support/upstream.ts';

/** Several processes behind one port (`WEB_CONCURRENCY`). */

const albums = `{ artist(id: "${artists.bts}") { name albums(first: 1) { totalCount } } }`;

interface Workers {
  server: Server;
  sandbox: Sandbox;
}

/** Two workers for all tests of a suite, which run one after the other. */
function shareWorkers(): Workers {
  const shared = {} as Workers;
  const afterTests = endAfterAll();
  beforeAll(async () => {
    Object.assign(shared, await startWorkers(afterTests));
  }, 90_000);
  return shared;
}

async function startWorkers(onEnd?: OnEnd, variables: Environment = {}): Promise<Workers> {
  const sandbox = await startUpstream({}, onEnd);
  const environment = { WEB_CONCURRENCY: '2', ...upstreamOf(sandbox), ...variables };
  const server = await startServer(environment, undefined, onEnd);
  await until(() => pidsIn(server.out()).length === 2);
  return { server, sandbox };
}

const bts = { data: { artist: { name: 'BTS', albums: { totalCount: 104 } } } };

/** An album that no response of the query above contains. */
function unknownAlbum({ catalogue }: Sandbox) {
  const album = catalogue.albums().find(({ artistIds }) => !artistIds.includes(artists.bts));
  if (!album) throw new Error('all albums are by BTS');
  return album;
}

const lost = { status: 0 };

/** The process ids of its children, read from Linux. */
const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);

/** Whether the process exists and is not a zombie. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** The workers that have begun to listen, by their process ids. */
const pidsIn = (log: string): number[] =>
  Array.from(log.matchAll(/"pid":(\d+),"msg":"a worker listens"/g), ([, pid]) => Number(pid));

// The suites run concurrently. The slowest one comes first.
describe.concurrent('two workers of which one does not respond', { timeout: 90_000 }, () => {
  const shared = shareWorkers();
  let stopped = 0;
  let other = 0;
  afterAll(() => {
    if (isAlive(stopped)) process.kill(stopped, 'SIGKILL'); // nothing else ends it, if a test fails
  });

  test.sequential('a worker responds to /metrics although the other worker is stopped', async () => {
    const { server } = shared;
    [stopped = 0, other = 0] = pidsIn(server.out());
    process.kill(stopped, 'SIGSTOP'); // it reads no message and handles no signal, as in an endless loop
    const replies: Reply[] = []; // from the other worker
    for (let i = 0; i < 8; i++)
      server.get('/metrics').then(
        (reply) => replies.push(reply),
        () => undefined, // lost because the stopped worker has the connection
      );
    await until(() => replies.length > 0);
    await sleep(500);
    for (const { status, text } of replies) {
      expect(status).toBe(200);
      expect(text).toContain('spotify_graphql_operations_total');
    }
    expect(isAlive(other)).toBe(true);
  });

  test.sequential('workers of which one is stopped end within 10 s of SIGTERM, with another code than 0', async () => {
    const { server } = shared;
    const expectDrained = shutDown(server);
    await until(() => !isAlive(other), 8_000); // the other one drains normally, and is not killed
    expect(await expectDrained(500)).toMatchObject({ code: 1 });
    expect(isAlive(stopped)).toBe(false);
    expect(server.out()).toContain('workers that did not end in time are killed');
  });
});

describe.concurrent('two workers', { timeout: 90_000 }, () => {
  const shared = shareWorkers();

  test.sequential('two workers respond to requests on one port, of which each worker gets some', async () => {
    const { server, sandbox } = shared;
    for (let i = 0; i < 4; i++) expect((await server.execute(albums)).json).toEqual(bts);
    expect(sandbox.calls().filter(({ kind }) => kind === 'token')).toHaveLength(2);
    expect(server.out().match(/GraphQL on/g)).toHaveLength(1);
  });

  test.sequential('two workers report the sum of their metrics, whichever worker responds', async () => {
    const { server } = shared;
    const operations = async () => {
      const { text } = await server.get('/metrics');
      return Number(/operations_total\{outcome="ok"\} (\d+)\n/.exec(text)?.[1]);
    };
    const before = await operations();
    for (let i = 0; i < 6; i++) await server.execute(albums);
    for (let i = 0; i < 2; i++) expect(await operations()).toBe(before + 6);
  });

  test.sequential('a worker that was killed is replaced', async () => {
    const { server } = shared;
    const [victim = 0] = pidsIn(server.out());
    process.kill(victim, 'SIGKILL');
    await until(() => server.out().includes('a worker has ended, and is replaced'));
    await until(() => pidsIn(server.out()).length === 3);
    for (let i = 0; i < 4; i++) expect((await server.execute(albums)).json).toEqual(bts);
  });

  test.sequential('a connection that a killed worker has not accepted yet is closed, and its client does not wait', async () => {
    const { server } = shared;
    const count = pidsIn(server.out()).length;
    const victim = pidsIn(server.out()).at(-1) ?? 0;
    process.kill(victim, 'SIGSTOP'); // it accepts no more connections
    const replies = Array.from({ length: 4 }, () => server.get('/health').catch(() => lost));
    await Promise.any(replies); // from the other worker
    await sleep(500);
    process.kill(victim, 'SIGKILL');
    const waiting = { status: 'waiting' };
    const settled = await Promise.all(replies.map((reply) => Promise.race([reply, sleep(5_000, waiting)])));
    expect(settled.map(({ status }) => status).toSorted()).toEqual([0, 200, 200, 200]);
    await until(() => pidsIn(server.out()).length === count + 1);
  });

  test.sequential('two workers go on serving /metrics while one of them is killed, and the primary process stays', async () => {
    const { server } = shared;
    const count = pidsIn(server.out()).length;
    for (let round = 0; round < 3; round++) {
      const victim = pidsIn(server.out()).at(-1) ?? 0;
      const replies = Array.from({ length: 40 }, () =>
        Promise.race([server.get('/metrics').catch(() => lost), sleep(3_000, lost)]),
      );
      process.kill(victim, 'SIGKILL');
      const statuses = (await Promise.all(replies)).map(({ status }) => status);
      // Only requests on connections of the killed worker are lost; all others get the metrics.
      expect(statuses.filter((status) => status === 200).length).toBeGreaterThan(10);
      expect(statuses.filter((status) => status !== 200 && status !== lost.status)).toEqual([]);
      await until(() => pidsIn(server.out()).length === count + 1 + round);
    }
    expect((await server.execute(albums)).json).toEqual(bts);
    expect(server.err()).toBe('');
  });

  test.sequential('workers complete a running operation at SIGTERM, and exit with 0', () =>
    expectCompletion(shared, ['SIGTERM']));
});

/** Sends the signals while an operation waits for Spotify, and expects its response and the exit code 0. */
async function expectCompletion({ server, sandbox }: Workers, signals: readonly NodeJS.Signals[]) {
  sandbox.faults.add({ on: { route: 'albums' }, fault: { kind: 'delay', ms: 1_000 } });
  const { id, name } = unknownAlbum(sandbox);
  const reply = server.execute(`{ album(id: "${id}") { name } }`);
  await until(() => sandbox.calls().some(({ route }) => route === 'albums'));
  for (const signal of signals) server.signal(signal);
  expect((await reply).json).toEqual({ data: { album: { name } } });
  expect((await server.ended).code).toBe(0);
  expect(await isRefused(server.port)).toBe(true);
}

/** Whether the start of the first worker has reached a stage. */
const stages = {
  runs: ({ pid }: Run) => childrenOf(pid).length > 0,
  listens: ({ out }: Run) => out().includes('GraphQL on'),
};

describe.concurrent('workers', { timeout: 90_000 }, () => {
  test.for([['SIGINT'], ['SIGHUP', 'SIGTERM']] as const)(
    'workers complete a running operation at %s, and exit with 0',
    async (signals) => {
      const started = await startWorkers();
      await started.server.execute(albums);
      await expectCompletion(started, signals);
    },
  );

  test('workers end at once, with another code than 0, at a second signal', async () => {
    const { server, sandbox } = await startWorkers();
    sandbox.faults.add({ fault: { kind: 'delay', ms: 60_000 } });
    server.execute(albums).catch(() => undefined);
    await until(() => sandbox.calls().length > 0);
    server.signal('SIGTERM');
    server.signal('SIGINT'); // two equal signals may reach a process as one
    const { code } = await server.ended;
    expect(code).toBe(1);
    expect(await isRefused(server.port)).toBe(true);
  });

  const fullStarts = [
    ['runs', 0],
    ['listens', 200],
  ] as const;
  const starts = [['runs', 200], ['listens', 0], ...(isFull ? fullStarts : [])] as const;

  test.for(starts)(
    'workers that are starting end at SIGTERM: the first one %s since %i ms',
    async ([stage, forMs]) => {
      const run = runServer({ WEB_CONCURRENCY: '3', PORT: '0' });
      await until(() => stages[stage](run));
      await sleep(forMs);
      const children = childrenOf(run.pid);
      expect(await shutDown(run)()).toMatchObject({ code: 0 });
      expect(run.err()).toBe('');
      expect(children.filter(isAlive)).toEqual([]);
    },
  );

  test('a worker of another program, such as PM2, states the sandbox, its warnings and its URL, and responds to /metrics at once', async () => {
    const fork = `const cluster = require('node:cluster');
      cluster.setupPrimary({ exec: '${serverFile}', execArgv: [] });
      const worker = cluster.fork();
      process.on('SIGTERM', () => worker.process.kill('SIGINT'));
      cluster.on('exit', (_, code) => process.exit(code));`;
    const server = await startServer({ METRICS_PRT: '1' }, undefined, undefined, ['-e', fork]);
    expect(server.out()).toContain('METRICS_PRT is not read: did you mean METRICS_PORT?');
    expect(server.out()).toContain('SANDBOX:');
    const sentMs = performance.now();
    expect((await server.get('/metrics')).status).toBe(200);
    expect(performance.now() - sentMs).toBeLessThan(2_000); // after which a worker does without its primary process
    server.signal('SIGTERM');
    expect(await server.ended).toMatchObject({ code: 0, err: '' });
  });

  test('workers share one sandbox if there are no credentials', async () => {
    const server = await startServer({ WEB_CONCURRENCY: '2' });
    for (let i = 0; i < 4; i++) expect((await server.execute(albums)).json).toEqual(bts);
    expect(server.out().match(/SANDBOX/g)).toHaveLength(1);
  });

  test('workers whose port is in use report this once, and exit with 1', async () => {
    const port = await portOf(() => undefined);
    const run = runServer({ WEB_CONCURRENCY: '2', PORT: `${port}` });
    const { code, err, out } = await run.ended;
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err.match(/Port \d+ is in use/g)).toHaveLength(1);
  });

  test.for([{ SPOTIFY_DAILY_LIMITS: 'search=3' }, { SPOTIFY_RATE_LIMIT: '1' }])(
    'workers whose parts of a limit are too small report this once, and exit with 1 without a call: %o',
    async (limits) => {
      const sandbox = await startUpstream();
      const store = { DATA_DIR: '/dev/null/data', ...upstreamOf(sandbox) };
      const run = runServer({ WEB_CONCURRENCY: '2', PORT: '0', ...store, ...limits });
      const { code, err, out } = await run.ended;
      expect({ code, out }).toEqual({ code: 1, out: '' });
      expect(err.match(/for 2 processes \(WEB_CONCURRENCY\)/g)).toHaveLength(1);
      expect(sandbox.calls()).toEqual([]);
    },
  );

  test('a worker whose configuration became malformed is replaced every second, until its file is repaired', async () => {
    const documents = { '1a': artistQuery };
    const manifest = manifestOf(documents);
    const variables = { TRUSTED_DOCUMENTS: manifest, PORT: `${await freePort()}` };
    const { server, sandbox } = await startWorkers(undefined, variables);
    const ends = () => server.out().match(/a worker has ended, and is replaced/g)?.length ?? 0;
    writeFileSync(manifest, '{');
    for (const pid of pidsIn(server.out())) process.kill(pid, 'SIGKILL');
    await until(() => ends() >= 2 + 2 * 2); // both workers, and two replacements of each
    expect(server.err()).toContain('TRUSTED_DOCUMENTS must be the path of a JSON file');
    writeFileSync(manifest, JSON.stringify(documents));
    await until(() => pidsIn(server.out()).length === 2 + 2);
    expect((await server.get('/graphql?doc_id=1a')).json).toEqual({ data: { artist: { name: 'BTS' } } });
    const paths = sandbox.calls().flatMap(({ kind, path }) => (kind === 'api' ? [path] : []));
    expect(paths).toEqual([`/artists/${artists.bts}`]);
    expect(await shutDown(server)()).toMatchObject({ code: 0 });
  });

  test('workers together keep to the daily limits, also if no data directory can be used and each has its part of the limits', async () => {
    const sandbox = await startUpstream();
    const limitWith = async (DATA_DIR: string) => {
      const environment = { WEB_CONCURRENCY: '2', SPOTIFY_DAILY_LIMITS: 'artists=10', DATA_DIR };
      const { execute, out } = await startServer({ ...environment, ...upstreamOf(sandbox) });
      await until(() => pidsIn(out()).length === 2);
      const { json } = await execute('{ quota { family limit } }');
      sandbox.clearCalls();
      for (const { id } of sandbox.catalogue.artists().slice(0, 24))
        await execute(`{ artist(id: "${id}") { name } }`);
      return { json, calls: sandbox.calls().filter(({ route }) => route === 'artists').length };
    };
    const quota = (limit: number) => ({ data: { quota: [{ family: 'artists', limit }] } });
    expect(await limitWith('/dev/null/data')).toEqual({ json: quota(5), calls: 8 }); // 4 of each, with one in reserve
    expect(await limitWith(temporaryFolder())).toEqual({ json: quota(10), calls: 9 });
  }, 90_000);

  test('each worker has its part of the configured limits, except the rate limit if a shared store counts the calls', () => {
    const spotify = (environment: Environment) => readConfig(environment).gateway.spotify;
    const limits = { WEB_CONCURRENCY: '3', SPOTIFY_RATE_LIMIT: '100', UPSTREAM_CONCURRENCY: '10' };
    expect(spotify(limits)).toMatchObject({ rateLimit: 33, concurrency: 3 });
    // A shared store, Redis or a data directory, counts the calls of all of them.
    const credentials = { SPOTIFY_CLIENT_ID: 'some-id', SPOTIFY_CLIENT_SECRET: 'some-secret' };
    for (const store of [{ REDIS_URL: 'redis://localhost' }, credentials])
      expect(spotify({ ...limits, ...store })).toMatchObject({ rateLimit: 100, concurrency: 3 });
    expect(spotify({ ...limits, ...credentials, DATA_DIR: 'none' })).toMatchObject({ rateLimit: 33 });
    expect(spotify({ ...limits, WEB_CONCURRENCY: '64' })).toMatchObject({ rateLimit: 1, concurrency: 1 });
  });
});
