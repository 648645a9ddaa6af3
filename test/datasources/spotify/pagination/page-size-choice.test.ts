import { expect, test } from 'vitest';
import type { ReadThroughCache } from '../../../../src/datasources/spotify/cache/read-through-cache.ts';
import { createCapabilities } from '../../../../src/datasources/spotify/capabilities/capabilities.ts';
import { SmallerPageNeeded } from '../../../../src/datasources/spotify/capabilities/page-sizes.ts';
import type { PagedList } from '../../../../src/datasources/spotify/kinds/requests/lists.ts';
import { createListLengths } from '../../../../src/datasources/spotify/pagination/lengths.ts';
import { createPageSizeChoice } from '../../../../src/datasources/spotify/pagination/page-size-choice.ts';
import { createSmallPages } from '../../../../src/datasources/spotify/pagination/small-pages.ts';
import { startClock } from '../../../support/clock.ts';
import { codesOf, startGateway } from '../../../support/gateway.ts';
import { pagedLists, testList } from '../../../support/lists.ts';
import { noPurges } from '../../../support/no-purges.ts';
import { noQuota } from '../../../support/no-quota.ts';
import { fullAlbum, plainId, plainPage, shortAlbum, shortTrack } from '../../../support/plain-objects.ts';
import { startScriptedUpstream } from '../../../support/scripted-upstream.ts';
import { silentLog } from '../../../support/silent-log.ts';

/** Spotify rejects a page size that has worked. The other windows of the list are read in the smaller size at once. */

const next = 'https://api.spotify.com/v1/next';
const rejections = [
  [
    'with the message `Invalid limit`',
    { status: 400, body: { error: { status: 400, message: 'Invalid limit' } } },
  ],
  ['without a message', { status: 400, raw: '' }],
] as const;

const startList = (of: string, length: number) =>
  testList(
    { of, slots: Array.from({ length }, (_, i) => i + 1), ceiling: 10, manner: 'refuse' },
    { mode: 'extended' },
  );
/** The first results of a search, in each of its kinds. */
const searchPage = (limit: number) => {
  const results = (item: (id: string) => object) => ({
    ...plainPage(
      Array.from({ length: limit }, (_, n) => item(plainId(n))),
      { limit, total: 100 },
    ),
    next,
  });
  return { albums: results(shortAlbum), tracks: results(shortTrack) };
};

type StartedList = ReturnType<typeof startList>;

async function walk({ page }: StartedList, first: number): Promise<number[]> {
  const ids: number[] = [];
  for (let after: string | null = null; ; ) {
    const window = await page({ first, after });
    ids.push(...window.ids);
    if (!window.hasNextPage) return ids;
    after = window.endCursor;
  }
}

/** The requested pages as `limit@offset`, each rejected one with an `x`. */
const pagesOf = ({ requests }: StartedList): string[] =>
  requests.map(({ limit, offset, refused }) => `${limit}@${offset}${refused ? ' x' : ''}`);

test.each([10, 20, 50])(
  'a walk in windows of %d costs one rejected call for each larger page size',
  async (first) => {
    for (const [of, rejected] of [
      ['artists/albums', 1],
      ['shows/episodes', 2],
    ] as const) {
      const list = startList(of, 300);
      expect(await walk(list, first)).toEqual(list.list.slots);
      expect(list.requests.filter(({ refused }) => refused)).toHaveLength(rejected);
      expect(list.requests).toHaveLength(30 + rejected);
    }
  },
);

test('the kinds of one search share their calls after Spotify has rejected larger pages of one of them', async () => {
  const searches = { path: '^/search$', body: searchPage(10) };
  const upstream = await startScriptedUpstream([
    { path: '^/search$', query: { q: 'before' }, body: searchPage(50) },
    { path: '^/search$', query: { limit: '50' }, ...rejections[0][1] },
    searches,
  ]);
  const { execute } = startGateway(upstream, { CACHE_TTL_SECONDS: '0' });
  const search = (q: string, ...kinds: string[]) =>
    execute(
      `{ search(q: "${q}") { ${kinds.map((kind) => `${kind}(first: 10) { nodes { id } }`).join(' ')} } }`,
    );
  await search('before', 'albums');
  await search('now', 'albums');
  const callsBefore = upstream.log().length;
  expect(codesOf(await search('now', 'albums', 'tracks'))).toEqual([]);
  const calls = upstream.log().slice(callsBefore);
  expect(calls.map((call) => /type=([^&]*)/.exec(call)?.[1])).toEqual(['album,track']);
});

test('the larger page size is tried again after a minute, and used if Spotify accepts it again', async () => {
  const clock = startClock();
  const list = startList('artists/albums', 300);
  const { endCursor } = await list.page({ first: 10 });
  list.list.ceiling = 50;
  const { endCursor: later } = await list.page({ first: 10, after: endCursor });
  await clock.pass(61);
  await list.page({ first: 10, after: later });
  expect(pagesOf(list)).toEqual(['50@0 x', '10@0', '10@10', '50@0']);
});

test('concurrent windows of one list do not try the larger page sizes again for each other', async () => {
  const list = startList('shows/episodes', 300);
  list.list.ceiling = 50;
  const { endCursor } = await list.page({ first: 50 });
  const { endCursor: later } = await list.page({ first: 100, after: endCursor });
  list.requests.length = 0;
  list.list.ceiling = 10;
  const args = [{ first: 10, after: later }, { last: 10 }];
  const windows = await Promise.all(args.map((arg) => list.page(arg)));
  expect(windows.map(({ ids }) => ids[0])).toEqual([151, 291]);
  expect(list.requests.filter(({ refused }) => refused)).toHaveLength(4);
  list.requests.length = 0;
  await list.page({ first: 20, after: windows[0]?.endCursor ?? null });
  expect(pagesOf(list)).toEqual(['10@160', '10@170']);
});

test('a window whose page is rejected later than the page of another window uses the smallest accepted size', () => {
  const list = pagedLists.get('shows/episodes')?.pages() as PagedList;
  const pageSizes = createPageSizeChoice({
    cache: {} as ReadThroughCache,
    capabilities: createCapabilities('extended', silentLog),
    dailyQuota: noQuota,
    lengths: createListLengths(null, () => undefined, noPurges.isPurged),
    smallPages: createSmallPages(null),
  });
  const sizes = [20, 10, 20].map((size) => pageSizes.smallerAfter(new SmallerPageNeeded(size), list));
  expect(sizes).toEqual([20, 10, 10]);
});

test('a window in larger cached pages costs no call after Spotify has rejected a later page of that size', async () => {
  const list = startList('artists/albums', 300);
  list.list.ceiling = 50;
  const { endCursor } = await list.page({ first: 50 });
  list.list.ceiling = 10;
  await list.page({ first: 10, after: endCursor });
  list.requests.length = 0;
  expect((await list.page({ first: 20 })).ids).toHaveLength(20);
  expect(pagesOf(list)).toEqual([]);
});

const albumIds = Array.from({ length: 100 }, (_, i) => plainId(100 + i));
const [rejecting, accepting] = [plainId(1), plainId(2)];

test.each(rejections)(
  'Spotify rejects larger pages of one list %s: it costs one call a minute, and other lists keep their page size',
  async (_, rejection) => {
    const clock = startClock();
    const pages = [10, 50].flatMap((limit) =>
      Array.from({ length: 100 / limit }, (_, i) => i * limit).map((offset) => ({
        path: '/albums$',
        query: { limit: `${limit}`, offset: `${offset}` },
        body: plainPage(albumIds.slice(offset, offset + limit).map(shortAlbum), {
          offset,
          limit,
          total: 100,
          next: offset + limit < 100 ? next : null,
        }),
      })),
    );
    const upstream = await startScriptedUpstream([
      { path: `^/artists/${rejecting}/albums$`, query: { limit: '50' }, ...rejection },
      ...pages,
      { path: '^/artists/[^/]+$', echo: 'artist' },
    ]);
    const { execute } = startGateway(upstream, { SPOTIFY_QUOTA_MODE: 'extended' });
    const cursors = new Map<string, string | null>();
    async function readNext(artist: string): Promise<void> {
      const response = await execute<
        { artist: { albums: { nodes: { id: string }[]; pageInfo: { endCursor: string } } } },
        object
      >(
        `query ($after: String) { artist(id: "${artist}") {
          albums(first: 10, after: $after) { nodes { id } pageInfo { endCursor } }
        } }`,
        { after: cursors.get(artist) ?? null },
      );
      expect(codesOf(response)).toEqual([]);
      expect(response.data.artist.albums.nodes).toHaveLength(10);
      cursors.set(artist, response.data.artist.albums.pageInfo.endCursor);
    }
    const limitsOf = (artist: string) =>
      upstream
        .calls()
        .flatMap(({ path, query }) => (path.includes(`${artist}/`) ? [query.get('limit')] : []));
    for (let time = 0; time < 3; time += 1)
      for (const artist of [rejecting, accepting]) await readNext(artist);
    expect([limitsOf(rejecting), limitsOf(accepting)]).toEqual([['50', '10', '10', '10'], ['50']]);
    await clock.pass(61);
    for (let time = 0; time < 3; time += 1)
      for (const artist of [rejecting, accepting]) await readNext(artist);
    expect([limitsOf(rejecting), limitsOf(accepting)]).toEqual([
      ['50', '10', '10', '10', '50', '10', '10', '10'],
      ['50', '50'],
    ]);
  },
);

const trackIds = Array.from({ length: 67 }, (_, i) => plainId(300 + i));
const trackPage = (offset: number, limit: number) =>
  plainPage(trackIds.slice(offset, offset + limit).map(shortTrack), {
    offset,
    limit,
    total: 67,
    next: offset + limit < 67 ? next : null,
  });

test.each(rejections)(
  'cached windows behind the tracks that came with an album cost no call, also a minute after a rejection %s',
  async (_, rejection) => {
    const clock = startClock();
    const upstream = await startScriptedUpstream([
      ...[50, 60].map((offset) => ({
        path: '/tracks$',
        query: { limit: '10', offset: `${offset}` },
        body: trackPage(offset, 10),
      })),
      { path: '/tracks$', ...rejection },
      { path: '^/albums/[^/]+$', body: { ...fullAlbum(plainId(1)), tracks: trackPage(0, 50) } },
    ]);
    const { execute } = startGateway(upstream, { SPOTIFY_QUOTA_MODE: 'extended' });
    async function walkTracks(first: number): Promise<string[]> {
      const ids: string[] = [];
      for (let after: string | null = null; ; ) {
        const response: {
          data: {
            album: {
              tracks: { nodes: { id: string }[]; pageInfo: { hasNextPage: boolean; endCursor: string } };
            };
          };
        } = await execute(
          `query ($after: String) { album(id: "${plainId(1)}") {
            tracks(first: ${first}, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } }
          } }`,
          { after },
        );
        const { nodes, pageInfo } = response.data.album.tracks;
        ids.push(...nodes.map(({ id }) => id));
        if (!pageInfo.hasNextPage) return ids;
        after = pageInfo.endCursor;
      }
    }
    expect(await walkTracks(30)).toEqual(trackIds);
    const calls = upstream.log();
    expect(upstream.calls().map(({ status, query }) => [status, query.get('limit')])).toEqual([
      [200, null],
      [400, '50'],
      [400, '20'],
      [200, '10'],
      [200, '10'],
    ]);
    for (const first of [20, 7, 100]) expect(await walkTracks(first)).toEqual(trackIds);
    await clock.pass(61);
    for (const first of [20, 7, 100]) expect(await walkTracks(first)).toEqual(trackIds);
    expect(upstream.log()).toEqual(calls);
  },
);
