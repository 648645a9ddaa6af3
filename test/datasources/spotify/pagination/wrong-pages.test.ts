import { describe, expect, test } from 'vitest';
import { albumPage, idsOf, listPath, slots } from '../../../support/album-pages.ts';
import { codesOf } from '../../../support/gateway.ts';
import { plainPage } from '../../../support/plain-objects.ts';
import {
  albums,
  artists,
  catalogue,
  dataAndErrorCodes,
  dataOf,
  startInMode,
  withoutErrors,
} from '../../../support/schema-tests.ts';
import { itemId, type ListKind, requestedLists, startList } from '../../../support/scripted-lists.ts';

/** Pages that differ from the requested pages, or are missing. */

const all = slots(0);

const onLists = { route: 'artists/albums' };

describe('a list of an object that exists', () => {
  const error = { status: 404, message: 'Resource not found' };
  const notFound = { kind: 'answer', status: 404, json: { error } } as const;

  test.each([
    [
      "an artist's albums",
      'artists/albums',
      `{ artist(id: "${artists.bts}") { albums { totalCount } } }`,
      'artist.albums',
    ],
    [
      "an album's tracks",
      'albums/tracks',
      `{ album(id: "${albums.tracks130}") { tracks(first: 60) { totalCount nodes { id } } } }`,
      'album.tracks',
    ],
    ['the results of a search', 'search', '{ search(q: "the") { albums { totalCount } } }', 'search.albums'],
  ])(
    'a list of an object that exists is an error if Spotify responds with 404, and is read again the next time: %s',
    async (_, route, document, path) => {
      const gateway = await startInMode('development');
      gateway.sandbox.faults.add({ on: { route }, times: 1, fault: notFound });
      const { errors } = await gateway.execute(document);
      expect(errors.map((error) => [error.path?.join('.'), error.extensions?.['code']])).toEqual([
        [path, 'UPSTREAM_BAD_RESPONSE'],
      ]);
      expect((await gateway.execute(document)).errors).toEqual([]);
    },
  );

  test('a list is null without an error if its object does not exist any more', async () => {
    const { execute, sandbox } = await startInMode('development');
    sandbox.faults.add({ on: { path: `/albums/${all[0]}` }, fault: notFound });
    const document = `{ artist(id: "${artists.bts}") { albums(first: 1) { nodes { id tracks(first: 1) { totalCount } } } } }`;
    expect(dataAndErrorCodes(await execute(document))).toEqual(
      withoutErrors({ artist: { albums: { nodes: [{ id: all[0], tracks: null }] } } }),
    );
  });
});

describe('a page that contradicts the others', () => {
  const tracksOf = (first: number) => `{ album(id: "${albums.tracks130}") { tracks(first: ${first}) {
    totalCount nodes { id } pageInfo { hasNextPage }
  } } }`;
  const expectedTracks = catalogue.tracksOf(albums.tracks130).map(({ id }) => ({ id }));

  test.each([10, 20])(
    'pages of a smaller size than requested leave no gap: all tracks are returned if the pages have at most %i items',
    async (limit) => {
      const gateway = await startInMode('development');
      gateway.sandbox.faults.add({ on: { route: 'albums/tracks' }, fault: { kind: 'ceiling', limit } });
      interface Data {
        album: { tracks: { nodes: object[] } };
      }
      const { album } = await dataOf<Data>(gateway, tracksOf(100));
      expect(album.tracks.nodes).toEqual(expectedTracks.slice(0, 100));
    },
  );

  test.each([
    ['another offset than requested', { path: 'offset', set: 30 }],
    ['no items', { path: 'items', set: null }],
  ])(
    'a page with %s is an error of its list only, and no capability is learned from that page',
    async (_, edit) => {
      const gateway = await startInMode('extended');
      const rule = { on: onLists, times: 1, fault: { kind: 'edit' as const, edits: [edit] } };
      gateway.sandbox.faults.add(rule);
      const document = `{ artist(id: "${artists.bts}") { name albums(first: 25) { nodes { id } } } }`;
      const { data, errors } = await gateway.execute(document);
      expect(data).toEqual({ artist: { name: 'BTS', albums: null } });
      expect(errors.map(({ path, extensions }) => [path?.join('.'), extensions?.['code']])).toEqual([
        ['artist.albums', 'UPSTREAM_BAD_RESPONSE'],
      ]);
      gateway.sandbox.clearCalls();
      expect(idsOf(await albumPage(gateway, 'first: 25'))).toEqual(all.slice(0, 25));
      expect(gateway.apiCalls()).toEqual([listPath(artists.bts, 50)]);
    },
  );

  test.each([
    ['no page size', { path: 'limit', set: 0 }],
    ['an invalid page size', { path: 'limit', set: 'ten' }],
    ['no total', { path: 'total', remove: true as const }],
    ['a total below zero', { path: 'total', set: -1 }],
    ['no offset', { path: 'offset', remove: true as const }],
  ])('a page with %s loses no item, and no capability is learned from that page', async (_, edit) => {
    const gateway = await startInMode('development');
    gateway.sandbox.faults.add({ on: onLists, times: 1, fault: { kind: 'edit', edits: [edit] } });
    const page = await albumPage(gateway, 'first: 25');
    expect(idsOf(page)).toEqual(all.slice(0, 25));
    expect(page.pageInfo.hasNextPage).toBe(true);
    expect(gateway.apiCalls().filter((path) => path.includes('/albums?'))).toHaveLength(3);
  });

  test('a page that states a larger size than requested hides no later item, and no capability is learned from that page', async () => {
    const gateway = await startInMode('development');
    const fault = { kind: 'edit' as const, edits: [{ path: 'limit', set: 50 }] };
    gateway.sandbox.faults.add({ on: onLists, times: 1, fault });
    expect(idsOf(await albumPage(gateway, 'first: 25'))).toEqual(all.slice(0, 25));
    expect(gateway.apiCalls().filter((path) => path.includes('/albums?'))).toHaveLength(3);
  });

  test('an error or a 404 of one page makes the whole list an error, instead of a silent gap', async () => {
    for (const fault of [
      { kind: 'answer', status: 500 },
      { kind: 'answer', status: 404, json: { error: { status: 404, message: 'Resource not found' } } },
    ] as const) {
      const gateway = await startInMode('development');
      gateway.sandbox.faults.add({ on: { pattern: 'offset=10$' }, fault });
      const document = `{ artist(id: "${artists.bts}") { name albums(first: 25) { nodes { id } } } }`;
      const { data, errors } = await gateway.execute(document);
      expect(data).toEqual({ artist: { name: 'BTS', albums: null } });
      expect(errors.map(({ path, extensions }) => [path, extensions?.['code']])).toEqual([
        [['artist', 'albums'], fault.status === 500 ? 'UPSTREAM_UNAVAILABLE' : 'UPSTREAM_BAD_RESPONSE'],
      ]);
    }
  });
});

describe('a page with unusual values', () => {
  const [albumsOfArtist] = requestedLists as [ListKind];
  const page = (count: number, rest: object) => {
    const items = Array.from({ length: count }, (_, i) => albumsOfArtist.item(itemId(i)));
    return { path: albumsOfArtist.path, body: plainPage(items, { limit: 10, ...rest }) };
  };

  test('a page size of 0 is no error in an empty list, and an error in a list that is not empty', async () => {
    const empty = await startList(albumsOfArtist, [], [page(0, { limit: 0, total: 0, next: null })]);
    expect(await empty.window('first: 10')).toMatchObject({ totalCount: 0, nodes: [] });
    const notEmpty = await startList(albumsOfArtist, [], [page(0, { limit: 0, total: 7, next: null })]);
    const { errors } = await notEmpty.gateway.execute(albumsOfArtist.document('first: 10'));
    expect(errors.map(({ extensions }) => extensions?.['code'])).toEqual(['UPSTREAM_BAD_RESPONSE']);
  });

  test.each(requestedLists)(
    'only the total of $name is an error if a page has its numbers as texts',
    async (list) => {
      const nodes = [0, 1].map((i) => ({ id: itemId(i) }));
      const items = nodes.map(({ id }) => list.item(id));
      const texts = { items, limit: `${list.size}`, offset: '0', total: '2', next: null };
      const { gateway, offsets } = await startList(list, [], [{ path: list.path, body: list.wrap(texts) }]);
      const { data, errors } = await gateway.execute(list.document('first: 5'));
      expect(list.pick(data)).toMatchObject({ totalCount: null, nodes });
      expect(errors.map(({ path, extensions }) => [path?.at(-1), extensions?.['code']])).toEqual([
        ['totalCount', 'UPSTREAM_BAD_RESPONSE'],
      ]);
      expect(offsets()).toEqual([0]);
    },
  );

  test.each(requestedLists)(
    'the items of $name are found if its pages state neither their size nor a total, which is an error of a page without items',
    async (list) => {
      const part = (from: number, count: number, rest: object) => ({
        path: list.path,
        query: { offset: `${from}` },
        body: list.wrap({
          items: Array.from({ length: count }, (_, i) => list.item(itemId(from + i))),
          ...rest,
        }),
      });
      const pages = [part(0, list.size, { next: 'https://api.spotify.com/v1/next' }), part(list.size, 3, {})];
      const { walk, offsets } = await startList(list, [], pages);
      expect((await walk(7)).ids).toEqual(Array.from({ length: list.size + 3 }, (_, i) => itemId(i)));
      expect(offsets()).toEqual([0, list.size]);
      const empty = await startList(list, [], [part(0, 0, {})]);
      expect(codesOf(await empty.gateway.execute(list.document('first: 5')))).toEqual([
        'UPSTREAM_BAD_RESPONSE',
      ]);
    },
  );

  test('no page follows a page whose `next` is an empty text', async () => {
    const list = await startList(albumsOfArtist, [], [page(4, { total: 4, next: '' })]);
    expect(await list.window('first: 10')).toMatchObject({ totalCount: 4, pageInfo: { hasNextPage: false } });
    expect(list.offsets()).toEqual([0]);
  });

  test('the items of a page beyond the requested size are read with the next page, although `next` is null', async () => {
    const longPage = { ...page(13, { total: 13, next: null }), query: { offset: '0' } };
    const rest = { items: [10, 11, 12].map((slot) => albumsOfArtist.item(itemId(slot))), offset: 10 };
    const nextPage = { ...page(0, { ...rest, total: 13, next: null }), query: { offset: '10' } };
    const list = await startList(albumsOfArtist, [], [longPage, nextPage]);
    const { ids } = await list.walk(4);
    expect(ids).toEqual(Array.from({ length: 13 }, (_, slot) => itemId(slot)));
    expect(list.offsets()).toEqual([0, 10]);
  });

  test('the last items of a list are found although an empty page after the end states the total 0', async () => {
    const full = { ...page(10, { total: 62, next: null }), query: { offset: '0' } };
    const empty = { ...page(0, { offset: 10, total: 0, next: null }), query: { offset: '10' } };
    const list = await startList(albumsOfArtist, [], [full, empty]);
    expect((await list.walk(7)).ids).toHaveLength(10);
    const { nodes } = await list.window('last: 7');
    expect(nodes.map(({ id }) => id)).toEqual(Array.from({ length: 7 }, (_, i) => itemId(3 + i)));
  });

  test('the cursors of a page with the largest total of GraphQL lead to the next page', async () => {
    const pages = [1, 2].map(() => ({ items: 10, total: 2_147_483_647, next: true }));
    const list = await startList(albumsOfArtist, pages);
    const { pageInfo } = await list.window('first: 10');
    const next = await list.window(`first: 10, after: "${pageInfo.endCursor}"`);
    expect(next.nodes.map(({ id }) => id)).toEqual(Array.from({ length: 10 }, (_, i) => itemId(10 + i)));
  });
});
