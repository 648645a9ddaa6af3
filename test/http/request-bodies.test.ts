import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { PassThrough } from 'node:stream';
import { setImmediate as endOfIteration } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createRequestBodies, type RequestBody } from '../../src/http/request-bodies.ts';
import { until } from '../support/process.ts';
import { portOf } from '../support/test-server.ts';

const size = 90_000; // bytes of one body, of which nearly all are sent
const maxBodies = Math.floor(32_000_000 / size); // that fit in memory at the same time

// Only the tests move the clock, so that the load of the machine has no effect.
beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => void vi.useRealTimers());

async function start() {
  let slowClosed = 0;
  let clients = 0;
  let received = 0;
  const { read } = createRequestBodies(() => {
    slowClosed += 1;
  });
  const ends: RequestBody['kind'][] = [];
  const port = await portOf((request, response) => {
    request.on('data', (chunk: Buffer) => {
      received += chunk.byteLength;
    });
    clients += 1;
    void read(request, `client ${clients}`).then((body) => {
      ends.push(body.kind);
      response.end();
    });
  });
  /** Sends bodies without their last bytes. */
  function sendIncomplete(count: number) {
    for (let n = 0; n < count; n++) {
      const socket = connect(port, '127.0.0.1').on('error', () => undefined);
      socket.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n\r\n${'x'.repeat(size - 10)}`);
    }
  }
  async function sendMaxBodies() {
    sendIncomplete(maxBodies);
    await until(() => received >= maxBodies * (size - 10), 10_000);
  }
  return { sendIncomplete, sendMaxBodies, ends, slowClosed: () => slowClosed };
}

test('a new body above the memory limit is rejected while no other one is older than a second', async () => {
  const { sendIncomplete, sendMaxBodies, ends, slowClosed } = await start();
  await sendMaxBodies();
  expect(ends).toEqual([]);
  sendIncomplete(1);
  await until(() => ends.length > 0, 5_000);
  expect([ends, slowClosed()]).toEqual([['overloaded'], 0]);
});

test('a new body replaces one that has been incomplete for longer than a second', async () => {
  const { sendIncomplete, sendMaxBodies, ends, slowClosed } = await start();
  await sendMaxBodies();
  vi.advanceTimersByTime(1_000);
  sendIncomplete(1);
  await until(() => ends.length > 0, 5_000);
  expect(new Set(ends)).toEqual(new Set(['aborted']));
  expect(slowClosed()).toBe(1);
});

test('a body that is dropped by its own next bytes takes no memory afterwards', async () => {
  const { read } = createRequestBodies(() => undefined);
  const kinds: RequestBody['kind'][] = [];
  /** Starts a body of which these bytes arrive, and no end. */
  function startBody(bytes: number, i = 0) {
    const socket = { destroy: () => undefined };
    const request = Object.assign(new PassThrough(), { socket });
    void read(request as unknown as IncomingMessage, `client ${i % 2}`).then(({ kind }) => kinds.push(kind));
    request.write(Buffer.alloc(bytes));
    return request;
  }
  /** Starts bodies that take all of the memory together; the first one is small. */
  const takeAll = () => [
    startBody(1_000),
    startBody(99_000),
    ...Array.from({ length: 319 }, (_, i) => startBody(100_000, i)),
  ];

  const bodies = takeAll();
  await endOfIteration();
  vi.advanceTimersByTime(1_000);
  bodies[0]?.write(Buffer.alloc(50_000)); // drops this body, and others until 50,000 bytes are free
  await endOfIteration();
  expect(new Set(kinds)).toEqual(new Set(['aborted']));
  for (const body of bodies) body.destroy();
  await endOfIteration();
  kinds.length = 0;
  takeAll();
  await endOfIteration();
  expect(kinds).toEqual([]);
});

test('bodies whose JSON takes many times their size in memory are rejected when that memory is used up, and free it at the end', async () => {
  const { read } = createRequestBodies(() => undefined);
  const emptyLists = `[${Array(33_000).fill('[]').join(',')}]`;
  async function readAll(count: number): Promise<RequestBody[]> {
    const requests = Array.from({ length: count }, () => new PassThrough());
    const bodies = requests.map((request) => read(request as unknown as IncomingMessage, 'client'));
    for (const request of requests) request.end(emptyLists);
    return Promise.all(bodies);
  }
  const wholeOf = (bodies: readonly RequestBody[]) => bodies.filter((body) => body.kind === 'whole');

  const bodies = await readAll(60);
  expect(new Set(bodies.map(({ kind }) => kind))).toEqual(new Set(['whole', 'overloaded']));
  const whole = wholeOf(bodies);
  expect(whole.length).toBeLessThan(25); // 1.3 MB each
  for (const body of whole) body.release();
  expect(wholeOf(await readAll(whole.length)).length).toBe(whole.length);
});

test('the bodies of one client take at most three quarters of the memory, and its slow ones are closed for its new ones', async () => {
  let slowClosed = 0;
  const { read } = createRequestBodies(() => {
    slowClosed += 1;
  });
  const kinds: string[] = [];
  /** Starts bodies of 100,000 bytes without an end. */
  async function startBodies(client: string, count: number) {
    for (let n = 0; n < count; n++) {
      const request = Object.assign(new PassThrough(), { socket: { destroy: () => undefined } });
      void read(request as unknown as IncomingMessage, client).then(({ kind }) =>
        kinds.push(`${client} ${kind}`),
      );
      request.write(Buffer.alloc(100_000));
    }
    await endOfIteration();
  }
  await startBodies('one', 240);
  expect(kinds).toEqual([]);
  await startBodies('one', 1);
  expect(kinds).toEqual(['one overloaded']);
  await startBodies('other', 60);
  vi.advanceTimersByTime(1_000);
  await startBodies('one', 2);
  expect([kinds, slowClosed]).toEqual([['one overloaded', 'one aborted', 'one aborted'], 2]);
  await startBodies('other', 20);
  expect(kinds.length).toBe(3);
});

test('a client whose share is used up closes no slow body of another client', async () => {
  let slowClosed = 0;
  const { read } = createRequestBodies(() => {
    slowClosed += 1;
  });
  const kinds: string[] = [];
  const start = (client: string, ended: boolean) => {
    const request = Object.assign(new PassThrough(), { socket: { destroy: () => undefined } });
    void read(request as unknown as IncomingMessage, client).then(({ kind }) =>
      kinds.push(`${client} ${kind}`),
    );
    request.write(Buffer.alloc(99_000));
    if (ended) request.end();
  };
  for (let n = 0; n < 80; n++) start('other', false);
  for (let n = 0; n < 250; n++) start('one', true);
  await endOfIteration();
  vi.advanceTimersByTime(1_000);
  kinds.length = 0;
  for (let n = 0; n < 10; n++) start('one', true);
  await endOfIteration();
  expect(new Set(kinds)).toEqual(new Set(['one overloaded']));
  expect(slowClosed).toBe(0);
});

test('a body that arrives in very small parts counts with the memory of its parts', async () => {
  const { read } = createRequestBodies(() => undefined);
  const request = new PassThrough();
  const body = read(request as unknown as IncomingMessage, 'client');
  for (let n = 0; n < 90_000; n++) request.emit('data', Buffer.from('x'));
  request.end();
  expect((await body).kind).toBe('overloaded');
});

test('a request whose client has disconnected before its body is read is aborted at once', async () => {
  const { read } = createRequestBodies(() => undefined);
  const kinds: RequestBody['kind'][] = [];
  const port = await portOf((request) => {
    // As behind a middleware that is slower than the client's disconnect.
    request.once('close', () => void read(request, 'client').then(({ kind }) => kinds.push(kind)));
  });
  const socket = connect(port, '127.0.0.1').on('error', () => undefined);
  socket.write('POST / HTTP/1.1\r\nHost: gateway\r\nContent-Length: 9\r\n\r\n{', () => socket.destroy());
  await until(() => kinds.length > 0, 5_000);
  expect(kinds).toEqual(['aborted']);
});
