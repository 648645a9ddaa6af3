import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { startSandbox } from '../../src/sandbox/index.ts';
import { artists } from '../support/asking.ts';
import { type Environment, isRefused, runServer, startServer, until } from '../support/process.ts';

/** Several processes behind one port (`WEB_CONCURRENCY`). */

const albums = `{ artist(id: "${artists.bts}") { name albums(first: 1) { totalCount } } }`;

async function startWorkers(environment: Environment = {}) {
  const sandbox = await startSandbox();
  onTestFinished(sandbox.close);
  const server = await startServer({
    WEB_CONCURRENCY: '2',
    SPOTIFY_API_URL: sandbox.apiUrl,
    SPOTIFY_TOKEN_URL: sandbox.tokenUrl,
    SPOTIFY_CLIENT_ID: sandbox.clientId,
    SPOTIFY_CLIENT_SECRET: sandbox.clientSecret,
    ...environment,
  });
  await until(() => pidsIn(server.out()).length === 2, 10_000);
  return { server, sandbox };
}

const bts = { data: { artist: { name: 'BTS', albums: { totalCount: 104 } } } };

const lost = { status: 0 };

/** The process ids of its children, as Linux tells them. */
const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);

/** Whether the process is there, and no zombie. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

function killIfAlive(pid: number): void {
  if (isAlive(pid)) process.kill(pid, 'SIGKILL');
}

/** The workers that have begun to listen, by their process ids. */
const pidsIn = (log: string): number[] =>
  Array.from(log.matchAll(/"pid":(\d+),"msg":"a worker listens"/g), ([, pid]) => Number(pid));

describe('two workers', () => {
  test('answer behind one port, each with its share of the questions', async () => {
    const { server, sandbox } = await startWorkers();
    for (let i = 0; i < 4; i++) expect((await server.ask(albums)).json).toEqual(bts);
    expect(sandbox.calls().filter(({ kind }) => kind === 'token')).toHaveLength(2);
    expect(server.out().match(/GraphQL on/g)).toHaveLength(1);
  });

  test('share one sandbox where there are no credentials', async () => {
    const server = await startServer({ WEB_CONCURRENCY: '2' });
    for (let i = 0; i < 4; i++) expect((await server.ask(albums)).json).toEqual(bts);
    expect(server.out().match(/SANDBOX/g)).toHaveLength(1);
  });

  test('are counted together, whichever is asked', async () => {
    const { server } = await startWorkers();
    for (let i = 0; i < 6; i++) await server.ask(albums);
    for (let i = 0; i < 2; i++) {
      expect((await server.get('/metrics')).text).toMatch(/operations_total\{outcome="ok"\} 6\n/);
    }
  });

  test.each(['SIGTERM', 'SIGINT'] as const)(
    'answer what runs when %s comes, and end with 0',
    async (signal) => {
      const { server, sandbox } = await startWorkers();
      await server.ask(albums);
      sandbox.faults.add({ on: { route: 'albums' }, fault: { kind: 'delay', ms: 1_000 } });
      const asked = server.ask('{ album(id: "0pkwSolXJFPsYzYknyANVQ") { name } }');
      await until(() => sandbox.calls().some(({ route }) => route === 'albums'), 5_000);
      server.signal(signal);
      expect((await asked).json).toMatchObject({ data: { album: { name: expect.any(String) } } });
      expect((await server.ended).code).toBe(0);
      expect(await isRefused(server.port)).toBe(true);
    },
  );

  test('end at once, with another code than 0, at a second signal', async () => {
    const { server, sandbox } = await startWorkers();
    sandbox.faults.add({ fault: { kind: 'delay', ms: 60_000 } });
    server.ask(albums).catch(() => undefined);
    await until(() => sandbox.calls().length > 0, 5_000);
    server.signal('SIGTERM');
    server.signal('SIGINT'); // two of a kind may reach a process as one
    const { code } = await server.ended;
    expect(code).toBe(1);
    expect(await isRefused(server.port)).toBe(true);
  });

  test('are two again after one has ended', async () => {
    const { server } = await startWorkers();
    const [victim = 0] = pidsIn(server.out());
    process.kill(victim, 'SIGKILL');
    await until(() => server.out().includes('a worker has ended, and is replaced'), 5_000);
    await until(() => pidsIn(server.out()).length === 3, 10_000);
    for (let i = 0; i < 4; i++) expect((await server.ask(albums)).json).toEqual(bts);
  });

  test('go on answering /metrics while one of them is killed, and the supervisor stays', async () => {
    const { server } = await startWorkers();
    for (let round = 0; round < 3; round++) {
      const victim = pidsIn(server.out()).at(-1) ?? 0;
      const replies = Array.from({ length: 40 }, () =>
        Promise.race([server.get('/metrics').catch(() => lost), sleep(3_000, lost)]),
      );
      process.kill(victim, 'SIGKILL');
      const statuses = (await Promise.all(replies)).map(({ status }) => status);
      // The connections of the killed worker are lost, and those that it was just given; all others get the metrics.
      expect(statuses.filter((status) => status === 200).length).toBeGreaterThan(10);
      expect(statuses.filter((status) => status !== 200 && status !== lost.status)).toEqual([]);
      await until(() => pidsIn(server.out()).length === 3 + round, 10_000);
    }
    expect((await server.ask(albums)).json).toEqual(bts);
    expect(server.err()).toBe('');
    server.signal('SIGTERM');
    expect((await server.ended).code).toBe(0);
  }, 40_000);

  test('answer /metrics without a worker that does not respond', async () => {
    const { server } = await startWorkers();
    const [stopped = 0, other = 0] = pidsIn(server.out());
    process.kill(stopped, 'SIGSTOP');
    onTestFinished(() => killIfAlive(stopped));
    const replies = await Promise.all(
      Array.from({ length: 8 }, () => Promise.race([server.get('/metrics'), sleep(4_000)])),
    );
    const answered = replies.filter((reply) => reply !== undefined);
    expect(answered.length).toBeGreaterThan(0); // those whose connections the other worker has
    for (const { status, text } of answered) {
      expect(status).toBe(200);
      expect(text).toContain('spotify_graphql_operations_total');
    }
    expect(other).toBeGreaterThan(0);
  }, 20_000);

  test.each([0, 100, 200, 400, 700])(
    'that are still starting %i ms after the start end at SIGTERM',
    async (afterMs) => {
      const run = runServer({ WEB_CONCURRENCY: '4', PORT: '0' });
      await until(() => childrenOf(run.pid).length > 0, 10_000);
      await sleep(afterMs);
      const children = childrenOf(run.pid);
      run.signal('SIGTERM');
      const signalMs = performance.now();
      const { code, err } = await run.ended;
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(performance.now() - signalMs).toBeLessThan(10_000);
      expect(children.filter(isAlive)).toEqual([]);
    },
    30_000,
  );

  test('of which one hangs end within 10 s of SIGTERM, with another code than 0', async () => {
    const { server } = await startWorkers();
    const [hanging = 0, other = 0] = pidsIn(server.out());
    process.kill(hanging, 'SIGSTOP'); // it reads no message and handles no signal, as in an endless loop
    onTestFinished(() => killIfAlive(hanging));
    server.signal('SIGTERM');
    const signalMs = performance.now();
    await until(() => !isAlive(other), 5_000); // the other one drains as ever
    expect((await server.ended).code).toBe(1);
    expect(performance.now() - signalMs).toBeLessThan(10_500);
    expect(isAlive(hanging)).toBe(false);
    expect(server.out()).toContain('workers that did not end in time are killed');
  }, 30_000);

  test('that cannot listen say so, and end with 1', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void taken.close());
    await until(() => taken.listening, 1_000);
    const { port } = taken.address() as { port: number };
    const { code, err, out } = await runServer({ WEB_CONCURRENCY: '2', PORT: `${port}` }).ended;
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err.match(/Port \d+ is in use/g)).toHaveLength(1);
  });

  test('keep to the ceilings that were set for all of them', () => {
    const spotify = (environment: Environment) => readConfig(environment).gateway.spotify;
    const set = { WEB_CONCURRENCY: '3', SPOTIFY_RATE_LIMIT: '100', UPSTREAM_CONCURRENCY: '10' };
    expect(spotify(set)).toMatchObject({ rateLimit: 33, concurrency: 3 });
    // A shared store, Redis or a data directory, counts the calls of all of them.
    const app = { SPOTIFY_CLIENT_ID: 'some-id', SPOTIFY_CLIENT_SECRET: 'some-secret' };
    for (const store of [{ REDIS_URL: 'redis://localhost' }, app])
      expect(spotify({ ...set, ...store })).toMatchObject({ rateLimit: 100, concurrency: 3 });
    expect(spotify({ ...set, ...app, DATA_DIR: 'none' })).toMatchObject({ rateLimit: 33 });
    expect(spotify({ ...set, WEB_CONCURRENCY: '64' })).toMatchObject({ rateLimit: 1, concurrency: 1 });
  });
});
