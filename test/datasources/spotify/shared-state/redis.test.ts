import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Redis } from 'ioredis';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type QuotaMode, type Sandbox, startSandbox } from '../../../../src/sandbox/index.ts';
import { waitForIdleLoop } from '../../../support/clock.ts';
import { startGateway, type TestGateway } from '../../../support/gateway.ts';
import { type Ask, catalogue, operations, perform } from '../../../support/operations.ts';
import { freePort, hasRedis, startRedis, type TestRedis } from '../../../support/redis.ts';

/** Gateways on one Redis are one to Spotify; and a Redis that is away, slow or wrong is to no client's harm. */

const { artists, albums } = catalogue.fixtures;
const { bts, albums9, albums50 } = artists;
const everybody = catalogue.artists().map(({ id }) => id);
const artist = (id: string): string => `{ artist(id: "${id}") { name } }`;
const nameOf = (id: string) => ({ artist: { name: catalogue.artist(id)?.name } });

const arriveMs = 60; // what is written or told is there for the others by then
const restMs = 2_500; // after that a Redis that has failed is asked again

async function startUpstream(mode: QuotaMode = 'development', clientId = 'sandbox-client'): Promise<Sandbox> {
  const sandbox = await startSandbox({ quotaMode: mode, catalogue, clientId });
  onTestFinished(sandbox.close);
  return sandbox;
}

const apiCalls = (sandbox: Sandbox): string[] =>
  sandbox
    .calls()
    .filter(({ kind }) => kind === 'api')
    .map(({ path }) => path);

/** A gateway on a Redis, connected. */
async function join(sandbox: Sandbox, redis: TestRedis, environment: Record<string, string> = {}) {
  const others = await redis.connections();
  const gateway = startGateway(sandbox, {
    REDIS_URL: redis.url,
    SPOTIFY_QUOTA_MODE: 'development',
    ...environment,
  });
  await gateway.fetch('/ready'); // so that the token is there too
  while ((await redis.connections()) < others + 2) await sleep(5); // one to ask, one to listen
  await sleep(arriveMs);
  return gateway;
}

const codesOf = ({ errors }: Awaited<ReturnType<TestGateway['ask']>>) =>
  errors.map(({ extensions }) => extensions?.['code']);

/** Holds the event loop up without taking a core, which Redis needs to answer meanwhile. */
const block = (ms: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

/** Asks until it is not turned away for the event loop, which everything here shares. */
async function patient(ask: () => ReturnType<TestGateway['ask']>) {
  for (;;) {
    const answer = await ask();
    if (answer.status !== 503) return answer;
    await waitForIdleLoop();
  }
}

describe.skipIf(!hasRedis())('gateways on one Redis', { timeout: 60_000 }, () => {
  describe('share answers', () => {
    describe.each(['extended', 'development'] as const)('for an app in %s mode', (mode) => {
      test('so that what one has answered costs the other nothing, whatever it is', async () => {
        const redis = await startRedis();
        const sandbox = await startUpstream(mode);
        for (const operation of operations) {
          await redis.client.flushall();
          const first = await join(sandbox, redis, { SPOTIFY_QUOTA_MODE: mode }); // writes before Redis is there are lost
          const asking =
            ({ ask }: TestGateway): Ask =>
            async (document) => {
              const { data, errors } = await patient(() => ask(document));
              expect(errors, operation.title).toEqual([]);
              return data;
            };
          const data = await perform(operation, asking(first));
          await sleep(arriveMs);
          const second = await join(sandbox, redis, { SPOTIFY_QUOTA_MODE: mode });
          sandbox.clearCalls();
          expect(await perform(operation, asking(second)), operation.title).toEqual(data);
          expect(sandbox.calls(), operation.title).toEqual([]);
          await Promise.all([first.gateway.dispose(), second.gateway.dispose()]);
        }
      });
    });

    test('and cursors: a walk goes on at another gateway', async () => {
      const redis = await startRedis();
      const sandbox = await startUpstream();
      const [one, other] = [await join(sandbox, redis), await join(sandbox, redis)];
      const page = (after: string | null) =>
        `{ artist(id: "${bts}") { albums(first: 15, after: ${JSON.stringify(after)}) { nodes { id } pageInfo { endCursor hasNextPage } } } }`;
      interface Albums {
        nodes: { id: string }[];
        pageInfo: { endCursor: string; hasNextPage: boolean };
      }
      const read = async ({ ask }: TestGateway, after: string | null): Promise<Albums> =>
        (await ask<{ artist: { albums: Albums } }, never>(page(after))).data.artist.albums;
      const ids: string[] = [];
      for (let after: string | null = null, turn = 0; ; turn += 1) {
        const { nodes, pageInfo } = await read(turn % 2 === 0 ? one : other, after);
        ids.push(...nodes.map(({ id }) => id));
        if (!pageInfo.hasNextPage) break;
        after = pageInfo.endCursor;
        await sleep(arriveMs);
      }
      expect(ids).toEqual(catalogue.albumsOf(bts).map((slot) => slot.shows === 'album' && slot.albumId));
      expect(apiCalls(sandbox)).toHaveLength(12);
    });

    test('but not with another app, which may be given other answers', async () => {
      const redis = await startRedis();
      const [sandbox, another] = [
        await startUpstream(),
        await startUpstream('development', 'another-client'),
      ];
      await (await join(sandbox, redis)).ask(artist(bts));
      await sleep(arriveMs);
      await (await join(another, redis)).ask(artist(bts));
      expect(apiCalls(another)).toHaveLength(1);
    });

    test('also the one that an object does not exist', async () => {
      const redis = await startRedis();
      const sandbox = await startUpstream();
      await (await join(sandbox, redis)).ask(artist('1111111111111111111111'));
      await sleep(arriveMs);
      const second = await join(sandbox, redis);
      expect((await second.ask(artist('1111111111111111111111'))).data).toEqual({ artist: null });
      expect(apiCalls(sandbox)).toHaveLength(1);
    });

    test('and one call, when 500 ask at once for what was flushed a moment ago', async () => {
      const redis = await startRedis();
      const sandbox = await startUpstream();
      const gateway = await join(sandbox, redis);
      await redis.client.flushall();
      const answers = await Promise.all(Array.from({ length: 500 }, () => gateway.ask(artist(bts))));
      expect(answers.every(({ errors }) => errors.length === 0)).toBe(true);
      expect(apiCalls(sandbox)).toHaveLength(1);
    });
  });

  describe('share what they have learnt', () => {
    test('so that a new one of an unknown app spends no call on finding out', async () => {
      const redis = await startRedis();
      const sandbox = await startUpstream('development');
      const unknown = { SPOTIFY_QUOTA_MODE: 'auto' };
      const learnt = `{
        artists(ids: ["${bts}", "${albums9}"]) { name followers { total } topTracks { name } albums(first: 1) { nodes { label } } }
      }`;
      const first = await join(sandbox, redis, unknown);
      await first.ask(learnt);
      await first.gateway.dispose();
      await sleep(arriveMs);

      sandbox.clearCalls();
      const second = startGateway(sandbox, { REDIS_URL: redis.url, ...unknown });
      const [, , , ...others] = everybody.filter((id) => id !== bts && id !== albums9);
      const { errors } = await second.ask(
        learnt.replace(bts, others[0] ?? '').replace(albums9, others[1] ?? ''),
      );
      expect(errors).toEqual([]);
      expect(sandbox.calls().filter(({ kind, status }) => kind === 'api' && status !== 200)).toEqual([]);
      expect(apiCalls(sandbox)).toHaveLength(4); // two artists and a page of each: no try, and no album for its label
    });
  });

  describe('share back-offs', () => {
    test('so that a restart does not break one of a day', async () => {
      const redis = await startRedis();
      const sandbox = await startUpstream();
      const first = await join(sandbox, redis);
      sandbox.faults.add({ fault: { kind: 'rate-limit', retryAfterSeconds: 86_400 } });
      expect(codesOf(await first.ask(artist(bts)))).toEqual(['UPSTREAM_QUOTA_EXCEEDED']);
      await first.gateway.dispose();
      await sleep(arriveMs);

      sandbox.faults.clear();
      sandbox.clearCalls();
      const second = startGateway(sandbox, { REDIS_URL: redis.url, SPOTIFY_QUOTA_MODE: 'development' });
      const answer = await second.ask(artist(albums9));
      expect(codesOf(answer)).toEqual(['UPSTREAM_QUOTA_EXCEEDED']);
      const retryAfter = answer.errors[0]?.extensions?.['retryAfter'];
      expect(retryAfter).toBeGreaterThan(86_300);
      expect(retryAfter).toBeLessThanOrEqual(86_400);
      expect(apiCalls(sandbox)).toEqual([]);
    });

    test('so that while Spotify wants quiet no gateway calls, also one that starts only now', async () => {
      const redis = await startRedis();
      const sandbox = await startUpstream();
      const gateways = [await join(sandbox, redis), await join(sandbox, redis)];
      sandbox.faults.add({ times: 1, fault: { kind: 'rate-limit', retryAfterSeconds: 30 } });
      await gateways[0]?.ask(artist(bts));
      await sleep(arriveMs);
      gateways.push(startGateway(sandbox, { REDIS_URL: redis.url, SPOTIFY_QUOTA_MODE: 'development' }));
      sandbox.clearCalls();
      const answers = [];
      for (const { ask } of gateways) {
        answers.push(...(await Promise.all(everybody.slice(0, 10).map((id) => ask(artist(id))))));
      }
      expect(new Set(answers.flatMap(codesOf))).toEqual(new Set(['UPSTREAM_RATE_LIMITED']));
      expect(answers.every(({ errors }) => errors.length === 1)).toBe(true);
      expect(apiCalls(sandbox)).toEqual([]);
      // Silence is asked of one family of endpoints: the others are still asked.
      expect((await gateways[1]?.ask(`{ album(id: "${albums.tracks1}") { name } }`))?.errors).toEqual([]);
    });
  });

  describe('share SPOTIFY_RATE_LIMIT', () => {
    const limited = { SPOTIFY_RATE_LIMIT: '10' };

    test('so that together they never make more calls in 30 s than it says', async () => {
      const redis = await startRedis();
      const sandbox = await startUpstream();
      const [one, other] = [await join(sandbox, redis, limited), await join(sandbox, redis, limited)];
      const answers = [];
      for (let i = 0; i < 24; i += 6) {
        const ids = everybody.slice(i, i + 6);
        answers.push(...(await Promise.all(ids.map((id, at) => (at % 2 ? one : other).ask(artist(id))))));
      }
      const served = answers.filter(({ errors }) => errors.length === 0);
      const refused = answers.filter(({ errors }) => errors.length > 0);
      expect(apiCalls(sandbox)).toHaveLength(10);
      expect(served).toHaveLength(10);
      expect(new Set(refused.flatMap(codesOf))).toEqual(new Set(['UPSTREAM_RATE_LIMITED']));
      for (const { errors } of refused) {
        const retryAfter = errors[0]?.extensions?.['retryAfter'];
        expect(retryAfter).toBeGreaterThan(25);
        expect(retryAfter).toBeLessThanOrEqual(31);
      }
      // Who comes later, or starts only now, finds the places taken.
      const third = await join(sandbox, redis, limited);
      expect(codesOf(await third.ask(artist(everybody[40] ?? '')))).toEqual(['UPSTREAM_RATE_LIMITED']);
      expect(apiCalls(sandbox)).toHaveLength(10);
    });

    test('over a window that rolls: a place is free when the call that took it is old enough, and not before', async () => {
      const redis = await startRedis();
      const sandbox = await startUpstream();
      const first = await join(sandbox, redis, limited);
      await Promise.all(everybody.slice(0, 10).map((id) => first.ask(artist(id))));
      await first.gateway.dispose();
      await age(redis.client, 4, 31_000);

      sandbox.clearCalls();
      const second = await join(sandbox, redis, limited);
      const answers = await Promise.all(everybody.slice(10, 30).map((id) => second.ask(artist(id))));
      expect(apiCalls(sandbox)).toHaveLength(4);
      expect(answers.filter(({ errors }) => errors.length === 0)).toHaveLength(4);
    });
  });

  describe('write into it', () => {
    async function contents(client: Redis) {
      const names = await client.keys('*');
      return Promise.all(
        names.map(async (name) => {
          const type = await client.type(name);
          const texts =
            type === 'string'
              ? [plain((await client.getBuffer(name)) ?? Buffer.alloc(0))]
              : type === 'hash'
                ? Object.entries(await client.hgetall(name)).flat()
                : await client.zrange(name, 0, -1);
          return { name, type, texts, lifeMs: await client.pttl(name) };
        }),
      );
    }

    async function afterWork() {
      const redis = await startRedis();
      const sandbox = await startUpstream();
      const gateway = await join(sandbox, redis, { SPOTIFY_QUOTA_MODE: 'auto', SPOTIFY_RATE_LIMIT: '100' });
      await gateway.ask(`{
        artist(id: "${bts}") { name albums(first: 5, market: "DE") { nodes { name copyrights { text } } } }
        search(q: "love") { artists(first: 5) { nodes { name } } }
        nobody: artist(id: "1111111111111111111111") { name }
      }`);
      sandbox.faults.add({ on: { route: 'tracks' }, fault: { kind: 'rate-limit', retryAfterSeconds: 700 } });
      await gateway.ask(`{ track(id: "${catalogue.fixtures.tracks.explicit}") { name } }`);
      await sleep(arriveMs);
      return { sandbox, written: await contents(redis.client) };
    }

    test('names that say version, app and language, and the market where there is one', async () => {
      const { written } = await afterWork();
      const names = written.map(({ name }) => name);
      expect(names.every((name) => /^spotify-graphql:5:[0-9a-f]{12}:/.test(name))).toBe(true);
      const answers = names.filter((name) => !/:(?:messages|rate)$|:(?:lease|calls):/.test(name));
      expect(answers.length).toBeGreaterThan(8);
      expect(answers.every((name) => /^spotify-graphql:5:[0-9a-f]{12}:entry:en:/.test(name))).toBe(true);
      const ofAlbums = answers.filter((name) => name.includes(':album/'));
      expect(ofAlbums).toHaveLength(5);
      expect(ofAlbums.every((name) => name.endsWith('?market=DE'))).toBe(true);
      expect(answers.filter((name) => name.includes('market=DE'))).toHaveLength(6);
    });

    test('nothing that stays for ever', async () => {
      const { written } = await afterWork();
      const daysMs = 86_400_000;
      for (const { name, lifeMs } of written) {
        expect(lifeMs, name).toBeGreaterThan(0);
        expect(lifeMs, name).toBeLessThan(9 * daysMs); // a day of freshness, and a week after it;
      }
    });

    test('no token and no secret, in no name and no value', async () => {
      const { sandbox, written } = await afterWork();
      const sent = sandbox.calls().flatMap(({ headers }) => headers['authorization']?.split(' ')[1] ?? []);
      const secrets = new Set([...sent, sandbox.clientSecret, sandbox.clientId]);
      expect(secrets.size).toBeGreaterThan(3); // a token, the credentials and what is made of them
      const texts = written.flatMap((each) => [each.name, ...each.texts]);
      expect(texts.join('\n')).toContain('"BTS"'); // so the texts are those that count
      for (const secret of secrets) expect(texts.filter((text) => text.includes(secret))).toEqual([]);
      expect(texts.filter((text) => /bearer|basic |authorization|secret|token/i.test(text))).toEqual([]);
    });
  });

  test('do not take their own event loop, when it is busy, for a slow Redis', async () => {
    const redis = await startRedis();
    const sandbox = await startUpstream();
    await (await join(sandbox, redis)).ask(artist(bts));
    await sleep(arriveMs);
    const second = await join(sandbox, redis);
    sandbox.clearCalls();
    const answer = second.ask(artist(bts));
    let rounds = 0;
    await new Promise<void>((resolve) => {
      setImmediate(function round() {
        block(60);
        rounds += 1;
        if (rounds < 4) setImmediate(round);
        else resolve();
      });
    });
    expect((await answer).data).toEqual(nameOf(bts));
    expect(apiCalls(sandbox)).toEqual([]);
  });

  describe('lose it', () => {
    /** What clients of a gateway see while something happens to its Redis. */
    async function underLoad(gateways: readonly TestGateway[], ms: number) {
      const seen = { answers: 0, wrong: [] as unknown[], latenciesMs: [] as number[] };
      const asks: Promise<void>[] = [];
      const endMs = performance.now() + ms;
      for (let i = 0; performance.now() < endMs; i++) {
        const gateway = gateways[i % gateways.length];
        const id = everybody[i % 50] ?? '';
        if (gateway) asks.push(look(gateway, id));
        await sleep(4);
      }
      await Promise.all(asks);

      async function look({ ask }: TestGateway, id: string): Promise<void> {
        const startedMs = performance.now();
        const { status, data, errors } = await ask(artist(id));
        if (status === 503) return; // the event loop, not Redis
        seen.answers += 1;
        seen.latenciesMs.push(performance.now() - startedMs);
        const right = JSON.stringify(data) === JSON.stringify(nameOf(id)) && errors.length === 0;
        if (!right) seen.wrong.push({ id, data, errors });
      }

      const sorted = seen.latenciesMs.toSorted((one, other) => one - other);
      return { ...seen, p99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? Number.POSITIVE_INFINITY };
    }

    const complaints = ({ logged }: TestGateway) =>
      logged.filter(({ message }) => message === 'Redis is unreachable or slow: continuing without it');

    const patienceMs = 50;
    const allowanceMs = 500; // for a machine that runs other tests meanwhile

    const harms: { harm: string; strike: (redis: TestRedis) => Promise<void> | void }[] = [
      { harm: 'killed', strike: ({ kill }) => kill() },
      { harm: 'stopped', strike: ({ pause }) => pause() },
      { harm: 'flushed', strike: async ({ client }) => void (await client.flushall()) },
      { harm: 'filled with garbage', strike: ({ client }) => spoil(client) },
    ];

    // Answers that are kept for no time make every question ask Redis and Spotify.
    const always = { CACHE_TTL_SECONDS: '0' };

    test.each(harms)("to no client's harm when it is $harm", async ({ harm, strike }) => {
      const redis = await startRedis();
      const sandbox = await startUpstream();
      const gateways = [await join(sandbox, redis, always), await join(sandbox, redis, always)];
      const before = await underLoad(gateways, 500);
      const during = underLoad(gateways, 2_000);
      await sleep(200);
      await strike(redis);
      const { answers, wrong, p99Ms } = await during;
      process.stdout.write(
        `Redis ${harm}: ${answers} answers, p99 ${before.p99Ms.toFixed(0)} ms before, ${p99Ms.toFixed(0)} ms after\n`,
      );
      expect(before.wrong).toEqual([]);
      expect(wrong).toEqual([]);
      expect(answers).toBeGreaterThan(100);
      expect(p99Ms).toBeLessThan(before.p99Ms + patienceMs + allowanceMs);
      for (const gateway of gateways) expect(complaints(gateway).length).toBeLessThanOrEqual(1);
      redis.resume();
    });

    test.each(['killed', 'stopped'])(
      'with one line a minute for the operator when it is %s',
      async (harm) => {
        const redis = await startRedis();
        const sandbox = await startUpstream();
        const gateway = await join(sandbox, redis, always);
        await (harm === 'killed' ? redis.kill() : redis.pause());
        for (let i = 0; i < 30; i++) {
          await gateway.ask(artist(everybody[i] ?? ''));
          await sleep(100);
        }
        expect(complaints(gateway)).toHaveLength(1);
        const [{ fields } = { fields: {} }] = complaints(gateway);
        expect(JSON.stringify(fields)).not.toContain('127.0.0.1');
        redis.resume();
      },
    );

    test.each(['killed', 'stopped'])('and find it again by themselves when it was %s', async (harm) => {
      const redis = await startRedis();
      const sandbox = await startUpstream();
      const [one, other] = [await join(sandbox, redis), await join(sandbox, redis)];
      await (harm === 'killed' ? redis.kill() : redis.pause());
      expect((await one.ask(artist(bts))).data).toEqual(nameOf(bts));
      await (harm === 'killed' ? redis.start() : redis.resume());
      await sleep(restMs);
      expect((await one.ask(artist(albums50))).data).toEqual(nameOf(albums50));
      await sleep(arriveMs);
      sandbox.clearCalls();
      expect((await other.ask(artist(albums50))).data).toEqual(nameOf(albums50));
      expect(apiCalls(sandbox)).toEqual([]);
    });

    test('at the start, or never had it: the first answers come all the same, and it is found when it comes', async () => {
      const sandbox = await startUpstream();
      const redis = await startRedis();
      await redis.kill();
      const gateway = startGateway(sandbox, { REDIS_URL: redis.url, SPOTIFY_QUOTA_MODE: 'development' });
      const startedMs = performance.now();
      expect(await gateway.ask(artist(bts))).toMatchObject({ data: nameOf(bts), errors: [] });
      expect(performance.now() - startedMs).toBeLessThan(1_000);
      expect(complaints(gateway)).toHaveLength(1);
      await redis.start();
      await sleep(restMs);
      await gateway.ask(artist(albums9));
      await sleep(arriveMs);
      expect((await redis.client.keys(`*:entry:*artist/${albums9}`)).length).toBe(1);
    });

    test('where nothing ever answers on its port, and none waits long', async () => {
      const sandbox = await startUpstream();
      const url = `redis://127.0.0.1:${await freePort()}`;
      const gateway = startGateway(sandbox, { REDIS_URL: url, SPOTIFY_QUOTA_MODE: 'development' });
      const answers = await Promise.all(everybody.slice(0, 20).map((id) => gateway.ask(artist(id))));
      expect(answers.map(({ data }) => data)).toEqual(everybody.slice(0, 20).map(nameOf));
    });
  });

  describe('find something else in it than they wrote', () => {
    const question = `{
      artist(id: "${bts}") { name genres albums(first: 20) { totalCount nodes { name copyrights { text } } } }
      nobody: artist(id: "1111111111111111111111") { name }
      search(q: "love") { tracks(first: 5) { nodes { name album { name } } } }
    }`;

    test.each(Object.entries(garbage()))('and answer rightly: %s', async (_, make) => {
      const redis = await startRedis();
      const sandbox = await startUpstream();
      const first = await join(sandbox, redis);
      const truth = await first.ask(question);
      expect(truth.errors).toEqual([]);
      await sleep(arriveMs);
      await spoil(redis.client, make);

      const second = await join(sandbox, redis);
      const { data, errors } = await second.ask(question);
      expect({ data, errors }).toEqual({ data: truth.data, errors: [] });
      expect(second.logged.filter(({ level }) => level === 'error')).toEqual([]);
    });

    test.each(['another type', 'no JSON', 'a body of another shape'])(
      'and ask Spotify for the one answer alone whose value is of %s',
      async (what) => {
        const redis = await startRedis();
        const sandbox = await startUpstream();
        const ids = everybody.slice(0, 5);
        const artists = `{ artists(ids: ${JSON.stringify(ids)}) { name } }`;
        await (await join(sandbox, redis)).ask(artists);
        await sleep(arriveMs);
        const [name = ''] = await redis.client.keys(`*:entry:*artist/${ids[2]}`);
        await redis.client.del(name);
        const value = {
          key: `artist/${ids[2]}`,
          body: {},
          asOfMs: 9e15,
          freshUntilMs: 9e15,
          usableUntilMs: 9e15,
        };
        if (what === 'another type') await redis.client.rpush(name, 'one');
        else await redis.client.set(name, what === 'no JSON' ? '{' : JSON.stringify(value));
        const second = await join(sandbox, redis);
        sandbox.clearCalls();
        const { data, errors } = await second.ask(artists);
        expect({ data, errors }).toEqual({
          data: { artists: ids.map((id) => nameOf(id).artist) },
          errors: [],
        });
        expect(apiCalls(sandbox)).toEqual([`/artists/${ids[2]}`]);
      },
    );

    test('and read no more of a value of 300 MB than a value may have', async () => {
      const redis = await startRedis();
      const sandbox = await startUpstream();
      await (await join(sandbox, redis)).ask(artist(bts));
      await sleep(arriveMs);
      const [name = ''] = await redis.client.keys(`*:entry:*artist/${bts}`);
      await redis.client.setrange(name, 300_000_000, 'x');
      const second = await join(sandbox, redis);
      const before = await sentBytes(redis.client);
      expect((await second.ask(artist(bts))).data).toEqual(nameOf(bts));
      expect((await sentBytes(redis.client)) - before).toBeLessThan(1_000_000);
    });

    test('and hold nothing for longer than they would have held it themselves', async () => {
      const redis = await startRedis();
      const sandbox = await startUpstream();
      const short = { CACHE_TTL_SECONDS: '100' };
      await (await join(sandbox, redis, short)).ask(artist(bts));
      await sleep(arriveMs);
      const [name = ''] = await redis.client.keys(`*:entry:*artist/${bts}`);
      const held = JSON.parse(plain((await redis.client.getBuffer(name)) as Buffer)) as object;
      await redis.client.set(name, JSON.stringify({ ...held, freshUntilMs: 9e15, usableUntilMs: 9e15 }));
      const second = await join(sandbox, redis, short);
      sandbox.clearCalls();
      const response = await second.fetch(`/graphql?query=${encodeURIComponent(artist(bts))}`);
      expect(await response.json()).toMatchObject({ data: nameOf(bts) });
      expect(apiCalls(sandbox)).toEqual([]);
      const [, seconds] = /max-age=(\d+)/.exec(response.headers.get('cache-control') ?? '') ?? [];
      expect(Number(seconds)).toBeGreaterThan(90);
      expect(Number(seconds)).toBeLessThanOrEqual(100);
    });

    test.each([
      ['a long text', (topic: string) => [[topic, `"${'x'.repeat(20_000_000)}"`]]],
      ['a long name', (_: string) => [['x'.repeat(20_000_000), '1']]],
      [
        'very many',
        (topic: string) => Array.from({ length: 20_000 }, (_, i) => [`${topic}${i}`, 'x'.repeat(1_000)]),
      ],
    ])('and read no facts that are more than they tell: %s', async (_, make) => {
      const redis = await startRedis();
      const sandbox = await startUpstream();
      const name = await namesOfFacts(sandbox, redis);
      for (const [topic, text] of make('back-off:artists')) {
        await redis.client.hset(name, topic as string, text as string);
        await redis.client.publish(name, `${topic} ${text}`);
      }
      const before = await sentBytes(redis.client);
      const gateway = await join(sandbox, redis);
      const { data, errors } = await gateway.ask(artist(bts));
      expect({ data, errors }).toEqual({ data: nameOf(bts), errors: [] });
      expect((await sentBytes(redis.client)) - before).toBeLessThan(1_000_000);
    });

    test('and are not disturbed by malformed messages', async () => {
      const redis = await startRedis();
      const sandbox = await startUpstream();
      const channel = await namesOfFacts(sandbox, redis);
      const gateway = await join(sandbox, redis);
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
      await sleep(arriveMs);
      const { data, errors } = await gateway.ask(artist(bts));
      expect({ data, errors }).toEqual({ data: nameOf(bts), errors: [] });
      expect(gateway.logged.filter(({ level }) => level === 'error')).toEqual([]);
    });

    test.each([
      ['nothing', 'null'],
      ['no JSON', '{"untilMs":'],
      ['a reason that is none', '{"reason":"nonsense","untilMs":9e15}'],
      ['a time that is none', '{"reason":"rate","untilMs":"soon"}'],
      ['a list', '[]'],
    ])('and take no back-off from it: %s', async (_, fact) => {
      const redis = await startRedis();
      const sandbox = await startUpstream();
      const { client } = redis;
      const names = await namesOfFacts(sandbox, redis);
      for (const family of ['artists', 'artists/albums', 'albums'])
        await client.hset(names, `back-off:${family}`, fact);
      const gateway = startGateway(sandbox, { REDIS_URL: redis.url, SPOTIFY_QUOTA_MODE: 'development' });
      const { errors } = await gateway.ask(question);
      expect(errors).toEqual([]);
    });

    test.each([
      ['a page of no items', 0],
      ['a page larger than any', 1_000_000],
      ['half a page', 0.5],
    ])('and learn no nonsense from it: %s', async (_, value) => {
      const redis = await startRedis();
      const sandbox = await startUpstream();
      const names = await namesOfFacts(sandbox, redis);
      const lesson = JSON.stringify({ value, proven: true, learnedAtMs: Date.now() });
      await redis.client.hset(names, 'ability:artists/albums', lesson);
      const gateway = startGateway(sandbox, { REDIS_URL: redis.url, SPOTIFY_QUOTA_MODE: 'auto' });
      const { data, errors } = await gateway.ask(
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

/** The name under which a gateway keeps what it tells the others. */
async function namesOfFacts(sandbox: Sandbox, redis: TestRedis): Promise<string> {
  const gateway = await join(sandbox, redis, { SPOTIFY_QUOTA_MODE: 'auto' });
  await gateway.ask(`{ artists(ids: ["${everybody[20]}", "${everybody[21]}"]) { name } }`);
  await gateway.gateway.dispose();
  await sleep(arriveMs);
  const [name = ''] = await redis.client.keys('*:messages');
  expect(name).not.toBe('');
  await redis.client.del(...(await redis.client.keys('*')));
  return name;
}

/** How much Redis has sent to all of its clients. */
const sentBytes = async (client: Redis): Promise<number> =>
  Number(/^total_net_output_bytes:(\d+)/m.exec(await client.info('stats'))?.[1]);

/** Makes the oldest of the calls that are counted older than they are. */
async function age(client: Redis, howMany: number, byMs: number): Promise<void> {
  const [name = ''] = await client.keys('*:rate');
  const oldest = await client.zrange(name, 0, howMany - 1);
  expect(oldest).toHaveLength(howMany);
  for (const member of oldest) await client.zincrby(name, -byMs, member);
}

type Garbage = (held: { name: string; key: string; value: Buffer; another: Buffer }) => Buffer | 'list';

/** What may stand where an answer was. */
function garbage(): Record<string, Garbage> {
  const later = 9e15;
  const times = { etag: null, asOfMs: later, freshUntilMs: later, usableUntilMs: later };
  const entry = (key: string, rest: object) => Buffer.from(JSON.stringify({ key, ...rest }));
  const body =
    (value: unknown): Garbage =>
    ({ key }) =>
      entry(key, { ...times, body: value });
  /** What was written, with changes. */
  const changed =
    (change: (held: Held) => object): Garbage =>
    ({ key, value }) => {
      const held = JSON.parse(plain(value)) as Held;
      return gzipSync(entry(key, { ...held, ...change(held) }));
    };
  const eachItem = (spoilt: unknown): Garbage =>
    changed(({ body: held }) => ({
      body: JSON.parse(JSON.stringify(held), (name, value: unknown) =>
        ['items', 'tracks', 'artists', 'albums'].includes(name) && Array.isArray(value)
          ? value.map(() => spoilt)
          : value,
      ) as unknown,
    }));
  return {
    'a value of another type': () => 'list',
    nothing: () => Buffer.alloc(0),
    'random bytes': () => randomBytes(300),
    'random bytes that begin like JSON': () => Buffer.concat([Buffer.from('{'), randomBytes(300)]),
    'JSON of another shape': () => Buffer.from('{"a":[1,2,3]}'),
    'JSON that is no object': () => gzipSync('[null]'),
    'half of what was written': ({ value }) => value.subarray(0, value.length / 2),
    "another answer's value": ({ another }) => another,
    'JSON that is null': () => gzipSync('null'),
    'the right name and nothing else': ({ key }) => entry(key, {}),
    'a body that is a number': body(7),
    'a body that is a text': body('secret'),
    'a body that is true': body(true),
    'a body that is an empty object': body({}),
    'a body that is an empty list': body([]),
    'a body with lists that are none': body({ items: 7, tracks: {}, artists: 'a', albums: null }),
    'a body without an id': body({ name: 'BTS', type: 'artist' }),
    'a body of another object': body({ id: albums50, name: 'Another', type: 'artist' }),
    'a body of another kind': changed(({ body: held }) => ({ body: { ...held, type: 'show' } })),
    'items that are numbers': eachItem(7),
    'items that have no name': eachItem({ id: bts }),
    'parts that are not as documented': changed(({ body: held }) => ({
      body: { ...held, images: 7, name: held?.['name'] ?? 7, items: 'none', tracks: { items: [{ id: 7 }] } },
    })),
    'items without a shape': eachItem({ id: 'x', artists: 7, album: [], tracks: 'none' }),
    'another place in the list': changed(({ body: held }) => ({ body: { ...held, id: '7', offset: 7 } })),
    'times that are none': changed(() => ({ freshUntilMs: 'soon', usableUntilMs: null })),
    'a tag that is no header': changed(() => ({ etag: 'a\r\nb', freshUntilMs: 0 })),
    'a tag that is a list': changed(() => ({ etag: ['a'], freshUntilMs: 0 })),
    '10 MB of brackets, compressed': () => bombs.brackets(),
    'brackets as many as are read': ({ key }) =>
      gzipSync(`{"key":"${key}","body":${'['.repeat(400_000)}${']'.repeat(400_000)}}`),
    '150 MB of blanks, compressed': () => bombs.blanks(),
    '30 MB that are not compressed': () => Buffer.alloc(30_000_000, '{'),
  };
}

/** Each made once, when it is needed. */
const bombs = {
  brackets: once(() => gzipSync(`${'['.repeat(5_000_000)}${']'.repeat(5_000_000)}`)),
  blanks: once(() => gzipSync(Buffer.alloc(150_000_000, ' '))),
};

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

interface Held {
  body: Record<string, unknown> | null;
}

/** Puts garbage in the place of every answer: of the kind given, or of all kinds. */
async function spoil(client: Redis, make?: Garbage): Promise<void> {
  const kinds = make ? [make] : Object.values(garbage()).slice(0, 16);
  const names = (await client.keys('spotify-graphql:*')).filter(
    (name) => !/:(?:messages|rate)$|:(?:lease|calls):/.test(name),
  );
  const values = await Promise.all(names.map((name) => client.getBuffer(name)));
  for (const [i, name] of names.entries()) {
    const value = values[i] ?? Buffer.alloc(0);
    const another = values[(i + 1) % values.length] ?? Buffer.alloc(0);
    const key = name.split(':').slice(5).join(':');
    const put = kinds[i % kinds.length]?.({ name, key, value, another }) ?? Buffer.alloc(0);
    await client.del(name);
    if (put === 'list') await client.rpush(name, 'one', 'two');
    else await client.set(name, put, 'PX', 600_000);
  }
}

const plain = (value: Buffer): string =>
  (value[0] === '{'.charCodeAt(0) ? value : gunzipSync(value)).toString('utf8');
