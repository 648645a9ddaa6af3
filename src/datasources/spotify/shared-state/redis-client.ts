import { createRequire } from 'node:module';
import type { Redis } from 'ioredis';
import type { Log } from '../../../observability/log.ts';

/**
 * A Redis that may be away, slow or wrong at any time: then it is as if there were none. Nobody waits for
 * it longer than a moment, and nobody gets an error from it.
 */
export interface RedisClient {
  /** What the command answers; null when Redis does not answer in time. */
  run<T>(command: (redis: Redis) => Promise<T>): Promise<T | null>;
  /**
   * Calls back for every message on the channel, from this process too, and whenever messages may have been
   * missed: after the first connection and each one after it.
   */
  subscribe(channel: string, onMessage: (message: string) => void, onConnected: () => Promise<void>): void;
  /** Resolves when the first `onConnected` is through, or is not worth waiting for any longer. */
  whenSynced(): Promise<void>;
  close(): void;
}

const commandTimeoutMs = 50; // Spotify itself answers in some 100 ms: a cache slower than half of that is none
const syncTimeoutMs = 250; // once: what another process has learned is worth the wait before the first call
const failuresUntilCooldown = 2; // one after the other: a single late answer is bad luck
const cooldownMs = 2_000; // before it is asked again
const connectMs = 1_000;
const reconnectMs = 1_000;
const logEveryMs = 60_000;

const require = createRequire(import.meta.url);

export function createRedisClient(url: string, log: Log): RedisClient {
  // Loaded by those who share: it takes 60 ms of a start.
  const ioredis = require('ioredis') as typeof import('ioredis');
  const redis = new ioredis.Redis(url, {
    enableAutoPipelining: true,
    enableOfflineQueue: false, // a command that cannot go now is a miss, not a wait
    maxRetriesPerRequest: 0,
    connectTimeout: connectMs,
    retryStrategy: (attempts) => Math.min(attempts * 100, reconnectMs),
  });
  redis.on('error', logError);
  let subscriber: Redis | undefined;
  let failures = 0;
  let cooldownUntilMs = 0;
  let nextLogAtMs = 0;
  let synced: Promise<void> = Promise.resolve();

  function logError(error: Error): void {
    const nowMs = performance.now();
    if (nowMs < nextLogAtMs) return;
    nextLogAtMs = nowMs + logEveryMs;
    const { name, code } = error as NodeJS.ErrnoException;
    log.warn({ error: name, code }, 'going on without Redis');
  }

  async function run<T>(command: (redis: Redis) => Promise<T>): Promise<T | null> {
    if (redis.status !== 'ready' || performance.now() < cooldownUntilMs) return null;
    try {
      const answer = await within(command(redis), commandTimeoutMs);
      failures = 0;
      return answer;
    } catch (error) {
      failures += 1;
      if (failures >= failuresUntilCooldown) cooldownUntilMs = performance.now() + cooldownMs;
      logError(error as Error);
      return null;
    }
  }

  return {
    run,
    subscribe(channel, onMessage, onConnected) {
      subscriber = redis.duplicate({ enableOfflineQueue: true, maxRetriesPerRequest: null });
      subscriber.on('error', logError);
      subscriber.on('message', (_, message) => onMessage(message));
      const first = new Promise<void>((resolve) => {
        const reload = () => void onConnected().then(resolve);
        redis.on('ready', reload);
      });
      subscriber.subscribe(channel).catch(logError);
      synced = within(first, syncTimeoutMs).catch(() => undefined); // then it is learned from Spotify again
    },
    whenSynced: () => synced,
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
