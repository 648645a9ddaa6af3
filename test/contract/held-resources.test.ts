import { Agent, get as httpGet } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { largeOperation } from '../support/abuse.ts';
import { expectBounded, resetPeakMemory } from '../support/bounded.ts';
import { measureMachineLoad } from '../support/machine-load.ts';
import {
  type Environment,
  endAfterAll,
  inProduction,
  type Server,
  startServer,
  until,
} from '../support/process.ts';
import { onTestEnd } from '../support/test-end.ts';

/** The memory, connections and time that clients use are bounded for every request, also if responses stay unread. */

const albumFields =
  'id uri externalUrl name images { url } artists { id uri externalUrl name } releaseDate { date }';

const graphiql: Environment = { ...inProduction, GRAPHIQL: 'true' };

/** A connection that has sent a request and reads nothing. */
function openUnread(port: number, request: string): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket));
    socket.on('error', () => undefined); // the server closes the connection
    socket.write(request);
    onTestEnd(() => void socket.destroy());
  });
}

const visitRequest = (encoding: string) =>
  `GET /graphql HTTP/1.1\r\nhost: gateway\r\naccept: text/html\r\naccept-encoding: ${encoding}\r\n\r\n`;

const post = (body: string, length = body.length) =>
  `POST /graphql HTTP/1.1\r\nhost: gateway\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n${body}`;

const readMetric = async ({ get }: Server, metric: string): Promise<number> =>
  Number(new RegExp(`^spotify_graphql_${metric} (\\S+)$`, 'm').exec((await get('/metrics')).text)?.[1] ?? 0);

/** Waits for a value of a metric; ten requests a second cost the process little. */
const untilMetric = (
  server: Server,
  metric: string,
  isReached: (value: number) => boolean,
  limitMs: number,
) =>
  until(async () => {
    await sleep(100);
    return isReached(await readMetric(server, metric));
  }, limitMs);

/** The whole page as it is sent to a browser, compressed, because decompression would block the process of the test. */
function visit(port: number): Promise<Buffer> {
  const headers = { accept: 'text/html', 'accept-encoding': 'gzip' };
  return new Promise((resolve, reject) => {
    httpGet({ port, host: '127.0.0.1', path: '/graphql', headers, agent: new Agent() }, async (response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk as Buffer);
      resolve(Buffer.concat(chunks));
    }).once('error', reject);
  });
}

// The suites run concurrently. The tests that wait for most of their time come first.
describe.concurrent('incomplete requests', () => {
  test.for([
    ['with a length', post('x'.repeat(90_000), 99_000)],
    [
      'in chunks',
      `POST /graphql HTTP/1.1\r\nhost: gateway\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n15f90\r\n${'x'.repeat(90_000)}\r\n`,
    ],
  ])(
    'incomplete requests of 1,500 clients, %s, use bounded memory, and are closed within 11 s, while other clients are served',
    { timeout: 90_000 },
    async ([, request = '']) => {
      const server = await startServer(inProduction);
      await server.execute('{ __typename }');
      const before = server.peakMb();
      const open = () => openUnread(server.port, request);
      const sendIncompleteRequests = async () => {
        for (let n = 0; n < 15; n++) {
          await Promise.all(Array.from({ length: 100 }, open));
          await sleep(150);
        }
      };
      const machineLoad = measureMachineLoad(server.pid);
      await expectBounded(server, sendIncompleteRequests, { responseMs: null });
      const sentMs = performance.now();
      const { json } = await expectBounded(server, () => server.execute('{ __typename }'));
      expect(json).toEqual({ data: { __typename: 'Query' } });
      process.stdout.write(`1,500 incomplete requests: ${before} MB before, ${server.peakMb()} MB after\n`);
      await untilMetric(server, 'connections', (count) => count <= 1, 60_000);
      expect(performance.now() - sentMs).toBeLessThan(11_000 * machineLoad());
      // Requests beyond the limit were rejected at once, and their connections closed.
      expect(await readMetric(server, 'connections_closed_total{reason="slow"}')).toBeGreaterThan(300);
    },
  );

  test('connections without a request are closed, and counted', async () => {
    const server = await startServer({});
    await openUnread(server.port, '');
    await untilMetric(server, 'connections', (count) => count === 2, 10_000);
    await untilMetric(server, 'connections_closed_total{reason="slow"}', (count) => count === 1, 60_000);
    expect(await readMetric(server, 'connections')).toBe(1);
  }, 90_000);
});

describe.concurrent('unread responses', () => {
  const movedMs = 20_000;
  /** A module that moves the clock of the process forward on SIGUSR2, so that the test does not wait for 30 s. */
  const movableClock = `data:text/javascript,${encodeURIComponent(`
    const now = performance.now.bind(performance);
    process.on('SIGUSR2', () => { performance.now = () => now() + ${movedMs}; });
  `)}`;
  const large = JSON.stringify({ query: largeOperation(60, albumFields) });

  test('unread responses on 30 connections use bounded memory, and are released after 30 s, while other clients are served', async () => {
    const environment = {
      ...inProduction,
      NODE_OPTIONS: `${inProduction['NODE_OPTIONS']} --import ${movableClock}`,
      MAX_UPSTREAM_CALLS: '100000',
      MAX_ANSWER_FIELDS: '1000000',
    };
    const server = await startServer(environment);
    const headers = { 'content-type': 'application/json' };
    const { text } = await server.get('/graphql', { method: 'POST', headers, body: large });
    expect(text.length).toBeGreaterThan(3_000_000);
    await Promise.all(Array.from({ length: 30 }, () => openUnread(server.port, post(large).repeat(4))));
    const unreadSinceMs = performance.now();
    await untilMetric(server, 'unread_response_bytes', (bytes) => bytes > 8 * text.length, 30_000);
    expect(await readMetric(server, 'unread_response_bytes')).toBeLessThanOrEqual(64_000_000);
    expect(await readMetric(server, 'refusals_total{code="OVERLOADED"}')).toBeGreaterThan(0);
    const { json } = await expectBounded(server, () => server.execute('{ __typename }'));
    expect(json).toEqual({ data: { __typename: 'Query' } });
    server.signal('SIGUSR2');
    await untilMetric(server, 'unread_response_bytes', (bytes) => bytes === 0, 45_000);
    expect(performance.now() - unreadSinceMs + movedMs).toBeGreaterThan(25_000);
    expect(await readMetric(server, 'connections_closed_total{reason="unread"}')).toBeGreaterThan(5);
  }, 90_000);
});

describe.concurrent('visits to GraphiQL', { timeout: 90_000 }, () => {
  let server: Server; // for all visits, one test after the other
  const afterTests = endAfterAll();
  beforeAll(async () => {
    server = await startServer(graphiql, undefined, afterTests);
    await visit(server.port);
  }, 90_000);

  test.sequential('thirty browsers that visit GraphiQL at once get the page, from one buffer', async () => {
    const before = server.memoryMb();
    const [first, ...others] = await expectBounded(server, () =>
      Promise.all(Array.from({ length: 30 }, () => visit(server.port))),
    );
    const page = first ?? Buffer.of();
    expect(gunzipSync(page).toString()).toContain('YogaGraphiQL.renderYogaGraphiQL');
    expect(others.every((other) => other.equals(page))).toBe(true);
    process.stdout.write(`GraphiQL: ${before} MB after one visit, ${server.peakMb()} MB in 30 more\n`);
    expect(server.peakMb() - before).toBeLessThan(30); // one page alone has 9 MB
  });

  for (const encoding of ['gzip', 'identity'])
    test.sequential(`visits to GraphiQL of forty clients that do not read the page use little memory, with encoding ${encoding}`, async () => {
      const before = server.memoryMb();
      const request = visitRequest(encoding);
      await expectBounded(server, async () => {
        await Promise.all(Array.from({ length: 40 }, () => openUnread(server.port, request)));
        await sleep(500);
      });
      process.stdout.write(`GraphiQL unread as ${encoding}: ${before} MB, then ${server.peakMb()} MB\n`);
      expect(server.peakMb() - before).toBeLessThan(60);
    });
});

describe.concurrent('large operations', () => {
  const large = (n: number) => JSON.stringify({ query: `# ${n}\n${largeOperation(15, albumFields)}` });

  test('230 bodies at once whose JSON takes many times their size in memory end no process', async () => {
    const server = await startServer(inProduction);
    const objects = `[${Array(33_000).fill('{}').join(',')}]`; // takes little time to parse
    const request = post(`{"query": "{ __typename }", "variables": {"a": ${objects}}}`);
    resetPeakMemory(server.pid);
    const incomplete = request.slice(0, -1);
    const sockets = await Promise.all(Array.from({ length: 230 }, () => openUnread(server.port, incomplete)));
    await untilMetric(server, 'connections', (count) => count > 230, 60_000);
    for (const socket of sockets) socket.write(request.slice(-1));
    await until(async () => (await server.execute('{ __typename }')).status === 200, 60_000);
    expect(server.peakMb()).toBeLessThan(300);
    expect((await server.execute('{ __typename }')).json).toEqual({ data: { __typename: 'Query' } });
  }, 90_000);

  test('large operations of 60 clients at once run in turn, and end no process', async () => {
    const environment = { ...inProduction, MAX_UPSTREAM_CALLS: '100000' };
    const server = await startServer(environment);
    const headers = { 'content-type': 'application/json' };
    const { text } = await server.get('/graphql', { method: 'POST', headers, body: large(-1) });
    expect(text.length).toBeGreaterThan(800_000);
    const execute = async (_: unknown, n: number) => {
      const response = await fetch(server.url, { method: 'POST', headers, body: large(n) });
      await response.arrayBuffer();
      return response.status;
    };
    // All of them together take longer than the limit for one request.
    const statuses = await expectBounded(server, () => Promise.all(Array.from({ length: 60 }, execute)), {
      responseMs: null,
    });
    // A rejected operation has status 503 with application/json too.
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThan(3);
    expect(statuses.filter((status) => status !== 200 && status !== 503)).toEqual([]);
    expect((await server.execute('{ __typename }')).json).toEqual({ data: { __typename: 'Query' } });
    process.stdout.write(`60 large operations at once: ${server.peakMb()} MB\n`);
  }, 90_000);
});
