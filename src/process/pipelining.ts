import { IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** The requests that a client sends on one connection before it has the responses to its earlier ones. */

export type OpenResponses = ReturnType<typeof trackResponses>;

/**
 * The responses that are not yet completely handed to the operating system, by their connections. To be called before other
 * listeners for the requests of the server are added, which then find the response of each.
 */
export function trackResponses(server: Server) {
  const bySocket = new Map<Socket, Set<ServerResponse>>();
  let behind = 0;

  server.on('connection', (socket) => {
    const responses = new Set<ServerResponse>();
    bySocket.set(socket, responses);
    // A response that waits behind another one emits no `close` event when the connection closes.
    socket.once('close', () => {
      behind -= Math.max(0, responses.size - 1);
      bySocket.delete(socket);
    });
  });
  server.on('request', ({ socket }, response) => {
    const responses = bySocket.get(socket);
    if (!responses) return; // the connection has closed
    if (responses.size > 0) behind += 1;
    responses.add(response);
    response.once('close', () => {
      if (!bySocket.has(socket)) return;
      responses.delete(response);
      if (responses.size > 0) behind -= 1;
    });
  });

  return {
    /** Those of one connection, in the order of their requests. */
    of: (socket: Socket): ReadonlySet<ServerResponse> => bySocket.get(socket) ?? noResponses,
    all: (): ServerResponse[] => Array.from(bySocket.values()).flatMap((responses) => Array.from(responses)),
    /** The last one of each connection. */
    lastOfEach: (): ServerResponse[] =>
      Array.from(bySocket.values()).flatMap((responses) => Array.from(responses).slice(-1)),
    /** How many of them are behind another one of their connection. */
    behind: (): number => behind,
  };
}

const noResponses: ReadonlySet<ServerResponse> = new Set();

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
export function limitPipelining(
  server: Server,
  openResponses: OpenResponses,
  onClosed: () => void,
  { maxPending, maxBehind } = pipeliningLimits,
): void {
  // `ParsedRequest` makes Node emit this event for the next request of a connection that was closed.
  server.on('upgrade', (_, socket) => void socket.destroy());
  server.on('request', ({ socket }) => {
    if (socket.destroyed) return;
    const { size } = openResponses.of(socket);
    if (size <= maxPending && (size <= 1 || openResponses.behind() <= maxBehind)) return;
    onClosed();
    socket.destroy();
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

  /** Node sets it if the client requests another protocol. The gateway supports none, so the value is ignored. */
  set upgrade(_: unknown) {}
}
