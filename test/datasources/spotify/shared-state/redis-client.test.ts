import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { createRedisClient } from '../../../../src/datasources/spotify/shared-state/redis-client.ts';
import { createRedisLog } from '../../../../src/datasources/spotify/shared-state/redis-log.ts';
import { startClock } from '../../../support/clock.ts';
import { until } from '../../../support/process.ts';
import { hasRedis, startRedis } from '../../../support/redis.ts';
import { blockEventLoop } from '../../../support/redis-gateways.ts';
import { silentLog } from '../../../support/silent-log.ts';

describe.skipIf(!hasRedis())('the timeout of a command', () => {
  test('the timeout of a Redis command does not count the time in which the process itself is busy', async () => {
    const redis = await startRedis();
    const client = createRedisClient(redis.url, silentLog);
    try {
      await until(client.isAvailable, 10_000);
      const response = client.run(async (connection) => {
        await sleep(350); // longer than the process is busy, and than the timeout
        return connection.ping();
      });
      blockEventLoop(300);
      expect(await response).toBe('PONG');
    } finally {
      await client.close();
    }
  });

  test('the timeout of a Redis command ends the wait for a Redis that does not respond', async () => {
    const redis = await startRedis();
    const client = createRedisClient(redis.url, silentLog);
    try {
      await until(client.isAvailable, 10_000);
      expect(await client.run(() => new Promise(() => undefined))).toBeNull();
    } finally {
      await client.close();
    }
  });
});

test('a Redis that fails is logged with one warning a minute, and with one line when it responds again', async () => {
  const { pass } = startClock();
  const lines: string[] = [];
  const log = (level: string) => (_: object, message: string) => void lines.push(`${level} ${message}`);
  const redisLog = createRedisLog({ info: log('info'), warn: log('warn'), error: log('error') });
  for (let seconds = 0; seconds <= 120; seconds += 20) {
    for (let command = 0; command < 5; command++) redisLog.failed(new Error('timeout'));
    expect(lines, `after ${seconds} s`).toHaveLength(1 + Math.floor(seconds / 60));
    await pass(20);
  }
  expect(new Set(lines)).toEqual(
    new Set(['warn Redis (REDIS_URL) is unreachable or slow: continuing without it until it responds']),
  );
  for (let command = 0; command < 5; command++) redisLog.responded();
  expect(lines.slice(3)).toEqual(['info Redis (REDIS_URL) responds again, and is used']);
});
