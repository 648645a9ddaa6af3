import { IncomingMessage, type Server } from 'node:http';
import type { Socket } from 'node:net';

/** The requests that a client sends on one connection before it has the responses to its earlier ones. */

export const pipeliningLimits = {
  /** Requests of one connection without a response. Browsers and proxies wait for each response. */
  maxPending: 10,
  /** Requests of all connections that are behind another request of their connection; each takes some 5 KB. */
  maxBehind: 1_000,
};

/**
 * Closes a connection with more requests without a response than the limits allow. It is closed at once, because an error
 * for each further request would be kept until its turn. The server must create its requests with `ParsedRequest`.
 * @param onClosed is called for each connection that is closed
 */
export function limitPipelining(server: Server, onClosed: () => void, limits = pipeliningLimits): void {
  const { maxPending, maxBehind } = limits;
  const pending = new WeakMap<Socket, number>();
  let behind = 0;

  function setPending(socket: Socket, count: number): void {
    behind += Math.max(0, count - 1) - Math.max(0, (pending.get(socket) ?? 0) - 1);
    pending.set(socket, count);
  }

  server.on('connection', (socket) => {
    pending.set(socket, 0);
    // A response that waits behind another one emits no `close` event when the connection closes.
    socket.once('close', () => {
      setPending(socket, 0);
      pending.delete(socket);
    });
  });

  server.on('upgrade', (_, socket) => void socket.destroy()); // `ParsedRequest` makes Node emit it for the next request of a connection that was closed
  server.on('request', ({ socket }, response) => {
    if (socket.destroyed) return;
    const count = (pending.get(socket) ?? 0) + 1;
    if (count > maxPending || (count > 1 && behind >= maxBehind)) {
      onClosed();
      socket.destroy();
      return;
    }
    setPending(socket, count);
    response.once('close', () => {
      const openCount = pending.get(socket);
      if (openCount !== undefined) setPending(socket, openCount - 1);
    });
  });
}

/**
 * A request after which Node stops parsing if its connection is closed. Node parses a whole chunk otherwise, and one of
 * 64 KB can have a thousand requests: 50 connections with such a chunk block Node 20 for 1.4 s, and for 50 ms with this
 * class. The parser only stops for a change of protocol.
 */
export class ParsedRequest extends IncomingMessage {
  get upgrade(): boolean {
    return this.method === 'CONNECT' || this.socket?.destroyed === true; // Node takes the socket from an ended request
  }

  /** Node sets it for a change of protocol that the client offers; no request changes it here. */
  set upgrade(_: unknown) {}
}
