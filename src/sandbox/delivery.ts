import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { createGzip, gzip, gzipSync } from 'node:zlib';
import type { FaultOf } from './faults/rule.ts';
import type { Reply } from './reply.ts';

/** How a reply is put on the wire. */
export interface Delivery {
  /** Milliseconds of silence before anything else. */
  delayMs: number;
  way: Way;
}

/** As a whole, as it should be, or in one of the ways that faults know. */
export type Way = { kind: 'whole' } | FaultOf<'stall' | 'drip' | 'reset' | 'truncate' | 'oversize'>;

// Spotify compresses JSON of any size, errors of a hundred bytes among it. Short bodies are not worth a thread.
const shortBodyBytes = 4096;
const fastestCompression = 1;
const chunkBytes = 64 * 1024;
const megabyte = 1024 * 1024;
const compress = promisify(gzip);

/** An answer on its way out. */
interface Outgoing {
  response: ServerResponse;
  reply: Reply;
  /** Told the status as soon as the caller can see it. */
  onStatus: (status: number) => void;
  /** Aborted when the connection is gone. */
  gone: AbortSignal;
}

/** Makes the function that answers calls. It resolves when all is sent, or the caller is gone. */
export function createDelivery() {
  // Kept replies are sent again and again, so their compressed form is kept with them.
  const compressed = new WeakMap<Reply, Promise<Buffer> | Buffer>();

  /** The reply as the caller takes it. */
  const encode = async (reply: Reply, acceptEncoding: string): Promise<Reply> => {
    if (!isCompressible(reply) || !acceptsGzip(acceptEncoding)) return reply;
    const isShort = reply.body.length < shortBodyBytes;
    const options = { level: fastestCompression };
    const body =
      compressed.get(reply) ?? (isShort ? gzipSync(reply.body, options) : compress(reply.body, options));
    compressed.set(reply, body);
    return { ...reply, headers: { ...reply.headers, 'content-encoding': 'gzip' }, body: await body };
  };

  return async (
    response: ServerResponse,
    reply: Reply,
    { delayMs, way }: Delivery,
    onStatus: (status: number) => void = () => {},
  ): Promise<void> => {
    const closed = new AbortController();
    response.once('close', () => closed.abort());
    const gone = closed.signal;
    try {
      const encoded = await encode(reply, String(response.req.headers['accept-encoding'] ?? ''));
      if (delayMs > 0) await sleep(delayMs, undefined, { signal: gone });
      await send({ response, reply: encoded, onStatus, gone }, way);
    } catch (error) {
      // A caller that hangs up, or a sandbox that closes, ends every kind of waiting.
      if (!gone.aborted && !response.destroyed) throw error;
    }
  };
}

/** JSON is compressed and the plain text of a 429 is not; an encoding that a fault names stays as it is. */
const isCompressible = ({ headers, body }: Reply): boolean =>
  body.length > 0 &&
  headers['content-type']?.startsWith('application/json') === true &&
  headers['content-encoding'] === undefined;

/** Reads Accept-Encoding: `gzip`, `x-gzip` or `*`, unless its weight is zero. */
function acceptsGzip(acceptEncoding: string): boolean {
  return acceptEncoding
    .toLowerCase()
    .split(',')
    .map((part) => part.split(';').map((text) => text.trim()))
    .some(
      ([coding = '', ...parameters]) =>
        ['gzip', 'x-gzip', '*'].includes(coding) && !parameters.some((text) => /^q=0(\.0*)?$/.test(text)),
    );
}

async function send(outgoing: Outgoing, way: Way): Promise<void> {
  const { response, reply } = outgoing;
  switch (way.kind) {
    case 'whole':
      writeHead(outgoing);
      response.end(reply.body);
      return;
    case 'stall':
      if (way.afterBytes !== undefined) await sendPart(outgoing, way.afterBytes);
      return; // and the response is never ended
    case 'reset':
      if (way.afterBytes !== undefined) await sendPart(outgoing, way.afterBytes);
      response.req.socket.resetAndDestroy();
      return;
    case 'truncate':
      await sendPart(outgoing, way.afterBytes);
      response.req.socket.end();
      return;
    case 'drip':
      return drip(outgoing, way);
    case 'oversize':
      return sendOversize(outgoing, way);
  }
}

function writeHead({ response, reply, onStatus }: Outgoing): void {
  const { status, headers, body } = reply;
  // Compressed bodies come in chunks, without a length, as in the captures.
  const saysLength = status !== 304 && status !== 204 && headers['content-encoding'] === undefined;
  response.writeHead(status, { ...headers, ...(saysLength && { 'content-length': body.length }) });
  onStatus(status);
}

/** Sends the promise of a whole body, and the first bytes of it. */
async function sendPart(outgoing: Outgoing, bytes: number): Promise<void> {
  writeHead(outgoing);
  await write(outgoing.response, outgoing.reply.body.subarray(0, bytes));
}

async function drip(outgoing: Outgoing, { bytes, everyMs }: FaultOf<'drip'>): Promise<void> {
  const { response, reply, gone } = outgoing;
  const step = Math.max(1, bytes); // or no end would come
  writeHead(outgoing);
  for (let at = 0; at < reply.body.length; at += step) {
    if (at > 0) await sleep(everyMs, undefined, { signal: gone });
    await write(response, reply.body.subarray(at, at + step));
  }
  response.end();
}

async function sendOversize(
  outgoing: Outgoing,
  { megabytes, gzip: zipped }: FaultOf<'oversize'>,
): Promise<void> {
  const { response, reply, onStatus } = outgoing;
  const { 'content-encoding': _, ...headers } = reply.headers;
  response.writeHead(reply.status, { ...headers, ...(zipped && { 'content-encoding': 'gzip' }) });
  onStatus(reply.status);
  const padding = Readable.from(paddedJson(megabytes * megabyte));
  if (zipped) await pipeline(padding, createGzip(), response);
  else await pipeline(padding, response);
}

/** A JSON object that is well formed to its last byte, so that only its size is wrong. */
function* paddedJson(bytes: number): Generator<Buffer> {
  const chunk = Buffer.alloc(chunkBytes, 'a');
  yield Buffer.from('{"padding":"');
  for (let sent = 0; sent < bytes; sent += chunkBytes) yield chunk;
  yield Buffer.from('"}');
}

/** Resolves when the bytes have been handed to the system, so that what follows cannot overtake them. */
function write(response: ServerResponse, bytes: Buffer): Promise<void> {
  response.flushHeaders();
  if (bytes.length === 0) return Promise.resolve();
  return new Promise((resolve, reject) => {
    response.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}
