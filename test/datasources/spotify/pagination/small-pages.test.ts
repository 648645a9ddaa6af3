import { expect, test } from 'vitest';
import type { WrittenRule } from '../../../support/case-format.ts';
import { startGateway } from '../../../support/gateway.ts';
import { testList } from '../../../support/lists.ts';
import { fullAlbum, plainId, plainPage } from '../../../support/plain-objects.ts';
import {
  itemId,
  type ListKind,
  listKinds,
  requestedLists,
  startList,
} from '../../../support/scripted-lists.ts';
import { startScriptedUpstream } from '../../../support/scripted-upstream.ts';

/** Pages that are smaller than requested. */

const [albums] = requestedLists as [ListKind];

/** A page as Spotify sends it, with the items from its offset on. */
const page = (offset: number, items: number, rest: object, kind = albums): WrittenRule => ({
  path: kind.path,
  query: { offset: `${offset}` },
  body: plainPage(
    Array.from({ length: items }, (_, i) => kind.item(itemId(offset + i))),
    { offset, ...rest },
  ),
});

const ids = (count: number): string[] => Array.from({ length: count }, (_, slot) => itemId(slot));

test('a walk ends after a full page that is smaller than requested, has no `next` and has a larger total', async () => {
  const pages = [
    page(0, 9, { limit: 1, next: null, total: 16 }),
    page(9, 0, { limit: 1, next: null, total: 16 }),
  ];
  const list = await startList(albums, [], pages);
  expect((await list.walk(20)).ids).toEqual(ids(9));
  expect(list.offsets()).toEqual([0, 9]);
  expect((await list.walk(4)).ids).toEqual(ids(9));
  expect(list.offsets()).toEqual([0, 9]);
});

test('all items are found in a list whose pages are smaller than requested and have no `next`', async () => {
  const pages = [0, 5, 10].map((offset) => page(offset, 5, { limit: 5, next: null, total: 15 }));
  const list = await startList(albums, [], pages);
  for (const size of [3, 5, 7, 100]) expect((await list.walk(size)).ids, `first: ${size}`).toEqual(ids(15));
  expect(list.offsets()).toEqual([0, 5, 10]);
});

test('the last items of a list are found although its last page is smaller than requested and has a larger total', async () => {
  const pages = [
    page(0, 10, { limit: 10, next: null, total: 13 }),
    page(10, 1, { limit: 1, next: null, total: 13 }),
  ];
  const list = await startList(albums, [{ items: 0, total: 13, next: false }], pages);
  const { nodes, pageInfo } = await list.window('last: 3');
  expect(nodes.map(({ id }) => id)).toEqual([8, 9, 10].map(itemId));
  expect(pageInfo.hasNextPage).toBe(false);
  expect(list.offsets()).toEqual([0, 10, 20, 11]);
});

const embeddedTracks = listKinds.find(({ embeds }) => embeds) as ListKind;

test('a walk ends after a small page inside an album, although the album is read again for each window', async () => {
  const tracks = (offset: number, items: number) =>
    page(offset, items, { limit: 1, next: null, total: 16 }, embeddedTracks);
  const rest = { ...tracks(9, 0), query: { offset: '9' } };
  const album = {
    path: '^/albums/[^/]+$',
    body: { ...fullAlbum(plainId(900_001)), tracks: tracks(0, 9).body },
  };
  const list = await startList(embeddedTracks, [], [rest, album]);
  expect((await list.walk(9)).ids).toEqual(ids(9));
  expect((await list.walk(4)).ids).toEqual(ids(9));
  expect(list.offsets()).toEqual([9]);
});

test('the tracks of an album are all found although its first page is short and states no size', async () => {
  const next = 'https://api.spotify.com/v1/next';
  const first = page(0, 20, { limit: undefined, next, total: 53 }, embeddedTracks);
  const rest = [
    page(20, 33, { next: null, total: 53 }, embeddedTracks),
    page(50, 3, { next: null, total: 53 }, embeddedTracks),
  ];
  const album = { path: '^/albums/[^/]+$', body: { ...fullAlbum(plainId(900_001)), tracks: first.body } };
  const list = await startList(embeddedTracks, [], [...rest, album]);
  expect((await list.walk(15)).ids).toEqual(ids(53));
  expect(list.offsets()).toEqual([20, 50]);
});

test('empty pages that state a size of 1 do not make the pages of a list smaller', async () => {
  const next = 'https://api.spotify.com/v1/next';
  const pages = [
    page(0, 10, { limit: 1, next, total: 0 }),
    page(10, 3, { limit: 1, next, total: 0 }),
    ...[13, 14].map((offset) => page(offset, 0, { limit: 1, next, total: 0 })),
  ];
  const list = await startList(albums, [{ items: 0, total: 0, next: false }], pages);
  expect((await list.walk(100)).ids).toEqual(ids(13));
  const { nodes } = await list.window('last: 3');
  expect(nodes.map(({ id }) => id)).toEqual([10, 11, 12].map(itemId));
  expect(list.upstream.calls().map(({ query }) => query.get('limit') ?? '10')).not.toContain('1');
});

test('the items behind an empty page that states a size of 1 are found', async () => {
  const next = 'https://api.spotify.com/v1/next';
  const pages = [
    page(0, 10, { limit: 10, next, total: 23 }),
    page(10, 0, { limit: 1, next, total: 23 }),
    page(20, 3, { limit: 10, next: null, total: 23 }),
  ];
  const list = await startList(albums, [{ items: 0, total: 23, next: true }], pages);
  expect((await list.walk(100)).ids).toEqual([...ids(10), ...[20, 21, 22].map(itemId)]);
  expect(list.offsets()).toEqual([0, 10, 20]);
});

test('the last items of a list without `next` are found although no length of it stays fresh', async () => {
  const pages = [
    page(0, 10, { limit: 10, next: null, total: 13 }),
    page(10, 3, { limit: 10, next: null, total: 13 }),
  ];
  const upstream = await startScriptedUpstream([...pages, ...albums.others({})]);
  const gateway = startGateway(upstream, { SPOTIFY_QUOTA_MODE: 'development', CACHE_TTL_SECONDS: '0' });
  const { data } = await gateway.execute(albums.document('last: 20'));
  expect(albums.pick(data)?.nodes.map(({ id }) => id)).toEqual(ids(13));
});

test('the items behind an empty page that states a smaller page size of Spotify are found', async () => {
  const numbers = Array.from({ length: 13 }, (_, i) => i + 1);
  const slots = [...Array.from({ length: 10 }, () => 'hidden' as const), ...numbers];
  const { page: windowOf, requests } = testList({ slots, ceiling: 10, manner: 'clamp' });
  expect((await windowOf({ first: 100 })).ids).toEqual(numbers);
  expect(requests.map(({ offset }) => offset)).toEqual([0, 10, 20]);
});

const nextAt = (offset: number): string =>
  `https://api.spotify.com/v1/next?locale=*&offset=${offset}&limit=5`;

test('all items are found in a list whose pages are smaller than requested and state their size only in `next`', async () => {
  const pages = [0, 5, 10].map((offset) =>
    page(offset, offset === 10 ? 3 : 5, {
      limit: undefined,
      next: offset === 10 ? null : nextAt(offset + 5),
      total: 13,
    }),
  );
  const list = await startList(albums, [], pages);
  for (const size of [3, 10, 100]) expect((await list.walk(size)).ids, `first: ${size}`).toEqual(ids(13));
  expect(list.offsets()).toEqual([0, 5, 10]);
});

test('a short page without a stated size and with a `next` after the requested page size leaves its last slots empty', async () => {
  const pages = [
    page(0, 8, { limit: undefined, next: nextAt(10), total: 13 }),
    page(10, 3, { limit: undefined, next: null, total: 13 }),
  ];
  const list = await startList(albums, [], pages);
  expect((await list.walk(100)).ids).toEqual([...ids(8), ...[10, 11, 12].map(itemId)]);
  expect(list.offsets()).toEqual([0, 10]);
});

const nextWithoutOffset = 'https://api.spotify.com/v1/next';

test.each([
  ['1, and where `next` states where the next page begins', 1, nextAt],
  ['their number of items, and where `next` states where the next page begins', 'items', nextAt],
  ['1, and where `next` states nothing', 1, () => nextWithoutOffset],
] as const)(
  'each page is read once in a list with short pages that report a size of %s',
  async (_, size, nextOf) => {
    const shortPage = (offset: number, items: number, next: string | null) =>
      page(offset, items, { limit: size === 'items' ? items : size, next, total: 34 });
    const pages = [
      shortPage(0, 7, nextOf(10)),
      shortPage(10, 7, nextOf(20)),
      shortPage(20, 8, nextOf(30)),
      shortPage(30, 4, null),
    ];
    const list = await startList(albums, [], pages);
    const allIds = ids(34);
    const expected = [
      allIds.slice(0, 7),
      allIds.slice(10, 17),
      allIds.slice(20, 28),
      allIds.slice(30),
    ].flat();
    for (const count of [3, 10, 100])
      expect((await list.walk(count)).ids, `first: ${count}`).toEqual(expected);
    expect(list.offsets()).toEqual([0, 10, 20, 30]);
  },
);

test('a short page inside an album that states its size only in `next` leaves its last slots empty', async () => {
  const first = page(0, 47, { limit: undefined, next: nextAt(50), total: 53 }, embeddedTracks);
  const rest = page(50, 3, { limit: 50, next: null, total: 53 }, embeddedTracks);
  const album = { path: '^/albums/[^/]+$', body: { ...fullAlbum(plainId(900_001)), tracks: first.body } };
  const list = await startList(embeddedTracks, [], [rest, album]);
  expect((await list.walk(10)).ids).toEqual([...ids(47), ...ids(53).slice(50)]);
  expect(list.offsets()).toEqual([50]);
});

test.each([0, -5, 99])(
  'a `next` that names the impossible offset %d does not change the size of its page',
  async (offset) => {
    const pages = [
      page(0, 10, { limit: undefined, next: nextAt(offset), total: 13 }),
      page(10, 3, { limit: undefined, next: null, total: 13 }),
    ];
    const list = await startList(albums, [], pages);
    expect((await list.walk(100)).ids).toEqual(ids(13));
    expect(list.offsets()).toEqual([0, 10]);
  },
);
