import cluster from 'node:cluster';
import type { Server, ServerResponse } from 'node:http';
import { Server as NetServer } from 'node:net';
import { setImmediate as endOfIteration, setTimeout as sleep } from 'node:timers/promises';
import { drainMs } from '../config-warnings.ts';
import type { Log } from '../observability/log.ts';
import { maxBodyBytes } from '../operation/validation.ts';
import { watchSilentConnections } from './connections.ts';
import type { OpenResponses } from './pipelining.ts';

/** How a process stops without losing a response. */

/** A terminal that closes sends SIGHUP. */
export const drainSignals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
// Active keep-alive connections send another request within this time and get `Connection: close`; closing them
// earlier could drop a request in transit.
const idleGraceMs = 300;
const busyGraceMs = 2_500; // with many clients some send their next request late
const busyRequests = 10; // in the last second
// A connection that the system has opened and the process has not accepted is reset when the process stops listening. The
// primary process of several passes connections on within a few milliseconds, on a busy machine within some tens.
const lastConnectionMs = { alone: 10, worker: 50 }; // without a new one, all have been accepted
const acceptMs = 2_000; // at most, if new connections keep coming; a busy process accepts few in a second
export const exitMs = 9_800; // the process exits within 10 s in any case

export interface Draining {
  /** Makes `/ready` respond with 503. */
  drain(): void;
  /** Closes everything but the server. */
  dispose(): Promise<void>;
}

/** Starts a shutdown: `drain` lets requests finish, `forceExit` does not. */
export type ShutdownTrigger = (drain: () => void, forceExit: () => void) => void;

/**
 * The first signal drains, the second one exits at once. SIGHUP does not count: systemd sends it together with SIGTERM at the
 * end of a session, and the shell and the kernel may both send it when a terminal closes.
 */
export const signalTrigger: ShutdownTrigger = (drain, forceExit) => {
  let isFirst = true;
  for (const signal of drainSignals) {
    process.on(signal, () => {
      if (isFirst || signal === 'SIGHUP') drain();
      else forceExit();
      if (signal !== 'SIGHUP') isFirst = false;
    });
  }
};

/**
 * On the first SIGTERM, SIGINT or SIGHUP: no new connections, every running request gets its response with
 * `Connection: close`, then exit code 0, all within 10 s. A second SIGTERM or SIGINT exits at once with code 1. An uncaught
 * exception drains in the same way and exits with code 1; an unhandled rejection is logged.
 */
export function gracefulShutdown(
  server: Server,
  openResponses: OpenResponses,
  { drain, dispose }: Draining,
  log: Log,
  trigger: ShutdownTrigger = signalTrigger,
): void {
  let draining = false;
  const areRequestsFrequent = watchRequests(server, openResponses, () => draining);
  const silentConnections = hasSocketServer(server) ? watchSilentConnections(server) : () => [];
  let exitCode = 0; // 1 as soon as an exception was not caught, also while the process drains

  async function stop(): Promise<void> {
    draining = true;
    drain();
    log.info({}, drainingMessage(openResponses.all().length));
    setTimeout(() => process.exit(exitCode), exitMs);
    // With its last response, each client is told to close its connection: Node sends no response after one with this header.
    for (const response of openResponses.lastOfEach()) setConnection(response, 'close');
    const graceMs = areRequestsFrequent() ? busyGraceMs : idleGraceMs;
    const drainTimer = setTimeout(cutOff, drainMs);
    if (hasSocketServer(server)) await acceptPending(server);
    // Requests that have arrived are read first: the timers of a busy process are late.
    const idleTimer = setInterval(() => setImmediate(closeIdle), graceMs);
    await stopListening(server, graceMs, isSending);
    clearInterval(idleTimer);
    clearTimeout(drainTimer);
    await dispose();
    process.exit(exitCode);
  }

  /** Node and Bun count a connection as idle as soon as its response is ended, even if most of it is not sent yet. */
  const isSending = () => openResponses.all().some(({ writableEnded }) => writableEnded);

  function closeIdle(): void {
    if (!isSending()) server.closeIdleConnections();
    for (const socket of silentConnections()) socket.destroy();
  }

  /** Responses to slow clients, and of operations that take longer, are lost. */
  function cutOff(): void {
    const responses = openResponses.all().length;
    if (responses > 0)
      log.warn(
        { responses },
        'the time for draining is over: the responses that are not complete are cut off',
      );
    server.closeAllConnections();
  }

  function beginStop(code: number): void {
    exitCode = Math.max(exitCode, code);
    if (!draining) void stop();
  }
  trigger(
    () => beginStop(0),
    () => process.exit(1),
  );
  process.on('uncaughtException', (err) => {
    log.error({ err }, 'uncaught exception');
    beginStop(1);
  });
  process.on('unhandledRejection', (err) => log.error({ err }, 'unhandled rejection'));
}

/** Accepts the connections that were opened before the signal: Node accepts one in each iteration of the event loop. */
async function acceptPending(server: Server): Promise<void> {
  const endMs = performance.now() + acceptMs;
  let hasAccepted = true;
  const onConnection = () => {
    hasAccepted = true;
  };
  server.on('connection', onConnection);
  while (hasAccepted && performance.now() < endMs) {
    hasAccepted = false;
    await sleep(cluster.isWorker ? lastConnectionMs.worker : lastConnectionMs.alone);
    await endOfIteration(); // a late timer comes before the connections that have arrived meanwhile
  }
  server.off('connection', onConnection);
}

/**
 * Accepts no more connections. `close` of HTTP servers closes idle ones at once, which could drop a request in transit: Node
 * and Deno stop the socket below instead. Bun has none below, so it closes later, and accepts connections until then.
 * @param isSending whether a response is on its way, which Bun's `close` would cut off
 * @returns resolves when all connections are closed
 */
async function stopListening(server: Server, graceMs: number, isSending: () => boolean): Promise<void> {
  if (!hasSocketServer(server)) {
    do await sleep(graceMs);
    while (isSending());
  }
  const { close } = server instanceof NetServer ? NetServer.prototype : server;
  await new Promise((resolve) => close.call(server, resolve));
}

/** Whether the server is also one of sockets, as in Node and Deno, and not in Bun. */
const hasSocketServer = (server: Server): boolean => server instanceof NetServer;

const drainingMessage = (requests: number): string =>
  requests === 0
    ? 'the process drains: no request is running'
    : `the process drains: running requests (${requests}) get their responses; a second signal ends it at once`;

/**
 * Closes each connection after its last response while the process drains, and after a rejected body that is not read.
 * @returns whether many requests have come in the last second
 */
function watchRequests(
  server: Server,
  openResponses: OpenResponses,
  isDraining: () => boolean,
): () => boolean {
  const latestMs: number[] = []; // when the latest requests came

  // The first of the listeners: another one may end the response at once, with its headers.
  server.prependListener('request', (request, response) => {
    const { socket } = request; // no longer a property of the request after its end
    latestMs.push(performance.now());
    if (latestMs.length > busyRequests) latestMs.shift();
    const length = request.headers['content-length'];
    const isTooLarge = Number(length ?? 0) > maxBodyBytes;
    if (isDraining()) for (const earlier of openResponses.of(socket)) setConnection(earlier, 'keep-alive');
    if (isDraining() || isTooLarge) setConnection(response, 'close');
    if (!isTooLarge && length !== undefined) return;
    // The rest of a rejected body that is too large, or of unknown length, is not read.
    response.once('finish', () => request.complete || socket.destroySoon());
  });

  return () => {
    const [first = 0] = latestMs;
    return latestMs.length === busyRequests && performance.now() - first < 1_000;
  };
}

function setConnection(response: ServerResponse, value: 'close' | 'keep-alive'): void {
  if (!response.headersSent) response.setHeader('connection', value);
}
