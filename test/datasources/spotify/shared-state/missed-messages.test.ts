import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { createDiskStore } from '../../../../src/datasources/spotify/shared-state/disk-store.ts';
import type { MessageListener } from '../../../../src/datasources/spotify/shared-state/messages.ts';
import { createRedisStore } from '../../../../src/datasources/spotify/shared-state/redis-store.ts';
import type { SharedStore } from '../../../../src/datasources/spotify/shared-state/shared-store.ts';
import { until } from '../../../support/process.ts';
import { hasRedis, startRedis, type TestRedis } from '../../../support/redis.ts';
import { reservationOf } from '../../../support/shared-stores.ts';
import { silentLog } from '../../../support/silent-log.ts';
import { startTcpProxy } from '../../../support/tcp-proxy.ts';
import { temporaryFolder } from '../../../support/temporary-files.ts';
import { onTestEnd } from '../../../support/test-end.ts';

/** Messages between processes while the store does not respond to one of them. */

const soonMs = 20_000;
const app = 'app';

/** The latest message of each topic that a process has received. */
async function connect(store: SharedStore) {
  const received: Record<string, unknown> = {};
  const listener: MessageListener = (topic, message) => {
    received[topic] = message;
  };
  store.subscribe(listener);
  onTestEnd(() => store.close());
  await store.whenSynced();
  return { store, received };
}

const connectTo = (url: string, log = silentLog) => connect(createRedisStore(url, app, log));

/** The store of a process whose network can fail while that of the others works, and the warnings that it has logged. */
async function connectThroughProxy(redis: TestRedis) {
  const proxy = await startTcpProxy(Number(new URL(redis.url).port));
  onTestEnd(proxy.close);
  const warnings: string[] = [];
  const log = { ...silentLog, warn: (_: object, message: string) => void warnings.push(message) };
  return { proxy, warnings, ...(await connectTo(`redis://127.0.0.1:${proxy.port}`, log)) };
}

/** Uses the store until it does not respond, and pauses. */
async function useUntilPaused(store: SharedStore): Promise<void> {
  await until(async () => {
    await store.getEntries(['a']);
    return !store.isAvailable();
  }, soonMs);
}

describe.skipIf(!hasRedis())('while Redis does not respond to a process', { timeout: 60_000 }, () => {
  test.concurrent('the messages of a process are kept while Redis does not respond, and are sent when Redis responds again', async () => {
    const redis = await startRedis();
    const other = await connectTo(redis.url);
    const { proxy, store } = await connectThroughProxy(redis);
    store.publish('known', { value: 1 });
    await until(() => 'known' in other.received, soonMs);
    await proxy.set({ kind: 'down' });
    await until(() => !store.isAvailable(), soonMs);
    store.publish('known', { value: 2 });
    store.publish('new', { value: 3 });
    await proxy.set({ kind: 'none' });
    await until(() => 'new' in other.received, soonMs);
    expect(other.received).toEqual({ known: { value: 2 }, new: { value: 3 } });
    expect((await connectTo(redis.url)).received).toEqual(other.received);
  });

  test.concurrent('messages kept while Redis does not respond do not replace messages that other processes have sent meanwhile', async () => {
    const redis = await startRedis();
    const other = await connectTo(redis.url);
    const { proxy, store, received } = await connectThroughProxy(redis);
    store.publish('topic', { value: 1 });
    await until(() => 'topic' in other.received, soonMs);
    await proxy.set({ kind: 'down' });
    await until(() => !store.isAvailable(), soonMs);
    store.publish('topic', { value: 2 });
    other.store.publish('topic', { value: 3 });
    await proxy.set({ kind: 'none' });
    await until(() => JSON.stringify(received['topic']) === '{"value":3}', soonMs);
    await sleep(500);
    expect((await connectTo(redis.url)).received).toEqual({ topic: { value: 3 } });
  });

  test.concurrent('a process receives the messages of other processes when Redis responds again, also before the end of its pause', async () => {
    const redis = await startRedis();
    const other = await connectTo(redis.url);
    const { proxy, store, received } = await connectThroughProxy(redis);
    await until(() => store.isAvailable(), soonMs);
    await proxy.set({ kind: 'black-hole' });
    await useUntilPaused(store);
    other.store.publish('topic', { value: 1 });
    await sleep(100);
    await proxy.set({ kind: 'down' });
    await proxy.set({ kind: 'none' }); // it connects again before the end of its pause
    await until(async () => {
      await store.getEntries(['a']);
      return 'topic' in received;
    }, soonMs);
  });

  test.concurrent('a process connects to Redis again if its connections are dead without having been closed', async () => {
    const redis = await startRedis();
    const other = await connectTo(redis.url);
    const { proxy, warnings, store, received } = await connectThroughProxy(redis);
    await until(() => store.isAvailable(), soonMs);
    await proxy.set({ kind: 'half-open' });
    await proxy.set({ kind: 'none' });
    await sleep(100);
    other.store.publish('topic', { value: 1 });
    await until(() => 'topic' in received, soonMs);
    await until(async () => (await store.reserveCall('artists', oneCall)) !== null, soonMs);
    expect(warnings).toEqual([
      expect.stringMatching(/^(?:A connection to Redis|Redis) \(REDIS_URL\) (?:was silent|is unreachable)/),
    ]);
  });

  test.concurrent('a process connects to Redis again if Redis has accepted its connections and never responded', async () => {
    const redis = await startRedis();
    const other = await connectTo(redis.url);
    const { proxy, store, received } = await connectThroughProxy(redis);
    await proxy.set({ kind: 'down' });
    await until(() => !store.isAvailable(), soonMs);
    await proxy.set({ kind: 'black-hole' });
    await until(() => proxy.open() === 2, soonMs);
    await sleep(200);
    await proxy.set({ kind: 'half-open' }); // the accepted connections stay silent, new ones work
    other.store.publish('topic', { value: 1 });
    await until(() => 'topic' in received && store.isAvailable(), soonMs);
  });
});

const oneCall = reservationOf('p');

describe.skipIf(!hasRedis())('Redis', { timeout: 60_000 }, () => {
  test.concurrent('messages that Redis has evicted are published again', async () => {
    const redis = await startRedis();
    const { store } = await connectTo(redis.url);
    store.publish('topic', { value: 1 });
    const stored = async () => (await redis.client.keys('*:messages')).length;
    await until(async () => (await stored()) === 1, soonMs);
    await redis.client.del(...(await redis.client.keys('*:messages')));
    await until(async () => (await stored()) === 1, soonMs);
    expect((await connectTo(redis.url)).received).toEqual({ topic: { value: 1 } });
  });

  test.concurrent('a process connects again when its Redis instance has become a read-only replica, as after a failover', async () => {
    const redis = await startRedis();
    const { proxy, store } = await connectThroughProxy(redis);
    await until(() => store.isAvailable(), soonMs);
    const before = proxy.connections();
    await redis.client.replicaof('127.0.0.1', 1);
    expect(await store.reserveCall('artists', oneCall)).toBeNull();
    await until(() => proxy.connections() > before, soonMs);
    await redis.client.replicaof('NO', 'ONE'); // the address leads to the new primary instance
    await until(async () => (await store.reserveCall('artists', oneCall)) !== null, soonMs);
  });

  test.concurrent('everything that a process has written before closing its store is stored in Redis', async () => {
    const redis = await startRedis();
    const { store } = await connectTo(redis.url);
    await until(() => store.isAvailable(), soonMs);
    store.setEntries([{ key: 'a', value: Buffer.from('a'), lifeMs: 60_000 }]);
    store.publish('topic', { value: 1 });
    await store.close();
    const later = await connectTo(redis.url);
    expect(later.received).toEqual({ topic: { value: 1 } });
    expect(`${(await later.store.getEntries(['a']))[0]}`).toBe('a');
  });
});

test('messages are kept while another process locks the disk store, and are sent afterwards', async () => {
  const dataDir = temporaryFolder();
  const open = () => connect(createDiskStore({ dataDir, app, log: silentLog }));
  const [one, other] = [await open(), await open()];
  one.store.publish('known', { value: 1 });
  await until(() => 'known' in other.received, soonMs);
  const { DatabaseSync } = await import('@photostructure/sqlite');
  const lock = new DatabaseSync(`${dataDir}/${app}/v5/store.sqlite`);
  lock.exec('BEGIN IMMEDIATE');
  one.store.publish('known', { value: 2 });
  one.store.publish('new', { value: 3 });
  await sleep(300);
  expect(other.received).toEqual({ known: { value: 1 } });
  lock.exec('COMMIT');
  lock.close();
  await until(() => 'new' in other.received, soonMs);
  expect(other.received).toEqual({ known: { value: 2 }, new: { value: 3 } });
  expect((await open()).received).toEqual(other.received);
});
