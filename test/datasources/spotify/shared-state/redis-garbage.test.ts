import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { epochMs } from '../../../../src/observability/clock.ts';
import { startGateway } from '../../../support/gateway.ts';
import { catalogue } from '../../../support/operations.ts';
import { hasRedis, startRedis } from '../../../support/redis.ts';
import { corruptEntries, type Garbage, garbage, plain } from '../../../support/redis-garbage.ts';
import {
  albums9,
  allArtists,
  apiCalls,
  artist,
  bts,
  nameOf,
  propagationMs,
  sentBytes,
  startConnectedGateway,
  startUpstream,
  storedMessagesName,
} from '../../../support/redis-gateways.ts';
import { limitTestsAtOnce } from '../../../support/test-end.ts';

limitTestsAtOnce(4);

/** Stores and publishes pairs of a topic and a text: one script, because 4,000 commands take long. */
const storeAndPublish = `
  for i = 1, #ARGV, 2 do
    redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
    redis.call('PUBLISH', KEYS[1], ARGV[i] .. ' ' .. ARGV[i + 1])
  end`;

describe.skipIf(!hasRedis())('gateways on one Redis', { timeout: 60_000 }, () => {
  describe('data in Redis that no gateway has written', () => {
    const query = `{
      artist(id: "${bts}") { name genres albums(first: 5) { totalCount nodes { name copyrights { text } } } }
      nobody: artist(id: "1111111111111111111111") { name }
      search(q: "love") { tracks(first: 5) { nodes { name album { name } } } }
    }`;

    const cases = Object.entries(garbage()).map(([name, make]) => ({ name, make }));
    const isLarge = ({ name }: { name: string }): boolean => name.includes('MB');

    async function expectCorrectResponse({ make }: { make: Garbage }): Promise<void> {
      const redis = await startRedis();
      const sandbox = await startUpstream();
      const first = await startConnectedGateway(sandbox, redis);
      const expected = await first.execute(query);
      expect(expected.errors).toEqual([]);
      await sleep(propagationMs);
      await corruptEntries(redis.client, make);

      const second = await startConnectedGateway(sandbox, redis);
      const { data, errors } = await second.execute(query);
      expect({ data, errors }).toEqual({ data: expected.data, errors: [] });
      expect(second.logged.filter(({ level }) => level === 'error')).toEqual([]);
    }

    const title = 'gateways respond correctly to invalid entries in Redis: $name';
    test.each(cases.filter(isLarge))(title, expectCorrectResponse);

    describe.concurrent('concurrently', () => {
      test.each(cases.filter((entry) => !isLarge(entry)))(title, expectCorrectResponse);
    });

    test.each(['of another type', 'not JSON', 'a body of another shape'])(
      'gateways read from Spotify only the object whose entry in Redis is %s',
      async (defect) => {
        const redis = await startRedis();
        const sandbox = await startUpstream();
        const ids = allArtists.slice(0, 5);
        const artists = `{ artists(ids: ${JSON.stringify(ids)}) { name } }`;
        await (await startConnectedGateway(sandbox, redis)).execute(artists);
        await sleep(propagationMs);
        const [name = ''] = await redis.client.keys(`*:entry:*artist/${ids[2]}`);
        await redis.client.del(name);
        const value = {
          key: `artist/${ids[2]}`,
          body: {},
          asOfMs: 9e15,
          freshUntilMs: 9e15,
          usableUntilMs: 9e15,
        };
        if (defect === 'of another type') await redis.client.rpush(name, 'one');
        else await redis.client.set(name, defect === 'not JSON' ? '{' : JSON.stringify(value));
        const second = await startConnectedGateway(sandbox, redis);
        sandbox.clearCalls();
        const { data, errors } = await second.execute(artists);
        expect({ data, errors }).toEqual({
          data: { artists: ids.map((id) => nameOf(id).artist) },
          errors: [],
        });
        expect(apiCalls(sandbox)).toEqual([`/artists/${ids[2]}`]);
      },
    );

    test('gateways read no more of a value of 300 MB in Redis than the limit of a value', async () => {
      const redis = await startRedis();
      const sandbox = await startUpstream();
      await (await startConnectedGateway(sandbox, redis)).execute(artist(bts));
      await sleep(propagationMs);
      const [name = ''] = await redis.client.keys(`*:entry:*artist/${bts}`);
      await redis.client.setrange(name, 300_000_000, 'x');
      const second = await startConnectedGateway(sandbox, redis);
      const before = await sentBytes(redis.client);
      expect((await second.execute(artist(bts))).data).toEqual(nameOf(bts));
      expect((await sentBytes(redis.client)) - before).toBeLessThan(1_000_000);
    });

    test('gateways cache an entry for no longer than their own configuration allows', async () => {
      const redis = await startRedis();
      const sandbox = await startUpstream();
      const short = { CACHE_TTL_SECONDS: '100' };
      await (await startConnectedGateway(sandbox, redis, short)).execute(artist(bts));
      await sleep(propagationMs);
      const [name = ''] = await redis.client.keys(`*:entry:*artist/${bts}`);
      const entry = JSON.parse(plain((await redis.client.getBuffer(name)) as Buffer)) as object;
      await redis.client.set(name, JSON.stringify({ ...entry, freshUntilMs: 9e15, usableUntilMs: 9e15 }));
      const second = await startConnectedGateway(sandbox, redis, short);
      sandbox.clearCalls();
      const response = await second.fetch(`/graphql?query=${encodeURIComponent(artist(bts))}`);
      expect(await response.json()).toMatchObject({ data: nameOf(bts) });
      expect(apiCalls(sandbox)).toEqual([]);
      const [, seconds] = /max-age=(\d+)/.exec(response.headers.get('cache-control') ?? '') ?? [];
      expect(Number(seconds)).toBeGreaterThan(90);
      expect(Number(seconds)).toBeLessThanOrEqual(100);
    });

    test.each([
      ['a long text', (topic: string) => [[topic, `"${'x'.repeat(2_000_000)}"`]]],
      ['a long name', (_: string) => [['x'.repeat(2_000_000), '1']]],
      [
        'very many',
        (topic: string) => Array.from({ length: 2_000 }, (_, i) => [`${topic}${i}`, 'x'.repeat(1_000)]),
      ],
    ])('gateways read no stored messages above the limits of their own messages: %s', async (_, make) => {
      const redis = await startRedis();
      const sandbox = await startUpstream();
      const name = await storedMessagesName(sandbox, redis);
      await redis.client.eval(storeAndPublish, 1, name, ...make('back-off:artists').flat());
      const before = await sentBytes(redis.client);
      const gateway = await startConnectedGateway(sandbox, redis);
      const { data, errors } = await gateway.execute(artist(bts));
      expect({ data, errors }).toEqual({ data: nameOf(bts), errors: [] });
      expect((await sentBytes(redis.client)) - before).toBeLessThan(1_000_000);
    });

    test('gateways replace messages and counts of another type in Redis, and still share their limits', async () => {
      const redis = await startRedis();
      const sandbox = await startUpstream('development');
      const channel = await storedMessagesName(sandbox, redis);
      const environment = {
        SPOTIFY_QUOTA_MODE: 'development',
        SPOTIFY_RATE_LIMIT: '9',
        SPOTIFY_DAILY_LIMITS: 'artists=30',
      };
      const start = () => startConnectedGateway(sandbox, redis, environment);
      const gateways = [await start(), await start()] as const;
      const ids = allArtists.slice(0, 20);
      sandbox.faults.add({ on: { route: 'albums' }, fault: { kind: 'rate-limit', retryAfterSeconds: 700 } });
      await gateways[0].execute(`{ album(id: "${catalogue.fixtures.albums.tracks1}") { name } }`);
      await gateways[1].execute(artist(ids[0] ?? ''));
      const names = (await redis.client.keys('*')).filter((name) => /:(?:messages|rate)$|:calls:/.test(name));
      expect(names.some((name) => name.endsWith(':rate'))).toBe(true);
      for (const name of names) await redis.client.multi().del(name).set(name, 'garbage').exec();
      sandbox.clearCalls();

      for (const [i, id] of ids.entries()) await gateways[i % 2]?.execute(artist(id));
      expect(apiCalls(sandbox)).toHaveLength(9);
      const storedBackOff = () => redis.client.hget(channel, 'back-off:albums');
      await expect.poll(storedBackOff, { timeout: 10_000 }).toContain('quota');
      for (const { logged } of gateways)
        expect(logged.filter(({ message }) => message.startsWith('Redis rejects'))).toEqual([]);
    });

    test('gateways ignore malformed messages', async () => {
      const redis = await startRedis();
      const sandbox = await startUpstream();
      const channel = await storedMessagesName(sandbox, redis);
      const gateway = await startConnectedGateway(sandbox, redis);
      const messages = [
        '',
        ' ',
        'back-off:artists',
        'back-off:artists ',
        'back-off:artists null',
        'back-off:artists {"reason":{},"untilMs":[]}',
        'back-off:__proto__ {"reason":"rate","untilMs":9e15}',
        'ability:__proto__ {"value":false,"learnedAtMs":9e15}',
        'ability:toString {"value":false,"proven":true,"learnedAtMs":9e15}',
        'ability {"value":false}',
        `back-off:artists ${'['.repeat(5_000_000)}`,
        'x'.repeat(5_000_000),
      ];
      for (const message of messages) await redis.client.publish(channel, message);
      await sleep(propagationMs);
      const { data, errors } = await gateway.execute(artist(bts));
      expect({ data, errors }).toEqual({ data: nameOf(bts), errors: [] });
      expect(gateway.logged.filter(({ level }) => level === 'error')).toEqual([]);
    });

    test.each([
      ['nothing', 'null'],
      ['malformed JSON', '{"untilMs":'],
      ['an unknown reason', '{"reason":"nonsense","untilMs":9e15}'],
      ['an invalid time', '{"reason":"rate","untilMs":"soon"}'],
      ['a list', '[]'],
    ])('gateways start no back-off for an invalid message: %s', async (_, message) => {
      const redis = await startRedis();
      const sandbox = await startUpstream();
      const { client } = redis;
      const names = await storedMessagesName(sandbox, redis);
      for (const family of ['artists', 'artists/albums', 'albums'])
        await client.hset(names, `back-off:${family}`, message);
      const gateway = startGateway(sandbox, { REDIS_URL: redis.url, SPOTIFY_QUOTA_MODE: 'development' });
      const { errors } = await gateway.execute(query);
      expect(errors).toEqual([]);
    });

    test.each([
      ['a page of no items', 0],
      ['a page larger than any', 1_000_000],
      ['half a page', 0.5],
    ])('gateways learn no page size from an invalid message: %s', async (_, value) => {
      const redis = await startRedis();
      const sandbox = await startUpstream();
      const names = await storedMessagesName(sandbox, redis);
      const message = JSON.stringify({ value, proven: true, learnedAtMs: epochMs() });
      await redis.client.hset(names, 'ability:artists/albums', message);
      const gateway = startGateway(sandbox, { REDIS_URL: redis.url, SPOTIFY_QUOTA_MODE: 'auto' });
      const { data, errors } = await gateway.execute(
        `{ artist(id: "${albums9}") { albums(first: 5) { nodes { id } } } }`,
      );
      expect(errors).toEqual([]);
      expect(data).toEqual({
        artist: {
          albums: {
            nodes: catalogue
              .albumsOf(albums9)
              .slice(0, 5)
              .map((slot) => ({ id: slot.shows === 'album' && slot.albumId })),
          },
        },
      });
    });
  });
});
