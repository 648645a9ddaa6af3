import { describe, expect, test } from 'vitest';
import { plainPage } from '../support/plain-objects.ts';
import {
  itemId,
  type ListKind,
  requestedLists,
  type ScriptedPage,
  startList,
} from '../support/scripted-lists.ts';

/** The end of a list whose total is wrong, for `last`: which items it has, and which pages are read to find it. */

/** The pages of a list that `next` ends at the last one, with this total on each. */
const pagesOf = (items: number, total: number, size: number): ScriptedPage[] =>
  Array.from({ length: Math.ceil(items / size) }, (_, i) => ({
    items: Math.min(size, items - i * size),
    total,
    next: (i + 1) * size < items,
  }));

const ids = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => itemId(from + i));
const [albums, , search] = requestedLists as [ListKind, ListKind, ListKind];

describe('the last items of a list', () => {
  test.each([
    ['a little too large, so that the window begins in the last page', 14, 22, [0, 10, 20]],
    ['too large by a page', 94, 104, [0, 90, 100]],
    ['much too large', 14, 420, [0, 10, 20, 30, 60, 340, 380, 400, 410]],
    ['much too small', 95, 0, [0, 10, 20, 40, 80, 90, 100, 110, 160]],
    ['larger than any list', 37, 100_000, [0, 20, 30, 40, 100, 1_000, 99_920, 99_960, 99_980, 99_990]],
    ['too small by a page', 95, 83, [0, 70, 80, 90]],
  ])('the last items of a list are found although its total is %s', async (_, items, total, offsets) => {
    const list = await startList(albums, pagesOf(items, total, 10));
    for (let time = 0; time < 2; time++) {
      const { nodes, pageInfo } = await list.window('last: 4');
      expect(nodes.map(({ id }) => id)).toEqual(ids(items - 4, items));
      expect([pageInfo.hasNextPage, pageInfo.hasPreviousPage]).toEqual([false, true]);
    }
    expect(list.offsets().toSorted((one, other) => one - other)).toEqual(offsets);
  });

  test('the last items of a list are found although a page after the end arrives before or after the last page', async () => {
    for (const delayMs of [0, 30]) {
      const list = await startList(albums, [
        ...pagesOf(14, 22, 10),
        { items: 0, total: 22, next: false, delayMs: 30 - delayMs },
      ]);
      const { nodes } = await list.window('last: 4');
      expect(nodes.map(({ id }) => id)).toEqual(ids(10, 14));
    }
  });

  test.each([albums, search])(
    'the last items of a list whose pages have no `next` are found by its total: $name',
    async (kind) => {
      const pages = pagesOf(25, 25, 10).map((page) => ({ ...page, next: false }));
      for (const [args, from] of [
        ['last: 8', 17],
        ['last: 100', 0],
      ] as const) {
        const list = await startList(kind, pages);
        const { nodes, pageInfo } = await list.window(args);
        expect(
          nodes.map(({ id }) => id),
          args,
        ).toEqual(ids(from, 25));
        expect(pageInfo.hasNextPage, args).toBe(false);
        expect(list.offsets().toSorted((one, other) => one - other)).toEqual([0, 10, 20]);
      }
    },
  );

  test.each(requestedLists)(
    'the items before a cursor are all there for a gateway that has not read the list, although its pages have no `next`: $name',
    async (kind) => {
      const { size } = kind;
      const length = 2 * size + 5;
      for (const total of [length, length + 10 * size]) {
        const pages = pagesOf(length, total, size).map((page) => ({ ...page, next: false }));
        const { windows } = await (await startList(kind, pages)).walk(size);
        const cursorOfLast = windows[2]?.pageInfo.endCursor;
        for (const [count, offsets] of [
          [size + 1, [size, 2 * size]],
          [size + 6, [0, size, 2 * size]],
        ] as const) {
          const list = await startList(kind, pages);
          const { nodes, pageInfo } = await list.window(`last: ${count}, before: "${cursorOfLast}"`);
          expect(nodes.map(({ id }) => id)).toEqual(ids(length - 1 - count, length - 1));
          expect([pageInfo.hasPreviousPage, pageInfo.hasNextPage]).toEqual([true, true]);
          expect(list.offsets()).toEqual(offsets);
        }
      }
    },
  );

  test.each([
    ['in order', [0, 10, 20, 30]],
    ['in reverse order', [0, 30, 20, 10]],
    ['at once', [0, 0, 0, 0]],
  ])(
    'the last items of a list are found although each page has another total and the pages arrive %s',
    async (_, delays) => {
      const pages = [25, 40, 32, 30].map((total, i) => ({
        ...{ items: i < 3 ? 10 : 6, total, next: i < 3 },
        delayMs: delays[i] ?? 0,
      }));
      for (const [args, from] of [
        ['last: 5', 31],
        ['last: 100', 0],
      ] as const) {
        const list = await startList(albums, pages);
        for (let time = 0; time < 2; time++) {
          const { nodes, pageInfo, totalCount } = await list.window(args);
          expect(
            nodes.map(({ id }) => id),
            args,
          ).toEqual(ids(from, 36));
          expect(pageInfo.hasNextPage, args).toBe(false);
          expect(totalCount, args).toBeGreaterThanOrEqual(36);
        }
      }
    },
  );

  test('the last items of a list are found although its pages have no `next` and each has another total', async () => {
    for (const totals of [
      [33, 36, 36, 39],
      [39, 37, 36, 33],
      [36, 38, 36, 35],
    ]) {
      const pages = totals.map((total, i) => ({ items: i < 3 ? 10 : 6, total, next: false }));
      const list = await startList(albums, pages);
      const { nodes, pageInfo } = await list.window('last: 7');
      expect(nodes.map(({ id }) => id)).toEqual(ids(29, 36));
      expect(pageInfo.hasNextPage).toBe(false);
      expect(list.offsets().length).toBeLessThanOrEqual(4); // a page with another total may be read again
    }
  });

  test.each([12, 15, 20, 60])(
    'the last items after a cursor are found by a gateway that has not read the list, although its total is %d, which is too small',
    async (total) => {
      const pages = pagesOf(130, total, 10);
      const { pageInfo } = await (await startList(albums, pages)).window('first: 70');
      const list = await startList(albums, pages);
      const { nodes } = await list.window(`last: 25, after: "${pageInfo.endCursor}"`);
      expect(nodes.map(({ id }) => id)).toEqual(ids(105, 130));
      expect(list.offsets().length).toBeLessThanOrEqual(1 + 16);
    },
  );

  test('the items before a cursor are found in a list whose total differs from page to page by a page', async () => {
    const pages = pagesOf(61, 61, 10).map((page, i) => ({ ...page, total: i % 2 === 0 ? 61 : 71 }));
    const list = await startList(albums, pages);
    for (const slot of [20, 40, 60]) {
      const { pageInfo } = await list.window(`first: ${slot + 1}`);
      const { nodes } = await list.window(`last: 10, before: "${pageInfo.endCursor}"`);
      expect(nodes.map(({ id }) => id)).toEqual(ids(slot - 10, slot));
    }
  });

  test('a window of the last 0 items costs the planned call, and no search for the end of a list whose total is wrong', async () => {
    const list = await startList(albums, pagesOf(95, 0, 10));
    expect((await list.window('last: 0')).nodes).toEqual([]);
    expect(list.offsets()).toEqual([0]);
  });

  test('the last items of a search end at result 1,000, and are found with few calls although the total is 0', async () => {
    const pages = pagesOf(1_000, 0, 10).map((page) => ({ ...page, next: true }));
    const list = await startList(search, pages);
    const { nodes, pageInfo, totalCount } = await list.window('last: 5');
    expect([nodes.map(({ id }) => id), pageInfo.hasNextPage, totalCount]).toEqual([
      ids(995, 1_000),
      false,
      1_000,
    ]);
    expect(list.offsets()).toEqual([0, 10, 20, 40, 80, 160, 320, 640, 990]);
  });

  test.each([albums, search])(
    'the last items of a short list whose total is 1,000 are found although `next` is set on every page, also on those after its end: $name',
    async (kind) => {
      const pages = Array.from({ length: 102 }, (_, i) => ({
        items: Math.max(0, Math.min(10, 14 - i * 10)),
        total: 1_000,
        next: true,
      }));
      const list = await startList(kind, pages);
      for (let time = 0; time < 2; time++) {
        const { nodes, pageInfo } = await list.window('last: 5');
        expect(nodes.map(({ id }) => id)).toEqual(ids(9, 14));
        expect(pageInfo.hasNextPage).toBe(false);
      }
      const offsets = list.offsets();
      expect(new Set(offsets).size).toBe(offsets.length);
      expect(offsets.length).toBeLessThanOrEqual(2 + 16);
    },
  );

  test('the last items of a list are an error after 16 further pages if `next` is set on each page, instead of items in the middle', async () => {
    const next = 'https://api.spotify.com/v1/next';
    const body = plainPage(ids(0, 10).map(albums.item), { total: 0, next });
    const list = await startList(albums, [], [{ path: albums.path, echoPage: true, body }]);
    const { data, errors } = await list.gateway.execute(albums.document('last: 5'));
    expect(data).toMatchObject({ parent: { list: null } });
    expect(errors.map(({ extensions, message }) => [extensions?.['code'], message])).toEqual([
      ['UPSTREAM_BAD_RESPONSE', expect.stringContaining('page through it with `first`')],
    ]);
    expect(list.offsets().length).toBeLessThanOrEqual(3 + 16);
    expect((await list.window('first: 20')).nodes).toHaveLength(10);
  });
});

describe('the length of a list', () => {
  test('the length of a list is at least the number of items that were returned, although the totals become smaller', async () => {
    const list = await startList(albums, [
      { items: 10, total: 14, next: true },
      { items: 10, total: 10, next: true },
      { items: 0, total: 17, next: false },
    ]);
    const { nodes, totalCount } = await list.window('first: 100');
    expect(nodes).toHaveLength(20);
    expect(totalCount).toBeGreaterThanOrEqual(20);
  });

  test('each page of a list without totals is read once, and the length of the list is the number of its items', async () => {
    const page = (i: number, items: number, next: string | null) => ({
      path: albums.path,
      query: { offset: `${i * 10}` },
      body: { limit: 10, next, items: ids(i * 10, i * 10 + items).map(albums.item) },
    });
    const next = 'https://api.spotify.com/v1/next';
    const list = await startList(albums, [], [page(0, 10, next), page(1, 10, next), page(2, 5, null)]);
    expect((await list.walk(10)).ids).toEqual(ids(0, 25));
    expect((await list.window('first: 100')).totalCount).toBe(25);
    expect(list.offsets()).toEqual([0, 10, 20]);
  });
});
