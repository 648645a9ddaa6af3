import { AsyncResource } from 'node:async_hooks';
import {
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import type { Socket } from 'node:net';
import { createIdentifyClient } from '../http/client-key.ts';
import type { Metrics } from '../observability/metrics.ts';
import { limitPipelining, type OpenResponses, ParsedRequest } from './pipelining.ts';

/** The connections of a server: accepted before requests are handled, limited in number, closed when idle or slow. */

const headersMs = 8_000; // clients that send their requests slowly are cut off
const requestMs = 9_000;
const checkEveryMs = 1_000;
const keepAliveMs = 130_000; // longer than proxies keep idle connections: AWS a minute, Traefik 90 s, Caddy two minutes
// Each takes some 20 KB, so thousands of idle ones would take the memory that responses need.
const maxConnections = 4_000;
const manyConnections = 3_000; // from here on, idle connections are closed to make room for new ones
const maxOfClient = 3_500; // so that one client does not take all of them; behind a proxy all clients have its address
const maxDelayMs = 20; // of a request, while new connections keep coming
const maxHandlingMs = 50; // of delayed requests, until connections are accepted again

const identifyClient = createIdentifyClient();
const noHeader = () => null;

/** Options of `http.createServer`. */
export const serverOptions = {
  IncomingMessage: ParsedRequest,
  headersTimeout: headersMs,
  requestTimeout: requestMs,
  connectionsCheckingInterval: checkEveryMs,
  keepAliveTimeout: keepAliveMs,
};

/** Limits the connections of a server and their requests, and closes idle and slow ones. */
export function limitConnections(
  server: Server,
  openResponses: OpenResponses,
  observer: Pick<Metrics, 'connectionsChanged' | 'connectionClosed'>,
): void {
  const openOfClients = new Map<string, number>();
  let openConnections = 0;
  server.maxConnections = maxConnections;
  limitPipelining(server, openResponses, () => observer.connectionClosed('pipelined'));
  server.on('drop', () => observer.connectionClosed('limit')); // Node has rejected it because of `maxConnections`

  server.on('connection', (socket) => {
    const client = identifyClient(noHeader, socket.remoteAddress);
    const openOfClient = openOfClients.get(client) ?? 0;
    if (openOfClient >= maxOfClient) {
      observer.connectionClosed('limit');
      return void socket.destroy();
    }
    openConnections += 1;
    openOfClients.set(client, openOfClient + 1);
    observer.connectionsChanged(1);
    socket.once('close', () => {
      openConnections -= 1;
      const remaining = (openOfClients.get(client) ?? 0) - 1;
      if (remaining > 0) openOfClients.set(client, remaining);
      else openOfClients.delete(client);
      observer.connectionsChanged(-1);
    });
    if (openConnections > manyConnections) server.closeIdleConnections();
  });
  server.on('timeout', (socket) => {
    observer.connectionClosed('idle');
    socket.destroy();
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') observer.connectionClosed('slow');
    const isResponding = Array.from(openResponses.of(socket)).some(({ headersSent }) => headersSent);
    if (socket.writable && !isResponding) socket.write(rejectionOf(error));
    socket.destroy();
  });
}

/**
 * Browsers open connections that they may need later. Node does not count a connection as idle before its first request.
 * @returns a function that lists the connections on which nothing has arrived
 */
export function watchSilentConnections(server: Server): () => Socket[] {
  const sockets = new Set<Socket>(); // those without a request
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('request', ({ socket }) => sockets.delete(socket));
  return () => Array.from(sockets).filter(({ bytesRead }) => bytesRead === 0);
}

/** Statuses of requests that the HTTP parser rejects, by the code of its error; 400 for all other errors. */
const statuses = new Map([
  ['ERR_HTTP_REQUEST_TIMEOUT', 408],
  ['HPE_CHUNK_EXTENSIONS_OVERFLOW', 413],
  ['HPE_HEADER_OVERFLOW', 431],
]);

/** The response that Node itself sends to such a request if there is no listener for `clientError`. */
function rejectionOf({ code = '' }: NodeJS.ErrnoException): string {
  const status = statuses.get(code) ?? 400;
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\n\r\n`;
}

/**
 * Handles the requests of a server, but accepts pending connections first. libuv accepts one connection per event-loop
 * iteration: while requests of open connections make the iterations long, new clients would wait for seconds. So an
 * iteration that accepts a connection handles no request. Accepting takes a tenth of a millisecond, and the requests of
 * many new clients are then handled in one iteration, in which their reads are batched.
 */
export function acceptFirst(server: Server, listener: RequestListener): void {
  // `serve` calls the listener in the async context of its request, which holds the span of an instrumentation of node:http.
  const delayed: { request: IncomingMessage; response: ServerResponse; serve: () => void }[] = [];
  let isAccepting = false;
  let hasAccepted = false;
  let acceptingSinceMs = 0;

  server.on('connection', () => {
    hasAccepted = true;
    if (isAccepting) return;
    isAccepting = true;
    acceptingSinceMs = performance.now();
    setImmediate(endIteration);
  });

  async function endIteration(): Promise<void> {
    if (hasAccepted && performance.now() - acceptingSinceMs < maxDelayMs) {
      hasAccepted = false;
      setImmediate(endIteration);
      return;
    }
    await handleDelayed();
    isAccepting = delayed.length > 0;
    if (!isAccepting) return;
    acceptingSinceMs = performance.now();
    setImmediate(endIteration);
  }

  async function handleDelayed(): Promise<void> {
    const endMs = performance.now() + maxHandlingMs;
    while (performance.now() < endMs) {
      const next = delayed.shift();
      if (!next) return;
      const { request, response, serve } = next;
      // In separate ticks, so that an exception in one request does not prevent the others.
      if (!response.destroyed && !request.socket.destroyed) process.nextTick(serve);
      await new Promise<void>((resolve) => process.nextTick(resolve));
    }
  }

  server.on('request', (request, response) => {
    if (request.socket.destroyed) return;
    if (isAccepting)
      delayed.push({ request, response, serve: AsyncResource.bind(() => listener(request, response)) });
    else listener(request, response);
  });
}
