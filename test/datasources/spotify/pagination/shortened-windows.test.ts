import { describe, expect, test } from 'vitest';
import { type TestList, testList } from '../../../support/lists.ts';

/** Windows that need more calls than the daily quota has left. The list has 45 albums; the app gets them in pages of 10. */

const list: TestList = { slots: Array.from({ length: 45 }, (_, i) => i + 1), ceiling: 10, manner: 'refuse' };
const albums = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const start = (callsLeft: number, isKnown: boolean) => {
  const quota = { callsLeft, isKnown };
  return { quota, ...testList(list, { mode: 'development', quota }) };
};
const shortenedAlbums = { field: 'Artist.albums', path: ['owner', 'list'], reason: 'QUOTA' };
const wrongTotal = { total: 20, endless: true };

/** A list that can grow by 15 albums at its front. */
function startGrowing(quota = { callsLeft: Number.POSITIVE_INFINITY, isKnown: false }) {
  const growing = { ...list, slots: [...list.slots] };
  const grow = () => void growing.slots.unshift(...albums(101, 115));
  return { ...testList(growing, { mode: 'development', quota }), quota, grow };
}

describe.each([
  { isKnown: true, name: 'the gateway knows that' },
  { isKnown: false, name: 'Spotify rejects later calls, so that' },
])('$name only some calls are left', ({ isKnown }) => {
  test('a window with too few calls has the albums of the first pages, a next page, the length of the list, and a notice', async () => {
    const { page, usages, requests } = start(3, isKnown);
    const { ids, hasNextPage, totalCount } = await page({ first: 100 });
    expect({ ids, hasNextPage, totalCount }).toEqual({
      ids: albums(1, 30),
      hasNextPage: true,
      totalCount: 45,
    });
    expect(usages[0]?.shortened).toEqual([shortenedAlbums]);
    expect(requests.map(({ offset }) => offset)).toEqual([0, 10, 20]);
  });

  test('the window after a shortened window has the next albums when calls are available again', async () => {
    const { page, quota, requests } = start(3, isKnown);
    const { endCursor } = await page({ first: 100 });
    quota.callsLeft = 5;
    expect(await page({ first: 100, after: endCursor })).toMatchObject({
      ids: albums(31, 45),
      hasNextPage: false,
    });
    expect(requests.map(({ offset }) => offset)).toEqual([0, 10, 20, 30, 40]);
  });

  test('a window for which no call is left is UPSTREAM_QUOTA_EXCEEDED', async () => {
    const { page, usages } = start(1, isKnown);
    const { endCursor } = await page({ first: 10 });
    const rejected = { originalError: { code: 'UPSTREAM_QUOTA_EXCEEDED' } };
    await expect(page({ first: 10, after: endCursor })).rejects.toMatchObject(rejected);
    expect(usages.map(({ shortened }) => shortened.length)).toEqual([0, 0]);
  });

  test('a window for which enough calls are left is not shortened', async () => {
    const { page, usages } = start(3, isKnown);
    expect((await page({ first: 25 })).ids).toEqual(albums(1, 25));
    expect(usages[0]?.shortened).toEqual([]);
  });

  test('a window is shortened behind its cached pages, which need no call', async () => {
    const { page, quota } = start(5, isKnown);
    await page({ first: 20 });
    quota.callsLeft = 1;
    expect(await page({ first: 45 })).toMatchObject({ ids: albums(1, 30), hasNextPage: true });
  });

  test('a shortened window at the end of the list has its first albums, and a next page', async () => {
    const { page, usages } = start(2, isKnown);
    expect(await page({ last: 15 })).toMatchObject({
      ids: albums(31, 40),
      hasNextPage: true,
      hasPreviousPage: true,
    });
    expect(usages[0]?.shortened).toEqual([shortenedAlbums]);
  });

  test('a page that is smaller than requested is read from the cache if no call is left for the next page', async () => {
    const quota = { callsLeft: 2, isKnown };
    const { page } = testList({ slots: albums(1, 51), ceiling: 26, manner: 'clamp' }, { quota });
    const { endCursor } = await page({ first: 48 });
    expect(await page({ first: 6, after: endCursor })).toMatchObject({ ids: albums(49, 51) });
  });

  test('the length of the list is known without a notice if its first page can be read', async () => {
    const { page, usages } = start(1, isKnown);
    expect(await page({ first: 0 })).toMatchObject({ ids: [], totalCount: 45, hasNextPage: false });
    expect(usages[0]?.shortened).toEqual([]);
  });

  test('a list that grew has its window at the former slots if no call is left to find the item of the cursor', async () => {
    const { page, quota, grow } = startGrowing({ callsLeft: 2, isKnown });
    const { endCursor } = await page({ first: 10 });
    grow();
    expect((await page({ first: 10, after: endCursor })).ids).toEqual([...albums(111, 115), ...albums(1, 5)]);
    quota.callsLeft = 1;
    expect((await page({ first: 10, after: endCursor })).ids).toEqual(albums(11, 15));
  });

  test('a window at an end that is farther away than the total states is shortened if no call is left to find that end', async () => {
    const quota = { callsLeft: 2, isKnown };
    const { page, usages } = testList({ ...list, ...wrongTotal }, { mode: 'development', quota });
    expect(await page({ last: 15 })).toMatchObject({ ids: albums(7, 20), hasNextPage: true });
    expect(usages[0]?.shortened).toEqual([shortenedAlbums]);
  });
});

describe('while Spotify does not respond', () => {
  test('a list that grew has its window at the former slots if Spotify fails before the item of the cursor is found, also if the window is cached', async () => {
    const { page, grow, goDownAfter } = startGrowing();
    const { endCursor } = await page({ first: 10 });
    grow();
    for (const calls of [1, 0]) {
      goDownAfter(calls);
      const { ids } = await page({ first: 10, after: endCursor });
      expect(ids).toEqual([...albums(111, 115), ...albums(1, 5)]);
    }
  });

  test('a window at an end that is farther away than the total states is an error if Spotify does not respond', async () => {
    const { page, goDownAfter } = testList({ ...list, ...wrongTotal }, { mode: 'development' });
    goDownAfter(2);
    const rejected = { originalError: { code: 'UPSTREAM_UNAVAILABLE' } };
    await expect(page({ last: 15 })).rejects.toMatchObject(rejected);
  });
});
