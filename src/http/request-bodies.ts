import type { IncomingMessage } from 'node:http';
import { maxBodyBytes } from '../operation/validation.ts';
import { stringify } from './operation-params.ts';

export type RequestBodies = ReturnType<typeof createRequestBodies>;

export type RequestBody =
  | { kind: 'whole'; text: string; release(): void }
  | { kind: 'too large' }
  /** A parser has read it, and has not kept it. */
  | { kind: 'lost' }
  /** There is no room for it. */
  | { kind: 'overloaded' }
  /** The client has gone. */
  | { kind: 'aborted' };

const maxTotalBytes = 32_000_000;
const slowAfterMs = 1_000; // an incomplete body that is older is dropped if its room is needed

// Of parsed JSON: 33,000 empty lists are 99 KB of text and 1.3 MB in memory (Node 20.20.2).
const bytesOfSign = 32;
const [listStart, objectStart, comma, colon] = [0x5b, 0x7b, 0x2c, 0x3a];

interface Incomplete {
  sinceMs: number;
  drop(): void;
}

/**
 * Reads the bodies of requests, each up to its limit. All bodies together are bounded too, with the memory that their JSON
 * takes, until their requests have responses: if a new one has no room, the connection whose body has been incomplete for
 * longest is closed.
 * A body that a parser has read before is taken from `request.body`.
 * @param onSlowClosed is called for each connection that is closed because its body took too long
 */
export function createRequestBodies(onSlowClosed: () => void) {
  const incomplete = new Set<Incomplete>(); // the oldest first
  let totalBytes = 0;

  function makeRoom(bytes: number): boolean {
    const nowMs = performance.now();
    for (const body of incomplete) {
      if (totalBytes + bytes <= maxTotalBytes || nowMs - body.sinceMs < slowAfterMs) break;
      body.drop();
    }
    return totalBytes + bytes <= maxTotalBytes;
  }

  const readStream = (request: IncomingMessage) =>
    new Promise<RequestBody>((resolve) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      let isDone = false;
      const self: Incomplete = {
        sinceMs: performance.now(),
        drop() {
          finish({ kind: 'aborted' });
          onSlowClosed();
          request.socket.destroy();
        },
      };
      incomplete.add(self);

      function release(): void {
        totalBytes -= bytes;
        bytes = 0;
      }

      function finish(body: RequestBody): void {
        if (isDone) return;
        isDone = true;
        incomplete.delete(self);
        if (body.kind !== 'whole') {
          release();
          chunks.length = 0;
          request.pause();
        }
        resolve(body);
      }

      request.on('data', (chunk: Buffer) => {
        if (isDone) return;
        if (bytes + chunk.byteLength > maxBodyBytes) return finish({ kind: 'too large' });
        if (!makeRoom(chunk.byteLength)) return finish({ kind: 'overloaded' });
        if (isDone) return; // this body was dropped to make room
        chunks.push(chunk);
        bytes += chunk.byteLength;
        totalBytes += chunk.byteLength;
      });
      request.once('end', () => {
        incomplete.delete(self);
        const parsedBytes = parsedBytesOf(chunks);
        if (isDone) return;
        if (!makeRoom(parsedBytes)) return finish({ kind: 'overloaded' });
        bytes += parsedBytes;
        totalBytes += parsedBytes;
        finish({ kind: 'whole', text: textOf(chunks), release });
      });
      request.once('close', () => finish({ kind: 'aborted' }));
    });

  return {
    async read(request: IncomingMessage): Promise<RequestBody> {
      if (request.readableEnded) return parsedBody(request);
      // Its `close` event has been: a middleware in front of the gateway took longer than the client stayed.
      return request.destroyed ? { kind: 'aborted' } : readStream(request);
    },
  };
}

/** The body that a parser of the server, such as `express.json()`, has set as data, text or bytes. */
function parsedBody({ body }: IncomingMessage & { body?: unknown }): RequestBody {
  if (body === undefined) return { kind: 'lost' };
  const text = typeof body === 'string' || Buffer.isBuffer(body) ? body.toString() : stringify(body);
  const isTooLarge = text === null || Buffer.byteLength(text) > maxBodyBytes;
  return isTooLarge ? { kind: 'too large' } : { kind: 'whole', text, release: () => undefined };
}

/** About the memory that the JSON of a body takes when it is parsed. */
function parsedBytesOf(chunks: readonly Buffer[]): number {
  let count = 0;
  for (const chunk of chunks) for (let at = 0; at < chunk.length; at += 1) if (isSign(chunk[at])) count += 1;
  return count * bytesOfSign;
}

/** Whether it is a byte of which JSON has one for each value. A Set takes ten times as long. */
const isSign = (byte: number | undefined): boolean =>
  byte === listStart || byte === objectStart || byte === comma || byte === colon;

const textOf = (chunks: readonly Buffer[]): string =>
  (chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)).toString('utf8');
