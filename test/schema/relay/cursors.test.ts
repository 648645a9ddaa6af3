import { beforeAll, describe, expect, test } from 'vitest';
import { artistAlbums } from '../../../src/datasources/spotify/kinds/album.ts';
import { kinds, parseId } from '../../../src/datasources/spotify/kinds/index.ts';
import { pagedList } from '../../../src/datasources/spotify/kinds/requests/lists.ts';
import { searchResults } from '../../../src/datasources/spotify/kinds/requests/search.ts';
import { albumTracks } from '../../../src/datasources/spotify/kinds/track.ts';
import type { CursorPosition } from '../../../src/datasources/spotify/pagination/slots.ts';
import { cursorsOf, parseCursor } from '../../../src/schema/relay/page-arguments.ts';
import { type AlbumPage, albumPage, albumsDocument, idsOf, slots } from '../../support/album-pages.ts';
import { startGateway } from '../../support/gateway.ts';
import {
  albums,
  artists,
  catalogue,
  dataAndErrorCodes,
  modes,
  startInMode,
  unknownId,
  withoutCache,
} from '../../support/schema-tests.ts';
import { generateTracks } from '../../support/search.ts';

const listCalls = (paths: readonly string[]): string[] => paths.filter((path) => path.includes('/albums?'));

const bts = cursorsOf(pagedList(artistAlbums, parseId(artists.bts, 'artist'), [], null));
const at = (slot: number) => bts.encode({ slot, total: 104, id: slots(slot, slot + 1)[0] ?? null });

/** A cursor whose decoded text is changed. */
const changedCursor = (change: (text: string) => string): string =>
  Buffer.from(change(Buffer.from(at(9), 'base64url').toString())).toString('base64url');

describe('texts that are not cursors', () => {
  const invalidCursors = [
    '',
    ' ',
    'abc',
    'not base64 at all!',
    'YXJyYXljb25uZWN0aW9uOjk=',
    `${at(9)}=`,
    ` ${at(9)}`,
    `${at(9)}\n`,
    `${at(9)}AAAA`,
    at(9).slice(0, -2),
    '9',
    '-50',
    'NaN',
    '1e23',
    'x'.repeat(10_000),
    changedCursor((text) => text.replace('.9.', '.NaN.')),
    changedCursor((text) => text.replace('.9.', '.-50.')),
    changedCursor((text) => text.replace('.9.', '.1e23.')),
    changedCursor((text) => text.replace('.9.', `.1${'0'.repeat(23)}.`)),
    changedCursor((text) => text.replace('.9.', '.5&limit=50.')),
    changedCursor((text) => text.replace('.9.', '.9.9.')),
    changedCursor((text) => text.replace('1.', '2.')),
    changedCursor((text) => text.replace(/\.[^.]*$/, '')),
    changedCursor((text) => text.replace('.104.', '..')),
    changedCursor((text) => `${text}\n`),
    changedCursor((text) => text.replace(slots(9, 10)[0] ?? '', '../me')),
  ];

  test('a text that is not a cursor is an error without a call for its list, and siblings keep their data', async () => {
    const { execute, apiCalls } = await startInMode('development');
    const query = `query ($c: String) { artist(id: "${artists.bts}") {
      name behind: albums(first: 5, after: $c) { totalCount } before: albums(last: 5, before: $c) { nodes { id } }
    } }`;
    for (const cursor of invalidCursors) {
      expect(dataAndErrorCodes(await execute(query, { c: cursor })), JSON.stringify(cursor)).toEqual({
        data: { artist: { name: 'BTS', behind: null, before: null } },
        errors: [
          ['artist.behind', 'BAD_USER_INPUT'],
          ['artist.before', 'BAD_USER_INPUT'],
        ],
      });
    }
    expect(apiCalls()).toEqual([`/artists/${artists.bts}`]);
  });

  test('a cursor decodes to its position, and one more character makes it invalid', () => {
    const position = { slot: 9, total: 104, id: slots(9, 10)[0] ?? null };
    expect(bts.decode(at(9))).toEqual(position);
    expect(parseCursor(bts.encode({ slot: 0, total: 0, id: null }))).toMatchObject({
      slot: 0,
      total: 0,
      id: null,
    });
    expect(at(9)).toMatch(/^[\w-]+$/);
    expect(() => bts.decode(`${at(9)}A`)).toThrow('Not a cursor');
  });
});

describe('a cursor of another list', () => {
  const lists = [
    [`artist(id: "${artists.albums120}") { albums`, 'artist.albums'],
    [`artist(id: "${artists.bts}") { albums(includeGroups: [SINGLE])`, 'artist.albums'],
    [`artist(id: "${artists.bts}") { albums(market: "DE")`, 'artist.albums'],
    [`album(id: "${albums.tracks55}") { tracks`, 'album.tracks'],
    [`album(id: "${albums.tracks55}") { tracks(market: "DE")`, 'album.tracks'],
    ['search(q: "the") { artists', 'search.artists'],
    ['search(q: "the") { albums', 'search.albums'],
    ['search(q: "the") { tracks', 'search.tracks'],
    ['search(q: "a") { tracks', 'search.tracks'],
    ['search(q: "the", market: "DE") { tracks', 'search.tracks'],
  ] as const;
  generateTracks();

  const withArgs = (list: string, args: string) =>
    list.endsWith(')') ? `${list.slice(0, -1)}, ${args})` : `${list}(${args})`;

  test('a cursor is rejected by every list but its own, without a call for that list', async () => {
    const gateway = await startInMode('extended');
    for (const [list, path] of lists) {
      const response = await gateway.execute<Record<string, Record<string, AlbumPage>>, object>(
        `{ ${withArgs(list, 'first: 1')} { edges { cursor } } } }`,
      );
      const [parent = '', field = ''] = path.split('.');
      const cursor = response.data[parent]?.[field]?.edges[0]?.cursor ?? '';
      expect(cursor).not.toBe('');
      // A list without a market in the query takes the market of the cursor.
      const inItsMarket = list.replace(/\(market: "DE"\)$|, market: "DE"/, '');
      const others = lists.filter(([other]) => other !== list && other !== inItsMarket);
      for (const [other, otherPath] of others) {
        gateway.sandbox.clearCalls();
        const query = `{ ${withArgs(other, `first: 1, after: "${cursor}"`)} { totalCount } } }`;
        const { errors } = await gateway.execute(query);
        expect(errors.map(({ path: at, extensions }) => [at?.join('.'), extensions?.['code']])).toEqual([
          [otherPath, 'BAD_USER_INPUT'],
        ]);
        expect(gateway.apiCalls().filter((call) => /\/(albums|tracks)\?|search/.test(call))).toEqual([]);
      }
    }
  });

  test('a cursor is valid for the same groups in another order or twice, and for all groups by their names', async () => {
    const gateway = await startInMode('development');
    const groups = (names: string) => `first: 3, includeGroups: [${names}]`;
    const page = await albumPage(gateway, groups('SINGLE, ALBUM'));
    const next = await albumPage(
      gateway,
      `${groups('ALBUM, SINGLE, ALBUM')}, after: "${page.pageInfo.endCursor}"`,
    );
    expect(idsOf(next)).toEqual(slots(3, 6));
    const all = await albumPage(gateway, groups('APPEARS_ON, COMPILATION, SINGLE, ALBUM'));
    const rest = await albumPage(gateway, `first: 3, after: "${all.pageInfo.endCursor}", includeGroups: []`);
    expect(idsOf(rest)).toEqual(slots(3, 6));
    expect(listCalls(gateway.apiCalls())).toEqual([
      `/artists/${artists.bts}/albums?include_groups=album%2Csingle&limit=10&offset=0`,
      `/artists/${artists.bts}/albums?limit=10&offset=0`,
    ]);
  });

  test('the group OTHER is an error without a call for the list', async () => {
    const { execute, apiCalls } = await startInMode('development');
    expect(dataAndErrorCodes(await execute(albumsDocument('includeGroups: [ALBUM, OTHER]')))).toEqual({
      data: { artist: { name: 'BTS', albums: null } },
      errors: [['artist.albums', 'BAD_USER_INPUT']],
    });
    expect(apiCalls()).toEqual([`/artists/${artists.bts}`]);
  });

  test.each(modes)('a cursor is valid on every gateway instance (%s)', async (mode) => {
    const first = await startInMode(mode);
    const second = startGateway(first.sandbox, { SPOTIFY_QUOTA_MODE: mode });
    const page = await albumPage(first, 'first: 7');
    const next = await albumPage(second, `first: 7, after: "${page.pageInfo.endCursor}"`);
    expect([...idsOf(page), ...idsOf(next)]).toEqual(slots(0, 14));
    const back = await albumPage(first, `last: 4, before: "${next.pageInfo.startCursor}"`);
    expect(idsOf(back)).toEqual(slots(3, 7));
  });
});

describe('a forged cursor', () => {
  const albumTracksOf = (id: string) =>
    cursorsOf(pagedList(albumTracks, parseId(id, 'album'), undefined, null));
  const search = cursorsOf(searchResults(kinds.artist, 'the', null));
  /** Cursors that no gateway created: of an item that is not in the list, and of a shorter list. */
  const forged = (encode: (position: CursorPosition) => string) =>
    [0, 1, 3, 9, 10, 47].flatMap((slot) =>
      [0, 1, 30, 60, 95, 103].map((total) => encode({ slot, total, id: unknownId })),
    );
  const lists: [title: string, field: (args: string) => string, cursors: string[]][] = [
    [
      "an artist's albums",
      (args) => `artist(id: "${artists.bts}") { albums${args} { nodes { id } } }`,
      forged(bts.encode),
    ],
    [
      "an album's tracks",
      (args) => `album(id: "${albums.tracks130}") { tracks${args} { nodes { id } } }`,
      forged(albumTracksOf(albums.tracks130).encode),
    ],
    ['a search', (args) => `search(q: "the") { artists${args} { nodes { id } } }`, forged(search.encode)],
  ];
  beforeAll(() => void catalogue.find('artist', 'the'));

  test.each(lists.flatMap((list) => modes.map((mode) => [...list, mode] as const)))(
    'a forged cursor costs no more calls than planned: in %s',
    async (_, field, cursors, mode) => {
      const { execute, apiCalls, sandbox } = await startInMode(mode, withoutCache);
      for (const cursor of cursors) {
        for (const args of ['first: 20, after: $cursor', 'last: 20, before: $cursor']) {
          sandbox.clearCalls();
          const document = `query ($cursor: String) { ${field(`(${args})`)} }`;
          const { extensions } = await execute(document, { cursor });
          expect(extensions.spotify?.plannedCalls).toBeGreaterThanOrEqual(apiCalls().length);
        }
      }
    },
  );

  test.each([8, 12])(
    'forged cursors do not exceed the limit of calls for one operation: %s windows',
    async (count) => {
      const { execute, apiCalls } = await startInMode('development');
      const windows = forged(bts.encode)
        .slice(0, count)
        .map((cursor, n) => `a${n}: albums(first: 100, after: "${cursor}") { nodes { id } }`);
      const response = await execute(`{ artist(id: "${artists.bts}") { ${windows.join(' ')} } }`);
      const isPlanned = response.status === 200;
      expect(isPlanned).toBe(count === 8);
      expect(apiCalls().length).toBeLessThanOrEqual(isPlanned ? 100 : 0);
      if (!isPlanned)
        expect(response.errors[0]?.extensions).toMatchObject({ code: 'QUERY_TOO_COMPLEX', limit: 100 });
    },
  );
});
