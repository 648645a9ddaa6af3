import { expect } from 'vitest';
import type { FaultRule } from '../../src/sandbox/index.ts';
import type { PageInfo } from '../support/album-pages.ts';
import { pass } from '../support/clock.ts';
import type { Step, StepResult } from '../support/fault-case.ts';
import type { TestEnvironment } from '../support/fault-environment.ts';
import {
  album,
  albumTracks,
  anything,
  artist,
  artistAlbums,
  artistId,
  audiobookChapters,
  catalogue,
  fixtures,
  type Operation,
  type PageArgs,
  playlistItems,
  showEpisodes,
} from '../support/fault-operations.ts';
import type { Outcome } from '../support/fault-responses.ts';
import { faultSuite } from '../support/fault-runner.ts';
import { only } from '../support/fault-steps.ts';

const { bts, albums9, albums0, albums10, albums11, albums50, overstated, nullsAndRepeats, gapped } =
  fixtures.artists;

const onList = (fault: FaultRule['fault'], rule: Omit<FaultRule, 'fault'> = {}) =>
  only(fault, { on: { route: 'artists/albums' }, ...rule });

const pageLimit = 10; // of an app in development mode

/** The requested pages, as `offset/limit`. */
const pagesIn = ({ api }: StepResult): string[] =>
  api
    .filter(({ path }) => path.includes('offset='))
    .map(({ path }) => {
      const { searchParams } = new URL(path, 'http://sandbox.test');
      return `${searchParams.get('offset')}/${searchParams.get('limit')}`;
    });

interface Edge {
  cursor: string;
  node: { id: string } | null;
}

interface Connection {
  totalCount: number | null;
  pageInfo: PageInfo;
  edges: Edge[];
}

/** A page of an artist's albums with its cursors. The expected data is in `shows`. */
function pageOf(id: string, args: PageArgs & { includeGroups?: string[] }): Operation {
  return {
    kind: 'artistAlbums',
    query: `query ($id: ID!, $includeGroups: [AlbumGroup!], $first: Int, $after: String, $last: Int, $before: String) {
      artist(id: $id) {
        albums(includeGroups: $includeGroups, first: $first, after: $after, last: $last, before: $before) {
          totalCount
          pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
          edges { cursor node { id } }
        }
      }
    }`,
    variables: { id, ...args },
    truth: undefined,
  };
}

const connectionIn = ({ data }: Outcome): Connection | null =>
  (data as { artist: { albums: Connection | null } | null }).artist?.albums ?? null;

const connection = ({ outcomes }: StepResult): Connection => {
  const [outcome] = outcomes;
  const found = outcome && connectionIn(outcome);
  if (!found) throw new Error(`no connection in ${outcome?.text}`);
  return found;
};

const idsIn = ({ edges }: Connection) => edges.map(({ node }) => node?.id);

/** The ids in these slots of a list, without null and hidden ones, and without repetitions in a page. */
function visible(id: string, from: number, to: number): string[] {
  const slots = catalogue.albumsOf(id);
  const found: string[] = [];
  for (let offset = 0; offset < slots.length; offset += pageLimit) {
    const idsOfPage = new Set<string>();
    for (const [i, slot] of slots.slice(offset, offset + pageLimit).entries()) {
      if (slot.shows !== 'album' || idsOfPage.has(slot.albumId)) continue;
      idsOfPage.add(slot.albumId);
      if (offset + i >= from && offset + i < to) found.push(slot.albumId);
    }
  }
  return found;
}

interface Shown {
  ids: readonly string[];
  next: boolean;
  previous: boolean;
  total: number;
}

const shows =
  ({ ids, next, previous, total }: Shown, pages?: readonly string[]) =>
  (result: StepResult) => {
    const { totalCount, pageInfo, ...rest } = connection(result);
    expect(idsIn({ totalCount, pageInfo, ...rest })).toEqual(ids);
    expect(totalCount).toBe(total);
    expect({ next: pageInfo.hasNextPage, previous: pageInfo.hasPreviousPage }).toEqual({ next, previous });
    if (ids.length === 0 && !next) expect([pageInfo.startCursor, pageInfo.endCursor]).toEqual([null, null]);
    if (pages) expect(pagesIn(result)).toEqual(pages);
  };

/** Skips the comparison with `truth`, because `shows` compares everything. */
const unchecked = { truth: { artist: anything } } as const;
const noAlbums = { truth: { artist: { albums: null } } } as const;

/** A step that reads one window, with the expected slots and requested pages. */
function shownPage(
  id: string,
  args: PageArgs,
  from: number,
  to: number,
  rest: Step = {},
  pages?: string[],
): Step {
  const total = catalogue.albumsOf(id).length;
  const check = shows({ ids: visible(id, from, to), next: to < total, previous: from > 0, total }, pages);
  return { execute: pageOf(id, args), client: 'ok', ...unchecked, check, ...rest };
}

/** Reads all windows of a list. */
async function walk(
  testEnvironment: TestEnvironment,
  id: string,
  first: number,
): Promise<{ outcomes: Outcome[]; ids: string[] }> {
  const outcomes: Outcome[] = [];
  const ids: string[] = [];
  let after: string | null = null;
  for (let i = 0; i < 50; i++) {
    const outcome: Outcome = await testEnvironment.execute(
      pageOf(id, { first, ...(after !== null && { after }) }),
    );
    outcomes.push(outcome);
    const page = connectionIn(outcome);
    if (!page) throw new Error(`no connection in ${outcome.text}`);
    ids.push(...idsIn(page).flatMap((albumId) => albumId ?? []));
    if (!page.pageInfo.hasNextPage) return { outcomes, ids };
    expect(page.pageInfo.endCursor, 'while there is more, endCursor is set').not.toBeNull();
    after = page.pageInfo.endCursor;
  }
  throw new Error('the walk has no end');
}

const walked = (id: string, first: number, expected: readonly string[]): Step => ({
  async act(testEnvironment) {
    const { outcomes, ids } = await walk(testEnvironment, id, first);
    expect(ids).toEqual(expected);
    return outcomes;
  },
  client: 'ok',
  ...unchecked,
});

/** A step that reads a window from a cursor, which `find` reads first. */
const paged = (
  find: (testEnvironment: TestEnvironment) => Promise<string>,
  operation: (cursor: string) => Operation,
  rest: Step,
): Step => {
  let cursor = '';
  return {
    ...rest,
    async arrange(testEnvironment) {
      cursor = await find(testEnvironment);
      await rest.arrange?.(testEnvironment);
    },
    act: async ({ execute }) => [await execute(operation(cursor))],
  };
};

const cursorAt =
  (id: string, args: PageArgs & { includeGroups?: string[] }, which: 'startCursor' | 'endCursor') =>
  async (testEnvironment: TestEnvironment): Promise<string> => {
    const page = connectionIn(await testEnvironment.execute(pageOf(id, args)));
    return page?.pageInfo[which] ?? '';
  };

const rejected = (args: PageArgs): Step => ({
  execute: pageOf(bts, args),
  times: 30,
  manner: 'in turn',
  client: 'BAD_USER_INPUT',
  medianMs: 5,
  api: 0,
  ...noAlbums,
});

interface SearchData {
  search: { tracks: Connection };
}

const searchPage = (args: PageArgs): Operation => ({
  kind: 'search',
  query: `query ($first: Int, $after: String, $last: Int) {
    search(q: "garden") { tracks(first: $first, after: $after, last: $last) {
      totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor node { id } }
    } }
  }`,
  variables: { ...args },
  truth: { search: anything },
});

const searchResultsIn = ({ data }: Outcome): Connection => (data as SearchData).search.tracks;
const resultIds = catalogue.find('track', 'garden').map(({ id }) => id);

faultSuite('P', 'Paging', [
  {
    id: 'P1',
    fault: '`first: 10`, page size limit 10',
    promise: 'a window of ten over pages of ten is one call, and hasNextPage is right',
    warm: [artist(bts), artist(albums10), artist(albums11)],
    steps: [
      shownPage(bts, { first: 10 }, 0, 10, { withinMs: 500, api: 1, says: { spotify: 'limit=10' } }, [
        '0/10',
      ]),
      shownPage(albums10, { first: 10 }, 0, 10, { api: 1, aside: true }, ['0/10']),
      shownPage(albums11, { first: 10 }, 0, 10, { api: 1, aside: true }, ['0/10']),
    ],
  },
  {
    id: 'P2',
    fault: '`first: 25`, page size limit 10',
    promise: 'a window of twenty-five over pages of ten is three calls, and its items are in order',
    warm: [artist(bts)],
    steps: [
      shownPage(bts, { first: 25 }, 0, 25, { api: 3, says: { spotify: 'offsets 0, 10, 20' } }, [
        '0/10',
        '10/10',
        '20/10',
      ]),
    ],
  },
  {
    id: 'P3',
    fault: '`first`: 101, 10⁹, −1; `first` with `last`',
    promise: 'an invalid page size is rejected without a call',
    warm: [artist(bts)],
    steps: [
      rejected({ first: 101 }),
      ...[{ first: 1e9 }, { first: -1 }, { last: 101 }, { last: -1 }, { first: 1, last: 1 }].map((args) => ({
        ...rejected(args),
        aside: true,
      })),
    ],
  },
  {
    id: 'P4',
    fault: '`first: 0`, `last: 0`',
    promise: 'a window of size 0 has no edges, no cursors and the right total',
    warm: [artist(bts)],
    steps: [
      {
        execute: pageOf(bts, { first: 0 }),
        client: 'ok',
        api: 1,
        ...unchecked,
        check: shows({ ids: [], next: false, previous: false, total: 104 }),
      },
      {
        execute: pageOf(bts, { last: 0 }),
        client: 'ok',
        api: 0,
        ...unchecked,
        check: (result) => expect(connection(result)).toMatchObject({ totalCount: 104, edges: [] }),
        aside: true,
      },
    ],
  },
  {
    id: 'P5',
    fault: '500 operations for the same page at once',
    promise: 'many operations that need one page share one call',
    steps: [{ execute: artistAlbums(bts), times: 500, client: 'ok', withinMs: 2_000, api: 2, token: 1 }],
  },
  {
    id: 'P6',
    fault: 'the total grows between two pages',
    promise: 'a total that grows causes no call and loses no edge',
    warm: [artist(bts)],
    steps: [
      {
        arrange: onList({ kind: 'listing', extraTotal: 5 }, { skip: 1 }),
        execute: pageOf(bts, { first: 25 }),
        client: 'ok',
        api: 3,
        ...unchecked,
        check: (result) => expect(idsIn(connection(result))).toEqual(visible(bts, 0, 25)),
      },
    ],
  },
  {
    id: 'P6-front',
    fault: 'an album is added at the front of the list between two pages of one client',
    promise: 'an item that has moved to the next page is not returned twice',
    warm: [artist(bts)],
    allow: { readsAnew: true },
    steps: [
      paged(cursorAt(bts, { first: 10 }, 'endCursor'), (after) => pageOf(bts, { first: 10, after }), {
        arrange: onList({ kind: 'listing', inserted: 1 }),
        client: 'ok',
        ...unchecked,
        // The window ends at the same slot as before: the item that has moved out of it is in the next window.
        check: (result) => expect(idsIn(connection(result))).toEqual(visible(bts, 10, 19)),
        says: { client: 'the items after the cursor' },
      }),
    ],
  },
  {
    id: 'P6-shrunk',
    fault: 'the newest album is removed between two pages of one window',
    promise: 'a window over a list that shrinks meanwhile has no silent gap',
    warm: [artist(bts)],
    allow: { readsAnew: true },
    steps: [
      {
        arrange: onList({ kind: 'listing', removed: 1 }, { skip: 1 }),
        execute: pageOf(bts, { first: 20 }),
        client: 'ok',
        ...unchecked,
        check: (result) => {
          const ids = idsIn(connection(result));
          const whole = visible(bts, 0, 104);
          const start = whole.indexOf(ids[0] ?? '');
          expect(ids).toEqual(whole.slice(start, start + ids.length));
        },
      },
    ],
  },
  {
    id: 'P7',
    fault: '`next` set, items empty, page after page',
    promise: 'two empty pages end a list, whatever `next` and `total` say',
    warm: [artist(overstated)],
    steps: [
      {
        ...walked(overstated, 10, visible(overstated, 0, 10)),
        api: 3,
        says: { client: 'hasNextPage false' },
      },
    ],
  },
  {
    id: 'P8',
    fault: '`first: 100` of a list of 4 items with the total 97, its first page without `next`',
    promise: 'a list whose total is too large is read no further than its last page',
    warm: [artist(overstated)],
    steps: [
      {
        arrange: onList({ kind: 'edit', edits: [{ path: 'next', set: null }] }),
        execute: pageOf(overstated, { first: 100 }),
        client: 'ok',
        api: 1,
        ...unchecked,
        check: (result) => {
          expect(idsIn(connection(result))).toEqual(visible(overstated, 0, 10));
          expect(connection(result).pageInfo.hasNextPage).toBe(false);
        },
      },
    ],
  },
  {
    id: 'P8-next',
    fault: '`first: 100` of the same list, all of its pages with `next`',
    promise: 'a list whose total is too large is read no further than two empty pages',
    warm: [artist(overstated)],
    steps: [
      {
        execute: pageOf(overstated, { first: 100 }),
        client: 'ok',
        api: 3,
        ...unchecked,
        check: (result) => {
          expect(idsIn(connection(result))).toEqual(visible(overstated, 0, 10));
          expect(connection(result).pageInfo.hasNextPage).toBe(false);
        },
      },
    ],
  },
  {
    id: 'P9',
    fault: 'null items',
    promise: 'null items are omitted, and cursors keep their slots',
    warm: [artist(nullsAndRepeats)],
    steps: [
      shownPage(nullsAndRepeats, { first: 10 }, 0, 10, { api: 1 }),
      paged(
        cursorAt(nullsAndRepeats, { first: 10 }, 'endCursor'),
        (after) => pageOf(nullsAndRepeats, { first: 10, after }),
        {
          client: 'ok',
          api: 1,
          ...unchecked,
          check: shows({ ids: visible(nullsAndRepeats, 10, 20), next: true, previous: true, total: 30 }),
          says: { client: 'the next ten slots' },
        },
      ),
    ],
  },
  {
    id: 'P9-playlist',
    fault:
      'null items, local files, removed episodes without id and name, and slots without an item in a playlist',
    promise: 'each slot that Spotify sends is an edge, whose item is null where it cannot be read',
    sandbox: { quotaMode: 'extended' },
    steps: [{ execute: playlistItems(fixtures.playlists.gaps, { first: 20 }), client: 'ok', api: 1 }],
  },
  {
    id: 'P9-episodes',
    fault:
      'null items, removed episodes without id and name, and slots without an item in a list of episodes',
    promise: 'a removed episode is omitted without an error, and cursors keep their slots',
    steps: [
      { execute: showEpisodes(fixtures.shows.gaps, { first: 40 }), client: 'ok', api: 1 },
      { execute: showEpisodes(fixtures.shows.gaps, { first: 100 }), client: 'ok', api: 1 },
    ],
  },
  {
    id: 'P9-chapters',
    fault:
      'null items and slots without an item in a list of chapters that is shorter than its audiobook states',
    promise:
      'a chapter that is not readable is omitted without an error, and the list ends where its items end',
    steps: [
      { execute: audiobookChapters(fixtures.audiobooks.gaps, { first: 40 }), client: 'ok', api: 1 },
      { execute: audiobookChapters(fixtures.audiobooks.gaps, { first: 100 }), client: 'ok', api: 1 },
    ],
  },
  {
    id: 'P9-refused',
    fault: '500 for the second page of a list of episodes, whose first page came with the show',
    promise: 'a page that fails makes its list null, and the show keeps its data',
    warm: [showEpisodes(fixtures.shows.episodes130, { first: 50 })],
    steps: [
      {
        arrange: only({ kind: 'answer', status: 500 }, { on: { route: 'shows/episodes' } }),
        execute: showEpisodes(fixtures.shows.episodes130, { first: 60 }),
        client: 'UPSTREAM_UNAVAILABLE',
        truth: { show: { id: fixtures.shows.episodes130, episodes: null } },
        api: 3,
      },
    ],
  },
  {
    id: 'P10',
    fault: 'short pages in the middle of a list',
    promise: 'a short page is followed by offset + limit: no gap, no repeat',
    warm: [artist(gapped)],
    steps: [{ ...walked(gapped, 10, visible(gapped, 0, 83)), api: 9 }],
  },
  {
    id: 'P11',
    fault: 'one id twice in one response',
    promise: 'an item that is twice in one response is returned once',
    warm: [artist(nullsAndRepeats)],
    steps: [
      {
        execute: pageOf(nullsAndRepeats, { first: 30 }),
        client: 'ok',
        api: 3,
        ...unchecked,
        check: (result) => {
          const ids = idsIn(connection(result));
          expect(new Set(ids).size).toBe(ids.length);
        },
      },
    ],
  },
  {
    id: 'P12',
    fault: 'page size limit unknown: 400 `Invalid limit` above 10',
    promise: 'the page size limit is learned with one rejected call, once for the process',
    environment: { SPOTIFY_QUOTA_MODE: 'auto' },
    warm: [artist(bts), artist(1)],
    steps: [
      shownPage(bts, { first: 10 }, 0, 10, { api: 2 }, ['0/50', '0/10']),
      {
        execute: pageOf(artistId(1), { first: 10 }),
        client: 'ok',
        api: 1,
        ...unchecked,
        check: (result) => expect(pagesIn(result)).toEqual(['0/10']),
      },
    ],
  },
  {
    id: 'P12-empty',
    fault: 'a page size above the limit, rejected with 400 and an empty body',
    promise: 'a page that is rejected without a message is requested again in a smaller size',
    environment: { SPOTIFY_QUOTA_MODE: 'auto' },
    warm: [artist(bts)],
    steps: [
      {
        arrange: onList({ kind: 'answer', status: 400 }, { on: { pattern: 'limit=(50|20)' } }),
        execute: pageOf(bts, { first: 10 }),
        client: 'ok',
        api: 2,
        ...unchecked,
      },
    ],
  },
  {
    id: 'P12-lower',
    fault: 'page size limit lowered from 50 to 10 while the gateway runs',
    promise: 'a lowered page size limit costs one call each for two lists, and none after that',
    sandbox: { quotaMode: 'extended' },
    warm: [artist(bts), artist(1), artist(2), artist(3)],
    steps: [
      { execute: pageOf(artistId(2), { first: 10 }), client: 'ok', ...unchecked, api: 1, aside: true },
      shownPage(bts, { first: 10 }, 0, 10, { arrange: onList({ kind: 'ceiling', limit: 10 }), api: 2 }),
      { execute: pageOf(artistId(1), { first: 10 }), client: 'ok', api: 2, ...unchecked },
      { execute: pageOf(artistId(3), { first: 10 }), client: 'ok', api: 1, ...unchecked },
    ],
  },
  {
    id: 'P12-clamp',
    fault: 'pages of 5 where 10 were requested',
    promise: 'a response with a smaller page is used and continued, and other lists keep their page size',
    warm: [artist(bts), artist(1)],
    steps: [
      shownPage(
        bts,
        { first: 10 },
        0,
        10,
        { arrange: onList({ kind: 'ceiling', limit: 5, clamp: true }), api: 2 },
        ['0/10', '5/10'],
      ),
      {
        execute: pageOf(artistId(1), { first: 10 }),
        client: 'ok',
        api: 2,
        ...unchecked,
        check: (result) => expect(pagesIn(result)).toEqual(['0/10', '5/10']),
      },
    ],
  },
  {
    id: 'P12-none',
    fault: '400 `Invalid limit` whatever the limit',
    promise: 'a list of which every page size is rejected ends in an error and not in a loop',
    environment: { SPOTIFY_QUOTA_MODE: 'auto' },
    warm: [artist(bts)],
    recovery: 1_000,
    steps: [
      {
        arrange: onList({
          kind: 'answer',
          status: 400,
          json: { error: { status: 400, message: 'Invalid limit' } },
        }),
        execute: pageOf(bts, { first: 10 }),
        client: 'UPSTREAM_BAD_RESPONSE',
        withinMs: 500,
        api: 2,
        ...noAlbums,
      },
    ],
  },
  {
    id: 'P14',
    fault: 'page 2 of 3 fails',
    promise: 'a window of which one page fails is null with an error, never with a silent gap',
    warm: [artist(bts)],
    steps: [
      {
        arrange: only({ kind: 'answer', status: 500 }, { on: { pattern: 'offset=10$' } }),
        execute: pageOf(bts, { first: 30 }),
        client: 'UPSTREAM_UNAVAILABLE',
        withinMs: 8_000,
        api: 5,
        ...noAlbums,
        check: ({ outcomes }) =>
          expect(outcomes[0]?.errors.map(({ path }) => path)).toEqual([['artist', 'albums']]),
      },
    ],
  },
  {
    id: 'P14-404',
    fault: 'page 2 of 3 is 404',
    promise: 'a page that is suddenly absent is an error, not the end of the artist’s albums',
    warm: [artist(bts)],
    steps: [
      {
        arrange: only({ kind: 'withdrawn', status: 404 }, { on: { pattern: 'offset=10$' } }),
        execute: pageOf(bts, { first: 30 }),
        client: 'UPSTREAM_BAD_RESPONSE',
        ...noAlbums,
      },
    ],
  },
  {
    id: 'P15',
    fault: 'cursor past the end',
    promise: 'a window behind the end has no edges, and hasPreviousPage is true',
    environment: { CACHE_TTL_SECONDS: '100' },
    warm: [artist(albums9)],
    steps: [
      paged(cursorAt(albums9, { last: 1 }, 'endCursor'), (after) => pageOf(albums9, { first: 5, after }), {
        arrange: () => pass(301_000),
        client: 'ok',
        api: 2,
        ...unchecked,
        check: shows({ ids: [], next: false, previous: true, total: 9 }),
      }),
    ],
  },
  {
    id: 'P16',
    fault: 'cursor of another artist’s list, or of other groups',
    promise: 'a cursor of another list is rejected without a call',
    warm: [artist(bts), artist(albums50)],
    steps: [
      paged(cursorAt(albums50, { first: 10 }, 'endCursor'), (after) => pageOf(bts, { first: 10, after }), {
        client: 'BAD_USER_INPUT',
        ...noAlbums,
        aside: true,
      }),
      paged(cursorAt(albums50, { first: 10 }, 'endCursor'), (after) => pageOf(bts, { first: 10, after }), {
        client: 'BAD_USER_INPUT',
        withinMs: 20,
        api: 0,
        ...noAlbums,
      }),
      paged(
        cursorAt(albums50, { first: 10 }, 'endCursor'),
        (before) => pageOf(albums50, { last: 5, before, includeGroups: ['ALBUM'] }),
        { client: 'BAD_USER_INPUT', withinMs: 20, api: 0, truth: { artist: { albums: null } } },
      ),
    ],
  },
  {
    id: 'P17',
    fault: 'search beyond slot 1,000',
    promise: 'a search ends at slot 1,000, and a window that starts there is rejected without a call',
    steps: [
      {
        execute: searchPage({ last: 6 }),
        client: 'ok',
        check: ({ outcomes: [outcome] }) => {
          const { edges, pageInfo } = searchResultsIn(outcome as Outcome);
          expect(edges.map(({ node }) => node?.id)).toEqual(resultIds.slice(994, 1_000));
          expect(pageInfo.hasNextPage).toBe(false);
        },
        aside: true,
      },
      paged(
        async ({ execute }) =>
          searchResultsIn(await execute(searchPage({ last: 6 }))).pageInfo.startCursor ?? '',
        (after) => searchPage({ first: 10, after }),
        {
          client: 'ok',
          api: 0,
          check: ({ outcomes: [outcome] }) => {
            const { edges, pageInfo } = searchResultsIn(outcome as Outcome);
            expect(edges.map(({ node }) => node?.id)).toEqual(resultIds.slice(995, 1_000));
            expect(pageInfo.hasNextPage).toBe(false);
          },
          says: { client: 'cut at 1,000' },
        },
      ),
      paged(
        async ({ execute }) =>
          searchResultsIn(await execute(searchPage({ last: 6 }))).pageInfo.endCursor ?? '',
        (after) => searchPage({ first: 10, after }),
        { client: 'BAD_USER_INPUT', withinMs: 20, api: 0, truth: { search: { tracks: null } } },
      ),
    ],
  },
  {
    id: 'P19',
    fault: '`last: 5` without `before`',
    promise: 'the last five items of a list are two calls, and are in order',
    warm: [artist(albums50)],
    steps: [shownPage(albums50, { last: 5 }, 45, 50, { api: 2 })],
  },
  {
    id: 'P20',
    fault: '`before` and `after` that cross',
    promise: 'a window between cursors in reverse order is empty and causes no call',
    warm: [artist(bts)],
    steps: [
      { execute: pageOf(bts, { first: 10 }), client: 'ok', ...unchecked, aside: true },
      {
        async act({ execute }) {
          const page = connectionIn(await execute(pageOf(bts, { first: 10 })));
          const [before, after] = [page?.edges[2]?.cursor ?? '', page?.edges[7]?.cursor ?? ''];
          return [
            await execute(pageOf(bts, { first: 5, after, before })),
            await execute(pageOf(bts, { last: 5, after, before })),
          ];
        },
        client: 'ok',
        api: 0,
        ...unchecked,
        check: ({ outcomes }) =>
          expect(outcomes.map((outcome) => connectionIn(outcome)?.edges)).toEqual([[], []]),
      },
    ],
  },
  {
    id: 'P21',
    fault: 'an artist without albums',
    promise: 'an empty list is one call, and has no edges',
    warm: [artist(albums0)],
    steps: [
      {
        execute: pageOf(albums0, { first: 10 }),
        client: 'ok',
        api: 1,
        ...unchecked,
        check: shows({ ids: [], next: false, previous: false, total: 0 }),
      },
    ],
  },
  {
    id: 'P22',
    fault: 'an album of 55 tracks that contains the first 50',
    promise: 'tracks come from the page in their album as far as it reaches, and by one call after that',
    steps: [
      { execute: albumTracks(fixtures.albums.tracks55, { first: 50 }), client: 'ok', api: 1 },
      {
        execute: albumTracks(fixtures.albums.tracks55, { first: 100 }),
        client: 'ok',
        api: 1,
        check: (result) => expect(pagesIn(result)).toEqual(['50/50']),
        says: { spotify: 'offset=50' },
      },
    ],
  },
  {
    id: 'P22-ceiling',
    fault: 'an album of 130 tracks that contains the first 50, and a page size limit of 20',
    promise: 'no track is omitted if the embedded tracks end in the middle of a page',
    sandbox: { quotaMode: 'extended' },
    environment: { SPOTIFY_QUOTA_MODE: 'auto' },
    steps: [
      {
        arrange: only({ kind: 'ceiling', limit: 20 }, { on: { route: 'albums/tracks' } }),
        execute: albumTracks(fixtures.albums.tracks130, { first: 100 }),
        client: 'ok',
      },
    ],
  },
  {
    id: 'P22-fails',
    fault: 'the page after the first 50 tracks fails',
    promise: 'tracks of which a page fails are null with an error, and the album keeps its data',
    warm: [album(fixtures.albums.tracks55)],
    steps: [
      {
        arrange: only({ kind: 'answer', status: 500 }, { on: { route: 'albums/tracks' } }),
        execute: albumTracks(fixtures.albums.tracks55, { first: 55 }),
        client: 'UPSTREAM_UNAVAILABLE',
        api: 3,
        check: ({ outcomes }) =>
          expect(outcomes[0]?.errors.map(({ path }) => path)).toEqual([['album', 'tracks']]),
      },
    ],
  },
  {
    id: 'P23',
    fault: 'a page fails while a client reads a list, and then succeeds',
    promise: 'a client that repeats a request after an error continues where it was',
    warm: [artist(bts)],
    steps: [
      paged(cursorAt(bts, { first: 10 }, 'endCursor'), (after) => pageOf(bts, { first: 10, after }), {
        arrange: only({ kind: 'answer', status: 500 }, { on: { route: 'artists/albums' } }),
        client: 'UPSTREAM_UNAVAILABLE',
        ...noAlbums,
      }),
      paged(cursorAt(bts, { first: 10 }, 'endCursor'), (after) => pageOf(bts, { first: 10, after }), {
        arrange: ({ lift }) => lift(),
        client: 'ok',
        api: 1,
        ...unchecked,
        check: shows({ ids: visible(bts, 10, 20), next: true, previous: true, total: 104 }),
      }),
    ],
  },
]);
