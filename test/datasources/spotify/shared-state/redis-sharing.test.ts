import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { describe, expect, test } from 'vitest';
import { retryWhileShed } from '../../../support/clock.ts';
import { startGateway, type TestGateway } from '../../../support/gateway.ts';
import { catalogue, type Execute, operations, runOperation } from '../../../support/operations.ts';
import { hasRedis, startRedis } from '../../../support/redis.ts';
import { plain } from '../../../support/redis-garbage.ts';
import {
  albums,
  albums9,
  allArtists,
  apiCalls,
  artist,
  backdateCalls,
  bts,
  codesOf,
  propagationMs,
  startConnectedGateway,
  startUpstream,
  waitForIdleRedis,
} from '../../../support/redis-gateways.ts';

const parts = 2;

describe.skipIf(!hasRedis())('gateways on one Redis', { timeout: 60_000 }, () => {
  describe('shared responses', () => {
    describe.concurrent.each(['extended', 'development'] as const)('an app in %s mode', (mode) => {
      const operationsOf = (part: number) => operations.filter((_, i) => i % parts === part);

      // Every operation has an app of its own, so that it shares no responses with another operation.
      test.each(Array.from({ length: parts }, (_, part) => part))(
        `an operation that one gateway of an app in ${mode} mode has executed costs another gateway no call (part %i)`,
        async (part: number) => {
          const redis = await startRedis();
          const environment = { SPOTIFY_QUOTA_MODE: mode };
          for (const [i, operation] of operationsOf(part).entries()) {
            const sandbox = await startUpstream(mode, `app-${i}`);
            const first = await startConnectedGateway(sandbox, redis, environment); // writes before the connection to Redis are lost
            const executeWith =
              ({ execute }: TestGateway): Execute =>
              async (document) => {
                const { data, errors } = await retryWhileShed(() => execute(document));
                expect(errors, operation.title).toEqual([]);
                return data;
              };
            const data = await runOperation(operation, executeWith(first));
            await waitForIdleRedis(redis);
            const second = await startConnectedGateway(sandbox, redis, environment);
            sandbox.clearCalls();
            expect(await runOperation(operation, executeWith(second)), operation.title).toEqual(data);
            expect(sandbox.calls(), operation.title).toEqual([]);
            await Promise.all([first.gateway.dispose(), second.gateway.dispose()]);
          }
        },
      );
    });

    test('a cursor of one gateway continues pagination at another gateway', async () => {
      const redis = await startRedis();
      const sandbox = await startUpstream();
      const [one, other] = [
        await startConnectedGateway(sandbox, redis),
        await startConnectedGateway(sandbox, redis),
      ];
      const page = (after: string | null) =>
        `{ artist(id: "${bts}") { albums(first: 15, after: ${JSON.stringify(after)}) { nodes { id } pageInfo { endCursor hasNextPage } } } }`;
      interface Albums {
        nodes: { id: string }[];
        pageInfo: { endCursor: string; hasNextPage: boolean };
      }
      const read = async ({ execute }: TestGateway, after: string | null): Promise<Albums> =>
        (await execute<{ artist: { albums: Albums } }, never>(page(after))).data.artist.albums;
      const ids: string[] = [];
      for (let after: string | null = null, turn = 0; ; turn += 1) {
        const { nodes, pageInfo } = await read(turn % 2 === 0 ? one : other, after);
        ids.push(...nodes.map(({ id }) => id));
        if (!pageInfo.hasNextPage) break;
        after = pageInfo.endCursor;
        await sleep(propagationMs);
      }
      expect(ids).toEqual(catalogue.albumsOf(bts).map((slot) => slot.shows === 'album' && slot.albumId));
      expect(apiCalls(sandbox)).toHaveLength(12);
    });

    test('gateways of different apps share no response, because the responses may differ', async () => {
      const redis = await startRedis();
      const [sandbox, another] = [
        await startUpstream(),
        await startUpstream('development', 'another-client'),
      ];
      await (await startConnectedGateway(sandbox, redis)).execute(artist(bts));
      await sleep(propagationMs);
      await (await startConnectedGateway(another, redis)).execute(artist(bts));
      expect(apiCalls(another)).toHaveLength(1);
    });

    test('gateways on one Redis share the absence of an object', async () => {
      const redis = await startRedis();
      const sandbox = await startUpstream();
      await (await startConnectedGateway(sandbox, redis)).execute(artist('1111111111111111111111'));
      await sleep(propagationMs);
      const second = await startConnectedGateway(sandbox, redis);
      expect((await second.execute(artist('1111111111111111111111'))).data).toEqual({ artist: null });
      expect(apiCalls(sandbox)).toHaveLength(1);
    });

    test('a gateway sends one call for 500 concurrent operations after a flush of Redis', async () => {
      const redis = await startRedis();
      const sandbox = await startUpstream();
      const gateway = await startConnectedGateway(sandbox, redis);
      await redis.client.flushall();
      const responses = await Promise.all(Array.from({ length: 500 }, () => gateway.execute(artist(bts))));
      expect(responses.every(({ errors }) => errors.length === 0)).toBe(true);
      expect(apiCalls(sandbox)).toHaveLength(1);
    });
  });

  describe('shared capabilities', () => {
    test('a new gateway of an unknown app sends no call to learn capabilities that another gateway has learned', async () => {
      const redis = await startRedis();
      const sandbox = await startUpstream('development');
      const unknown = { SPOTIFY_QUOTA_MODE: 'auto' };
      const query = `{
        artists(ids: ["${bts}", "${albums9}"]) { name followers { total } topTracks { name } albums(first: 1) { nodes { label } } }
      }`;
      const first = await startConnectedGateway(sandbox, redis, unknown);
      await first.execute(query);
      await first.gateway.dispose();
      await sleep(propagationMs);

      sandbox.clearCalls();
      const second = startGateway(sandbox, { REDIS_URL: redis.url, ...unknown });
      const [, , , ...others] = allArtists.filter((id) => id !== bts && id !== albums9);
      const { errors } = await second.execute(
        query.replace(bts, others[0] ?? '').replace(albums9, others[1] ?? ''),
      );
      expect(errors).toEqual([]);
      expect(sandbox.calls().filter(({ kind, status }) => kind === 'api' && status !== 200)).toEqual([]);
      expect(apiCalls(sandbox)).toHaveLength(4); // two artists and a page of each: no batch, and no album for its label
    });
  });

  describe('shared back-offs', () => {
    test('a back-off of a day survives a restart', async () => {
      const redis = await startRedis();
      const sandbox = await startUpstream();
      const first = await startConnectedGateway(sandbox, redis);
      sandbox.faults.add({ fault: { kind: 'rate-limit', retryAfterSeconds: 86_400 } });
      expect(codesOf(await first.execute(artist(bts)))).toEqual(['UPSTREAM_QUOTA_EXCEEDED']);
      await first.gateway.dispose();
      await sleep(propagationMs);

      sandbox.faults.clear();
      sandbox.clearCalls();
      const second = startGateway(sandbox, { REDIS_URL: redis.url, SPOTIFY_QUOTA_MODE: 'development' });
      const response = await second.execute(artist(albums9));
      expect(codesOf(response)).toEqual(['UPSTREAM_QUOTA_EXCEEDED']);
      const retryAfter = response.errors[0]?.extensions?.['retryAfter'];
      expect(retryAfter).toBeGreaterThan(86_300);
      expect(retryAfter).toBeLessThanOrEqual(86_400);
      expect(apiCalls(sandbox)).toEqual([]);
    });

    test('no gateway sends calls during a back-off, also no gateway that starts during the back-off', async () => {
      const redis = await startRedis();
      const sandbox = await startUpstream();
      const gateways = [
        await startConnectedGateway(sandbox, redis),
        await startConnectedGateway(sandbox, redis),
      ];
      sandbox.faults.add({ times: 1, fault: { kind: 'rate-limit', retryAfterSeconds: 30 } });
      await gateways[0]?.execute(artist(bts));
      await sleep(propagationMs);
      gateways.push(startGateway(sandbox, { REDIS_URL: redis.url, SPOTIFY_QUOTA_MODE: 'development' }));
      sandbox.clearCalls();
      const responses = [];
      for (const { execute } of gateways) {
        responses.push(...(await Promise.all(allArtists.slice(0, 10).map((id) => execute(artist(id))))));
      }
      expect(new Set(responses.flatMap(codesOf))).toEqual(new Set(['UPSTREAM_RATE_LIMITED']));
      expect(responses.every(({ errors }) => errors.length === 1)).toBe(true);
      expect(apiCalls(sandbox)).toEqual([]);
      // The back-off is for one family of endpoints, and the other families are still read.
      expect((await gateways[1]?.execute(`{ album(id: "${albums.tracks1}") { name } }`))?.errors).toEqual([]);
    });
  });

  describe('shared SPOTIFY_RATE_LIMIT', () => {
    const limited = { SPOTIFY_RATE_LIMIT: '10' };

    test('gateways together never send more calls in 30 s than the rate limit', async () => {
      const redis = await startRedis();
      const sandbox = await startUpstream();
      const [one, other] = [
        await startConnectedGateway(sandbox, redis, limited),
        await startConnectedGateway(sandbox, redis, limited),
      ];
      const responses = [];
      for (let i = 0; i < 24; i += 6) {
        const ids = allArtists.slice(i, i + 6);
        responses.push(
          ...(await Promise.all(ids.map((id, at) => (at % 2 ? one : other).execute(artist(id))))),
        );
      }
      const served = responses.filter(({ errors }) => errors.length === 0);
      const refused = responses.filter(({ errors }) => errors.length > 0);
      expect(apiCalls(sandbox)).toHaveLength(10);
      expect(served).toHaveLength(10);
      expect(new Set(refused.flatMap(codesOf))).toEqual(new Set(['UPSTREAM_RATE_LIMITED']));
      for (const { errors } of refused) {
        const retryAfter = errors[0]?.extensions?.['retryAfter'];
        expect(retryAfter).toBeGreaterThan(25);
        expect(retryAfter).toBeLessThanOrEqual(31);
      }
      // A gateway that starts later is limited too.
      const third = await startConnectedGateway(sandbox, redis, limited);
      expect(codesOf(await third.execute(artist(allArtists[40] ?? '')))).toEqual(['UPSTREAM_RATE_LIMITED']);
      expect(apiCalls(sandbox)).toHaveLength(10);
    });

    test('the rate limit applies to a rolling window, in which each call stops counting after 30 s', async () => {
      const redis = await startRedis();
      const sandbox = await startUpstream();
      const first = await startConnectedGateway(sandbox, redis, limited);
      await Promise.all(allArtists.slice(0, 10).map((id) => first.execute(artist(id))));
      await first.gateway.dispose();
      await backdateCalls(redis.client, 4, 31_000);

      sandbox.clearCalls();
      const second = await startConnectedGateway(sandbox, redis, limited);
      const responses = await Promise.all(allArtists.slice(10, 30).map((id) => second.execute(artist(id))));
      expect(apiCalls(sandbox)).toHaveLength(4);
      expect(responses.filter(({ errors }) => errors.length === 0)).toHaveLength(4);
    });
  });

  describe('contents of Redis', () => {
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
      const gateway = await startConnectedGateway(sandbox, redis, {
        SPOTIFY_QUOTA_MODE: 'auto',
        SPOTIFY_RATE_LIMIT: '100',
      });
      await gateway.execute(`{
        artist(id: "${bts}") { name albums(first: 5, market: "DE") { nodes { name copyrights { text } } } }
        search(q: "love") { artists(first: 5) { nodes { name } } }
        nobody: artist(id: "1111111111111111111111") { name }
      }`);
      sandbox.faults.add({ on: { route: 'tracks' }, fault: { kind: 'rate-limit', retryAfterSeconds: 700 } });
      await gateway.execute(`{ track(id: "${catalogue.fixtures.tracks.explicit}") { name } }`);
      await sleep(propagationMs);
      return { sandbox, written: await contents(redis.client) };
    }

    test('Redis contains names with version, app and language, and with a market if there is one', async () => {
      const { written } = await afterWork();
      const names = written.map(({ name }) => name);
      expect(names.every((name) => /^spotify-graphql:5:[0-9a-f]{12}:/.test(name))).toBe(true);
      const responses = names.filter((name) => !/:(?:messages|rate)$|:(?:lease|calls):/.test(name));
      expect(responses.length).toBeGreaterThan(8);
      expect(responses.every((name) => /^spotify-graphql:5:[0-9a-f]{12}:entry:en:/.test(name))).toBe(true);
      const ofAlbums = responses.filter((name) => name.includes(':album/'));
      expect(ofAlbums).toHaveLength(5);
      const inLists = responses.filter((name) => name.includes(':in:short/album/'));
      expect(inLists).toHaveLength(10);
      expect([...ofAlbums, ...inLists].every((name) => name.endsWith('?market=DE'))).toBe(true);
      expect(responses.filter((name) => /market=DE/.test(name) && !name.includes(':in:'))).toHaveLength(6);
    });

    test('Redis contains only entries that expire', async () => {
      const { written } = await afterWork();
      const daysMs = 86_400_000;
      for (const { name, lifeMs } of written) {
        expect(lifeMs, name).toBeGreaterThan(0);
        expect(lifeMs, name).toBeLessThan(9 * daysMs); // a day of freshness, and a week after it;
      }
    });

    test('Redis contains no token and no secret, neither in names nor in values', async () => {
      const { sandbox, written } = await afterWork();
      const sent = sandbox.calls().flatMap(({ headers }) => headers['authorization']?.split(' ')[1] ?? []);
      const secrets = new Set([...sent, sandbox.clientSecret, sandbox.clientId]);
      expect(secrets.size).toBeGreaterThan(3); // a token, the credentials and their encoded form
      const texts = written.flatMap((entry) => [entry.name, ...entry.texts]);
      expect(texts.join('\n')).toContain('"BTS"'); // proves that the texts are the decoded entries
      for (const secret of secrets) expect(texts.filter((text) => text.includes(secret))).toEqual([]);
      expect(texts.filter((text) => /bearer|basic |authorization|secret|token/i.test(text))).toEqual([]);
    });
  });
});
