import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { albumPage, albumsDocument, idsOf, slots } from '../../../support/album-pages.ts';
import { startClock } from '../../../support/clock.ts';
import { startGateway, type TestGateway } from '../../../support/gateway.ts';
import { namedObject, plainId, plainPage } from '../../../support/plain-objects.ts';
import { artists, dataOf, startInMode } from '../../../support/schema-tests.ts';
import { startScriptedUpstream } from '../../../support/scripted-upstream.ts';

/** Lists that change between the pages of a client. */

const artist = artists.albums50; // in development mode a page has 10 albums
const all = slots(0, undefined, artist);

const readPage = (gateway: TestGateway, args: string, cursor?: string | null) =>
  albumPage(gateway, args, artist, cursor);

const onLists = { route: 'artists/albums' };
const grown = (inserted: number) => ({ on: onLists, fault: { kind: 'listing', inserted } as const });
const shrunk = (removed: number) => ({ on: onLists, fault: { kind: 'listing', removed } as const });

/** The ids of all windows from a cursor to the end. */
async function rest(gateway: TestGateway, size: number, from: string | null): Promise<string[]> {
  const ids: string[] = [];
  let after = from;
  for (let page = 0; page < 200; page++) {
    const next = await readPage(gateway, `first: ${size}, after: $cursor`, after);
    ids.push(...idsOf(next));
    if (!next.pageInfo.hasNextPage) return ids;
    after = next.pageInfo.endCursor;
  }
  throw new Error('the pagination does not end');
}

function expectEachPageOnce(calls: readonly string[]): void {
  const pages = calls.filter((path) => path.includes('/albums?'));
  expect(new Set(pages).size).toBe(pages.length);
}

describe('a list that grew at the front between two pages', () => {
  test.each([
    [1, 1],
    [5, 5],
    [10, 1],
    [10, 4],
    [10, 10],
    [10, 15],
    [10, 20],
    [10, 50],
    [7, 30],
    [7, 33],
    [25, 45],
    [7, 1],
    [7, 3],
    [25, 5],
    [45, 3],
  ])(
    'windows of %i albums have every album once if the list grew by %i albums at the front',
    async (size, inserted) => {
      const gateway = await startInMode('development');
      const first = await readPage(gateway, `first: ${size}`);
      gateway.sandbox.faults.add(grown(inserted));
      expect([...idsOf(first), ...(await rest(gateway, size, first.pageInfo.endCursor))]).toEqual(all);
    },
  );

  test('a client gets no album twice if the list grows again after a window that had only the album of its cursor', async () => {
    const cached = await startInMode('development');
    const first = await readPage(cached, 'first: 5');
    const undo = cached.sandbox.faults.add(grown(5)); // the fifth album is now the last one of its page
    const gateway = startGateway(cached.sandbox, { SPOTIFY_QUOTA_MODE: 'development' });
    const second = await readPage(gateway, 'first: 5, after: $cursor', first.pageInfo.endCursor);
    expect(idsOf(second)).toEqual([]);
    undo();
    cached.sandbox.faults.add(grown(8));
    cached.sandbox.clearCalls();
    expect([...idsOf(first), ...(await rest(gateway, 5, second.pageInfo.endCursor))]).toEqual(all);
    expectEachPageOnce(cached.apiCalls());
  });

  test('a client gets no album twice if the list grows again before the page is read to which the album of its cursor has moved', async () => {
    const cached = await startInMode('development');
    const first = await readPage(cached, 'first: 5');
    const undo = cached.sandbox.faults.add(grown(6));
    const gateway = startGateway(cached.sandbox, { SPOTIFY_QUOTA_MODE: 'development' });
    await readPage(gateway, 'first: 5');
    undo();
    cached.sandbox.faults.add(grown(8));
    cached.sandbox.clearCalls();
    expect([...idsOf(first), ...(await rest(gateway, 5, first.pageInfo.endCursor))]).toEqual(all);
    expectEachPageOnce(cached.apiCalls());
  });

  test('a window in front of a cursor has the albums before the album of the cursor if the list grows again before its page is read', async () => {
    const cached = await startInMode('development');
    const first = await readPage(cached, 'first: 9');
    const undo = cached.sandbox.faults.add(grown(14));
    const gateway = startGateway(cached.sandbox, { SPOTIFY_QUOTA_MODE: 'development' });
    await readPage(gateway, 'first: 5');
    undo();
    cached.sandbox.faults.add(grown(16));
    cached.sandbox.clearCalls();
    const args = 'last: 3, before: $cursor';
    const window = await readPage(gateway, args, first.pageInfo.endCursor);
    expect(idsOf(window)).toEqual(idsOf(first).slice(5, 8));
    expectEachPageOnce(cached.apiCalls());
  });

  test('a list that grew at the front has its new length, and no window mixes old and new pages', async () => {
    const gateway = await startInMode('development');
    const [first, second] = [await readPage(gateway, 'first: 10'), await readPage(gateway, 'first: 20')];
    const undo = gateway.sandbox.faults.add(grown(2));
    const third = await readPage(gateway, `first: 10, after: "${second.pageInfo.endCursor}"`);
    expect([first.totalCount, second.totalCount, third.totalCount]).toEqual([50, 50, 52]);

    // The total of the third page proves that the earlier pages are outdated, so they are read again.
    gateway.sandbox.clearCalls();
    const reread = await readPage(gateway, 'first: 20');
    expect(idsOf(reread).slice(2)).toEqual(all.slice(0, 18));
    expect(all).not.toContain(idsOf(reread)[0]);
    expect(gateway.apiCalls().filter((path) => path.includes('/albums?'))).toHaveLength(2);

    undo();
    gateway.sandbox.clearCalls();
    expect(idsOf(await readPage(gateway, 'first: 20'))).toEqual(idsOf(reread));
    expect(gateway.apiCalls()).toEqual([]);
  });
});

describe('a list that grew or lost albums at the front between two pages of a client that pages backward', () => {
  /** The ids of all windows from a cursor to the front, in the order of the list. */
  async function restBackward(gateway: TestGateway, size: number, from: string | null): Promise<string[]> {
    const ids: string[] = [];
    let before = from;
    for (let page = 0; page < 200; page++) {
      const previous = await readPage(gateway, `last: ${size}, before: $cursor`, before);
      ids.unshift(...idsOf(previous));
      if (!previous.pageInfo.hasPreviousPage) return ids;
      before = previous.pageInfo.startCursor;
    }
    throw new Error('the pagination does not end');
  }

  const sizes = [4, 7, 10, 25];
  const changes = [1, 6, 10, 16];
  const cases = sizes.flatMap((size) => changes.map((count) => [size, count] as const));

  test.each(cases)(
    'windows of %i albums, paged backward, miss and repeat no album if the list grew by %i albums at the front',
    async (size, inserted) => {
      const first = await startInMode('development');
      const end = await readPage(first, `last: ${size}`);
      first.sandbox.faults.add(grown(inserted));
      const { startCursor } = end.pageInfo;
      const withoutCache = startGateway(first.sandbox, { SPOTIFY_QUOTA_MODE: 'development' });
      for (const gateway of [first, withoutCache]) {
        first.sandbox.clearCalls();
        const { extensions } = await gateway.execute(
          albumsDocument(`last: ${size}, before: "${startCursor}"`, artist),
        );
        expect(first.apiCalls().length).toBeLessThanOrEqual(extensions.spotify?.plannedCalls ?? 0);
        const ids = [...(await restBackward(gateway, size, startCursor)), ...idsOf(end)];
        expect(ids.filter((id) => all.includes(id))).toEqual(all);
        expect(new Set(ids).size).toBe(ids.length);
      }
    },
  );

  test.each(cases)(
    'windows of %i albums, paged backward, miss no album if the list lost %i albums at the front',
    async (size, removed) => {
      const gateway = await startInMode('development');
      const end = await readPage(gateway, `last: ${size}`);
      gateway.sandbox.faults.add(shrunk(removed));
      const ids = [...(await restBackward(gateway, size, end.pageInfo.startCursor)), ...idsOf(end)];
      expect(all.slice(removed).filter((id) => !ids.includes(id))).toEqual([]);
    },
  );

  test('a window before a cursor costs one call for its page if the list has not changed', async () => {
    const gateway = await startInMode('development');
    const end = await readPage(gateway, 'last: 10');
    gateway.sandbox.clearCalls();
    expect(idsOf(await readPage(gateway, `last: 10, before: "${end.pageInfo.startCursor}"`))).toEqual(
      all.slice(30, 40),
    );
    expect(gateway.apiCalls().filter((path) => path.includes('/albums?'))).toHaveLength(1);
  });

  test('an error of the page to which the album of the cursor has moved is an error of the window, not a gap', async () => {
    const first = await startInMode('development');
    const end = await readPage(first, 'last: 4');
    first.sandbox.faults.add(grown(5));
    const fault = { kind: 'answer', status: 404 } as const;
    first.sandbox.faults.add({ on: { pattern: 'albums.*offset=50' }, fault });
    const withoutCache = startGateway(first.sandbox, { SPOTIFY_QUOTA_MODE: 'development' });
    const document = albumsDocument(`last: 10, before: "${end.pageInfo.startCursor}"`, artist);
    const { errors } = await withoutCache.execute(document);
    expect(errors.map((error) => error.path)).toEqual([['artist', 'albums']]);
  });
});

describe('a list that lost albums at the front between two pages', () => {
  test.each([
    [7, 1],
    [8, 5],
    [15, 2],
  ])(
    'windows of %i albums have every album once if the list lost %i albums and the others stay in their page of Spotify',
    async (size, removed) => {
      const gateway = await startInMode('development');
      const first = await readPage(gateway, `first: ${size}`);
      gateway.sandbox.faults.add(shrunk(removed));
      const second = await readPage(gateway, `first: ${size}, after: "${first.pageInfo.endCursor}"`);
      expect(idsOf(second)).toEqual(all.slice(size, size + idsOf(second).length));
      expect(second.totalCount).toBe(50 - removed);
    },
  );

  const sizes = [2, 7, 10, 25, 40];
  const losses = sizes.flatMap((size) =>
    [1, 2, 5, 9, 10, 24, 35].filter((count) => count < size).map((count) => [size, count] as const),
  );
  test.each(losses)(
    'windows of %i albums miss no album if the list lost %i albums at the front',
    async (size, removed) => {
      const first = await startInMode('development');
      const start = await readPage(first, `first: ${size}`);
      first.sandbox.faults.add(shrunk(removed));
      const { endCursor } = start.pageInfo;
      const withoutCache = startGateway(first.sandbox, { SPOTIFY_QUOTA_MODE: 'development' });
      for (const gateway of [first, withoutCache]) {
        first.sandbox.clearCalls();
        const { extensions } = await gateway.execute(
          albumsDocument(`first: ${size}, after: "${endCursor}"`, artist),
        );
        expect(first.apiCalls().length).toBeLessThanOrEqual(extensions.spotify?.plannedCalls ?? 0);
        expect([...idsOf(start), ...(await rest(gateway, size, endCursor))]).toEqual(all);
      }
    },
  );

  test('windows of a list that lost any number of albums at the front have no album twice, and end', async () => {
    for (const removed of [1, 9, 30, 49]) {
      const gateway = await startInMode('development');
      const first = await readPage(gateway, 'first: 10');
      gateway.sandbox.faults.add(shrunk(removed));
      const ids = [...idsOf(first), ...(await rest(gateway, 10, first.pageInfo.endCursor))];
      expect(new Set(ids).size).toBe(ids.length);
      expect(ids).toEqual(all.filter((id) => ids.includes(id)));
    }
  });
});

test('a list that ends before a cursor can be paged backward through its remaining albums', async () => {
  const gateway = await startInMode('development');
  interface Data {
    artist: {
      albums: { nodes: { id: string }[]; pageInfo: { hasPreviousPage: boolean; startCursor: string } };
    };
  }
  const back = async (before: string) => {
    const document = `{ artist(id: "${artist}") { albums(last: 20${before}) {
        nodes { id } pageInfo { hasPreviousPage startCursor }
      } } }`;
    return (await dataOf<Data>(gateway, document)).artist.albums;
  };
  const end = await back('');
  gateway.sandbox.faults.add(shrunk(40));
  await readPage(gateway, 'first: 10'); // with the new length
  const ids: string[] = [];
  for (let { hasPreviousPage, startCursor } = end.pageInfo; hasPreviousPage; ) {
    const page = await back(`, before: "${startCursor}"`);
    ids.unshift(...page.nodes.map(({ id }) => id));
    ({ hasPreviousPage, startCursor } = page.pageInfo);
  }
  expect(ids).toEqual(all.slice(40));
});

describe('a show that lost its newest episodes, so that the item of a cursor moved into the page that the show embeds', () => {
  const showId = plainId(900_001);
  const ids = Array.from({ length: 78 }, (_, slot) => plainId(slot + 1));
  const pageAt = (offset: number, removed: number) => {
    const left = ids.slice(removed);
    const items = left.slice(offset, offset + 50).map((id) => namedObject('episode', id));
    return plainPage(items, { offset, total: left.length, next: left.length > offset + 50 ? 'next' : null });
  };
  const showWith = (removed: number) => ({ ...namedObject('show', showId), episodes: pageAt(0, removed) });
  const [showPath, listPath] = [`/shows/${showId}`, `/shows/${showId}/episodes`];

  test.each([
    // The show is fresh for 6 hours and its list for one.
    [2.5, ['episodes?market=US&limit=50&offset=50', 'episodes?market=US&limit=50&offset=0']],
    [8.5, ['?market=US', 'episodes?market=US&limit=50&offset=50']],
  ])('a client that continues after %f hours misses no episode', async (hours, calls) => {
    const clock = startClock();
    const upstream = await startScriptedUpstream([
      { path: `^${showPath}$`, times: 1, body: showWith(0) },
      { path: `^${showPath}$`, body: showWith(9) },
      { path: `^${listPath}$`, query: { offset: '50' }, times: 1, body: pageAt(50, 0) },
      { path: `^${listPath}$`, query: { offset: '50' }, body: pageAt(50, 9) },
      { path: `^${listPath}$`, query: { offset: '0' }, body: pageAt(0, 9) },
    ]);
    const gateway = startGateway(upstream, { SPOTIFY_QUOTA_MODE: 'development' });
    const window = async (args: string) => {
      const document = `{ show(id: "${showId}") { episodes(${args}) { nodes { id } pageInfo { endCursor } } } }`;
      type Data = { show: { episodes: { nodes: { id: string }[]; pageInfo: { endCursor: string } } } };
      const { nodes, pageInfo } = (await dataOf<Data>(gateway, document)).show.episodes;
      return { ids: nodes.map(({ id }) => id), endCursor: pageInfo.endCursor };
    };
    const first = await window('first: 53');
    expect(first.ids).toEqual(ids.slice(0, 53));

    await clock.pass(hours * 3_600);
    const callsBefore = upstream.log().length;
    expect((await window(`first: 10, after: "${first.endCursor}"`)).ids).toEqual(ids.slice(53, 63));
    const paths = upstream.log().slice(callsBefore);
    expect(paths.map((path) => path.replace(new RegExp(`^200 ${showPath}/?`), ''))).toEqual(calls);
  });
});

test('a fresh list whose length changes back and forth costs one call a page, although an unchanged page is older', async () => {
  const gateway = await startInMode('development', { CACHE_TTL_SECONDS: '1' });
  await readPage(gateway, 'first: 10');
  const undo = gateway.sandbox.faults.add(shrunk(1));
  expect((await readPage(gateway, 'last: 4')).totalCount).toBe(49);
  undo();
  await sleep(2_050);

  // Spotify confirms the first page with 304, so its total is newer than the total of the second page.
  gateway.sandbox.clearCalls();
  for (let time = 0; time < 3; time++) expect((await readPage(gateway, 'first: 10')).totalCount).toBe(50);
  const lists = gateway.sandbox.calls().filter(({ route }) => route === 'artists/albums');
  expect(lists.map(({ path, status }) => [path, status])).toEqual([
    [`/artists/${artist}/albums?limit=10&offset=0`, 304],
  ]);
});
