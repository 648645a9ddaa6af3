import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { brotliCompressSync, gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { HttpRequest, Outcome } from '../../../../src/datasources/spotify/transport/http.ts';
import { httpOver, type Transport, transports } from '../../../support/transports.ts';

/** Bodies in the encodings of servers and proxies, read by one HTTP request. */

interface Sent {
  status?: number;
  body: Buffer;
  encoding?: string;
  /** How many bytes the stated length exceeds the body. */
  missingBytes?: number;
  /** Whether the connection stays open after a body that is too short. */
  isOpen?: boolean;
}

/** The outcome of a request to a server that sends this response. */
async function readOver(
  { status = 200, body, encoding, missingBytes, isOpen = false }: Sent,
  request: Partial<HttpRequest>,
  transport: Transport,
): Promise<Outcome> {
  const server = createServer((_, response) => {
    response.writeHead(status, {
      etag: '"tag"',
      'retry-after': '60',
      ...(encoding !== undefined && { 'content-encoding': encoding }),
      ...(missingBytes !== undefined && { 'content-length': `${body.length + missingBytes}` }),
    });
    if (missingBytes === undefined) response.end(body);
    else response.write(body, () => void (isOpen || setTimeout(() => response.destroy(), 50)));
  }).listen(0, '127.0.0.1');
  const http = httpOver(transport);
  onTestFinished(async () => {
    await http.close();
    server.close();
  });
  await new Promise((listening) => server.once('listening', listening));
  const { port } = server.address() as AddressInfo;
  return http.requestOnce({ method: 'GET', url: `http://127.0.0.1:${port}`, headers: {}, ...request });
}

const json = { error: { status: 400, message: 'Invalid limit · 방탄소년단' } };
const plain = Buffer.from(JSON.stringify(json));
const withByteOrderMark = Buffer.concat([Buffer.from('\ufeff'), plain]);

describe.each(transports)('a body read over %s', (transport) => {
  const read = (sent: Sent, request: Partial<HttpRequest> = {}) => readOver(sent, request, transport);

  describe.each([200, 400, 401, 429, 500])('of status %i', (status) => {
    test.each(['gzip', 'GZIP', 'Gzip', 'x-gzip', 'X-GZIP'])(
      'a body in the encoding %s is read',
      async (encoding) => {
        for (const body of [plain, withByteOrderMark])
          expect(await read({ status, body: gzipSync(body), encoding })).toMatchObject({
            status,
            body: json,
          });
      },
    );

    test.each(['identity', 'Identity', '', undefined])(
      'a body in the encoding %s is read',
      async (encoding) => {
        for (const body of [plain, withByteOrderMark])
          expect(await read({ status, body, ...(encoding !== undefined && { encoding }) })).toMatchObject({
            status,
            body: json,
          });
      },
    );

    test('an empty body is undefined in every encoding', async () => {
      for (const encoding of ['gzip', 'identity']) {
        const outcome = await read({ status, body: Buffer.alloc(0), encoding });
        expect(outcome).toMatchObject(status === 200 ? { fault: 'not-json' } : { status, body: undefined });
      }
    });
  });

  test('the body of a POST response is read like that of a GET response', async () => {
    const sent = { body: gzipSync(withByteOrderMark), encoding: 'GZIP' };
    expect(await read(sent, { method: 'POST', body: 'a=b' })).toMatchObject({ status: 200, body: json });
  });

  test.each([204, 304])('a status %i has no body', async (status) => {
    expect(await read({ status, body: Buffer.alloc(0) })).toMatchObject({
      kind: 'response',
      status,
      body: undefined,
      etag: '"tag"',
    });
  });

  test.each([
    ['is not gzip', plain],
    ['ends too early', gzipSync(plain).subarray(0, -20)],
    ['is damaged', Buffer.concat([gzipSync(plain).subarray(0, 20), gzipSync(plain).subarray(24)])],
  ])('a body that is declared as gzip and %s is a fault', async (_, body) => {
    expect(await read({ body, encoding: 'gzip' })).toMatchObject({
      kind: 'fault',
      // A host may pass on the part that it has decompressed.
      ...(transport === 'undici' && { fault: 'transport' }),
    });
  });

  test('a body above the maximum size is too large, decompressed or not; an error response keeps only its status', async () => {
    const long = Buffer.from(JSON.stringify('x'.repeat(1_000)));
    for (const sent of [{ body: long }, { body: gzipSync(long), encoding: 'X-GZIP' }]) {
      expect(await read(sent, { maxBytes: 1_001 })).toMatchObject({ kind: 'fault', fault: 'too-large' });
      expect(await read(sent, { maxBytes: 1_002 })).toMatchObject({
        kind: 'response',
        body: 'x'.repeat(1_000),
      });
      expect(await read({ ...sent, status: 400 }, { maxBytes: 1_001 })).toMatchObject({
        status: 400,
        body: undefined,
      });
    }
  });

  test.each([
    ['that is declared as gzip and is not', { body: plain, encoding: 'gzip' }, {}],
    ['whose gzip ends too early', { body: gzipSync(plain).subarray(0, -20), encoding: 'gzip' }, {}],
    ['that ends too early', { body: plain, missingBytes: 10 }, {}],
    ['that does not end in time', { body: plain, missingBytes: 10, isOpen: true }, { timeoutMs: 200 }],
    ['above the maximum size', { body: plain }, { maxBytes: 10 }],
  ])('a 429 with a body %s keeps its status and its Retry-After', async (_, sent, request) => {
    expect(await read({ status: 429, ...sent }, request)).toMatchObject({
      kind: 'response',
      status: 429,
      retryAfter: '60',
    });
  });

  test('a body that is far longer than its compressed form is not decompressed to its end', async () => {
    const body = gzipSync(Buffer.alloc(50_000_000, '['));
    body.fill(0xff, body.length >> 1); // decompressing the second half fails
    expect(() => gunzipSync(body)).toThrow();
    expect(await read({ body, encoding: 'gzip' })).toMatchObject({ kind: 'fault', fault: 'too-large' });
  });
});

describe('a body that hosts decode in different ways', () => {
  const read = (sent: Sent) => readOver(sent, {}, 'undici');

  test('a body in an encoding that was not requested is not JSON over undici', async () => {
    expect(await read({ body: brotliCompressSync(plain), encoding: 'br' })).toMatchObject({
      kind: 'fault',
      fault: 'not-json',
    });
  });

  test('a gzip body without its checksum is a transport fault over undici', async () => {
    expect(await read({ body: gzipSync(plain).subarray(0, -9), encoding: 'gzip' })).toMatchObject({
      fault: 'transport',
    });
  });
});
