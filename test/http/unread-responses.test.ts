import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createYoga } from 'graphql-yoga';
import { describe, expect, test } from 'vitest';
import { useOperatorRoutes } from '../../src/http/operator-routes.ts';
import { useUnread } from '../../src/http/plugins/load-shedding.ts';
import { corsFor, useVaryByOrigin } from '../../src/http/plugins/response-headers.ts';
import {
  createUnreadResponses,
  type UnreadResponses,
  unreadLimits,
} from '../../src/http/unread-responses.ts';
import { schema } from '../../src/schema/index.ts';
import { postJson } from '../support/post-json.ts';
import { until } from '../support/process.ts';
import { onTestEnd } from '../support/test-end.ts';
import { portOf } from '../support/test-server.ts';

const body = Buffer.alloc(20_000_000, 'x'); // more than the buffers of the system hold
const limits = { ...unreadLimits, closeAfterMs: 1_500, stalledAfterMs: 1_000, checkIntervalMs: 50 };

/** A server that tracks its responses, with all limits on a shorter scale. */
async function start(more: Partial<typeof unreadLimits> = {}) {
  const releasesMs: number[] = [];
  const unread = createUnreadResponses(() => void releasesMs.push(performance.now()), { ...limits, ...more });
  const respond = (response: ServerResponse) => {
    if (!unread.hasRoom(body.byteLength)) return void response.writeHead(503).end();
    response.writeHead(200, { 'content-length': body.byteLength });
    if (response.write(Buffer.from(body))) response.end();
    else response.once('drain', () => response.end());
    unread.countAfterWrite(response, body.byteLength);
  };
  const port = await portOf((_, response) => void respond(response));
  onTestEnd(unread.dispose);

  /** Sends requests on one connection, whose responses are not read before `resume` is called. */
  async function send(requests = 1): Promise<Socket> {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    onTestEnd(() => void socket.destroy());
    await once(socket, 'connect');
    socket.write('GET / HTTP/1.1\r\nhost: gateway\r\n\r\n'.repeat(requests));
    return socket;
  }
  return { unread, send, released: () => releasesMs.length, releasesMs };
}

test('120 clients that read nothing use no more memory than the limit of all unread responses', async () => {
  const { unread, send } = await start();
  const before = process.memoryUsage().arrayBuffers;
  await Promise.all(Array.from({ length: 120 }, () => send()));
  await until(() => unread.bytes() > unreadLimits.maxTotalBytes - body.byteLength, 5_000);
  expect(unread.bytes()).toBeLessThanOrEqual(unreadLimits.maxTotalBytes);
  expect((process.memoryUsage().arrayBuffers - before) / 1_000_000).toBeLessThan(100);
});

describe.concurrent('a response that its client does not read', { timeout: 60_000 }, () => {
  test.for([1, 3])(
    'an unread response is released with its connection after `closeAfterMs`: %i on one connection',
    async (requests) => {
      const { unread, send, released, releasesMs } = await start();
      const sentMs = performance.now();
      await send(requests);
      await until(() => unread.bytes() >= body.byteLength, 2_000);
      await until(() => released() === 1, 5_000);
      expect((releasesMs[0] ?? 0) - sentMs).toBeGreaterThanOrEqual(limits.closeAfterMs);
      expect(unread.bytes()).toBe(0);
    },
  );

  test('an unread response is no longer counted after its client has disconnected, also behind another one', async () => {
    const { unread, send, released } = await start();
    const socket = await send(2);
    await until(() => unread.bytes() >= 2 * body.byteLength, 2_000);
    socket.destroy();
    await until(() => unread.bytes() === 0, 2_000);
    expect(released()).toBe(0);
  });

  test('an unread response that has stalled is released for another response, and is not counted twice', async () => {
    const { unread, send, released } = await start({
      maxTotalBytes: 30_000_000,
      closeAfterMs: 60_000,
    });
    await send();
    await until(() => unread.bytes() === body.byteLength, 2_000);
    const early = await send();
    early.setEncoding('utf8').resume();
    const [rejection] = await once(early, 'data');
    expect(rejection).toMatch(/^HTTP\/1\.1 503 /);
    await sleep(limits.stalledAfterMs + 100);
    const late = await send();
    const [chunk] = await once(late, 'data');
    expect(String(chunk)).toMatch(/^HTTP\/1\.1 200 /);
    expect(released()).toBe(1);
    late.resume();
    await until(() => unread.bytes() === 0, 5_000);
  });
});

describe.concurrent('a client', { timeout: 60_000 }, () => {
  test('a client that reads slowly but steadily gets the whole response', async () => {
    const { unread, send, released } = await start({ minReadBytes: 1 });
    const socket = await send();
    await until(() => unread.bytes() > 0, 2_000);
    let received = 0;
    socket.on('data', async (chunk: Buffer) => {
      received += chunk.byteLength;
      socket.pause();
      await sleep(7); // some 9 MB in a second, so the response takes longer than `closeAfterMs`
      socket.resume();
    });
    await until(() => received >= body.byteLength, 12_000);
    expect(released()).toBe(0);
    await until(() => unread.bytes() === 0, 1_000);
  });

  test('a client that reads less than `minReadBytes` loses its connection', async () => {
    const { unread, send, released } = await start({
      minReadBytes: 10_000_000,
      closeAfterMs: 1_000,
    });
    const socket = await send();
    await until(() => unread.bytes() > 0, 2_000);
    socket.on('data', async () => {
      socket.pause();
      await sleep(100);
      socket.resume();
    });
    await until(() => released() === 1, 5_000);
  });
});

test('a response of an operator route is sent also if there is no room, and is counted until it is read', async () => {
  const addedBytes: number[] = [];
  const unread = {
    hasRoom: () => false,
    countBeforeWrite: (_: unknown, bytes: number) => void addedBytes.push(bytes),
  };
  const routes = new Map([['/metrics', async () => ({ status: 200, text: 'x'.repeat(1_000) })]]);
  const yoga = createYoga({
    schema,
    logging: false,
    plugins: [
      useOperatorRoutes(routes),
      useUnread(unread as unknown as UnreadResponses, () => undefined, routes),
    ],
  });
  const response = await fetch(`http://127.0.0.1:${await portOf(yoga)}/metrics`);
  expect([response.status, (await response.text()).length]).toEqual([200, 1_000]);
  expect(addedBytes).toEqual([1_000]);
});

test('a page of another origin can read the error of a request that is shed because of unread responses', async () => {
  const noRoom = { hasRoom: () => false } as unknown as UnreadResponses;
  const yoga = createYoga({
    schema,
    cors: corsFor(['https://app.example']),
    logging: false,
    plugins: [useVaryByOrigin, useUnread(noRoom, () => undefined, new Set())],
  });
  const response = await fetch(
    `http://127.0.0.1:${await portOf(yoga)}/graphql`,
    postJson({ query: '{ __typename }' }, { origin: 'https://app.example', connection: 'close' }),
  );
  expect([response.status, await response.text()]).toEqual([503, expect.stringContaining('OVERLOADED')]);
  expect(response.headers.get('access-control-allow-origin')).toBe('https://app.example');
  expect(response.headers.get('vary')?.toLowerCase()).toContain('origin');
});
