import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';

/** Timeouts for commands to Redis, and the replacement of a connection that has become silent. ioredis has neither. */

class TimedOut extends Error {}

const slicesOfTimeout = 10; // each counts once, however late it ends

/**
 * The result of the promise. @throws Error after `ms` in which this process could have read it. The time is counted in
 * slices, because a process that is busy for longer than `ms` reads no response: that counts as one slice.
 */
export async function withTimeout<T>(promise: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    const wait = (slices: number) => {
      if (slices === 0) reject(new TimedOut('Redis is too slow'));
      else timer = setTimeout(() => wait(slices - 1), ms / slicesOfTimeout);
    };
    wait(slicesOfTimeout);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

const checkEveryMs = 5_000;
const silentMs = 2_000; // longer than a Redis that works ever takes

/**
 * Replaces the connection when it has become silent: a firewall, or a proxy that has lost its Redis, may drop all data without
 * closing it. TCP would notice after a quarter of an hour, and after two hours if nothing is sent, as by a subscriber.
 * @param onSilent called each time
 * @returns the function that ends the checks
 */
export function reconnectWhenSilent(connection: Redis, onSilent: () => void): () => void {
  const timer = setInterval(async () => {
    if (!(await isSilent(connection))) return;
    onSilent();
    connection.disconnect(true);
  }, checkEveryMs).unref();
  return () => clearInterval(timer);
}

async function isSilent(connection: Redis): Promise<boolean> {
  if (connection.status === 'connect') {
    // Redis has accepted the connection, and not responded yet.
    await sleep(silentMs, undefined, { ref: false });
    return connection.status === 'connect';
  }
  if (connection.status !== 'ready') return false; // a new connection is being opened
  try {
    await withTimeout(connection.ping(), silentMs);
    return false;
  } catch (error) {
    return error instanceof TimedOut; // otherwise it was closed, or Redis does not allow the command
  }
}
