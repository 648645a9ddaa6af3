import type { RequestListener, Server, ServerResponse } from 'node:http';
import { Server as NetServer } from 'node:net';
import type { Log } from './log.ts';
import { maxBodyBytes } from './operation/limits.ts';

/** How a server runs in public, and how it stops without losing an answer. */

export const signals = ['SIGTERM', 'SIGINT'] as const;
// A connection in use has asked again by then, and been told to close: cut, it may lose what is on its way.
const idleGraceMs = 300;
const busyGraceMs = 2_500; // where many ask, some of them are slow to do so
const busyRequests = 10; // in the last second
const drainMs = 9_000; // what runs has its deadline of 8 s; what is half-sent after it will never come
const headersMs = 8_000; // for a client that drips its request
const requestMs = 9_000;
const checkEveryMs = 1_000;
const keepAliveMs = 65_000; // longer than the minute after which load balancers let go of idle connections

/** Time limits for `http.createServer`. */
export const serverOptions = {
  headersTimeout: headersMs,
  requestTimeout: requestMs,
  connectionsCheckingInterval: checkEveryMs,
  keepAliveTimeout: keepAliveMs,
};

/** Refuses what has no URL: the adapter below takes the Host header for a part of one, and answers with its stack. */
export const withUrl =
  (listener: RequestListener): RequestListener =>
  (request, response) => {
    const { host = 'localhost' } = request.headers;
    if (URL.canParse(`http://${host}${request.url}`)) listener(request, response);
    else response.writeHead(400).end();
  };

export interface Draining {
  /** From now on the process is not ready. */
  drain(): void;
  /** Closes what the server does not know of. */
  dispose(): Promise<void>;
}

/** Who says when to stop: `begin` drains, `endNow` does not wait for it. */
export type Orders = (begin: () => void, endNow: () => void) => void;

/** The first signal drains, the second one ends. */
const ordersOfSystem: Orders = (begin, endNow) => {
  let isFirst = true;
  for (const signal of signals) {
    process.on(signal, () => {
      if (isFirst) begin();
      else endNow();
      isFirst = false;
    });
  }
};

/**
 * On the first SIGTERM or SIGINT: no new connections, every request in hand is answered and its connection
 * told to close, then exit code 0. A second signal ends the process at once, with code 1. So does an exception
 * that nobody caught, after the same drain; a rejected promise that nobody awaited is logged.
 */
export function manage(
  server: Server,
  { drain, dispose }: Draining,
  log: Log,
  orders: Orders = ordersOfSystem,
): void {
  const answering = new Set<ServerResponse>();
  const latestMs: number[] = []; // when the latest requests came
  let draining = false;

  // First of the listeners: what another one answers at once has its headers by then.
  server.prependListener('request', (request, response) => {
    answering.add(response);
    latestMs.push(performance.now());
    if (latestMs.length > busyRequests) latestMs.shift();
    const { socket } = request; // which the request no longer has once it is answered and cut off
    const length = request.headers['content-length'];
    const isTooLarge = Number(length ?? 0) > maxBodyBytes;
    if (draining || isTooLarge) lastOnItsConnection(response);
    response.on('close', () => answering.delete(response));
    response.on('finish', () => {
      // A body that is too large, or of unknown length, is not read to its end once it was refused.
      if (!request.complete && (isTooLarge || length === undefined)) socket.destroySoon();
    });
  });

  async function stop(exitCode: number): Promise<void> {
    draining = true;
    drain();
    for (const response of answering) lastOnItsConnection(response);
    // That of HTTP cuts idle connections at once, and with them what a client is just sending on one.
    const closed = new Promise((resolve) => NetServer.prototype.close.call(server, resolve));
    // What has arrived by then is read before idleness is judged: a busy process comes late to its timers.
    const idle = setTimeout(() => setImmediate(() => server.closeIdleConnections()), graceMs());
    const late = setTimeout(() => server.closeAllConnections(), drainMs);
    await closed;
    clearTimeout(idle);
    clearTimeout(late);
    await dispose();
    process.exit(exitCode);
  }

  function graceMs(): number {
    const [first = 0] = latestMs;
    const isBusy = latestMs.length === busyRequests && performance.now() - first < 1_000;
    return isBusy ? busyGraceMs : idleGraceMs;
  }

  const begin = (exitCode: number) => draining || void stop(exitCode);
  orders(
    () => begin(0),
    () => process.exit(1),
  );
  process.on('uncaughtException', (err) => {
    log.error({ err }, 'uncaught exception');
    begin(1);
  });
  process.on('unhandledRejection', (err) => log.error({ err }, 'unhandled rejection'));
}

function lastOnItsConnection(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('connection', 'close');
}
