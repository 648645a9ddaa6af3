import type { IncomingMessage } from 'node:http';
import { stringify } from '../json.ts';
import { maxBodyBytes } from '../operation/validation.ts';

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
const maxClientBytes = 24_000_000; // so that one client does not take all of them
const slowAfterMs = 1_000; // an incomplete body that is older is dropped if its room is needed

const minChunkBytes = 400; // a client may send each byte alone, and each chunk is an object (Node 20.20.2)
// Of parsed JSON: 33,000 empty lists are 99 KB of text and 1.3 MB in memory (Node 20.20.2).
const bytesOfValue = 32;
const [listStart, objectStart, comma, colon] = [0x5b, 0x7b, 0x2c, 0x3a];

interface Incomplete {
  client: string;
  sinceMs: number;
  drop(): void;
}

/**
 * Reads the bodies of requests, each up to its limit. Two further limits count all bodies, with the memory that their JSON
 * takes, until their requests have responses: one for all clients, and one for each client. If a body has no room, slow
 * bodies are closed, the oldest first; for the limit of a client only its own.
 * A body that a parser has read before is taken from `request.body`.
 * @param onSlowClosed is called for each connection that is closed because its body took too long
 */
export function createRequestBodies(onSlowClosed: () => void) {
  const { incomplete, addBytes, makeRoom } = createMemoryLimits();

  const readStream = (request: IncomingMessage, client: string) =>
    new Promise<RequestBody>((resolve) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      let countedBytes = 0;
      let isDone = false;
      const self: Incomplete = {
        client,
        sinceMs: performance.now(),
        drop() {
          finish({ kind: 'aborted' });
          onSlowClosed();
          request.socket.destroy();
        },
      };
      incomplete.add(self);

      function release(): void {
        addBytes(client, -countedBytes);
        countedBytes = 0;
      }

      /** @returns whether there is room for so many more bytes, which are then counted */
      function count(moreBytes: number): boolean {
        if (!makeRoom(client, moreBytes)) finish({ kind: 'overloaded' });
        if (isDone) return false; // this body may have been dropped to make room
        countedBytes += moreBytes;
        addBytes(client, moreBytes);
        return true;
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
        if (!count(Math.max(chunk.byteLength, minChunkBytes))) return;
        chunks.push(chunk);
        bytes += chunk.byteLength;
      });
      request.once('end', () => {
        incomplete.delete(self);
        if (isDone || !count(parsedBytesOf(chunks))) return;
        finish({ kind: 'whole', text: textOf(chunks), release });
      });
      request.once('close', () => finish({ kind: 'aborted' }));
    });

  return {
    async read(request: IncomingMessage, client: string): Promise<RequestBody> {
      if (request.readableEnded) return parsedBody(request);
      // Its `close` event has been: a middleware in front of the gateway took longer than the client stayed.
      return request.destroyed ? { kind: 'aborted' } : readStream(request, client);
    },
  };
}

/** The memory that all bodies, and those of each client, take together. */
function createMemoryLimits() {
  const incomplete = new Set<Incomplete>(); // the oldest first
  const clientBytes = new Map<string, number>();
  let totalBytes = 0;
  const bytesOf = (client: string): number => clientBytes.get(client) ?? 0;

  function addBytes(client: string, bytes: number): void {
    totalBytes += bytes;
    const sum = bytesOf(client) + bytes;
    if (sum === 0) clientBytes.delete(client);
    else clientBytes.set(client, sum);
  }

  /** Drops slow bodies, the oldest first, until there is room. @returns whether there is */
  function dropSlow(hasRoom: () => boolean, mayDrop: (body: Incomplete) => boolean = () => true): boolean {
    const nowMs = performance.now();
    for (const body of incomplete) {
      if (hasRoom() || nowMs - body.sinceMs < slowAfterMs) break;
      if (mayDrop(body)) body.drop();
    }
    return hasRoom();
  }

  function makeRoom(client: string, bytes: number): boolean {
    const hasShare = () => bytesOf(client) + bytes <= maxClientBytes;
    const hasRoom = () => totalBytes + bytes <= maxTotalBytes;
    return dropSlow(hasShare, (body) => body.client === client) && dropSlow(hasRoom);
  }

  return { incomplete, addBytes, makeRoom };
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
  for (const chunk of chunks) {
    for (let i = 0; i < chunk.length; i += 1) if (precedesValue(chunk[i])) count += 1;
  }
  return count * bytesOfValue;
}

/** Whether the byte precedes a value in JSON. A Set would take ten times as long. */
const precedesValue = (byte: number | undefined): boolean =>
  byte === listStart || byte === objectStart || byte === comma || byte === colon;

const textOf = (chunks: readonly Buffer[]): string =>
  (chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)).toString('utf8');
