import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { createRedisClient } from '../../../../src/datasources/spotify/shared-state/redis-client.ts';
import { until } from '../../../support/process.ts';
import { hasRedis, startRedis } from '../../../support/redis.ts';
import { blockEventLoop } from '../../../support/redis-gateways.ts';
import { silentLog } from '../../../support/shared-stores.ts';

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
