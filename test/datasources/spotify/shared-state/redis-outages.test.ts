import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { startGateway, type TestGateway } from '../../../support/gateway.ts';
import { measureMachineLoad } from '../../../support/machine-load.ts';
import { hasRedis, startRedis, type TestRedis } from '../../../support/redis.ts';
import { corruptEntries } from '../../../support/redis-garbage.ts';
import {
  albums9,
  albums50,
  allArtists,
  apiCalls,
  artist,
  blockEventLoop,
  bts,
  nameOf,
  propagationMs,
  redisCooldownMs,
  startConnectedGateway,
  startUpstream,
} from '../../../support/redis-gateways.ts';
import { freePort } from '../../../support/test-server.ts';

describe.skipIf(!hasRedis())('gateways on one Redis', { timeout: 60_000 }, () => {
  test('a gateway does not mistake its own busy event loop for a slow Redis', async () => {
    const redis = await startRedis();
    const sandbox = await startUpstream();
    await (await startConnectedGateway(sandbox, redis)).execute(artist(bts));
    await sleep(propagationMs);
    const second = await startConnectedGateway(sandbox, redis);
    sandbox.clearCalls();
    const response = second.execute(artist(bts));
    let rounds = 0;
    await new Promise<void>((resolve) => {
      setImmediate(function round() {
        blockEventLoop(60);
        rounds += 1;
        if (rounds < 4) setImmediate(round);
        else resolve();
      });
    });
    expect((await response).data).toEqual(nameOf(bts));
    expect(apiCalls(sandbox)).toEqual([]);
  });

  describe('failures of Redis', () => {
    /** The responses of gateways to operations for `ms`, and for longer until there are `minAnswers` of them. */
    async function underLoad(gateways: readonly TestGateway[], ms: number, minResponses: number) {
      const results = { responses: 0, wrong: [] as unknown[], latenciesMs: [] as number[] };
      const operations: Promise<void>[] = [];
      const endMs = performance.now() + ms;
      for (let i = 0; performance.now() < endMs || results.responses < minResponses; i++) {
        const gateway = gateways[i % gateways.length];
        const id = allArtists[i % 50] ?? '';
        if (gateway) operations.push(run(gateway, id));
        await sleep(4);
      }
      await Promise.all(operations);

      async function run({ execute }: TestGateway, id: string): Promise<void> {
        const startedMs = performance.now();
        const { status, data, errors } = await execute(artist(id));
        if (status === 503) return; // shed because of the event loop, not of Redis
        results.responses += 1;
        results.latenciesMs.push(performance.now() - startedMs);
        const isCorrect = JSON.stringify(data) === JSON.stringify(nameOf(id)) && errors.length === 0;
        if (!isCorrect) results.wrong.push({ id, data, errors });
      }

      const sorted = results.latenciesMs.toSorted((one, other) => one - other);
      return { ...results, p99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? Number.POSITIVE_INFINITY };
    }

    const unreachableMessage =
      'Redis (REDIS_URL) is unreachable or slow: continuing without it until it responds';
    const unreachableWarnings = ({ logged }: TestGateway) =>
      logged.filter(({ message }) => message === unreachableMessage);

    const timeoutMs = 50;
    const allowanceMs = 500;

    const failures: { failure: string; cause: (redis: TestRedis) => Promise<void> | void }[] = [
      { failure: 'killed', cause: ({ kill }) => kill() },
      { failure: 'stopped', cause: ({ pause }) => pause() },
      { failure: 'flushed', cause: async ({ client }) => void (await client.flushall()) },
      { failure: 'filled with garbage', cause: ({ client }) => corruptEntries(client) },
    ];

    // Without a time of freshness every operation reads Redis and Spotify.
    const alwaysRead = { CACHE_TTL_SECONDS: '0' };

    test.each(failures)(
      'gateways respond correctly and in time when Redis is $failure',
      async ({ failure, cause }) => {
        const redis = await startRedis();
        const sandbox = await startUpstream();
        const gateways = [
          await startConnectedGateway(sandbox, redis, alwaysRead),
          await startConnectedGateway(sandbox, redis, alwaysRead),
        ];
        const before = await underLoad(gateways, 300, 50);
        const machineLoad = measureMachineLoad();
        const during = underLoad(gateways, 1_000, 100);
        await sleep(200);
        await cause(redis);
        const { responses, wrong, p99Ms } = await during;
        process.stdout.write(
          `Redis ${failure}: ${responses} responses, p99 ${before.p99Ms.toFixed(0)} ms before, ${p99Ms.toFixed(0)} ms after\n`,
        );
        expect(before.wrong).toEqual([]);
        expect(wrong).toEqual([]);
        expect(p99Ms).toBeLessThan(before.p99Ms + (timeoutMs + allowanceMs) * machineLoad());
        for (const gateway of gateways) expect(unreachableWarnings(gateway).length).toBeLessThanOrEqual(1);
        redis.resume();
      },
    );

    const outages = ['killed', 'stopped'] as const;

    describe.concurrent('concurrently', () => {
      test.each(outages)(
        'a gateway logs one warning for 30 operations while Redis is %s, without the address of Redis',
        async (outage: string) => {
          const redis = await startRedis();
          const sandbox = await startUpstream();
          const gateway = await startConnectedGateway(sandbox, redis, alwaysRead);
          await (outage === 'killed' ? redis.kill() : redis.pause());
          for (let i = 0; i < 30; i++) {
            await gateway.execute(artist(allArtists[i] ?? ''));
            await sleep(100);
          }
          expect(unreachableWarnings(gateway)).toHaveLength(1);
          const [{ fields } = { fields: {} }] = unreachableWarnings(gateway);
          expect(JSON.stringify(fields)).not.toContain('127.0.0.1');
          redis.resume();
        },
      );

      test.for(outages)(
        'a gateway logs one line when Redis responds again after Redis was %s',
        async (outage, { expect }) => {
          const redis = await startRedis();
          const sandbox = await startUpstream();
          const gateway = await startConnectedGateway(sandbox, redis, alwaysRead);
          const lines = () =>
            gateway.logged.flatMap(({ level, message }) =>
              message.startsWith('Redis') ? [[level, message]] : [],
            );
          const lost = ['warn', unreachableMessage];
          await (outage === 'killed' ? redis.kill() : redis.pause());
          await gateway.execute(artist(bts));
          await expect.poll(lines, { timeout: 10_000 }).toEqual([lost]);
          await (outage === 'killed' ? redis.start() : redis.resume());
          const found = ['info', 'Redis (REDIS_URL) responds again, and is used'];
          await expect.poll(lines, { timeout: 10_000 }).toEqual([lost, found]);
          await gateway.execute(artist(albums9));
          await sleep(redisCooldownMs);
          expect(lines()).toEqual([lost, found]);
        },
      );

      test.each(outages)(
        'gateways connect to Redis again by themselves after Redis was %s',
        async (outage: string) => {
          const redis = await startRedis();
          const sandbox = await startUpstream();
          const [one, other] = [
            await startConnectedGateway(sandbox, redis),
            await startConnectedGateway(sandbox, redis),
          ];
          await (outage === 'killed' ? redis.kill() : redis.pause());
          expect((await one.execute(artist(bts))).data).toEqual(nameOf(bts));
          await (outage === 'killed' ? redis.start() : redis.resume());
          await sleep(redisCooldownMs);
          expect((await one.execute(artist(albums50))).data).toEqual(nameOf(albums50));
          await sleep(propagationMs);
          sandbox.clearCalls();
          expect((await other.execute(artist(albums50))).data).toEqual(nameOf(albums50));
          expect(apiCalls(sandbox)).toEqual([]);
        },
      );

      test('a gateway responds within a second if Redis is missing at its start, and connects when Redis starts', async () => {
        const sandbox = await startUpstream();
        const redis = await startRedis();
        await redis.kill();
        const gateway = startGateway(sandbox, { REDIS_URL: redis.url, SPOTIFY_QUOTA_MODE: 'development' });
        const machineLoad = measureMachineLoad();
        const startedMs = performance.now();
        expect(await gateway.execute(artist(bts))).toMatchObject({ data: nameOf(bts), errors: [] });
        expect(performance.now() - startedMs).toBeLessThan(1_000 * machineLoad());
        expect(unreachableWarnings(gateway)).toHaveLength(1);
        expect((await gateway.gateway.connect()).isStoreAvailable).toBe(false);
        await redis.start();
        await sleep(redisCooldownMs);
        await gateway.execute(artist(albums9));
        await sleep(propagationMs);
        expect((await gateway.gateway.connect()).isStoreAvailable).toBe(true);
        expect((await redis.client.keys(`*:entry:*artist/${albums9}`)).length).toBe(1);
      });
    });

    test.each([
      ['has no such database', '/99', 'ERR DB index is out of range'],
      ['rejects the password', '/0', 'WRONGPASS invalid username-password pair or user is disabled.'],
      ['requires a password', '', 'NOAUTH Authentication required.'],
    ])('a gateway logs the reason once if Redis %s, and does not use Redis', async (_, path, reason) => {
      const redis = await startRedis();
      if (path !== '/99') await redis.client.config('SET', 'requirepass', 'sesame');
      const sandbox = await startUpstream();
      const url = path === '/0' ? redis.url.replace('//', '//:canary-3f9c1@') + path : redis.url + path;
      const gateway = startGateway(sandbox, { REDIS_URL: url, SPOTIFY_QUOTA_MODE: 'development' });
      for (const id of [bts, albums9, albums50]) {
        expect(await gateway.execute(artist(id))).toMatchObject({ data: nameOf(id), errors: [] });
        await sleep(propagationMs);
      }
      expect(gateway.logged.filter(({ level }) => level === 'warn')).toEqual([
        {
          level: 'warn',
          fields: { reason },
          message: 'Redis rejects REDIS_URL or a command: continuing without it',
        },
      ]);
      expect(await redis.client.keys('*')).toEqual([]);
      expect((await gateway.gateway.connect()).isStoreAvailable).toBe(false);
    });

    test('a gateway responds if nothing listens on the port of Redis', async () => {
      const sandbox = await startUpstream();
      const url = `redis://127.0.0.1:${await freePort()}`;
      const gateway = startGateway(sandbox, { REDIS_URL: url, SPOTIFY_QUOTA_MODE: 'development' });
      const responses = await Promise.all(allArtists.slice(0, 20).map((id) => gateway.execute(artist(id))));
      expect(responses.map(({ data }) => data)).toEqual(allArtists.slice(0, 20).map(nameOf));
    });
  });
});
