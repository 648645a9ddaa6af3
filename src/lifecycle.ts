import type { Server, ServerResponse } from 'node:http';
import type { Log } from './log.ts';

/** How a server runs in public, and how it stops without losing an answer. */

const signals = ['SIGTERM', 'SIGINT'] as const;
const idleGraceMs = 300; // a connection in use has asked again by then, and been told to close
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

export interface Draining {
  /** From now on the process is not ready. */
  drain(): void;
  /** Closes what the server does not know of. */
  dispose(): Promise<void>;
}

/**
 * On the first SIGTERM or SIGINT: no new connections, every request in hand is answered and its connection
 * told to close, then exit code 0. A second signal ends the process at once, with code 1. So does an exception
 * that nobody caught, after the same drain; a rejected promise that nobody awaited is logged.
 */
export function manage(server: Server, { drain, dispose }: Draining, log: Log): void {
  const answering = new Set<ServerResponse>();
  let draining = false;

  // First of the listeners: what another one answers at once has its headers by then.
  server.prependListener('request', (request, response) => {
    answering.add(response);
    if (draining) lastOnItsConnection(response);
    response.on('close', () => answering.delete(response));
    // A body that was refused is not read to its end.
    response.on('finish', () => request.complete || request.socket.destroySoon());
  });

  async function stop(exitCode: number): Promise<void> {
    draining = true;
    drain();
    for (const response of answering) lastOnItsConnection(response);
    const closed = new Promise((resolve) => server.close(resolve));
    const idle = setTimeout(() => server.closeIdleConnections(), idleGraceMs);
    const late = setTimeout(() => server.closeAllConnections(), drainMs);
    await closed;
    clearTimeout(idle);
    clearTimeout(late);
    await dispose();
    process.exit(exitCode);
  }

  for (const signal of signals) process.on(signal, () => (draining ? process.exit(1) : void stop(0)));
  process.on('uncaughtException', (err) => {
    log.error({ err }, 'uncaught exception');
    if (!draining) void stop(1);
  });
  process.on('unhandledRejection', (err) => log.error({ err }, 'unhandled rejection'));
}

function lastOnItsConnection(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('connection', 'close');
}
