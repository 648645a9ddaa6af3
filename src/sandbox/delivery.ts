import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzip, gzipSync } from 'node:zlib';
import type { FaultOf } from './faults/rule.ts';
import type { Reply } from './reply.ts';

/** How a reply is sent. */
export interface Delivery {
  /** Milliseconds before the first byte. */
  delayMs: number;
  way: Way;
}

/** Completely, or as one of the transmission faults. */
export type Way = { kind: 'whole' } | FaultOf<'stall' | 'drip' | 'reset' | 'truncate' | 'oversize'>;

// Spotify compresses JSON of any size, even errors of a hundred bytes. Bodies up to this size are compressed synchronously:
// that blocks the event loop for 0.2 ms, and another thread costs five times the processor time for 13 kB (Node 20.20.2).
const shortBodyBytes = 64 * 1024;
const fastestCompression = 1;
const chunkBytes = 64 * 1024;
const megabyte = 1024 * 1024;
const compress = promisify(gzip);

/** A reply that is being sent. */
interface Outgoing {
  response: ServerResponse;
  reply: Reply;
  /** Called with the status when the head of the response is sent. */
  onStatus: (status: number) => void;
  /** Aborted when the connection is closed. */
  connectionClosed: AbortSignal;
}

/** Creates the function that sends replies. It resolves when the reply is sent or the connection is closed. */
export function createDelivery() {
  // Cached replies are sent many times, so their compressed form is cached too.
  const compressedBodies = new WeakMap<Reply, Promise<Buffer> | Buffer>();

  /** The reply in an encoding that the client accepts. */
  const encode = async (reply: Reply, acceptEncoding: string): Promise<Reply> => {
    if (!isCompressible(reply) || !acceptsGzip(acceptEncoding)) return reply;
    const isShort = reply.body.length < shortBodyBytes;
    const options = { level: fastestCompression };
    const body =
      compressedBodies.get(reply) ??
      (isShort ? gzipSync(reply.body, options) : compress(reply.body, options));
    compressedBodies.set(reply, body);
    return { ...reply, headers: { ...reply.headers, 'content-encoding': 'gzip' }, body: await body };
  };

  return async (
    response: ServerResponse,
    reply: Reply,
    { delayMs, way }: Delivery,
    onStatus: (status: number) => void = () => {},
  ): Promise<void> => {
    const closeController = new AbortController();
    response.once('close', () => response.writableFinished || closeController.abort());
    const connectionClosed = closeController.signal;
    try {
      const encodedReply = await encode(reply, String(response.req.headers['accept-encoding'] ?? ''));
      if (delayMs > 0) await sleep(delayMs, undefined, { signal: connectionClosed });
      await send({ response, reply: encodedReply, onStatus, connectionClosed }, way);
    } catch (error) {
      // A closed connection, or the end of the sandbox, aborts every wait.
      if (!connectionClosed.aborted && !response.destroyed) throw error;
    }
  };
}

/** JSON is compressed, the plain text of a 429 is not. An encoding that a fault sets stays unchanged. */
const isCompressible = ({ headers, body }: Reply): boolean =>
  body.length > 0 &&
  headers['content-type']?.startsWith('application/json') === true &&
  headers['content-encoding'] === undefined;

/** Reads Accept-Encoding: `gzip`, `x-gzip` or `*`, unless its weight is zero. */
function acceptsGzip(acceptEncoding: string): boolean {
  return acceptEncoding
    .toLowerCase()
    .split(',')
    .map((coding) => coding.split(';').map((text) => text.trim()))
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
      return; // the response never ends
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
  // Compressed bodies come in chunks, without a length, as in the recordings.
  const saysLength = status !== 304 && status !== 204 && headers['content-encoding'] === undefined;
  response.writeHead(status, { ...headers, ...(saysLength && { 'content-length': body.length }) });
  onStatus(status);
}

/** Sends the head for the whole body, and the first bytes of the body. */
async function sendPart(outgoing: Outgoing, bytes: number): Promise<void> {
  writeHead(outgoing);
  await write(outgoing.response, outgoing.reply.body.subarray(0, bytes));
}

async function drip(outgoing: Outgoing, { bytes, everyMs }: FaultOf<'drip'>): Promise<void> {
  const { response, reply, connectionClosed } = outgoing;
  const stepBytes = Math.max(1, bytes); // or no end would come
  writeHead(outgoing);
  for (let offset = 0; offset < reply.body.length; offset += stepBytes) {
    if (offset > 0) await sleep(everyMs, undefined, { signal: connectionClosed });
    await write(response, reply.body.subarray(offset, offset + stepBytes));
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
  await pipeline(Readable.from(paddedJson(megabytes * megabyte, zipped ? gzipSync : Buffer.from)), response);
}

/**
 * A JSON object that is well formed to its last byte, so that only its size is wrong. Each part is encoded by itself, as
 * gzip allows, and the padding once: compressing 300 MB takes a second, which would count as the time of the response.
 */
function* paddedJson(bytes: number, encode: (part: Buffer) => Buffer): Generator<Buffer> {
  const padding = encode(Buffer.alloc(chunkBytes, 'a'));
  yield encode(Buffer.from('{"padding":"'));
  for (let sentBytes = 0; sentBytes < bytes; sentBytes += chunkBytes) yield padding;
  yield encode(Buffer.from('"}'));
}

/** Resolves when the bytes have been handed to the system, so that later bytes cannot overtake them. */
function write(response: ServerResponse, bytes: Buffer): Promise<void> {
  response.flushHeaders();
  if (bytes.length === 0) return Promise.resolve();
  return new Promise((resolve, reject) => {
    response.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}
