import { expect, test } from 'vitest';
import { startClock } from '../../../support/clock.ts';
import { codesOf, startGateway } from '../../../support/gateway.ts';
import { type TestList, testList } from '../../../support/lists.ts';
import { plainId, plainPage, shortAlbum } from '../../../support/plain-objects.ts';
import { startScriptedUpstream } from '../../../support/scripted-upstream.ts';

/** A learned page size limit is tried again after a day. The list has 45 albums; the app gets them in pages of 10. */

const list: TestList = { slots: Array.from({ length: 45 }, (_, i) => i + 1), ceiling: 10, manner: 'refuse' };
const dayAndHour = 25 * 3_600;
const freshMs = 30 * 24 * 3_600_000;

async function startAfterDay(callsLeft: number) {
  const clock = startClock();
  const quota = { callsLeft: 100, isKnown: true };
  const { page, requests } = testList(list, { freshMs, quota });
  const { endCursor } = await page({ first: 20 });
  await clock.pass(dayAndHour);
  quota.callsLeft = callsLeft;
  requests.length = 0;
  return { page, requests, endCursor };
}

test('a cached window costs no call after the day in which the page size was learned', async () => {
  const { page, requests } = await startAfterDay(100);
  expect((await page({ first: 20 })).ids).toHaveLength(20);
  expect(requests).toEqual([]);
});

test('a cached window is served when the page size is no longer known and no call is left', async () => {
  const { page, requests } = await startAfterDay(0);
  expect((await page({ first: 20 })).ids).toHaveLength(20);
  expect((await page({ first: 30 })).ids).toHaveLength(20);
  expect(requests).toEqual([]);
});

test('the gateway tries the larger page size again after a day for a page that is not cached', async () => {
  const { page, requests, endCursor } = await startAfterDay(100);
  expect((await page({ first: 10, after: endCursor })).ids).toEqual([21, 22, 23, 24, 25, 26, 27, 28, 29, 30]);
  expect(requests.map(({ limit, refused }) => ({ limit, refused }))).toEqual([
    { limit: 50, refused: true },
    { limit: 10, refused: false },
  ]);
});

/** Spotify changes the page size limit while a list of 15 albums is cached. The daily limit leaves no call for another list. */

const cachedArtist = plainId(1);
const otherArtist = plainId(2);
const thirdArtist = plainId(3);
const fourthArtist = plainId(4);
const fifthArtist = plainId(5);
const albumIds = Array.from({ length: 15 }, (_, i) => plainId(100 + i));
const [size10, size50] = [{ limit: '10' }, { limit: '50' }];
const albumPage = (from: number, limit: number) => ({
  ...plainPage(albumIds.slice(from, from + limit).map(shortAlbum), { offset: from, limit, total: 15 }),
  next: from + limit < 15 ? 'https://api.spotify.com/v1/next' : null,
});
const invalidLimit = { status: 400, body: { error: { status: 400, message: 'Invalid limit' } } };

type Rules = Parameters<typeof startScriptedUpstream>[0];

async function startWithLimit(rulesOfLimit: Rules, dailyLimit = 8, environment = {}) {
  const upstream = await startScriptedUpstream([
    ...rulesOfLimit,
    { path: '/albums$', query: size50, body: albumPage(0, 50) },
    ...[0, 10].map((from) => ({
      path: '/albums$',
      query: { ...size10, offset: `${from}` },
      body: albumPage(from, 10),
    })),
    { path: '^/artists/[^/]+$', echo: 'artist' as const },
  ]);
  const { execute } = startGateway(upstream, {
    SPOTIFY_DAILY_LIMITS: `artists/albums=${dailyLimit}`,
    ...environment,
  });
  const clock = startClock();
  const listCallsOf = (calls: readonly { path: string }[]) =>
    calls.filter(({ path }) => path.endsWith('/albums'));
  return {
    clock,
    listCallCount: () => listCallsOf(upstream.calls()).length,
    async albums(artist: string) {
      const callsBefore = upstream.calls().length;
      const response = await execute<{ artist: { albums: { nodes: { id: string }[] } | null } }, object>(
        `{ artist(id: "${artist}") { albums(first: 20) { nodes { id } } } }`,
      );
      const calls = upstream.calls().slice(callsBefore);
      return {
        ids: response.data.artist.albums?.nodes.map(({ id }) => id) ?? [],
        listCalls: listCallsOf(calls).length,
        codes: codesOf(response),
      };
    },
  };
}

async function startWithLowerLimit(firstRules: Rules = [], dailyLimit = 11) {
  const rejectedSize = {
    path: `^/artists/(?!${cachedArtist})[^/]+/albums$`,
    query: size50,
    ...invalidLimit,
  };
  const started = await startWithLimit([...firstRules, rejectedSize], dailyLimit);
  await started.albums(cachedArtist);
  // Two rejections show that the app gets smaller pages than before, and a third one a minute later that this lasts.
  for (const artist of [otherArtist, thirdArtist, fifthArtist]) {
    expect(await started.albums(artist)).toEqual({ ids: albumIds, listCalls: 3, codes: [] });
    await started.clock.pass(61);
  }
  return started;
}

test('a cached window costs no call after Spotify has lowered the page size limit', async () => {
  const { albums } = await startWithLowerLimit();
  expect(await albums(cachedArtist)).toEqual({ ids: albumIds, listCalls: 0, codes: [] });
});

test('a cached window in larger pages than Spotify accepts now is served stale when no call is left', async () => {
  const { albums, clock } = await startWithLowerLimit();
  expect(await albums(fourthArtist)).toMatchObject({ codes: ['UPSTREAM_QUOTA_EXCEEDED'] });
  await clock.pass(5 * 3_600);
  expect(await albums(cachedArtist)).toEqual({ ids: albumIds, listCalls: 0, codes: [] });
});

test('a cached window in smaller pages than Spotify accepts now is served when no call is left', async () => {
  const { albums, clock } = await startWithLimit([
    { path: `^/artists/${cachedArtist}/albums$`, query: size50, times: 1, ...invalidLimit },
  ]);
  expect(await albums(cachedArtist)).toEqual({ ids: albumIds, listCalls: 3, codes: [] });
  await clock.pass(dayAndHour); // the limit is not known any more, and the calls of the day before do not count
  for (let i = 0; i < 7; i += 1)
    expect(await albums(plainId(10 + i))).toEqual({ ids: albumIds, listCalls: 1, codes: [] });
  expect(await albums(fourthArtist)).toMatchObject({ codes: ['UPSTREAM_QUOTA_EXCEEDED'] });
  expect(await albums(cachedArtist)).toEqual({ ids: albumIds, listCalls: 0, codes: [] });
});

test('a stale window in smaller pages than Spotify accepts now is read in larger pages, which cost fewer calls than its refresh', async () => {
  const rejectedOnce = {
    path: `^/artists/${cachedArtist}/albums$`,
    query: size50,
    times: 1,
    ...invalidLimit,
  };
  const { albums, clock, listCallCount } = await startWithLimit([rejectedOnce], 100, {
    CACHE_TTL_SECONDS: '86400',
  });
  expect(await albums(cachedArtist)).toEqual({ ids: albumIds, listCalls: 3, codes: [] });
  await clock.pass(dayAndHour); // the limit is not known any more, and the pages are served while they are refreshed
  expect(await albums(otherArtist)).toEqual({ ids: albumIds, listCalls: 1, codes: [] });
  expect(await albums(cachedArtist)).toEqual({ ids: albumIds, listCalls: 1, codes: [] });
  await clock.pass(1); // a refresh in the background would have been sent
  expect(listCallCount()).toBe(5);
});

/** Spotify rejects larger pages of one list without a message, from which the gateway learns no limit. */
test.each([
  ['without a message', { status: 400, raw: '' }, {}],
  ['of an app that has had larger pages', invalidLimit, { SPOTIFY_QUOTA_MODE: 'extended' }],
])(
  'windows in cached pages that are smaller than the limit cost no call after a rejection %s',
  async (_, rejection, environment) => {
    const upstream = await startScriptedUpstream([
      { path: '/albums$', query: size50, ...rejection },
      ...[0, 10].map((from) => ({
        path: '/albums$',
        query: { ...size10, offset: `${from}` },
        body: albumPage(from, 10),
      })),
      { path: '^/artists/[^/]+$', echo: 'artist' as const },
    ]);
    const { execute } = startGateway(upstream, environment);
    const idsIn = async (args: string) => {
      const { data } = await execute<{ artist: { albums: { nodes: { id: string }[] } } }, object>(
        `{ artist(id: "${cachedArtist}") { albums(${args}) { nodes { id } } } }`,
      );
      return data.artist.albums.nodes.map(({ id }) => id);
    };
    expect(await idsIn('first: 10')).toEqual(albumIds.slice(0, 10));
    expect(await idsIn('first: 12')).toEqual(albumIds.slice(0, 12)); // the second page is not cached
    const calls = upstream.log();
    for (const args of ['first: 10', 'first: 12', 'first: 40'])
      expect(await idsIn(args)).toEqual(albumIds.slice(0, Number(args.slice(-2))));
    expect(await idsIn('last: 3')).toEqual(albumIds.slice(-3));
    expect(upstream.log()).toEqual(calls);
    const limits = upstream.calls().flatMap(({ query }) => query.get('limit') ?? []);
    expect(limits).toEqual(['50', '10', '10']);
  },
);

test('a window in cached pages costs no call if Spotify rejects a later page in the size of the first one', async () => {
  const ids = Array.from({ length: 60 }, (_, i) => plainId(100 + i));
  const page = (offset: number, limit: number) => ({
    path: '/albums$',
    query: { offset: `${offset}`, limit: `${limit}` },
    body: plainPage(ids.slice(offset, offset + limit).map(shortAlbum), {
      offset,
      limit,
      total: 60,
      next: offset + limit < 60 ? 'https://api.spotify.com/v1/next' : null,
    }),
  });
  const smallPages = [0, 10, 20, 30, 40, 50].map((offset) => page(offset, 10));
  const upstream = await startScriptedUpstream([
    page(0, 50),
    ...smallPages,
    { path: '/albums$', ...invalidLimit },
    { path: '^/artists/[^/]+$', echo: 'artist' },
  ]);
  const { execute } = startGateway(upstream, { SPOTIFY_QUOTA_MODE: 'extended' });
  for (let time = 0; time < 2; time += 1) {
    const { data, errors } = await execute(
      `{ artist(id: "${cachedArtist}") { albums(first: 60) { nodes { id } } } }`,
    );
    expect({ data, errors }).toEqual({
      data: { artist: { albums: { nodes: ids.map((id) => ({ id })) } } },
      errors: [],
    });
    const windows = upstream
      .calls()
      .map(({ status, query }) => [status, query.get('offset'), query.get('limit')]);
    expect(windows.filter(([, offset]) => offset !== null)).toEqual([
      [200, '0', '50'],
      [400, '50', '50'],
      ...smallPages.map(({ query }) => [200, query.offset, '10']),
    ]);
  }
});

const rejectCachedArtist = (query: { limit: string }) => ({
  path: `^/artists/${cachedArtist}/albums$`,
  query,
  status: 429,
});

test('a cached window in larger pages than Spotify accepts now is served stale while Spotify rejects calls for their rate', async () => {
  const { albums, clock } = await startWithLowerLimit([rejectCachedArtist(size10)], 100);
  await clock.pass(5 * 3_600);
  expect(await albums(cachedArtist)).toEqual({ ids: albumIds, listCalls: 1, codes: [] });
  expect(await albums(cachedArtist)).toEqual({ ids: albumIds, listCalls: 0, codes: [] });
  expect(await albums(fourthArtist)).toMatchObject({ listCalls: 0, codes: ['UPSTREAM_RATE_LIMITED'] });
});

test('a cached window in smaller pages than Spotify accepts now is served stale while Spotify rejects calls for their rate', async () => {
  const { albums, clock } = await startWithLimit(
    [
      { path: `^/artists/${cachedArtist}/albums$`, query: size50, times: 1, ...invalidLimit },
      rejectCachedArtist(size50),
    ],
    100,
  );
  expect(await albums(cachedArtist)).toEqual({ ids: albumIds, listCalls: 3, codes: [] });
  await clock.pass(dayAndHour); // the limit is not known any more, and Spotify accepts larger pages
  expect(await albums(otherArtist)).toEqual({ ids: albumIds, listCalls: 1, codes: [] });
  expect(await albums(cachedArtist)).toEqual({ ids: albumIds, listCalls: 1, codes: [] });
  expect(await albums(cachedArtist)).toEqual({ ids: albumIds, listCalls: 0, codes: [] });
});
