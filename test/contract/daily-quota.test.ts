import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { epochMs } from '../../src/observability/clock.ts';
import { startSandbox } from '../../src/sandbox/index.ts';
import { startClock } from '../support/clock.ts';
import { apiCalls, startGateway, type TestGateway } from '../support/gateway.ts';
import { hasRedis, startRedis } from '../support/redis.ts';
import {
  artists,
  audiobooks,
  catalogue,
  dataAndErrorCodes,
  shows,
  startInMode,
  startWithUnknownApp,
} from '../support/schema-tests.ts';

/** Daily limits (section 8 of the contract), in front of a sandbox that rejects calls beyond its limits, like Spotify. */

const hourSeconds = 3_600;
const daySeconds = 24 * hourSeconds;
const bucketSeconds = 600; // calls are counted by 5 minutes, so a call counts for up to 10 minutes longer
const { bts } = artists;
const artistIds = catalogue.artists().map(({ id }) => id);
const albumIds = catalogue.albums().map(({ id }) => id);

const artist = (n: number) => `{ artist(id: "${artistIds[n]}") { id } }`;
const album = (n: number) => `{ album(id: "${albumIds[n]}") { id } }`;
const numbers = (length: number, from = 0) => Array.from({ length }, (_, index) => from + index);

/** A gateway with daily limits, in front of a sandbox that has the same limits. */
const limited = (dailyLimits: Record<string, number>, environment: Record<string, string> = {}) =>
  startInMode(
    'development',
    {
      SPOTIFY_DAILY_LIMITS: Object.entries(dailyLimits)
        .map((entry) => entry.join('='))
        .join(),
      ...environment,
    },
    { dailyLimits, tokenLifetimeSeconds: 30 * daySeconds },
  );

async function inTurn<T>(
  documents: readonly string[],
  execute: (document: string) => Promise<T>,
): Promise<T[]> {
  const responses: T[] = [];
  for (const document of documents) responses.push(await execute(document));
  return responses;
}

type Responses = Awaited<ReturnType<TestGateway['execute']>>[];
/** Reads one album; its name, or the code and the seconds to wait. */
async function read({ execute }: Pick<TestGateway, 'execute'>, index: number) {
  const { data, errors, extensions } = await execute<{ album: { name: string } | null }, object>(
    `{ album(id: "${albumIds[index]}") { name } }`,
  );
  const [error] = errors;
  if (error) return { code: error.extensions?.['code'], retryAfter: error.extensions?.['retryAfter'] };
  return { found: data.album !== null, stale: (extensions.spotify?.stale ?? []).map(({ reason }) => reason) };
}

const found = { found: true, stale: [] };
const usedUp = { code: 'UPSTREAM_QUOTA_EXCEEDED', retryAfter: expect.any(Number) };

const codesOf = (responses: Responses) =>
  responses.map(({ errors }) => errors[0]?.extensions?.['code'] ?? 'ok');
const count = <T>(values: readonly T[], value: T) => values.filter((other) => other === value).length;
const exceeded = 'UPSTREAM_QUOTA_EXCEEDED';

interface Family {
  family: string;
  used: number;
  limit: number | null;
  limitSource: string;
  remaining: number | null;
  resetAt: string | null;
  backOffUntil: string | null;
}
async function quotaOf({ execute }: TestGateway, family: string): Promise<Family | undefined> {
  const { data } = await execute<{ quota: Family[] | null }, object>(
    '{ quota { family used limit limitSource remaining resetAt backOffUntil } }',
  );
  return data.quota?.find((entry) => entry.family === family);
}
const staleOf = ({ extensions }: Responses[number] | { extensions: object }) =>
  (extensions as { spotify?: { stale?: object[] } }).spotify?.stale ?? [];

describe('a configured daily limit', () => {
  test.each([
    [100, 98],
    [20, 19],
    [2, 1],
  ])(
    'a configured daily limit of %i calls allows %i calls: the last 2 %, at least one call, stay unused',
    async (limit, allowed) => {
      const gateway = await limited({ albums: limit });
      const codes = codesOf(await inTurn(numbers(limit + 3).map(album), gateway.execute));
      expect(codes).toEqual([...Array(allowed).fill('ok'), ...Array(limit + 3 - allowed).fill(exceeded)]);
      expect(gateway.apiCalls()).toHaveLength(allowed);
      expect(gateway.sandbox.calls().filter(({ status }) => status === 429)).toEqual([]);
    },
    60_000,
  );

  test('queries that arrive together do not exceed a configured daily limit, and each rejection states the seconds to wait', async () => {
    const gateway = await limited({ albums: 30 });
    const responses = await Promise.all(numbers(80).map((n) => gateway.execute(album(n))));
    expect(count(codesOf(responses), 'ok')).toBe(29);
    expect(gateway.apiCalls()).toHaveLength(29);
    const waits = responses.flatMap(({ errors }) =>
      errors.map(({ extensions }) => extensions?.['retryAfter']),
    );
    for (const seconds of waits) {
      expect(seconds).toBeGreaterThan(daySeconds - 60);
      expect(seconds).toBeLessThanOrEqual(daySeconds + bucketSeconds);
    }
  }, 60_000);

  test('a configured daily limit is not exceeded in any 24 h, by random reads at random times', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 8 * hourSeconds })), {
          minLength: 5,
          maxLength: 25,
        }),
        async (visits) => {
          const limits = { artists: 4 };
          const sandbox = await startSandbox({
            catalogue,
            dailyLimits: limits,
            tokenLifetimeSeconds: 30 * daySeconds,
          });
          const environment = { SPOTIFY_DAILY_LIMITS: 'artists=4', SPOTIFY_QUOTA_MODE: 'development' };
          const gateway = startGateway(sandbox, environment);
          const clock = startClock();
          for (const [n, seconds] of visits) {
            await gateway.execute(artist(n));
            await clock.pass(seconds);
          }
          gateway.gateway.dispose();
          const times = sandbox.calls().flatMap(({ kind, atMs }) => (kind === 'api' ? [atMs] : []));
          await sandbox.close();
          // The last 2 % are one call, so there are never four calls within a day.
          for (const [i, atMs] of times.entries()) {
            const fourth = times[i + 3];
            if (fourth !== undefined) expect(fourth - atMs).toBeGreaterThanOrEqual(daySeconds * 1_000);
          }
        },
      ),
      { numRuns: 5 },
    );
  }, 60_000);

  test('a configured daily limit makes each call available again a day after the call', async () => {
    const gateway = await limited({ artists: 3 });
    const clock = startClock();
    await gateway.execute(artist(0));
    await clock.pass(2 * hourSeconds);
    expect(codesOf(await inTurn([1, 2].map(artist), gateway.execute))).toEqual(['ok', exceeded]);
    await clock.pass(22 * hourSeconds + bucketSeconds);
    expect(codesOf(await inTurn([2, 3].map(artist), gateway.execute))).toEqual(['ok', exceeded]);
    await clock.pass(2 * hourSeconds + bucketSeconds);
    expect(codesOf(await inTurn([3].map(artist), gateway.execute))).toEqual(['ok']);
  }, 30_000);
});

describe('thrift', () => {
  const staleHours = 7; // an artist is fresh for 6 hours

  test.each<[title: string, others: number, calls: number]>([
    ['below a half of the limit a stale entry is refreshed', 2, 1],
    ['from a half of the limit freshness is extended', 12, 0],
    ['from nine tenths of the limit no entry is refreshed', 17, 0],
  ])(
    '%s',
    async (_, others, calls) => {
      const gateway = await limited({ artists: 20 });
      const clock = startClock();
      await inTurn(numbers(others + 1).map(artist), gateway.execute);
      await clock.pass(staleHours * hourSeconds);
      const before = gateway.apiCalls().length;
      const response = await gateway.execute(artist(0));
      expect(dataAndErrorCodes(response)).toEqual({ data: { artist: { id: artistIds[0] } }, errors: [] });
      await clock.pass(0); // a refresh runs in the background
      expect(gateway.apiCalls().length - before).toBe(calls);
      // First reads come before repeated ones: data without an entry still gets a call.
      expect(codesOf([await gateway.execute(artist(others + 1))])).toEqual(['ok']);
    },
    30_000,
  );
});

test('the last call of a limit refreshes all stale objects that fit into one batch call', async () => {
  const { execute, apiCalls: calls } = await startInMode('extended', { SPOTIFY_DAILY_LIMITS: 'artists=4' });
  const clock = startClock();
  const readArtists = (from: number) =>
    execute(`{ artists(ids: ${JSON.stringify(artistIds.slice(from, from + 3))}) { id } }`);
  await readArtists(0);
  await clock.pass(13 * hourSeconds); // an artist is fresh for 6 hours, and refreshed in the background for 6 more
  await readArtists(3);
  const response = await readArtists(0);
  expect(codesOf([response])).toEqual(['ok']);
  expect(staleOf(response)).toEqual([]);
  expect(calls()).toHaveLength(3);
}, 30_000);

test.each<[share: string, others: number, freshSeconds: number]>([
  ['below a half of the limit for a minute', 5, 60],
  ['at nine tenths of the limit for 24 minutes', 26, 24 * 60],
])(
  'an object that does not exist is known to all processes %s, and costs no call meanwhile',
  async (_, others, freshSeconds) => {
    const dataDir = mkdtempSync(join(tmpdir(), 'data-dir-'));
    onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }));
    const gateway = await limited({ artists: 30 }, { DATA_DIR: dataDir });
    const { execute } = startGateway(gateway.sandbox, {
      DATA_DIR: dataDir,
      SPOTIFY_QUOTA_MODE: 'development',
      SPOTIFY_DAILY_LIMITS: 'artists=30',
    });
    const clock = startClock();
    await inTurn(numbers(others).map(artist), gateway.execute);
    const before = gateway.apiCalls().length;
    const readMissing = async () => {
      const responses = [gateway.execute, execute].map((read) =>
        read('{ artist(id: "1111111111111111111111") { id } }'),
      );
      for (const response of await Promise.all(responses))
        expect(dataAndErrorCodes(response)).toEqual({ data: { artist: null }, errors: [] });
      return gateway.apiCalls().length - before;
    };
    expect(await readMissing()).toBe(1);
    await clock.pass(freshSeconds - 10);
    expect(await readMissing()).toBe(1);
    await clock.pass(20);
    expect(await readMissing()).toBe(2);
  },
  30_000,
);

describe('a window for which the remaining calls do not suffice', () => {
  const document = (args: string) =>
    `{ artist(id: "${bts}") { albums(${args}) { nodes { id } pageInfo { hasNextPage endCursor } } } }`;
  interface Data {
    artist: { albums: { nodes: unknown[]; pageInfo: { hasNextPage: boolean; endCursor: string } } | null };
  }

  test('a window that needs more calls than remain has its first pages and an entry in `shortened`, and the next window is an error', async () => {
    const gateway = await limited({ 'artists/albums': 5 });
    const { data, errors, extensions } = await gateway.execute<Data, object>(document('first: 60'));
    expect(errors).toEqual([]);
    expect(data.artist.albums?.nodes).toHaveLength(40);
    expect(data.artist.albums?.pageInfo.hasNextPage).toBe(true);
    expect((extensions.spotify as { shortened?: object[] }).shortened).toEqual([
      { field: 'Artist.albums', path: ['artist', 'albums'], reason: 'QUOTA' },
    ]);
    const pages = () => gateway.apiCalls().filter((path) => path.includes('/albums?'));
    expect(pages()).toHaveLength(4);
    const after = data.artist.albums?.pageInfo.endCursor;
    const next = await gateway.execute<Data, object>(document(`first: 10, after: "${after}"`));
    expect(dataAndErrorCodes(next)).toEqual({
      data: { artist: { albums: null } },
      errors: [['artist.albums', exceeded]],
    });
    // The cached part stays readable.
    const again = await gateway.execute<Data, object>(document('first: 40'));
    expect([codesOf([again]), again.data.artist.albums?.nodes.length]).toEqual([['ok'], 40]);
    expect(pages()).toHaveLength(4);
  });
});

test('a used-up limit leaves stale entries with the reason QUOTA, and makes data without an entry an error with `retryAfter`', async () => {
  const gateway = await limited({ artists: 3 });
  const clock = startClock();
  await inTurn([0, 1].map(artist), gateway.execute);
  await clock.pass(23.5 * hourSeconds);
  const stale = await gateway.execute(artist(0));
  expect(dataAndErrorCodes(stale)).toEqual({ data: { artist: { id: artistIds[0] } }, errors: [] });
  expect(staleOf(stale)).toEqual([{ field: 'Query.artist', path: ['artist'], reason: 'QUOTA' }]);
  const { errors } = await gateway.execute(artist(2));
  expect(errors[0]?.extensions?.['code']).toBe(exceeded);
  const seconds = errors[0]?.extensions?.['retryAfter'];
  expect(seconds).toBeGreaterThan(0.4 * hourSeconds);
  expect(seconds).toBeLessThanOrEqual(0.5 * hourSeconds + bucketSeconds);
  expect(gateway.apiCalls()).toHaveLength(2);
  await clock.pass(Number(seconds));
  expect(codesOf([await gateway.execute(artist(2))])).toEqual(['ok']);
  // Other families are not affected.
  expect(codesOf([await gateway.execute(album(0))])).toEqual(['ok']);
}, 30_000);

test.each([
  ['6.5 hours old, which are refreshed in the background', 6.5],
  ['13 hours old, for whose refresh the client waits', 13],
])(
  'one operation with many stale entries, %s, refreshes none beyond nine tenths of the limit',
  async (_, hours) => {
    const gateway = await limited({ artists: 40 });
    const clock = startClock();
    const document = `{ artists(ids: ${JSON.stringify(artistIds.slice(0, 20))}) { id } }`;
    await gateway.execute(document);
    await clock.pass(hours * hourSeconds);
    const { data, errors } = await gateway.execute<{ artists: { id: string }[] }, object>(document);
    expect([data.artists.map(({ id }) => id), errors]).toEqual([artistIds.slice(0, 20), []]);
    await sleep(300); // for the refreshes in the background
    const refreshes = gateway.apiCalls().slice(20);
    expect(refreshes.length).toBeGreaterThan(0);
    expect(refreshes.length).toBeLessThanOrEqual(16);
    const firstReads = await inTurn([20, 21].map(artist), gateway.execute);
    expect(codesOf(firstReads)).toEqual(['ok', 'ok']);
  },
);

test('successive operations whose calls wait in a full queue refresh no stale entries beyond nine tenths of the limit', async () => {
  const gateway = await limited({ artists: 40 }, { UPSTREAM_CONCURRENCY: '2', CACHE_TTL_SECONDS: '100' });
  const clock = startClock();
  await gateway.execute(`{ artists(ids: ${JSON.stringify(artistIds.slice(0, 20))}) { id } }`);
  await clock.pass(3_000); // longer than thrift extends their freshness
  gateway.sandbox.faults.add({ on: { route: 'artists' }, fault: { kind: 'delay', ms: 100 } });
  const responses: ReturnType<TestGateway['execute']>[] = [];
  for (const n of numbers(20)) {
    responses.push(gateway.execute(artist(n)));
    await sleep(5);
  }
  expect(new Set(codesOf(await Promise.all(responses)))).toEqual(new Set(['ok']));
  expect(gateway.apiCalls().length).toBeGreaterThan(30);
  expect(gateway.apiCalls().length).toBeLessThanOrEqual(36);
  expect(codesOf(await inTurn([20, 21].map(artist), gateway.execute))).toEqual(['ok', 'ok']);
}, 30_000);

describe('the albums of an artist that cannot be read', () => {
  const withAlbums = (n: number) =>
    `{ artist(id: "${artistIds[n]}") { albums(first: 10) { nodes { id } } } ${album(n).slice(1)}`;
  const calls = ({ apiCalls }: Awaited<ReturnType<typeof limited>>) =>
    apiCalls().filter((path) => path.includes('/albums?'));

  test('the albums of an artist cost no call if the daily limit allows no read of the artist, because no client would get them', async () => {
    const gateway = await limited({ artists: 2 });
    expect(codesOf(await inTurn([0, 1, 2].map(withAlbums), gateway.execute))).toEqual([
      'ok',
      exceeded,
      exceeded,
    ]);
    expect(calls(gateway)).toHaveLength(1);
  });

  test.each([
    [
      'artists(ids:)',
      (ids: string[]) => `artists(ids: ${JSON.stringify(ids)}) { albums(first: 10) { nodes { id } } }`,
    ],
    [
      'several fields',
      (ids: string[]) =>
        ids.map((id, i) => `a${i}: artist(id: "${id}") { albums(first: 10) { nodes { id } } }`).join(' '),
    ],
  ])(
    'in an operation with more artists than the daily limit allows, only the albums of those that are read cost a call: %s',
    async (_, fields) => {
      const gateway = await limited({ artists: 3 }); // of which two are spent
      const { errors } = await gateway.execute(`{ ${fields(artistIds.slice(0, 5))} }`);
      expect(errors.map(({ extensions }) => extensions?.['code'])).toEqual([exceeded, exceeded, exceeded]);
      const read = gateway.apiCalls().filter((path) => /^\/artists\/\w+$/.test(path));
      expect(read).toHaveLength(2);
      const owners = calls(gateway).map((path) => path.replace(/\/albums.*/, ''));
      expect(new Set(owners)).toEqual(new Set(read));
      expect(gateway.apiCalls()).toHaveLength(read.length + owners.length);
    },
  );

  test('the albums of an artist cost no call while a back-off allows no read of the artist', async () => {
    const gateway = await limited({});
    gateway.sandbox.faults.add({ on: { route: 'artists' }, fault: { kind: 'rate-limit', form: 'quota' } });
    await gateway.execute(artist(0));
    expect(codesOf(await inTurn([1, 2].map(withAlbums), gateway.execute))).toEqual([exceeded, exceeded]);
    expect(calls(gateway)).toEqual([]);
  });
});

test('a read that the limit rejects after another read has taken the last call gets its stale entry with the reason QUOTA', async () => {
  const gateway = await limited({ artists: 3 });
  const clock = startClock();
  await inTurn([0, 1].map(artist), gateway.execute);
  await clock.pass(5 * daySeconds); // longer than an entry is served while it is refreshed
  await gateway.execute(`{ albums(ids: ["${albumIds.at(-1)}", "${albumIds.at(-9)}"]) { id } }`); // learns again that the app has no batch reads
  await gateway.execute(artist(2));
  const before = gateway.apiCalls().length;
  // Both are to be read again when the operation begins, and one call is left.
  const { data, errors, extensions } = await gateway.execute(
    `{ a: artist(id: "${artistIds[0]}") { id } b: artist(id: "${artistIds[1]}") { id } }`,
  );
  expect({ data, errors }).toEqual({
    data: { a: { id: artistIds[0] }, b: { id: artistIds[1] } },
    errors: [],
  });
  expect(extensions.spotify?.stale).toEqual([{ field: 'Query.artist', path: ['b'], reason: 'QUOTA' }]);
  expect(gateway.apiCalls().slice(before)).toEqual([`/artists/${artistIds[0]}`]);
});

test('the gateway learns a limit from one rejection by Spotify with QUOTA_EXCEEDED, and never reaches that limit again', async () => {
  const clock = startClock();
  const gateway = await startInMode('development');
  const { sandbox, execute, apiCalls } = gateway;
  const spotifysLimit = { kind: 'budget', calls: 12, windowSeconds: daySeconds, form: 'quota' } as const;
  sandbox.faults.add({ on: { route: 'albums' }, fault: spotifysLimit });
  for (let i = 0; i < 12; i++) expect(await read(gateway, i)).toEqual(found);
  expect(await read(gateway, 12)).toEqual(usedUp);
  expect(await quotaOf(gateway, 'albums')).toMatchObject({
    used: 13,
    limit: 12,
    limitSource: 'LEARNED',
    remaining: 0,
  });
  for (let i = 12; i < 15; i++) expect(await read(gateway, i)).toEqual(usedUp);
  expect(apiCalls()).toHaveLength(13);

  for (let day = 1; day <= 3; day++) {
    await clock.pass(25 * hourSeconds);
    const callsBefore = apiCalls().length;
    for (const id of albumIds.slice(0, 41))
      await execute(`{ album(id: "${id}", market: ${['DE', 'FR', 'SE'][day - 1]}) { name } }`);
    expect(apiCalls().length - callsBefore).toBe(11);
  }
  expect(sandbox.calls().filter(({ status }) => status === 429)).toHaveLength(1);
});

test('a 429 with a long wait that does not name the quota stops the calls of its family for that time, and sets no limit', async () => {
  const clock = startClock();
  const gateway = await startInMode('extended');
  const { sandbox, apiCalls } = gateway;
  for (let i = 0; i < 15; i++) expect(await read(gateway, i)).toEqual(found);
  const limited429 = { kind: 'rate-limit', form: 'text', retryAfterSeconds: 900 } as const;
  sandbox.faults.add({ on: { route: 'albums' }, fault: limited429, times: 1 });
  expect(await read(gateway, 15)).toEqual({ ...usedUp, retryAfter: 900 });
  expect(await quotaOf(gateway, 'albums')).toMatchObject({ used: 16, limit: null, limitSource: 'NONE' });
  await clock.pass(899);
  expect(await read(gateway, 15)).toEqual({ ...usedUp, retryAfter: 1 });
  await clock.pass(2);
  for (let i = 15; i < 30; i++) expect(await read(gateway, i)).toEqual(found);
  expect(apiCalls()).toHaveLength(31);
});

test('a restart with DATA_DIR costs no call for cached data, and keeps the counts', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'data-dir-'));
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }));
  const sandbox = await startSandbox({ catalogue });
  onTestFinished(sandbox.close);
  const environment = {
    DATA_DIR: dataDir,
    SPOTIFY_QUOTA_MODE: 'development',
    SPOTIFY_DAILY_LIMITS: 'artists=8',
  };
  const calls = () => apiCalls(sandbox).length;
  const first = startGateway(sandbox, environment);
  await inTurn(numbers(5).map(artist), first.execute);
  expect((await quotaOf(first, 'artists'))?.used).toBe(5);
  await first.gateway.dispose();
  const second = startGateway(sandbox, environment);
  expect(codesOf(await inTurn(numbers(5).map(artist), second.execute))).toEqual(Array(5).fill('ok'));
  expect(calls()).toBe(5);
  expect(await quotaOf(second, 'artists')).toMatchObject({ used: 5, limit: 8, remaining: 2 });
  expect(codesOf(await inTurn(numbers(3, 5).map(artist), second.execute))).toEqual(['ok', 'ok', exceeded]);
  expect(calls()).toBe(7);
}, 30_000);

describe('Query.quota', () => {
  test('`quota` states use, limit, source and times of each family, and costs no call', async () => {
    const gateway = await limited({ artists: 10 });
    await inTurn([0, 1].map(artist), gateway.execute);
    await gateway.execute(`{ search(q: "the") { artists(first: 1) { nodes { id } } } }`);
    const before = gateway.apiCalls().length;
    const used = await quotaOf(gateway, 'artists');
    expect(used).toMatchObject({
      used: 2,
      limit: 10,
      limitSource: 'CONFIGURED',
      remaining: 7,
      backOffUntil: null,
    });
    const resetMs = Date.parse(used?.resetAt ?? '') - epochMs();
    expect(resetMs / 1_000).toBeGreaterThan(daySeconds - 60);
    expect(resetMs / 1_000).toBeLessThanOrEqual(daySeconds + bucketSeconds);
    expect(await quotaOf(gateway, 'search')).toMatchObject({ used: 1, limit: 200, limitSource: 'PRESUMED' });
    expect(gateway.apiCalls()).toHaveLength(before);
  });

  test.each([{ EXPOSE_QUOTA: 'false' }, { NODE_ENV: 'production' }])(
    '`quota` is null with %o',
    async (environment) => {
      const gateway = await startInMode('development', environment);
      const { data, errors } = await gateway.execute('{ quota { family } }');
      expect({ data, errors }).toEqual({ data: { quota: null }, errors: [] });
    },
  );
});

describe.skipIf(!hasRedis())('a daily limit with a shared store', () => {
  test('a daily limit with a shared store holds for all processes together, across restarts and after the store has lost its data', async () => {
    const redis = await startRedis();
    const environment = { REDIS_URL: redis.url, SPOTIFY_DAILY_LIMITS: 'albums=7' };
    const first = await startInMode('development', environment);
    const second = await startInMode('development', environment);
    for (let i = 0; i < 2; i++) {
      expect(await read(first, i)).toEqual(found);
      expect(await read(second, 10 + i)).toEqual(found);
    }
    await first.gateway.dispose();
    const later = await startInMode('development', environment);
    expect(await read(later, 20)).toEqual(found);
    expect(await quotaOf(later, 'albums')).toMatchObject({ used: 5, remaining: 1 });

    await redis.client.flushall();
    await sleep(100);
    expect(await read(second, 30)).toEqual(found);
    expect(await read(later, 31)).toEqual(usedUp);
    const last = await startInMode('development', environment);
    expect(await read(last, 40)).toEqual(usedUp);
    const calls = [first, second, later, last].map(({ apiCalls }) => apiCalls().length);
    expect(calls).toEqual([2, 3, 1, 0]);
  });

  test('a gateway that has just started states the calls of an earlier one, and saves calls by a presumed limit', async () => {
    const redis = await startRedis();
    const clock = startClock();
    const environment = { REDIS_URL: redis.url };
    const first = await startInMode('development', environment);
    const albums = (n: number) =>
      `{ artist(id: "${artistIds[n % 50]}") { albums(first: 10, market: ${n < 50 ? 'DE' : 'FR'}) { nodes { id } } } }`;
    await inTurn(numbers(91).map(albums), first.execute);
    expect(await quotaOf(first, 'artists/albums')).toMatchObject({ used: 91, limitSource: 'PRESUMED' });
    await first.gateway.dispose();

    await clock.pass(1.5 * hourSeconds); // the lists are fresh for an hour
    const later = startGateway(first.sandbox, { SPOTIFY_QUOTA_MODE: 'development', ...environment });
    await later.gateway.connect();
    const callsBefore = first.apiCalls().length;
    expect((await quotaOf(later, 'artists'))?.used).toBe(callsBefore - 91);
    expect((await quotaOf(later, 'artists/albums'))?.used).toBe(91);
    expect(codesOf([await later.execute(albums(0))])).toEqual(['ok']);
    await sleep(300); // for a refresh in the background
    expect(first.apiCalls()).toHaveLength(callsBefore);
  }, 60_000);

  test('a learned limit holds after all processes were stopped for three days', async () => {
    const redis = await startRedis();
    const environment = { REDIS_URL: redis.url };
    const spotifysLimit = { kind: 'budget', calls: 12, windowSeconds: daySeconds, form: 'quota' } as const;
    const clock = startClock();
    const first = await startInMode('development', environment);
    first.sandbox.faults.add({ on: { route: 'albums' }, fault: spotifysLimit });
    for (let i = 0; i < 13; i++) await read(first, i);
    await expect.poll(() => quotaOf(first, 'albums')).toMatchObject({ limit: 12, limitSource: 'LEARNED' });
    await first.gateway.dispose();

    await clock.pass(3 * daySeconds);
    for (const key of await redis.client.keys('*'))
      await redis.client.pexpire(key, (await redis.client.pttl(key)) - 3 * daySeconds * 1_000);
    const later = startGateway(first.sandbox, { SPOTIFY_QUOTA_MODE: 'development', ...environment });
    const callsBefore = first.apiCalls().length;
    for (let i = 20; i < 40; i++) await read(later, i);
    expect(first.apiCalls().length - callsBefore).toBe(11);
    expect(first.sandbox.calls().filter(({ status }) => status === 429)).toHaveLength(1);
  }, 30_000);
});

test('an app in development mode has presumed limits, which reject no call', async () => {
  const { execute } = await startInMode('development');
  const { data } = await execute<{ quota: object[] }, object>(
    '{ quota { family limit limitSource remaining } }',
  );
  expect(data.quota).toContainEqual({
    family: 'artists/albums',
    limit: 100,
    limitSource: 'PRESUMED',
    remaining: 98,
  });
  expect(dataAndErrorCodes(await (await startInMode('extended')).execute('{ quota { family } }'))).toEqual({
    data: { quota: [] },
    errors: [],
  });
});
test.each([
  ['show', shows.episodes130],
  ['audiobook', audiobooks.chapters130],
])(
  'an app whose artists have all fields gets no presumed limits from one %s without a publisher',
  async (kind, id) => {
    const gateway = await startWithUnknownApp('extended');
    const edits = [{ path: 'publisher', set: null }];
    gateway.sandbox.faults.add({ on: { route: `${kind}s` }, fault: { kind: 'edit', edits } });
    const document = `{ artist(id: "${bts}") { popularity } ${kind}(id: "${id}") { publisher } }`;
    const { data, errors } = await gateway.execute<object, object>(document);
    expect({ data, errors }).toMatchObject({ data: { [kind]: { publisher: null } }, errors: [] });
    expect(await quotaOf(gateway, 'artists/albums')).toBeUndefined();
  },
);

test('a dry run states the calls by family and the part that is cached, has no data, and costs no call', async () => {
  const gateway = await startInMode('development');
  await gateway.execute(artist(0));
  const before = gateway.apiCalls().length;
  const response = await gateway.fetch('/graphql', {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/graphql-response+json',
      'x-spotify-trace': 'plan',
    },
    body: JSON.stringify({
      query: `{ a: artist(id: "${artistIds[0]}") { id } b: artist(id: "${artistIds[1]}") { id albums(first: 20) { nodes { id } } } }`,
    }),
  });
  const body = (await response.json()) as { data?: unknown; extensions: { spotify: object } };
  expect([response.status, body.data ?? null]).toEqual([200, null]);
  expect(body.extensions.spotify).toEqual({
    plannedCalls: 4,
    families: expect.arrayContaining([
      { family: 'artists', calls: 2 },
      { family: 'artists/albums', calls: 2 },
    ]),
    held: [{ family: 'artists', calls: 1 }],
  });
  expect(gateway.apiCalls()).toHaveLength(before);
});
