import { describe, expect, test } from 'vitest';
import { kinds } from '../../../src/datasources/spotify/kinds/index.ts';
import { searchResults } from '../../../src/datasources/spotify/kinds/requests/search.ts';
import { cursorsOf } from '../../../src/schema/relay/page-arguments.ts';
import { dataAndErrorCodes, dataOf, modes, startInMode } from '../../support/schema-tests.ts';
import { expectedResults, generateTracks } from '../../support/search.ts';

generateTracks();

interface TrackSearch {
  search: {
    tracks: {
      totalCount: number;
      nodes: { id: string }[];
      edges: { cursor: string }[];
      pageInfo: { hasNextPage: boolean; endCursor: string | null };
    };
  };
}

describe('the thousandth search result', () => {
  const q = 'the';
  const list = searchResults(kinds.track, q, null);
  const at = (slot: number) => cursorsOf(list).encode({ slot, id: null, total: 1_000 });
  const window = (args: string) => `{ search(q: "${q}") { tracks(${args}) {
    totalCount nodes { id } edges { cursor } pageInfo { hasNextPage endCursor }
  } } }`;

  test.each(modes)(
    'a search ends at result 1,000, without a next page and without a call beyond result 1,000 (%s)',
    async (mode) => {
      const gateway = await startInMode(mode);
      const { search } = await dataOf<TrackSearch>(gateway, window(`first: 100, after: "${at(979)}"`));
      expect(search.tracks.nodes).toEqual(expectedResults('track', q, 980, 1_000));
      expect(search.tracks.pageInfo.hasNextPage).toBe(false);
      const spans = gateway.apiCalls().map((path) => new URLSearchParams(path.split('?')[1]));
      expect(spans.length).toBeGreaterThan(0);
      for (const span of spans)
        expect(Number(span.get('offset')) + Number(span.get('limit'))).toBeLessThanOrEqual(1_000);

      const end = await dataOf<TrackSearch>(gateway, window('last: 3'));
      expect(end.search.tracks.nodes).toEqual(expectedResults('track', q, 997, 1_000));
      expect(end.search.tracks.edges.at(-1)?.cursor).toEqual(search.tracks.pageInfo.endCursor);
    },
  );

  test.each([999, 1_000, 5_000])(
    'a cursor at slot %i is rejected without a call, because no result follows',
    async (slot) => {
      const { execute, apiCalls } = await startInMode('development');
      for (const size of ['first: 5', 'last: 5', '']) {
        expect(dataAndErrorCodes(await execute(window(`${size} after: "${at(slot)}"`)))).toEqual({
          data: { search: { tracks: null } },
          errors: [['search.tracks', 'BAD_USER_INPUT']],
        });
      }
      expect(apiCalls()).toEqual([]);
    },
  );

  test('a walk ends at result 1,000 although Spotify reports more results', async () => {
    const gateway = await startInMode('development');
    const edits = [
      { path: 'tracks.total', set: 8_825 },
      { path: 'tracks.next', set: 'https://api.spotify.com/v1/search?offset=1000' },
    ];
    gateway.sandbox.faults.add({ on: { route: 'search' }, fault: { kind: 'edit', edits } });
    let after = at(939);
    const pages: string[][] = [];
    for (let page = 0; page < 10; page++) {
      const { search } = await dataOf<TrackSearch>(gateway, window(`first: 25, after: "${after}"`));
      expect(search.tracks.totalCount).toBe(8_825);
      pages.push(search.tracks.nodes.map(({ id }) => id));
      if (!search.tracks.pageInfo.hasNextPage) break;
      after = search.tracks.pageInfo.endCursor ?? '';
    }
    expect(pages.map((ids) => ids.length)).toEqual([25, 25, 10]);
    expect(pages.flat()).toEqual(expectedResults('track', q, 940, 1_000).map(({ id }) => id));
    expect(dataAndErrorCodes(await gateway.execute(window('last: 2')))).toMatchObject({
      data: { search: { tracks: { nodes: expectedResults('track', q, 998, 1_000) } } },
    });
  });

  test('the last results of a search cost two calls, although Spotify reports more than 1,000 results', async () => {
    const gateway = await startInMode('development');
    const edits = [{ path: 'tracks.total', set: 5_000 }];
    gateway.sandbox.faults.add({ on: { route: 'search' }, fault: { kind: 'edit', edits } });
    const { search } = await dataOf<TrackSearch>(gateway, window('last: 5'));
    expect(search.tracks.nodes).toEqual(expectedResults('track', q, 995, 1_000));
    const offsets = gateway.apiCalls().map((path) => new URLSearchParams(path.split('?')[1]).get('offset'));
    expect(offsets).toEqual(['0', '990']);
  });
});
