import { describe, expect, test } from 'vitest';
import { albumPage, albumsDocument, idsOf, slots } from '../support/album-pages.ts';
import { albums, artists, dataAndErrorCodes, startInMode, withoutErrors } from '../support/schema-tests.ts';

/** Windows over an artist's list of albums, and their calls. `paging.property.test.ts` walks whole lists. */

/** Offset and limit of each call for a list, in order of their offsets. */
const requestedPages = (gateway: { apiCalls(): string[] }): [offset: number, limit: number][] =>
  gateway
    .apiCalls()
    .filter((path) => /\/(albums|tracks)\?/.test(path))
    .map((path) => new URLSearchParams(path.split('?')[1]))
    .map((query): [number, number] => [Number(query.get('offset')), Number(query.get('limit'))])
    .toSorted(([one], [other]) => one - other);

describe('a window', () => {
  test.each([
    ['first: 10', 0, 10, [0]],
    ['first: 25', 0, 25, [0, 10, 20]],
    ['', 0, 20, [0, 10]],
    ['first: null, last: null', 0, 20, [0, 10]],
    ['first: 1', 0, 1, [0]],
    ['first: 100', 0, 100, [0, 10, 20, 30, 40, 50, 60, 70, 80, 90]],
    ['last: 5', 99, 104, [0, 90, 100]],
    ['last: 4', 100, 104, [0, 100]],
    ['last: 100', 4, 104, [0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100]],
  ])(
    'a window of `%s` is read in full pages of ten, and no page is larger, repeated or unneeded',
    async (args, from, to, offsets) => {
      const gateway = await startInMode('development');
      const page = await albumPage(gateway, args);
      expect(idsOf(page)).toEqual(slots(from, to));
      expect([page.pageInfo.hasPreviousPage, page.pageInfo.hasNextPage]).toEqual([from > 0, to < 104]);
      expect(page.totalCount).toBe(104);
      expect([page.pageInfo.startCursor, page.pageInfo.endCursor]).toEqual([
        page.edges[0]?.cursor,
        page.edges.at(-1)?.cursor,
      ]);
      expect(requestedPages(gateway)).toEqual(offsets.map((offset) => [offset, 10]));
    },
  );

  test('a window uses the pages that another window has read', async () => {
    const gateway = await startInMode('development');
    const { edges } = await albumPage(gateway, 'first: 30');
    gateway.sandbox.clearCalls();
    const cursor = (slot: number) => edges[slot]?.cursor;
    expect(idsOf(await albumPage(gateway, `first: 9, after: "${cursor(7)}"`))).toEqual(slots(8, 17));
    expect(idsOf(await albumPage(gateway, `last: 9, before: "${cursor(29)}"`))).toEqual(slots(20, 29));
    expect(
      idsOf(await albumPage(gateway, `first: 9, after: "${cursor(3)}", before: "${cursor(6)}"`)),
    ).toEqual(slots(4, 6));
    expect(
      idsOf(await albumPage(gateway, `last: 9, after: "${cursor(3)}", before: "${cursor(29)}"`)),
    ).toEqual(slots(20, 29));
    expect(gateway.apiCalls()).toEqual([]);
    expect(idsOf(await albumPage(gateway, `first: 9, after: "${cursor(24)}"`))).toEqual(slots(25, 34));
    expect(requestedPages(gateway)).toEqual([[30, 10]]);
  });

  test.each([
    'first: -1',
    'first: 101',
    'first: 1000000000',
    'last: -1',
    'last: 101',
    'first: 5, last: 5',
    'first: 0, last: 0',
  ])(
    'a window of `%s` is an error without a call for its list, and its siblings keep their data',
    async (args) => {
      const { execute, apiCalls } = await startInMode('development');
      const query = `{ artist(id: "${artists.bts}") { name albums(${args}) { totalCount } } }`;
      expect(dataAndErrorCodes(await execute(query))).toEqual({
        data: { artist: { name: 'BTS', albums: null } },
        errors: [['artist.albums', 'BAD_USER_INPUT']],
      });
      expect(apiCalls()).toEqual([`/artists/${artists.bts}`]);
    },
  );

  test.each(['first: 0', 'last: 0'])(
    'a window of `%s` is empty and has the length of the list, for one call at most',
    async (args) => {
      const gateway = await startInMode('development');
      const page = await albumPage(gateway, args);
      expect([page.totalCount, page.nodes, page.edges]).toEqual([104, [], []]);
      expect(page.pageInfo).toMatchObject({ hasNextPage: false, startCursor: null, endCursor: null });
      expect(requestedPages(gateway)).toEqual([[0, 10]]);
    },
  );

  test('a window after the end of the list has no edge and no cursor, and has a previous page', async () => {
    for (const isLengthCached of [true, false]) {
      const gateway = await startInMode('development');
      const end = await albumPage(isLengthCached ? gateway : await startInMode('development'), 'last: 1');
      gateway.sandbox.clearCalls();
      const page = await albumPage(gateway, `first: 5, after: "${end.pageInfo.endCursor}"`);
      expect(page).toEqual({
        totalCount: 104,
        nodes: [],
        edges: [],
        pageInfo: { hasNextPage: false, hasPreviousPage: true, startCursor: null, endCursor: null },
      });
      expect(requestedPages(gateway).length).toBeLessThanOrEqual(1);
    }
  });

  test('a window between cursors that cross or are adjacent is empty and costs no call', async () => {
    const gateway = await startInMode('development');
    const { edges } = await albumPage(gateway, 'first: 9');
    const other = await startInMode('development');
    for (const [after, before] of [
      [6, 2],
      [2, 3],
      [2, 2],
    ] as const) {
      const window = `after: "${edges[after]?.cursor}", before: "${edges[before]?.cursor}"`;
      for (const size of ['first: 5', 'last: 5']) {
        const selected = 'nodes { id } pageInfo { hasNextPage startCursor endCursor }';
        expect(
          dataAndErrorCodes(await other.execute(albumsDocument(`${size}, ${window}`, artists.bts, selected))),
        ).toEqual(
          withoutErrors({
            artist: {
              name: 'BTS',
              albums: { nodes: [], pageInfo: { hasNextPage: false, startCursor: null, endCursor: null } },
            },
          }),
        );
      }
    }
    expect(requestedPages(other)).toEqual([]);
  });
});

describe('the length of a list', () => {
  test('the length of a list costs one call, and no call if it is cached', async () => {
    const gateway = await startInMode('development');
    const query = albumsDocument('first: 100', artists.bts, 'totalCount');
    for (let time = 0; time < 2; time++) {
      expect(dataAndErrorCodes(await gateway.execute(query))).toEqual(
        withoutErrors({ artist: { name: 'BTS', albums: { totalCount: 104 } } }),
      );
    }
    expect(requestedPages(gateway)).toEqual([[0, 10]]);
  });

  test('the length of the tracks of an album comes with the album, also if no tracks are selected', async () => {
    const gateway = await startInMode('development');
    const query = `{ album(id: "${albums.tracks130}") { tracks { totalCount } } }`;
    expect(dataAndErrorCodes(await gateway.execute(query))).toEqual(
      withoutErrors({ album: { tracks: { totalCount: 130 } } }),
    );
    expect(gateway.apiCalls()).toEqual([`/albums/${albums.tracks130}`]);
  });

  test('the length of a list is not requested if only `__typename` of the list is selected', async () => {
    const gateway = await startInMode('development');
    const response = await gateway.execute(albumsDocument('', artists.bts, '__typename'));
    expect(dataAndErrorCodes(response)).toEqual(
      withoutErrors({ artist: { name: 'BTS', albums: { __typename: 'ArtistAlbumsConnection' } } }),
    );
    expect(response.extensions.spotify).toMatchObject({ plannedCalls: 1, actualCalls: 1 });
    expect(gateway.apiCalls()).toEqual([`/artists/${artists.bts}`]);
  });
});
