import { createRequire } from 'node:module';
import type { Redis } from 'ioredis';
import type { Log } from '../../../observability/log.ts';

/**
 * A Redis that may be unreachable or slow at any time: then the gateway works without it. No request waits for it longer
 * than `commandTimeoutMs`, and no client gets an error from it.
 */
export interface RedisClient {
  /** The result of the command; null if Redis is unreachable or slow. */
  run<T>(command: (redis: Redis) => Promise<T>): Promise<T | null>;
  /**
   * Calls back for every message, from this process too, by channel, and after each connect, because messages may have
   * been missed before it. To be called once.
   */
  subscribe(
    onMessage: Readonly<Record<string, (message: string) => void>>,
    onConnected: () => Promise<void>,
  ): void;
  /** Whether Redis is connected, accepts the configuration and has responded to the latest commands. */
  isAvailable(): boolean;
  /** Resolves after the first `onConnected`, or after 250 ms without one. */
  whenSynced(): Promise<void>;
  /** Sends the last commands, but does not wait for a Redis that does not respond. */
  close(): Promise<void>;
}

const commandTimeoutMs = 200; // longer than a call to Spotify takes, because the daily quota limits calls
const slicesOfTimeout = 10; // each counts once, however late it ends
const syncTimeoutMs = 250; // once: the state of other processes is worth the wait before the first call
const failuresUntilCooldown = 2; // in succession: a single slow response is accepted
const cooldownMs = 2_000; // without commands, after the failures
const connectMs = 1_000;
const reconnectMs = 1_000;
const logEveryMs = 60_000;

const maxReasonChars = 200;
const unreachableMessage =
  'Redis (REDIS_URL) is unreachable or slow: continuing without it until it responds';
const rejectedMessage = 'Redis rejects REDIS_URL or a command: continuing without it';

const require = createRequire(import.meta.url);

export function createRedisClient(url: string, log: Log): RedisClient {
  // Loaded on demand: it takes 60 ms of a start.
  const ioredis = require('ioredis') as typeof import('ioredis');
  const redis = new ioredis.Redis(url, {
    enableAutoPipelining: true,
    enableOfflineQueue: false, // a command that cannot be sent now is a cache miss
    maxRetriesPerRequest: 0,
    connectTimeout: connectMs,
    retryStrategy: (attempts) => Math.min(attempts * 100, reconnectMs),
  });
  redis.on('error', (error: Error) => {
    logError(error);
    if (isRejectedSelect(error)) hasDatabase = false;
  });
  redis.on('connect', () => {
    hasDatabase = true;
  });
  let hasDatabase = true; // ioredis would use database 0 in place of one that Redis does not have
  let subscriber: Redis | undefined;
  let failures = 0;
  let cooldownUntilMs = 0;
  let nextLogAtMs = 0;
  let synced: Promise<void> = Promise.resolve();

  function logError(error: Error): void {
    const nowMs = performance.now();
    if (nowMs < nextLogAtMs) return;
    nextLogAtMs = nowMs + logEveryMs;
    const { name, message, code } = error as NodeJS.ErrnoException;
    if (name === 'ReplyError') log.warn({ reason: message.slice(0, maxReasonChars) }, rejectedMessage);
    else log.warn({ reason: code ?? message }, unreachableMessage);
  }

  const isAvailable = (): boolean =>
    redis.status === 'ready' && hasDatabase && performance.now() >= cooldownUntilMs;

  async function run<T>(command: (redis: Redis) => Promise<T>): Promise<T | null> {
    if (!isAvailable()) return null;
    try {
      const result = await withTimeout(command(redis), commandTimeoutMs);
      failures = 0;
      return result;
    } catch (error) {
      failures += 1;
      if (failures >= failuresUntilCooldown) cooldownUntilMs = performance.now() + cooldownMs;
      logError(error as Error);
      return null;
    }
  }

  return {
    run,
    isAvailable,
    subscribe(onMessage, onConnected) {
      const connection = redis.duplicate({ autoResubscribe: false, maxRetriesPerRequest: null });
      subscriber = connection;
      connection.on('error', logError);
      connection.on('message', (channel, message) => onMessage[channel]?.(message));
      const first = new Promise<void>((resolve) => {
        let isSubscribed = false;
        // After the subscription, so that no message is missed between the stored ones and the next one.
        const reload = async () => {
          if (!isSubscribed || redis.status !== 'ready') return;
          await onConnected();
          resolve();
        };
        connection.on('close', () => {
          isSubscribed = false;
        });
        connection.on('ready', () => {
          connection.subscribe(...Object.keys(onMessage)).then(() => {
            isSubscribed = true;
            return reload();
          }, logError);
        });
        redis.on('ready', reload);
      });
      synced = withTimeout(first, syncTimeoutMs).catch(() => undefined); // then the gateway learns from Spotify again
    },
    whenSynced: () => synced,
    async close() {
      await withTimeout(redis.quit(), commandTimeoutMs).catch(() => undefined);
      redis.disconnect();
      subscriber?.disconnect();
    },
  };
}

const isRejectedSelect = (error: Error): boolean =>
  'command' in error && (error.command as { name?: string } | undefined)?.name === 'select';

/**
 * The result of the promise. @throws Error after `ms` in which this process could have read it. The time is counted in
 * slices, because a process that is busy for longer than `ms` reads no response: that counts as one slice.
 */
async function withTimeout<T>(promise: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    const wait = (slices: number) => {
      if (slices === 0) reject(new Error('Redis is too slow'));
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
