import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Redis } from 'ioredis';
import { expect } from 'vitest';
import { stopwatchMs } from '../support/clock.ts';
import type { FaultCase, Step } from '../support/fault-case.ts';
import { hostOf, type Services, startProcess, type TestEnvironment } from '../support/fault-environment.ts';
import { album, albumId, artist, range } from '../support/fault-operations.ts';
import { faultSuite } from '../support/fault-runner.ts';
import { allowHosts } from '../support/fault-traces.ts';
import { startLoad } from '../support/load.ts';
import { type Environment, isRefused, keptConnection, type Server, until } from '../support/process.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';

const waitMs = 30_000; // many times the usual duration of events without a limit of their own

/** A step that checks a process instead of responses. */
const checkProcess = (
  act: (testEnvironment: TestEnvironment) => Promise<void>,
  says: Step['says'],
): Step => ({
  act: async (testEnvironment) => {
    await act(testEnvironment);
    return [];
  },
  ...(says && { says }),
});

const albumQuery = (n: number) => `{ album(id: "${albumId(n)}") { id } }`;
const albumResponse = (n: number) => ({ data: { album: { id: albumId(n) } } });

/** Sends a signal. @returns the exit code, and the milliseconds until then */
async function end(server: Server, signal: 'SIGTERM' | 'SIGINT') {
  const sentMs = stopwatchMs();
  server.signal(signal);
  const { code } = await server.ended;
  return { code, ms: stopwatchMs() - sentMs };
}

/** Starts a process, and permits calls to it in concurrent cases too, because they record these calls. */
async function start(testEnvironment: TestEnvironment, environment: Environment = {}): Promise<Server> {
  const server = await startProcess(testEnvironment, environment);
  allowHosts(testEnvironment.allowed);
  return server;
}

/** Starts a process with a bug: on SIGUSR2 it runs `code`. */
async function startBroken(
  testEnvironment: TestEnvironment,
  code: string,
): Promise<{ server: Server; triggerBug(): void }> {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-bug-'));
  testEnvironment.defer(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'bug.mjs');
  writeFileSync(file, `process.on('SIGUSR2', () => { ${code} });`);
  const server = await start(testEnvironment, { NODE_OPTIONS: `--import=${pathToFileURL(file).href}` });
  return { server, triggerBug: () => server.signal('SIGUSR2') };
}

const logged = (server: Server, text: string) =>
  until(
    () =>
      server
        .out()
        .split('\n')
        .find((line) => line.includes(text)),
    waitMs,
  ).then((line) => JSON.parse(line) as { level: number; err: { stack: string } });

/** Configures a Redis behind a proxy, which can make it fail. `allowRedis` returns the proxy. */
const proxies = new WeakMap<object, TcpProxy>();
async function withRedis({ sandbox, startRedis, defer }: Services): Promise<Environment> {
  const proxy = await startTcpProxy(Number(new URL(await startRedis()).port));
  defer(proxy.close);
  proxies.set(sandbox, proxy);
  return { REDIS_URL: `redis://127.0.0.1:${proxy.port}` };
}

function allowRedis({ sandbox, allowed }: TestEnvironment) {
  const proxy = proxies.get(sandbox);
  if (!proxy) throw new Error('this case has no Redis');
  allowed.add(`127.0.0.1:${proxy.port}`);
  allowHosts(allowed); // the two cases with a Redis run concurrently
  return proxy;
}

const cases: FaultCase[] = [
  {
    id: 'D1',
    fault: 'SIGTERM at 200 operations a second over kept connections',
    promise: 'no request is lost or reset, and every client is told to close its connection',
    timeoutMs: 60_000,
    steps: [
      checkProcess(
        async (testEnvironment) => {
          const server = await start(testEnvironment);
          const body = (n: number) => JSON.stringify({ query: albumQuery(n % 40) });
          const load = startLoad(server.port, { clients: 20, everyMs: 100, body });
          await until(() => load.responses.length > 100, waitMs);
          const [ended] = await Promise.all([end(server, 'SIGTERM'), load.ended]);
          expect({ code: ended.code, failures: load.failures }).toEqual({ code: 0, failures: [] });
          expect(new Set(load.responses.map(({ status }) => status))).toEqual(new Set([200, 503]));
          expect(load.responses.filter(({ closes }) => closes)).toHaveLength(20);
          for (const { text } of load.responses) testEnvironment.hear('responses', text);
          expect(ended.ms).toBeLessThan(8_000 * testEnvironment.machineLoad());
        },
        { client: 'ok, or OVERLOADED with `connection: close`', within: '≤ 8,000 ms' },
      ),
    ],
  },
  {
    id: 'D2',
    fault: 'SIGTERM while nothing runs, with an idle connection',
    promise: 'the process ends soon with code 0',
    steps: [
      checkProcess(
        async (testEnvironment) => {
          const server = await start(testEnvironment);
          await server.get('/health', { agent: keptConnection() });
          const { code, ms } = await end(server, 'SIGTERM');
          expect(code).toBe(0);
          expect(ms).toBeLessThan(500 * testEnvironment.machineLoad());
        },
        { client: 'exit code 0', within: '≤ 500 ms' },
      ),
    ],
  },
  {
    id: 'D3',
    slow: true,
    fault: 'SIGTERM while Spotify does not respond to a call',
    promise: 'a running operation gets its response at its deadline and is not reset',
    timeoutMs: 60_000,
    steps: [
      checkProcess(
        async (testEnvironment) => {
          testEnvironment.fault({ fault: { kind: 'stall' } });
          // The tests of the shutdown use the default of 8 s, with an end within 10 s.
          const server = await start(testEnvironment, { REQUEST_TIMEOUT_MS: '4000' });
          const running = server.execute(albumQuery(1));
          await until(() => testEnvironment.calls('api').length > 0, waitMs);
          const ended = end(server, 'SIGTERM');
          expect((await running).json).toMatchObject({
            data: { album: null },
            errors: [{ extensions: { code: 'UPSTREAM_TIMEOUT' } }],
          });
          const { code, ms } = await ended;
          expect(code).toBe(0);
          expect(ms).toBeLessThan(testEnvironment.limitMs(6_000));
        },
        { client: 'UPSTREAM_TIMEOUT, exit code 0', within: '≤ 10,000 ms', spotify: 'API ≤ 3' },
      ),
    ],
  },
  {
    id: 'D5',
    fault: 'a second SIGTERM or SIGINT while the process drains',
    promise: 'a second signal ends the process at once',
    steps: (['SIGTERM', 'SIGINT'] as const).map((second) =>
      checkProcess(
        async (testEnvironment) => {
          await testEnvironment.lift();
          testEnvironment.fault({ fault: { kind: 'delay', ms: 8_000 } });
          const server = await start(testEnvironment);
          const before = testEnvironment.calls('api').length;
          const lost = expect(server.execute(albumQuery(2))).rejects.toThrow();
          await until(() => testEnvironment.calls('api').length > before, waitMs);
          server.signal('SIGTERM');
          await until(() => isRefused(server.port), waitMs);
          const { code, ms } = await end(server, second);
          expect(code).not.toBe(0);
          expect(ms).toBeLessThan(500 * testEnvironment.machineLoad());
          await lost;
        },
        { client: 'exit code 1', within: '≤ 500 ms' },
      ),
    ),
  },
  {
    id: 'D6',
    slow: true, // closing a Redis client that is connecting takes some time
    fault: 'Redis is down at the start, up later, and down again',
    promise: 'no client gets an error because Redis is missing',
    environment: withRedis,
    needsRedis: true,
    steps: [
      {
        arrange: (testEnvironment) => allowRedis(testEnvironment).set({ kind: 'down' }),
        execute: range(20).map((n) => album(n)),
        client: 'ok',
        api: 20,
      },
      {
        arrange: (testEnvironment) => allowRedis(testEnvironment).set({ kind: 'none' }),
        execute: range(20, 20).map((n) => album(n)),
        client: 'ok',
        api: 20,
      },
      {
        arrange: (testEnvironment) => allowRedis(testEnvironment).set({ kind: 'down' }),
        execute: range(20, 40).map((n) => album(n)),
        client: 'ok',
        api: 20,
        withinMs: 1_000,
        check: ({ testEnvironment }) => {
          const logLines = testEnvironment.log().filter((line) => line.includes('without Redis'));
          expect(logLines.length).toBeLessThanOrEqual(1);
        },
      },
    ],
  },
  {
    id: 'D7',
    slow: true, // closing a Redis client that is connecting takes some time
    fault: 'Redis accepts connections and does not respond',
    promise: 'the gateway waits for Redis at most 200 ms, and then does not use it for a while',
    environment: withRedis,
    needsRedis: true,
    steps: [
      {
        arrange: async (testEnvironment) => {
          const proxy = allowRedis(testEnvironment);
          await until(() => proxy.open() > 0, waitMs);
          await proxy.set({ kind: 'black-hole' });
        },
        execute: range(10).map((n) => album(n)),
        manner: 'in turn',
        client: 'ok',
        medianMs: 60,
        api: 10,
      },
    ],
  },
  {
    id: 'D8',
    fault: 'Redis is flushed while 500 operations read the same object',
    promise: 'after a flush of Redis a read costs one call',
    redis: true,
    steps: [
      {
        arrange: async ({ redisUrl, allowed }) => {
          const client = new Redis(redisUrl ?? '');
          allowed.add(hostOf(redisUrl ?? ''));
          await client.flushall();
          client.disconnect();
        },
        execute: artist(3),
        times: 500,
        client: 'ok',
        api: 1,
        token: 1,
      },
    ],
  },
  {
    id: 'D13',
    fault: 'a rejected promise that is not handled',
    promise: 'the process logs the bug with its stack and stays up',
    steps: [
      checkProcess(
        async (testEnvironment) => {
          const { server, triggerBug } = await startBroken(
            testEnvironment,
            "Promise.reject(new TypeError('stray'))",
          );
          triggerBug();
          const { level, err } = await logged(server, 'unhandled rejection');
          expect(level).toBe('error');
          expect(err.stack).toMatch(/^TypeError: stray\n +at /);
          expect((await server.execute(albumQuery(3))).json).toEqual(albumResponse(3));
          expect(server.err()).toBe('');
        },
        { client: 'ok', spotify: 'API 1' },
      ),
    ],
  },
  {
    id: 'D14',
    slow: true,
    fault: 'an exception in a timer that is not caught',
    promise: 'running operations get their responses before the process ends with code 1',
    steps: [
      checkProcess(
        async (testEnvironment) => {
          testEnvironment.fault({ fault: { kind: 'delay', ms: 1_000 } });
          const { server, triggerBug } = await startBroken(
            testEnvironment,
            "setTimeout(() => { throw new TypeError('stray'); })",
          );
          const running = server.execute(albumQuery(4));
          await until(() => testEnvironment.calls('api').length > 0, waitMs);
          const triggeredMs = stopwatchMs();
          triggerBug();
          expect((await running).json).toEqual(albumResponse(4));
          expect((await server.ended).code).toBe(1);
          expect(stopwatchMs() - triggeredMs).toBeLessThan(8_000 * testEnvironment.machineLoad());
          expect((await logged(server, 'uncaught exception')).err.stack).toMatch(/^TypeError: stray\n +at /);
        },
        { client: 'ok, exit code 1', within: '≤ 8,000 ms' },
      ),
    ],
  },
  {
    id: 'D16',
    slow: true,
    fault: 'the event loop is late for seconds, while forty clients send operations',
    timeoutMs: 60_000,
    promise: 'operations that cannot run in time are rejected, and the process stays alive',
    steps: [
      checkProcess(
        async (testEnvironment) => {
          const { server, triggerBug } = await startBroken(
            testEnvironment,
            // For three seconds each iteration of the event loop takes 300 ms. Node runs timers that expire meanwhile in the
            // same iteration, so the next one is set after sockets have been read.
            'const end = Date.now() + 3_000; const block = () => { const until = Date.now() + 300; while (Date.now() < until); if (Date.now() < end) setImmediate(setTimeout, block); }; block();',
          );
          await server.execute(albumQuery(5));
          const statuses = new Set<number>();
          for (let attempt = 0; attempt < 5 && !statuses.has(503); attempt++) {
            const sockets = await Promise.all(range(40).map(() => openConnection(server.port)));
            triggerBug();
            await new Promise((resolve) => setTimeout(resolve, 1_500)); // by then the event loop has been late for long
            const replies = await Promise.all(
              sockets.map((socket, n) => rawStatus(testEnvironment, socket, albumQuery(n))),
            );
            for (const status of replies) statuses.add(status);
          }
          expect(statuses).toContain(503);
          expect((await server.get('/health')).status).toBe(200);
          expect((await server.execute(albumQuery(5))).json).toEqual(albumResponse(5));
        },
        { client: 'OVERLOADED; then ok' },
      ),
    ],
  },
];

async function openConnection(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

/** The status of one operation, without the repetitions of `exchange`. */
async function rawStatus(testEnvironment: TestEnvironment, socket: Socket, query: string): Promise<number> {
  const body = JSON.stringify({ query });
  socket.write(
    `POST /graphql HTTP/1.1\r\nhost: gateway\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
  let text = '';
  for await (const part of socket.setEncoding('utf8')) text += part;
  testEnvironment.hear('responses', text);
  return Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]);
}

faultSuite('D', 'The process', cases);
