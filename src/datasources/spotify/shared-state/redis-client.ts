import { createRequire } from 'node:module';
import type { Redis } from 'ioredis';
import type { Log } from '../../../observability/log.ts';
import { reconnectWhenSilent, withTimeout } from './redis-connection.ts';
import { createRedisLog } from './redis-log.ts';
import { createSubscription, type Subscription, type SubscriptionOptions } from './redis-subscription.ts';

export type RedisClient = ReturnType<typeof createRedisClient>;

const commandTimeoutMs = 200; // longer than a call to Spotify takes, because the daily quota limits calls
const syncTimeoutMs = 250; // once: the state of other processes is worth the wait before the first call
const failuresUntilCooldown = 2; // in succession: a single slow response is accepted
const cooldownMs = 2_000; // without commands, after the failures
const connectMs = 1_000;
const reconnectMs = 1_000;

const require = createRequire(import.meta.url);

/**
 * A Redis that may be unreachable or slow at any time: then the gateway works without it. No request waits for it longer
 * than `commandTimeoutMs`, and no client gets an error from it.
 */
export function createRedisClient(url: string, log: Log) {
  // Loaded on demand: it takes 60 ms of a start.
  const ioredis = require('ioredis') as typeof import('ioredis');
  const redis = new ioredis.Redis(url, {
    enableAutoPipelining: true,
    enableOfflineQueue: false, // a command that cannot be sent now is a cache miss
    maxRetriesPerRequest: 0,
    connectTimeout: connectMs,
    // After a failover the address leads to another instance, but a connection stays with the one that is read-only now.
    reconnectOnError: ({ message }) => message.includes('READONLY'),
    retryStrategy: (attempts) => Math.min(attempts * 100, reconnectMs),
  });
  let hasDatabase = true; // ioredis would use database 0 in place of one that Redis does not have
  let connections = [redis];
  let subscription: Subscription | undefined;
  let failures = 0;
  let cooldownUntilMs = 0;
  let synced: Promise<void> = Promise.resolve();
  const redisLog = createRedisLog(log);
  const endChecks = [reconnectWhenSilent(redis, redisLog.silent)];
  redis.on('error', (error: Error) => {
    redisLog.failed(error);
    if (isRejectedSelect(error)) hasDatabase = false;
  });
  redis.on('connect', () => {
    hasDatabase = true;
  });
  redis.on('close', () => subscription?.miss());
  redis.on('ready', () => isAvailable() && responded());

  /** Whether Redis is connected, accepts the configuration and has responded to the latest commands. */
  const isAvailable = (): boolean =>
    redis.status === 'ready' && hasDatabase && performance.now() >= cooldownUntilMs;

  function responded(): void {
    redisLog.responded();
    void subscription?.catchUp();
  }

  /** The result of the command; null if Redis is unreachable or slow. */
  async function run<T>(command: (redis: Redis) => Promise<T>): Promise<T | null> {
    if (!isAvailable()) return null;
    try {
      const result = await withTimeout(command(redis), commandTimeoutMs);
      failures = 0;
      responded();
      return result;
    } catch (error) {
      failures += 1;
      if (failures >= failuresUntilCooldown) {
        cooldownUntilMs = performance.now() + cooldownMs;
        subscription?.miss();
      }
      redisLog.failed(error as Error);
      return null;
    }
  }

  return {
    run,
    isAvailable,
    /**
     * Calls back for every message, from this process too, by channel. To be called once.
     * @param onResponding see `SubscriptionOptions`
     */
    subscribe({ onMessage, onResponding }: Pick<SubscriptionOptions, 'onMessage' | 'onResponding'>): void {
      const connection = redis.duplicate({ autoResubscribe: false, maxRetriesPerRequest: null });
      connection.on('error', redisLog.failed);
      connections = [redis, connection];
      endChecks.push(reconnectWhenSilent(connection, redisLog.silent));
      const onError = redisLog.failed;
      subscription = createSubscription(connection, { onMessage, onResponding, isAvailable, onError });
      // Without it the gateway learns from Spotify again.
      synced = withTimeout(subscription.firstCatchUp, syncTimeoutMs).catch(() => undefined);
    },
    /** Resolves after the first `onResponding` that returned true, or after 250 ms without one. */
    whenSynced: () => synced,
    /** Sends the last commands, but does not wait for a Redis that does not respond. */
    async close(): Promise<void> {
      for (const endCheck of endChecks) endCheck();
      await run((connection) => connection.ping()); // after all commands before it, which QUIT would overtake
      await withTimeout(redis.quit(), commandTimeoutMs).catch(() => undefined);
      for (const connection of connections) connection.disconnect();
    },
  };
}

const isRejectedSelect = (error: Error): boolean =>
  'command' in error && (error.command as { name?: string } | undefined)?.name === 'select';
