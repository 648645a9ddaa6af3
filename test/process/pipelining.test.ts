import { createServer, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { beforeAll, describe, expect, test } from 'vitest';
import { createMetrics } from '../../src/observability/metrics.ts';
import { limitConnections, serverOptions } from '../../src/process/connections.ts';
import { limitPipelining, pipeliningLimits, trackResponses } from '../../src/process/pipelining.ts';
import { expectBounded } from '../support/bounded.ts';
import {
  endAfterAll,
  inProduction,
  openSocket,
  type Server,
  startServer,
  until,
} from '../support/process.ts';
import { portOf } from '../support/test-server.ts';

/** Requests that a client sends before it has the responses to its earlier ones are bounded. */

const get = (path: string, headers = '') => `GET ${path} HTTP/1.1\r\nhost: gateway\r\n${headers}\r\n`;

/** A server that responds only if `respond` is called, with a response to each path. */
async function start(limits = pipeliningLimits) {
  let closed = 0;
  const waiting: { url: string; response: ServerResponse }[] = [];
  const server = createServer(serverOptions);
  const onClosed = () => {
    closed += 1;
  };
  limitPipelining(server, trackResponses(server), onClosed, limits);
  server.on('request', ({ url = '' }, response) => void waiting.push({ url, response }));
  const port = await portOf(server);
  const respond = () => {
    for (const { url, response } of waiting.splice(0)) response.end(url);
  };
  return { port, waiting, respond, closed: () => closed };
}

test('ten requests that are sent together get their responses in order, again and again', async () => {
  const { port, waiting, respond, closed } = await start();
  const { write, received } = await openSocket(port);
  for (const round of [1, 2, 3]) {
    const paths = Array.from({ length: 10 }, (_, n) => `/${round}-${n}`);
    write(paths.map((path) => get(path)).join(''));
    await until(() => waiting.length === 10, 5_000);
    respond();
    await until(() => received().includes(`/${round}-9`), 5_000);
    expect(received().match(new RegExp(`/${round}-\\d`, 'g'))).toEqual(paths);
  }
  expect(closed()).toBe(0);
});

test('the eleventh request without a response closes its connection, and no further one of its chunk is parsed', async () => {
  const { port, waiting, closed } = await start();
  const socket = await openSocket(port, get('/').repeat(1_000));
  await socket.closed;
  expect(closed()).toBe(1);
  expect(waiting).toHaveLength(11);
});

test('requests behind others of their connections are bounded for all connections together', async () => {
  const { port, waiting, respond, closed } = await start({ maxPending: 10, maxBehind: 8 });
  const sockets = await Promise.all([1, 2].map(() => openSocket(port, get('/').repeat(5))));
  await until(() => waiting.length === 10, 5_000);
  const single = await openSocket(port, get('/single'));
  const double = await openSocket(port, get('/double').repeat(2));
  await double.closed;
  expect(closed()).toBe(1);
  await until(() => waiting.some(({ url }) => url === '/single'), 5_000);
  respond();
  await until(() => single.received().includes('/single'), 5_000);
  for (const { write } of sockets) write(get('/').repeat(5));
  await until(() => waiting.length === 10, 5_000);
  expect(closed()).toBe(1);
});

test('requests of a connection that its client has closed are no longer counted', async () => {
  const { port, waiting, closed } = await start({ maxPending: 10, maxBehind: 8 });
  for (const round of [1, 2, 3]) {
    const client = connect(port, '127.0.0.1');
    client.write(get('/').repeat(9));
    await until(() => waiting.length === 9 * round, 5_000);
    const [head] = waiting.slice(-9);
    const headClosed = new Promise((resolve) => head?.response.once('close', resolve));
    client.destroy();
    await headClosed;
  }
  expect(closed()).toBe(0);
});

test('a request that offers another protocol gets the usual response, and CONNECT closes the connection', async () => {
  const { port, waiting, respond } = await start();
  const offer = await openSocket(port, get('/offer', 'connection: upgrade\r\nupgrade: h2c\r\n'));
  await until(() => waiting.length === 1, 5_000);
  respond();
  await until(() => offer.received().includes('/offer'), 5_000);
  await (await openSocket(port, 'CONNECT a:1 HTTP/1.1\r\nhost: a:1\r\n\r\n')).closed;
  expect(waiting).toEqual([]);
});

describe('a process', () => {
  const body = '{"query":"{__typename}"}';
  const post = `POST /graphql HTTP/1.1\r\nhost: gateway\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;

  let server: Server; // for all clients, one test after the other
  const afterTests = endAfterAll();
  beforeAll(async () => {
    server = await startServer(inProduction, undefined, afterTests);
    await server.execute('{ __typename }');
  }, 60_000);
  const readClosed = async () =>
    Number(/_closed_total\{reason="pipelined"\} (\d+)/.exec((await server.get('/metrics')).text)?.[1] ?? 0);

  test.each([
    ['read', 50],
    ['do not read', 50],
    ['read', 20],
  ])(
    'a process stays responsive while clients send 1,000 requests at once and %s: %i clients',
    { timeout: 60_000 },
    async (kind, clients) => {
      const before = server.memoryMb();
      const closedBefore = await readClosed();
      const sockets = Array.from({ length: clients }, () => connect(server.port, '127.0.0.1'));
      for (const socket of sockets) {
        socket.on('error', () => undefined);
        if (kind === 'read') socket.resume();
        socket.write(post.repeat(1_000));
      }
      await expectBounded(server, () => server.execute('{ __typename }'));
      expect(server.peakMb() - before).toBeLessThan(60);
      await until(async () => (await readClosed()) === closedBefore + clients, 5_000);
      for (const socket of sockets) socket.destroy();
    },
  );
});

test.each([
  ['no response has begun', false, 'HTTP/1.1 400 Bad Request'],
  ['the first response has begun, before a second one that waits', true, 'HTTP/1.1 200 OK'],
])(
  'after an invalid request, while %s, the connection closes with one status line',
  async (_, hasBegun, status) => {
    const openResponses: ServerResponse[] = [];
    const server = createServer(serverOptions);
    limitConnections(server, trackResponses(server), createMetrics());
    server.on('request', (_request, response) => {
      if (hasBegun && openResponses.length === 0) response.write('part');
      openResponses.push(response);
    });
    const socket = await openSocket(await portOf(server), hasBegun ? get('/').repeat(2) : '');
    await until(() => openResponses.length === (hasBegun ? 2 : 0), 5_000);
    socket.write('invalid\r\n\r\n');
    await socket.closed;
    expect(socket.received().match(/HTTP\/1\.1 .*/g)).toEqual([status]);
  },
);
