import { type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { ClosingReason } from '../observability/metrics.ts';

/** How long clients may keep connections, and how many. */

const headersMs = 8_000; // for a client that drips its request
const requestMs = 9_000;
const checkEveryMs = 1_000;
const keepAliveMs = 65_000; // longer than the minute after which load balancers let go of idle connections
// Each takes some 20 KB, so thousands of idle ones would take the memory that responses need.
const maxConnections = 4_000;
const manyConnections = 3_000; // from here on, idle connections are closed to make room for new ones

/** Time limits for `http.createServer`. */
export const serverOptions = {
  headersTimeout: headersMs,
  requestTimeout: requestMs,
  connectionsCheckingInterval: checkEveryMs,
  keepAliveTimeout: keepAliveMs,
};

/** Hears of connections; the gateway's metrics are one. */
export interface ConnectionsObserver {
  connectionsChanged(by: 1 | -1): void;
  connectionClosed(reason: ClosingReason): void;
}

/** Bounds the connections of a server, closes those that are idle or slow, and tells the observer. */
export function limitConnections(server: Server, observer: ConnectionsObserver): void {
  const latest = new WeakMap<Socket, ServerResponse>();
  let open = 0;
  server.maxConnections = maxConnections;

  server.on('connection', (socket) => {
    open += 1;
    observer.connectionsChanged(1);
    socket.once('close', () => {
      open -= 1;
      observer.connectionsChanged(-1);
    });
    if (open > manyConnections) server.closeIdleConnections();
  });
  server.on('request', ({ socket }, response) => void latest.set(socket, response));
  server.on('timeout', (socket) => {
    observer.connectionClosed('idle');
    socket.destroy();
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') observer.connectionClosed('slow');
    const response = latest.get(socket);
    const isResponding = response?.headersSent === true && !response.writableFinished;
    if (socket.writable && !isResponding) socket.write(rejectionOf(error));
    socket.destroy();
  });
}

/** Statuses of what the HTTP parser rejects, by the code of its error; 400 for all other errors. */
const statuses = new Map([
  ['ERR_HTTP_REQUEST_TIMEOUT', 408],
  ['HPE_CHUNK_EXTENSIONS_OVERFLOW', 413],
  ['HPE_HEADER_OVERFLOW', 431],
]);

/** The response that Node itself gives where nobody listens to the errors of its parser. */
function rejectionOf({ code = '' }: NodeJS.ErrnoException): string {
  const status = statuses.get(code) ?? 400;
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\n\r\n`;
}
