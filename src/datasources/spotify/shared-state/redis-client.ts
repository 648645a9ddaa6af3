import { createRequire } from 'node:module';
import type { Redis } from 'ioredis';
import type { Log } from '../../../observability/log.ts';

/**
 * A Redis that may be away, slow or wrong at any time: then it is as if there were none. Nobody waits for
 * it longer than a moment, and nobody gets an error from it.
 */
export interface SharedRedis {
  /** What the command answers; null when Redis does not answer in time. */
  ask<T>(command: (redis: Redis) => Promise<T>): Promise<T | null>;
  /**
   * Calls back for every message on the channel, from this process too, and whenever messages may have been
   * missed: after the first connection and each one after it.
   */
  listen(channel: string, heard: (message: string) => void, connected: () => Promise<void>): void;
  /** Resolves when the first `connected` is through, or is not worth waiting for any longer. */
  started(): Promise<void>;
  close(): void;
}

const patienceMs = 50; // Spotify itself answers in some 100 ms: a cache slower than half of that is none
const startPatienceMs = 250; // once: what another process has learned is worth the wait before the first call
const failuresUntilRest = 2; // one after the other: a single late answer is bad luck
const restMs = 2_000; // before it is asked again
const connectMs = 1_000;
const reconnectMs = 1_000;
const logEveryMs = 60_000;

const require = createRequire(import.meta.url);

export function createSharedRedis(url: string, log: Log): SharedRedis {
  // Loaded by those who share: it takes 60 ms of a start.
  const ioredis = require('ioredis') as typeof import('ioredis');
  const redis = new ioredis.Redis(url, {
    enableAutoPipelining: true,
    enableOfflineQueue: false, // a command that cannot go now is a miss, not a wait
    maxRetriesPerRequest: 0,
    connectTimeout: connectMs,
    retryStrategy: (attempts) => Math.min(attempts * 100, reconnectMs),
  });
  redis.on('error', complain);
  let subscriber: Redis | undefined;
  let failures = 0;
  let restsUntilMs = 0;
  let silentUntilMs = 0;
  let start: Promise<void> = Promise.resolve();

  function complain(error: Error): void {
    const nowMs = performance.now();
    if (nowMs < silentUntilMs) return;
    silentUntilMs = nowMs + logEveryMs;
    const { name, code } = error as NodeJS.ErrnoException;
    log.warn({ error: name, code }, 'going on without Redis');
  }

  async function ask<T>(command: (redis: Redis) => Promise<T>): Promise<T | null> {
    if (redis.status !== 'ready' || performance.now() < restsUntilMs) return null;
    try {
      const answer = await within(command(redis), patienceMs);
      failures = 0;
      return answer;
    } catch (error) {
      failures += 1;
      if (failures >= failuresUntilRest) restsUntilMs = performance.now() + restMs;
      complain(error as Error);
      return null;
    }
  }

  return {
    ask,
    listen(channel, heard, connected) {
      subscriber = redis.duplicate({ enableOfflineQueue: true, maxRetriesPerRequest: null });
      subscriber.on('error', complain);
      subscriber.on('message', (_, message) => heard(message));
      const first = new Promise<void>((resolve) => {
        const reload = () => void connected().then(resolve);
        redis.on('ready', reload);
      });
      subscriber.subscribe(channel).catch(complain);
      start = within(first, startPatienceMs).catch(() => undefined); // then it is learned from Spotify again
    },
    started: () => start,
    close() {
      redis.disconnect();
      subscriber?.disconnect();
    },
  };
}

async function within<T>(promise: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    // Where our own event loop was late, the question leaves in its next turn and the answer is read in the one
    // after: both are waited for.
    timer = setTimeout(
      () => setImmediate(() => setImmediate(() => reject(new Error('Redis is too slow')))),
      ms,
    );
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
