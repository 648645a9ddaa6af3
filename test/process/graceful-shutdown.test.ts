import { once } from 'node:events';
import type { Agent } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { Sandbox } from '../../src/sandbox/index.ts';
import { startLoad } from '../support/load.ts';
import {
  type DrainSignal,
  isRefused,
  keptConnection,
  openSocket,
  type Reply,
  type Server,
  scaledLimit,
  shutDown,
  startServer,
  until,
  upstreamOf,
} from '../support/process.ts';
import { artistQuery } from '../support/schema-tests.ts';
import { onTestEnd } from '../support/test-end.ts';
import { startUpstream } from '../support/upstream.ts';

/** A process that shuts down loses no response, and ends in time. */

const lateMs = 200; // between two requests; a shutdown leaves a connection idle for longer
const responseOfBts = { data: { artist: { name: 'BTS' } } };

const albumIds = (sandbox: Sandbox) => sandbox.catalogue.albums().map(({ id }) => id);

/** A gateway with a running operation that waits for Spotify, and a connection that was opened before. */
async function startBusy(delayMs: number) {
  const upstream = await startUpstream();
  upstream.faults.add({ fault: { kind: 'delay', ms: delayMs } });
  const server = await startServer({ ...upstreamOf(upstream), UPSTREAM_TIMEOUT_MS: '6000' });
  const open = await openSocket(server.port);
  const running = server.execute(artistQuery, { agent: keptConnection() });
  running.catch(() => undefined); // a test that expects the rejection awaits it
  await until(() => upstream.calls().some(({ kind }) => kind === 'api'));
  return { server, upstream, running, open };
}

/** `shutDown`, which also waits until the process drains. A connection without a request is closed 300 ms later. */
async function stop(server: Server, signal: DrainSignal = 'SIGTERM') {
  const expectDrained = shutDown(server, signal);
  await until(() => server.out().includes('the process drains'));
  return { expectDrained };
}

/** The responses in the bytes of a connection, each with its content-length and the number of received bytes. */
function responsesIn(bytes: Buffer): { status: number; length: number; received: number }[] {
  const responses = [];
  for (let at = 0; at < bytes.byteLength; ) {
    const bodyAt = bytes.indexOf('\r\n\r\n', at) + 4;
    const head = bytes.subarray(at, bodyAt).toString('latin1');
    const length = Number(/^content-length: (\d+)/im.exec(head)?.[1]);
    const status = Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]);
    responses.push({ status, length, received: Math.min(length, bytes.byteLength - bodyAt) });
    at = bodyAt + length;
  }
  return responses;
}

const query = `{ ${Array.from({ length: 60 }, (_, n) => `s${n}: _sdl`).join(' ')} }`; // 3 MB, and little work
const json = 'content-type: application/json';
const post = (body: string, more = '') =>
  `POST /graphql HTTP/1.1\r\nhost: gateway\r\n${json}\r\n${more}content-length: ${body.length}\r\n\r\n${body}`;
const requests = {
  POST: post(JSON.stringify({ query })),
  GET: `GET /graphql?${new URLSearchParams({ query })} HTTP/1.1\r\nhost: gateway\r\n\r\n`,
  'GET of GraphiQL':
    'GET /graphql HTTP/1.1\r\nhost: gateway\r\naccept: text/html\r\naccept-encoding: gzip\r\n\r\n',
};
// Too many for the buffers of the system, so that each response waits behind the previous one.
const pipelined = 5;

/**
 * A client of pipelined requests that reads nothing before `go` resolves, and then all responses to their end with
 * pauses. Resolves when the responses are written and wait for the client.
 */
async function readSlowly({ port, get }: Server, request: string, go: Promise<unknown>) {
  const socket = connect(port, '127.0.0.1');
  onTestEnd(() => void socket.destroy());
  let failure: Error | null = null;
  socket.on('error', (error) => {
    failure = error;
  });
  socket.write(request.repeat(pipelined));
  await once(socket, 'readable');
  // All clients share the buffer of a page, so it is not counted: it waits for the client once a response has begun.
  const isCounted = !request.includes('text/html');
  await until(async () => {
    const { text } = await get('/metrics');
    return !(isCounted && text.includes('unread_response_bytes 0'));
  });
  const ended = (async () => {
    await go;
    const chunks: Buffer[] = [];
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      if (chunks.length % 64 === 0) await sleep(1);
    }
    return { responses: responsesIn(Buffer.concat(chunks)), failure };
  })();
  return { ended };
}

const idleClosedMs = 3_000; // idle connections are closed by then, busy ones after 2.5 s

// The slowest tests come first.
describe.concurrent('a process that shuts down', { timeout: 90_000 }, () => {
  test('a process that shuts down aborts a response whose client stops reading, logs it, and ends within 10 s', async () => {
    const server = await startServer();
    await readSlowly(server, requests.POST, new Promise(() => undefined));
    const { code, tookMs } = await shutDown(server)();
    expect(code).toBe(0);
    expect(tookMs).toBeGreaterThan(8_000); // it waited for the client
    expect(server.out()).toMatch(
      /the time for draining is over: the responses that are not complete are cut off/,
    );
  });

  test('a process that shuts down ends within 10 s despite incomplete requests and connections without requests', async () => {
    const server = await startServer();
    await openSocket(server.port);
    await openSocket(server.port, 'GET /heal');
    await openSocket(server.port, post('{"que'.padEnd(99)).slice(0, -94));
    await sleep(100);
    expect(await shutDown(server)()).toMatchObject({ code: 0 });
  });

  test('a process that shuts down does not wait for a connection on which nothing was sent', async () => {
    const server = await startServer();
    const { closed, received } = await openSocket(server.port);
    await sleep(100);
    const { code, tookMs } = await shutDown(server)();
    await closed;
    expect(code).toBe(0);
    expect(tookMs).toBeLessThan(5_000); // Node itself closes such a connection after 8 s
    expect(received()).toBe('');
  });

  test('a process that shuts down ends within 10 s and returns UPSTREAM_TIMEOUT if Spotify does not respond', async () => {
    const sandbox = await startUpstream();
    sandbox.faults.add({ fault: { kind: 'stall' } });
    const server = await startServer(upstreamOf(sandbox));
    const running = server.execute(`{ album(id: "${albumIds(sandbox)[0]}") { id } }`);
    await until(() => sandbox.calls().some(({ kind }) => kind === 'api'));
    const expectDrained = shutDown(server);
    const reply = await running;
    expect({ status: reply.status, connection: reply.headers.connection, json: reply.json }).toMatchObject({
      status: 200,
      connection: 'close',
      json: { data: { album: null }, errors: [{ extensions: { code: 'UPSTREAM_TIMEOUT' } }] },
    });
    expect(await expectDrained()).toMatchObject({ code: 0 });
  });

  test.for(Object.entries(requests))(
    'a process that shuts down delivers the whole of a response that is still being read: %s',
    async ([, request]) => {
      const server = await startServer();
      let startReading = () => {};
      const go = new Promise<void>((resolve) => {
        startReading = resolve;
      });
      const { ended } = await readSlowly(server, request, go);
      const expectDrained = shutDown(server);
      await sleep(idleClosedMs);
      startReading();
      const { responses, failure } = await ended;
      expect(failure).toBeNull();
      for (const { status, length, received } of responses) {
        expect([200, 503]).toContain(status); // 503 for requests that came too late
        expect(received).toBe(length);
      }
      expect(responses.filter(({ status }) => status === 200).length).toBeGreaterThan(1);
      expect(await expectDrained()).toMatchObject({ code: 0 });
    },
  );

  test.for(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    'at %s a process is unready at once, accepts no connection, completes a running operation, and exits with 0',
    async (signal) => {
      const { server, running, open } = await startBusy(2_000);
      const { expectDrained } = await stop(server, signal);
      open.write('GET /ready HTTP/1.1\r\nhost: gateway\r\n\r\n');
      const unready = await until(() => /^HTTP\/1\.1 .*\r\n\r\n\w+$/s.exec(open.received())?.[0]);
      expect(unready).toMatch(/^HTTP\/1\.1 503 /);
      expect(unready).toMatch(/^connection: close\r$/im);
      await until(() => isRefused(server.port));

      const reply = await running;
      expect({ status: reply.status, connection: reply.headers.connection, json: reply.json }).toEqual({
        status: 200,
        connection: 'close',
        json: responseOfBts,
      });
      expect(await expectDrained()).toMatchObject({ code: 0 });
    },
  );

  test.for([
    ['SIGTERM', 'SIGHUP'],
    ['SIGHUP', 'SIGTERM'],
  ] as const)(
    'a process completes a running operation when %s is followed by %s, as at the end of a session of systemd',
    async ([first, second]) => {
      const { server, running } = await startBusy(2_000);
      const { expectDrained } = await stop(server, first);
      server.signal(second);
      expect((await running).json).toEqual(responseOfBts);
      expect(await expectDrained()).toMatchObject({ code: 0 });
    },
  );

  test('a process that shuts down rejects a new operation with 503 and Retry-After, without a Spotify call, while another one is completed', async () => {
    const { server, upstream, running, open } = await startBusy(2_000);
    await stop(server);
    const accept = 'accept: application/graphql-response+json\r\n';
    open.write(post(JSON.stringify({ query: `{ album(id: "${albumIds(upstream)[0]}") { id } }` }), accept));
    const response = await until(() => /^HTTP\/1\.1 .*\}$/s.exec(open.received())?.[0]);
    expect(response).toMatch(/^HTTP\/1\.1 503 /);
    expect(response).toMatch(/^retry-after: \d+\r$/im);
    expect(response).toContain('"OVERLOADED"');
    expect((await running).json).toEqual(responseOfBts);
    await server.ended;
    expect(upstream.calls().filter(({ kind }) => kind === 'api')).toHaveLength(1);
  });

  test('a process that shuts down responds to all pipelined requests, and closes their connection with the last response', async () => {
    const sandbox = await startUpstream();
    const ids = albumIds(sandbox).slice(0, 2);
    sandbox.faults.add({ fault: { kind: 'delay', ms: 1_500 } });
    // Without batches, which an app in development mode does not have: two albums are two calls.
    const server = await startServer({ ...upstreamOf(sandbox), SPOTIFY_QUOTA_MODE: 'development' });
    const execute = (query: string) => post(JSON.stringify({ query }));
    const open = await openSocket(server.port, execute('{ __typename }').repeat(2));
    const one = await openSocket(server.port);
    await until(() => open.received().split('"Query"').length === 3);
    for (const id of ids) open.write(execute(`{ album(id: "${id}") { id } }`));
    one.write(execute(`{ album(id: "${ids[0]}") { id } }`) + execute('{ __typename }'));
    await until(() => sandbox.calls().filter(({ kind }) => kind === 'api').length === 2);
    await stop(server);
    open.write(execute('{ __typename }'));
    await server.ended;

    const responses = open
      .received()
      .split(/(?=HTTP\/1\.1 )/)
      .slice(2);
    expect(responses.map((text) => /^HTTP\/1\.1 (\d+)/.exec(text)?.[1])).toEqual(['200', '200', '503']);
    for (const [n, id] of ids.entries()) expect(responses[n]).toContain(`{"data":{"album":{"id":"${id}"}}}`);
    expect(responses.map((text) => /^connection: close\r$/im.test(text))).toEqual([false, false, true]);
    expect(one.received()).toContain(`{"data":{"album":{"id":"${ids[0]}"}}}`);
    expect(one.received()).toContain('{"data":{"__typename":"Query"}}');
  });
});

const { DRAIN_RUNS = '1' } = process.env;
const runs = Number(DRAIN_RUNS);
const load = { clients: 20, everyMs: 100 }; // 200 operations a second
const warmUp = 100; // responses

/** Three of four operations are cached and quick, and every fourth one needs a call and is slow. */
const bodyOf = (ids: readonly string[]) => (n: number) =>
  JSON.stringify({ query: `{ album(id: "${ids[n % 4 === 0 ? n % ids.length : 0]}") { id } }` });

describe.concurrent('SIGTERM at 200 operations a second over kept connections', { timeout: 90_000 }, () => {
  test.for(Array.from({ length: runs }, (_, run) => run + 1))(
    'SIGTERM at 200 operations a second loses and resets no request, and the process ends with 0 within 10 s: run %i',
    async (run) => {
      const sandbox = await startUpstream({ latencyMs: 40 });
      const server = await startServer(upstreamOf(sandbox));
      const clients = startLoad(server.port, { ...load, body: bodyOf(albumIds(sandbox)) });
      await until(() => clients.responses.length > warmUp);
      await sleep(run * 7); // so that the signal comes at another moment of each run
      const before = clients.responses.length;
      const expectDrained = shutDown(server);
      const [{ code, tookMs }] = await Promise.all([expectDrained(), clients.ended]);

      const after = clients.responses.slice(before);
      const wrong = clients.responses.filter(({ status, text }) =>
        status === 200 ? !/^\{"data":\{"album":\{"id":"\w{22}"\}\}\}$/.test(text) : status !== 503,
      );
      const shed = after.filter(({ status }) => status === 503);
      process.stdout.write(
        `drain ${run}: ${before} responses, then ${after.length - shed.length} and ${shed.length} shed in ${Math.round(tookMs)} ms\n`,
      );
      expect({ code, failures: clients.failures, wrong }).toEqual({ code: 0, failures: [], wrong: [] });
      expect(after.filter(({ closes }) => closes)).toHaveLength(load.clients); // one per connection
      for (const { text } of shed) expect(text).toContain('"OVERLOADED"');
    },
  );
});

describe('a process that has nothing to wait for', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)(
    'a process without a running operation ends within a second of %s, despite an idle kept connection',
    async (signal) => {
      const server = await startServer();
      const agent = keptConnection();
      expect((await server.execute(artistQuery, { agent })).headers.connection).toBe('keep-alive');
      const limitMs = await scaledLimit(1_000);
      const sentMs = performance.now();
      server.signal(signal);
      expect(await server.ended).toMatchObject({ code: 0, signal: null });
      expect(performance.now() - sentMs).toBeLessThan(limitMs);
      expect(server.out()).toContain('the process drains');
    },
  );

  test.for([
    ['SIGTERM', 'SIGTERM'],
    ['SIGINT', 'SIGINT'],
    ['SIGTERM', 'SIGINT'],
  ] as const)(
    'a process ends at once with a code other than 0 when %s is followed by %s',
    async ([first, second]) => {
      const { server, running } = await startBusy(8_000);
      const lost = expect(running).rejects.toThrow();
      await stop(server, first);
      const limitMs = await scaledLimit(500);
      const againMs = performance.now();
      server.signal(second);
      const { code } = await server.ended;
      expect(performance.now() - againMs).toBeLessThan(limitMs);
      expect(code).toBeGreaterThan(0);
      await lost;
    },
  );

  test('a process that shuts down tells clients that repeat requests to close their connections, and resets none', async () => {
    const server = await startServer();
    const clients = Array.from({ length: 6 }, async (_, n) => {
      await sleep(n * 4); // so that the signal meets some of them between two requests
      return sendUntilClosed(server, keptConnection());
    });
    await sleep(200);
    const signalMs = performance.now();
    server.signal('SIGTERM');
    for (const replies of await Promise.all(clients)) {
      if (replies === null) continue;
      expect(replies.slice(0, -1).every(({ status }) => status === 200)).toBe(true);
      const last = replies.at(-1);
      // The process may have begun to handle a request before the signal, and respond afterwards.
      const wasSentBefore = last !== undefined && last.sentMs < signalMs;
      expect(wasSentBefore ? [200, 503] : [503]).toContain(last?.status);
      expect(last?.headers).toMatchObject({ connection: 'close' });
    }
    expect(await server.ended).toMatchObject({ code: 0 });
  });
});

/**
 * The responses of `/ready` on one kept connection, up to the one that closes it. Null if this process was so busy that
 * its next request came late: then the server may have closed the connection, which was idle.
 */
async function sendUntilClosed(
  { get }: Server,
  agent: Agent,
): Promise<(Reply & { sentMs: number })[] | null> {
  const replies: (Reply & { sentMs: number })[] = [];
  let sentMs = performance.now();
  for (;;) {
    const sinceLastMs = performance.now() - sentMs;
    sentMs = performance.now();
    try {
      const reply = await get('/ready', { agent });
      replies.push({ ...reply, sentMs });
      if (reply.headers.connection === 'close') return replies;
    } catch (error) {
      if (sinceLastMs < lateMs) throw error;
      return null;
    }
    await sleep(20);
  }
}
