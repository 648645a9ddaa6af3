import type { Server, ServerResponse } from 'node:http';

/** How a server stops without losing an answer. */

const signals = ['SIGTERM', 'SIGINT'] as const;
const idleGraceMs = 300; // a busy connection has asked again by then, and been told to close
const drainMs = 9_000; // running operations have their deadline of 8 s; what is half-sent after it never comes

export interface Draining {
  /** From now on the process is not ready. */
  drain(): void;
  /** Closes what the server does not know of. */
  dispose(): Promise<void>;
}

/**
 * On the first SIGTERM or SIGINT: no new connections, every request in hand is answered and its connection
 * told to close, then exit code 0. A second signal ends the process at once, with code 1.
 */
export function drainOnSignal(server: Server, { drain, dispose }: Draining): void {
  const answering = new Set<ServerResponse>();
  let draining = false;

  server.on('request', (_, response) => {
    answering.add(response);
    response.on('close', () => answering.delete(response));
    if (draining) lastOnItsConnection(response);
  });

  async function stop(): Promise<void> {
    if (draining) process.exit(1);
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
    process.exit(0);
  }

  for (const signal of signals) process.on(signal, () => void stop());
}

function lastOnItsConnection(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('connection', 'close');
}
