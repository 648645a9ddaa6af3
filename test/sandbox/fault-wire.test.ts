import { once } from 'node:events';
import { get as httpGet, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createGunzip } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { Fault } from '../../src/sandbox/index.ts';
import { catalogue } from '../support/catalogue.ts';
import { useSandbox } from './client.ts';

const client = useSandbox({ catalogue });
const path = `/albums/${catalogue.fixtures.albums.tracks55}`;

/** Requests an album without compression while a fault is in force, and returns the unread response. */
async function execute(fault: Fault, headers: Record<string, string> = {}) {
  const authorization = await client.authorize();
  client.sandbox.faults.add({ fault });
  const startMs = performance.now();
  const request = httpGet(client.sandbox.apiUrl + path, { headers: { ...authorization, ...headers } });
  const responded = once(request, 'response').then(([message]) => message as IncomingMessage);
  responded.catch(() => {}); // a test that expects the rejection awaits it
  request.on('error', () => {}); // Node 24 emits the error of a broken body here too
  return { request, responded, elapsedMs: () => performance.now() - startMs };
}

/** The received bytes of a body, and its error if it fails. */
async function drain(body: AsyncIterable<Buffer>): Promise<{ bytes: Buffer; error?: unknown }> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of body) chunks.push(chunk);
    return { bytes: Buffer.concat(chunks) };
  } catch (error) {
    return { bytes: Buffer.concat(chunks), error };
  }
}

const lastStatus = () => client.sandbox.calls().at(-1)?.status;

describe('on the wire', () => {
  test('a `delay` fault delays the response', async () => {
    const { responded, elapsedMs } = await execute({ kind: 'delay', ms: 150 });
    expect((await responded).statusCode).toBe(200);
    expect(elapsedMs()).toBeGreaterThanOrEqual(149);
  });

  test('a `stall` fault sends no response', async () => {
    const { request, responded } = await execute({ kind: 'stall' });
    expect(await Promise.race([responded, sleep(200, 'nothing')])).toBe('nothing');
    expect(lastStatus()).toBeNull();
    request.destroy();
  });

  test('a `stall` fault with `afterBytes` stops sending in the middle of a body', async () => {
    const { request, responded } = await execute({ kind: 'stall', afterBytes: 100 });
    const response = await responded;
    expect(response.statusCode).toBe(200);
    expect(Number(response.headers['content-length'])).toBeGreaterThan(10_000);
    const [chunk] = (await once(response, 'data')) as [Buffer];
    expect(chunk.length).toBe(100);
    const more = once(response, 'data').catch(() => {});
    expect(await Promise.race([more, once(response, 'end').catch(() => {}), sleep(150, 'nothing')])).toBe(
      'nothing',
    );
    request.destroy();
  });

  test('a `drip` fault sends the whole body in pieces', async () => {
    const { responded, elapsedMs } = await execute({ kind: 'drip', bytes: 4000, everyMs: 20 });
    const { bytes, error } = await drain(await responded);
    expect(error).toBeUndefined();
    expect(JSON.parse(bytes.toString())).toMatchObject({ type: 'album' });
    expect(elapsedMs()).toBeGreaterThan(Math.floor(bytes.length / 4000) * 20 - 5);
  });

  test('a `reset` fault breaks the connection and sends no response', async () => {
    const { responded } = await execute({ kind: 'reset' });
    await expect(responded).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(lastStatus()).toBeNull();
  });

  test('a `reset` fault resets the TCP connection instead of a normal close', async () => {
    client.sandbox.faults.add({ fault: { kind: 'reset' } });
    const { hostname, port } = new URL(client.sandbox.apiUrl);
    const { authorization } = await client.authorize();
    const socket = connect(Number(port), hostname);
    const end = Promise.race([once(socket, 'end').then(() => 'in good order'), once(socket, 'close')]);
    socket.resume().write(`GET /v1/me HTTP/1.1\r\nhost: sandbox\r\nauthorization: ${authorization}\r\n\r\n`);
    await expect(end).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  test('a `reset` fault with `afterBytes` breaks the connection in the middle of a body', async () => {
    const { responded } = await execute({ kind: 'reset', afterBytes: 500 });
    const { bytes, error } = await drain(await responded);
    expect(error).toMatchObject({ code: 'ECONNRESET' });
    expect(bytes.length).toBeLessThanOrEqual(500);
    expect(lastStatus()).toBe(200);
  });

  test('a `truncate` fault closes the connection normally before the stated length of the body', async () => {
    const { responded } = await execute({ kind: 'truncate', afterBytes: 500 });
    const response = await responded;
    const { bytes, error } = await drain(response);
    expect(bytes.length).toBe(500);
    expect(Number(response.headers['content-length'])).toBeGreaterThan(500);
    expect(error).toMatchObject({ message: 'aborted' });
  });

  test('an `oversize` fault sends well-formed JSON of more than its number of megabytes', async () => {
    const { responded } = await execute({ kind: 'oversize', megabytes: 3 });
    const { bytes } = await drain(await responded);
    expect(bytes.length).toBeGreaterThan(3 * 1024 * 1024);
    expect(Object.keys(JSON.parse(bytes.toString()))).toEqual(['padding']);
  });

  test('an `oversize` fault with `gzip` sends a small body that is large after decompression', async () => {
    const { responded } = await execute(
      { kind: 'oversize', megabytes: 8, gzip: true },
      { 'accept-encoding': 'gzip' },
    );
    const response = await responded;
    expect(response.headers['content-encoding']).toBe('gzip');
    const { bytes } = await drain(response);
    expect(bytes.length).toBeLessThan(64 * 1024);
    const gunzip = createGunzip();
    gunzip.end(bytes);
    expect((await drain(gunzip)).bytes.length).toBeGreaterThan(8 * 1024 * 1024);
  });

  test('the sandbox goes on serving after a client has closed its connection', async () => {
    for (const fault of [
      { kind: 'stall' },
      { kind: 'delay', ms: 60_000 },
      { kind: 'oversize', megabytes: 500 },
    ] as const) {
      const { request } = await execute(fault);
      await sleep(20);
      request.destroy();
      client.sandbox.faults.clear();
      expect((await client.get(path)).status).toBe(200);
    }
  });
});
