import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A TCP proxy on the loopback interface that simulates faults of the network. */
export interface TcpProxy {
  /** Stays the same while it is down. */
  port: number;
  /** Sets the fault, for open connections too. */
  set(trouble: Trouble): Promise<void>;
  /** The number of connections that were accepted since the start. */
  connections(): number;
  /** The number of open connections. */
  open(): number;
  close(): Promise<void>;
}

export type Trouble =
  | { kind: 'none' }
  /** Refuses new connections and resets open ones. */
  | { kind: 'down' }
  /** Resets the connection in place of the response, or in the middle of its body, for `times` responses. Default: all. */
  | { kind: 'reset'; in: 'headers' | 'body'; times?: number }
  /** Accepts connections and never responds. */
  | { kind: 'black-hole' }
  /** Sends every byte in its own packet. */
  | { kind: 'slice' }
  | { kind: 'bandwidth'; bytesPerSecond: number }
  /** Delays the end of a stream. */
  | { kind: 'slow-close'; ms: number }
  /** Drops all data on connections that are open now, without closing them; new connections work. */
  | { kind: 'half-open' }
  | { kind: 'latency'; ms: number };

const loopback = '127.0.0.1';
const stepMs = 50; // between the pieces for `bandwidth`
const readMs = 20; // the client reads the sent bytes before the reset
const bodyBytesBeforeReset = 20;
const headEnd = Buffer.from('\r\n\r\n');

interface Pair {
  client: Socket;
  server: Socket;
  /** Whether its data is dropped, as for `half-open`. */
  lost: boolean;
}

/** @param target the port to which it forwards connections */
export async function startTcpProxy(target: number): Promise<TcpProxy> {
  const pairs = new Set<Pair>();
  let trouble: Trouble = { kind: 'none' };
  let resetsLeft = 0;
  let accepted = 0;

  const listener = createServer((client) => {
    accepted += 1;
    const server = connect(target, loopback);
    client.setNoDelay(true);
    server.setNoDelay(true);
    const pair: Pair = { client, server, lost: false };
    pairs.add(pair);
    client.on('close', () => {
      pairs.delete(pair);
      server.destroy();
    });
    for (const socket of [client, server]) socket.on('error', () => undefined); // 'close' follows
    client.on('data', (bytes: Buffer) => {
      if (!pair.lost && trouble.kind !== 'black-hole') server.write(bytes);
    });
    client.on('end', () => void later(pair, () => server.end()));
    void carryBack(pair);
  });

  async function later({ lost }: Pair, end: () => void): Promise<void> {
    if (lost) return;
    if (trouble.kind === 'slow-close') await sleep(trouble.ms, undefined, { ref: false });
    end();
  }

  /** Forwards data from the server to the client, with the current fault. */
  async function carryBack(pair: Pair): Promise<void> {
    const { client, server } = pair;
    try {
      for await (const bytes of server as AsyncIterable<Buffer>) {
        if (pair.lost || trouble.kind === 'black-hole') continue;
        await carry(client, bytes);
      }
      await later(pair, () => client.end());
    } catch {
      if (!pair.lost) client.destroy();
    }
  }

  async function carry(client: Socket, bytes: Buffer): Promise<void> {
    switch (trouble.kind) {
      case 'reset':
        return reset(client, bytes, trouble.in);
      case 'slice':
        for (const byte of bytes) await write(client, Buffer.from([byte]));
        return;
      case 'bandwidth': {
        const step = Math.max(1, Math.round((trouble.bytesPerSecond * stepMs) / 1000));
        for (let at = 0; at < bytes.length; at += step) {
          await write(client, bytes.subarray(at, at + step));
          await sleep(stepMs, undefined, { ref: false });
        }
        return;
      }
      case 'latency':
        await sleep(trouble.ms, undefined, { ref: false });
        return write(client, bytes);
      default:
        return write(client, bytes);
    }
  }

  async function reset(client: Socket, bytes: Buffer, part: 'headers' | 'body'): Promise<void> {
    resetsLeft -= 1;
    if (resetsLeft === 0) trouble = { kind: 'none' };
    if (part === 'body') {
      const bodyAt = bytes.indexOf(headEnd) + headEnd.length;
      await write(client, bytes.subarray(0, bodyAt + bodyBytesBeforeReset));
      await sleep(readMs);
    }
    client.resetAndDestroy();
  }

  function listen(port: number): Promise<unknown> {
    listener.listen(port, loopback);
    return once(listener, 'listening');
  }

  await listen(0);
  const { port } = listener.address() as AddressInfo;

  return {
    port,
    async set(next) {
      trouble = next;
      if (next.kind === 'half-open') for (const pair of pairs) pair.lost = true;
      if (next.kind === 'reset') resetsLeft = next.times ?? Number.POSITIVE_INFINITY;
      if (next.kind !== 'down') {
        if (!listener.listening) await listen(port);
        return;
      }
      if (!listener.listening) return;
      const closed = once(listener, 'close');
      listener.close();
      for (const { client } of pairs) client.resetAndDestroy();
      await closed;
    },
    connections: () => accepted,
    open: () => pairs.size,
    async close() {
      for (const { client } of pairs) client.destroy();
      if (!listener.listening) return;
      const closed = once(listener, 'close');
      listener.close();
      await closed;
    },
  };
}

function write(socket: Socket, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}
