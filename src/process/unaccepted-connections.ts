import type { Worker } from 'node:cluster';

/**
 * Node's primary process sends each connection to a worker, and closes its own copy as soon as the worker has accepted it.
 * If the worker ends before, Node keeps the copy (`handoff` in
 * https://github.com/nodejs/node/blob/main/lib/internal/cluster/round_robin_handle.js), and the client waits without an end.
 */

/** A connection as Node sends it to a worker. */
interface SentConnection {
  seq: unknown;
  handle: { close(): void };
}

/** To be called when a worker is forked: closes the connections that the worker has not accepted when it ends. */
export function closeUnacceptedConnections({ process: child }: Worker): void {
  const pending = new Map<unknown, SentConnection>(); // by port: Node sends the next one after the reply to the last one
  const send = child.send.bind(child) as (...args: unknown[]) => boolean;

  child.send = (message: unknown, handle?: unknown, ...rest: unknown[]) => {
    const { act, key, seq } = Object(message);
    if (act === 'newconn' && handle) pending.set(key, { seq, handle: handle as SentConnection['handle'] });
    return send(message, handle, ...rest);
  };
  child.on('internalMessage', (message: unknown) => {
    const { ack } = Object(message);
    for (const [key, { seq }] of pending) if (seq === ack) pending.delete(key);
  });
  child.once('exit', () => {
    for (const { handle } of pending.values()) handle.close();
  });
}
