import type { Server, ServerResponse } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';
import type { Log } from '../observability/log.ts';
import { maxBodyBytes } from '../operation/limits.ts';

/** How a process stops without losing a response. */

export const signals = ['SIGTERM', 'SIGINT'] as const;
// A connection in use sends another request within this time, and is told to close: closed earlier, it may lose one.
const idleGraceMs = 300;
const busyGraceMs = 2_500; // many clients, of which some are slow to send their next request
const busyRequests = 10; // in the last second
const drainMs = 9_000; // operations have their deadline of 8 s; clients that still read then lose the rest
export const exitMs = 9_800; // the process is gone within 10 s, whatever still runs

export interface Draining {
  /** From now on the process is not ready. */
  drain(): void;
  /** Closes what the server does not know of. */
  dispose(): Promise<void>;
}

/** Who says when to stop: `begin` drains, `endNow` does not wait for it. */
export type ShutdownTrigger = (begin: () => void, endNow: () => void) => void;

/** The first signal drains, the second one ends. */
const signalTrigger: ShutdownTrigger = (begin, endNow) => {
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
 * On the first SIGTERM or SIGINT: no new connections, every running request is answered, its response delivered and its
 * connection told to close, then exit code 0, all within 10 s. A second signal ends the process at once, with code 1. So
 * does an exception that nobody caught, after the same drain; a rejected promise that nobody awaited is logged.
 */
export function gracefulShutdown(
  server: Server,
  { drain, dispose }: Draining,
  log: Log,
  trigger: ShutdownTrigger = signalTrigger,
): void {
  const responses = trackResponses(server, () => draining);
  let draining = false;

  async function stop(exitCode: number): Promise<void> {
    draining = true;
    drain();
    setTimeout(() => process.exit(exitCode), exitMs);
    for (const response of responses.undelivered()) closeAfter(response);
    // The method of HTTP servers closes idle connections at once, and with them what a client is just sending.
    const closed = new Promise((resolve) => NetServer.prototype.close.call(server, resolve));
    const graceMs = responses.areFrequent() ? busyGraceMs : idleGraceMs;
    // What has arrived by then is read before idleness is judged: a busy process comes late to its timers.
    const idle = setInterval(() => setImmediate(closeIdle), graceMs);
    const late = setTimeout(() => server.closeAllConnections(), drainMs);
    await closed;
    clearInterval(idle);
    clearTimeout(late);
    await dispose();
    process.exit(exitCode);
  }

  /** Node takes a connection for idle whose response has been ended, and be it that most of it waits to be delivered. */
  function closeIdle(): void {
    if (responses.undelivered().every(({ writableEnded }) => !writableEnded)) server.closeIdleConnections();
  }

  const begin = (exitCode: number) => draining || void stop(exitCode);
  trigger(
    () => begin(0),
    () => process.exit(1),
  );
  process.on('uncaughtException', (err) => {
    log.error({ err }, 'uncaught exception');
    begin(1);
  });
  process.on('unhandledRejection', (err) => log.error({ err }, 'unhandled rejection'));
}

interface TrackedResponses {
  /** Responses whose requests have arrived, and that the system has not taken over as a whole. */
  undelivered(): ServerResponse[];
  /** Whether many requests have come in the last second. */
  areFrequent(): boolean;
}

function trackResponses(server: Server, isDraining: () => boolean): TrackedResponses {
  const undelivered = new Map<Socket, Set<ServerResponse>>();
  const latestMs: number[] = []; // when the latest requests came

  server.on('connection', (socket) => {
    undelivered.set(socket, new Set());
    // Responses that wait behind another one of the same connection never hear that it is closed.
    socket.once('close', () => undelivered.delete(socket));
  });
  // First of the listeners: a response that another one ends at once has its headers by then.
  server.prependListener('request', (request, response) => {
    const { socket } = request; // which the request no longer has once it is answered and cut off
    undelivered.get(socket)?.add(response);
    latestMs.push(performance.now());
    if (latestMs.length > busyRequests) latestMs.shift();
    const length = request.headers['content-length'];
    const isTooLarge = Number(length ?? 0) > maxBodyBytes;
    if (isDraining() || isTooLarge) closeAfter(response);
    response.on('close', () => undelivered.get(socket)?.delete(response));
    response.on('finish', () => {
      // A body that is too large, or of unknown length, is not read to its end once it was rejected.
      if (!request.complete && (isTooLarge || length === undefined)) socket.destroySoon();
    });
  });

  return {
    undelivered: () => Array.from(undelivered.values()).flatMap((responses) => Array.from(responses)),
    areFrequent() {
      const [first = 0] = latestMs;
      return latestMs.length === busyRequests && performance.now() - first < 1_000;
    },
  };
}

function closeAfter(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('connection', 'close');
}
