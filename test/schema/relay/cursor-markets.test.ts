import * as fc from 'fast-check';
import { parse } from 'graphql';
import { describe, expect, test } from 'vitest';
import { type Sandbox, startSandbox } from '../../../src/sandbox/index.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import {
  albums,
  artists,
  audiobooks,
  catalogue,
  dataAndErrorCodes,
  playlists,
  shows,
  startInMode,
  withoutErrors,
} from '../../support/schema-tests.ts';

/**
 * A cursor carries the market of its list. A client that reads the first page under `album(id:, market:)` and the next one
 * by `node(id:)`, as Relay does, stays in the market.
 */

const numRuns = Number(process.env['PROPERTY_RUNS'] ?? 25);

interface PagedField {
  type: string;
  /** The root fields that read one and several of the owners; playlists have no plural field. */
  owner: [field: string, plural: string | null];
  id: string;
  markets: readonly string[];
  name: string;
  /** The fields of an item, and other fields of the owner. */
  item: string;
  siblings?: string;
}

const lists: readonly PagedField[] = [
  {
    type: 'Artist',
    owner: ['artist', 'artists'],
    id: artists.albums9,
    markets: ['DE', 'ES'],
    name: 'albums',
    item: 'id isPlayable tracks(first: 1) { nodes { isPlayable } }',
  },
  {
    type: 'Album',
    owner: ['album', 'albums'],
    id: albums.partlyOutsideSpain,
    markets: ['DE', 'ES'],
    name: 'tracks',
    item: 'id isPlayable artists { albums(first: 1) { nodes { isPlayable } } }',
    siblings: 'isPlayable',
  },
  {
    type: 'Show',
    owner: ['show', 'shows'],
    id: shows.onlyGermany,
    markets: ['DE'],
    name: 'episodes',
    item: 'id isPlayable show { name }',
    siblings: 'name',
  },
  {
    type: 'Audiobook',
    owner: ['audiobook', 'audiobooks'],
    id: audiobooks.onlyBritain,
    markets: ['GB'],
    name: 'chapters',
    item: 'id isPlayable',
    siblings: 'name',
  },
  {
    type: 'Playlist',
    owner: ['playlist', null],
    id: playlists.gaps,
    markets: ['DE', 'ES'],
    name: 'items',
    item: 'item { ... on Track { id isPlayable album { isPlayable } } }',
    siblings: 'name',
  },
];

interface Page {
  edges: { cursor: string; node: unknown }[];
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string; endCursor: string };
}

const pageInfo = 'pageInfo { hasNextPage hasPreviousPage startCursor endCursor }';

/** @param args of the list, such as `first: 5` */
const fieldsOf = ({ name, item, siblings = '' }: PagedField, args: string) =>
  `{ ${siblings} list: ${name}(${args}) { edges { cursor node { ${item} } } ${pageInfo} } }`;

/** The ways in which a client reads an object without a market. */
const readers: Readonly<Record<string, (list: PagedField, args: string) => string>> = {
  node: (list, args) =>
    `{ at: node(id: "spotify:${list.owner[0]}:${list.id}") { ... on ${list.type} ${fieldsOf(list, args)} } }`,
  nodes: (list, args) =>
    `{ at: nodes(ids: ["spotify:${list.owner[0]}:${list.id}"]) { ... on ${list.type} ${fieldsOf(list, args)} } }`,
  entities: (list, args) =>
    `{ at: _entities(representations: [{ __typename: "${list.type}", id: "${list.id}" }]) { ... on ${list.type} ${fieldsOf(list, args)} } }`,
  'the plural field': (list, args) =>
    `{ at: ${list.owner[1] ?? 'nodes'}(ids: ["spotify:${list.owner[0]}:${list.id}"]) { ... on ${list.type} ${fieldsOf(list, args)} } }`,
  'the singular field': (list, args) => `{ at: ${list.owner[0]}(id: "${list.id}") ${fieldsOf(list, args)} }`,
};

/** The object in the market of the query: an artist has no market argument, and its list has one. */
const inMarket = (list: PagedField, market: string, args: string) =>
  list.type === 'Artist'
    ? `{ at: artist(id: "${list.id}") ${fieldsOf(list, `${args}, market: "${market}"`)} }`
    : `{ at: ${list.owner[0]}(id: "${list.id}", market: "${market}") ${fieldsOf(list, args)} }`;

/** Executes a document, and returns its data, its calls and the number of its planned calls. */
async function read({ execute, sandbox }: TestGateway & { sandbox: Sandbox }, document: string) {
  sandbox.clearCalls();
  const { data, errors, extensions } = await execute<{ at: unknown }, unknown>(document);
  expect(errors, document).toEqual([]);
  const at = (Array.isArray(data.at) ? data.at[0] : data.at) as { list: Page | null } | null;
  const calls = sandbox.calls().flatMap(({ kind, path }) => (kind === 'api' ? [path] : []));
  return { at, list: at?.list ?? null, calls, planned: extensions.spotify?.plannedCalls ?? 0 };
}

const paths = fc.record({
  list: fc.constantFrom(...lists),
  marketIndex: fc.nat(1),
  reader: fc.constantFrom(...Object.keys(readers)),
  mode: fc.constantFrom('extended' as const, 'development' as const),
  size: fc.integer({ min: 1, max: 4 }),
  isForward: fc.boolean(),
  defaultMarket: fc.constantFrom(undefined, 'FR'),
});

/** The arguments of the next page; null if there is none. */
function nextPageArgs({ pageInfo: info }: Page, size: number, isForward: boolean): string | null {
  if (isForward) return info.hasNextPage ? `first: ${size}, after: "${info.endCursor}"` : null;
  return info.hasPreviousPage ? `last: ${size}, before: "${info.startCursor}"` : null;
}

function gatewayOf(sandbox: Sandbox, mode: 'extended' | 'development', market?: string) {
  sandbox.setQuotaMode(mode);
  const environment = market === undefined ? {} : { SPOTIFY_MARKET: market };
  return { ...startGateway(sandbox, { SPOTIFY_QUOTA_MODE: mode, ...environment }), sandbox };
}

test('every way to read the next pages gives the same data for the same calls as a read in the market of the first page', async () => {
  const sandbox = await startSandbox({ catalogue });
  const other = await startSandbox({ catalogue });
  await fc.assert(
    fc.asyncProperty(paths, async ({ list, marketIndex, reader, mode, size, isForward, defaultMarket }) => {
      fc.pre(list.type !== 'Playlist' || mode === 'extended'); // apps in development mode get no items
      const market = list.markets[marketIndex % list.markets.length] ?? '';
      const paged = gatewayOf(sandbox, mode, defaultMarket);
      const reference = gatewayOf(other, mode);
      const first = inMarket(list, market, isForward ? `first: ${size}` : `last: ${size}`);
      await read(paged, first);
      let expected = await read(reference, first);
      for (let pages = 0; pages < 3; pages++) {
        const args = expected.list && nextPageArgs(expected.list, size, isForward);
        if (!args) break;
        const { planned, ...page } = await read(paged, readers[reader]?.(list, args) ?? '');
        expected = await read(reference, inMarket(list, market, args));
        expect(page).toEqual({ at: expected.at, list: expected.list, calls: expected.calls });
        expect(planned).toBeGreaterThanOrEqual(page.calls.length);
        // A cached entity has fewer planned calls; a URI of a show may belong to an audiobook, which is one more lookup.
        const isAmbiguous = reader.startsWith('node') && list.type === 'Show';
        if (reader !== 'entities') expect(planned).toBe(expected.planned + (isAmbiguous ? 1 : 0));
      }
      await Promise.all([paged.gateway.dispose(), reference.gateway.dispose()]);
    }),
    { numRuns },
  );
  await Promise.all([sandbox.close(), other.close()]);
}, 60_000);

/** The cursor at the end of the first page of an album's tracks. */
async function tracksCursor(
  { execute }: Pick<TestGateway, 'execute'>,
  id: string,
  market?: string,
): Promise<string> {
  const args = market === undefined ? '' : `, market: "${market}"`;
  const { data } = await execute<{ album: { tracks: Page } }, unknown>(
    `{ album(id: "${id}"${args}) { tracks(first: 2) { ${pageInfo} } } }`,
  );
  return data.album.tracks.pageInfo.endCursor;
}

const { tracks20: album } = albums;
const [firstTrack] = catalogue.tracksOf(album);
const tracksAfter = (cursor: string, args = '') =>
  `tracks(first: 2, after: "${cursor}"${args}) { nodes { isPlayable } }`;
const playable = { nodes: [{ isPlayable: true }, { isPlayable: true }] };

describe('a cursor of a market', () => {
  test.each([
    ['the list', (list: (args: string) => string) => `album(id: "${album}") { ${list(', market: "FR"')} }`],
    ['the field above', (list) => `album(id: "${album}", market: "FR") { ${list('')} }`],
    ['nodes', (list) => `nodes(ids: ["${album}"], market: "FR") { ... on Album { ${list('')} } }`],
    ['a field far above', (list) => `track(id: "${firstTrack?.id}", market: "FR") { album { ${list('')} } }`],
  ] as [string, (list: (args: string) => string) => string][])(
    'a cursor is BAD_USER_INPUT if the query names another market, even the default market, and no page is read: %s',
    async (_, field) => {
      for (const environment of [{}, { SPOTIFY_MARKET: 'FR' }]) {
        const { execute, apiCalls, sandbox } = await startInMode('development', environment);
        const cursor = await tracksCursor({ execute }, album, 'DE');
        sandbox.clearCalls();
        // A repeated operation is compiled.
        for (let run = 0; run < 3; run++) {
          const { errors } = await execute(`{ ${field((args) => tracksAfter(cursor, args))} }`);
          expect(errors.map(({ extensions }) => extensions?.['code'])).toEqual(['BAD_USER_INPUT']);
        }
        expect(apiCalls().filter((path) => path.includes('market=DE') || path.includes('/tracks?'))).toEqual(
          [],
        );
      }
    },
  );

  test('a cursor is BAD_USER_INPUT if the query names the market that the gateway sends by default', async () => {
    const { execute } = await startInMode('development');
    const show = (args: string, list: string) =>
      `{ show(id: "${shows.episodes130}"${args}) { episodes(first: 2${list}) { ${pageInfo} } } }`;
    const { data } = await execute<{ show: { episodes: Page } }, unknown>(show(', market: "DE"', ''));
    const after = `, after: "${data.show.episodes.pageInfo.endCursor}"`;
    expect(dataAndErrorCodes(await execute(show(', market: "US"', after)))).toMatchObject({
      errors: [['show.episodes', 'BAD_USER_INPUT']],
    });
    expect((await execute(show('', after))).errors).toEqual([]);
  });

  test('a list is read in the market of its cursor below an object without a market, and so are all fields below the list', async () => {
    const { execute, apiCalls, sandbox } = await startInMode('development');
    const cursor = await tracksCursor({ execute }, album, 'DE');
    sandbox.clearCalls();
    const list = 'artists { albums(first: 1) { nodes { isPlayable } } }';
    const { data, errors, extensions } = await execute(
      `query { track(id: "${firstTrack?.id}") { isPlayable album { ...Tracks } } }
      fragment Tracks on Album { tracks(first: 1, after: "${cursor}") { nodes { isPlayable ${list} } } }`,
    );
    expect({ data, errors }).toMatchObject(
      withoutErrors({
        track: {
          album: {
            tracks: {
              nodes: [{ isPlayable: true, artists: [{ albums: { nodes: [{ isPlayable: true }] } }] }],
            },
          },
        },
      }),
    );
    expect(apiCalls()).toEqual([
      `/tracks/${firstTrack?.id}`,
      expect.stringMatching(/^\/artists\/\w+\/albums\?market=DE/),
    ]);
    expect(extensions.spotify?.plannedCalls).toBeGreaterThanOrEqual(apiCalls().length);
  });

  test('a cursor continues a search, and each kind of a search may have a cursor of another market', async () => {
    const { execute, apiCalls, sandbox } = await startInMode('development');
    const search = (args: string, list: string) =>
      `search(q: "the"${args}) { ${list} { nodes { id } ${pageInfo} } }`;
    const { data } = await execute<Record<'de' | 'es', Record<'albums' | 'tracks', Page>>, unknown>(
      `{ de: ${search(', market: "DE"', 'albums(first: 10)')} es: ${search(', market: "ES"', 'tracks(first: 10)')} }`,
    );
    const pageAfter = (page: Page) => `first: 10, after: "${page.pageInfo.endCursor}"`;
    sandbox.clearCalls();
    const next = await execute(
      `{ search(q: "the") { albums(${pageAfter(data.de.albums)}) { nodes { id } } tracks(${pageAfter(data.es.tracks)}) { nodes { isPlayable } } } }`,
    );
    expect(next.errors).toEqual([]);
    expect(apiCalls().toSorted()).toEqual([
      '/search?q=the&type=album&market=DE&limit=10&offset=10',
      '/search?q=the&type=track&market=ES&limit=10&offset=10',
    ]);
    expect(next.extensions.spotify?.plannedCalls).toBe(2);
  });

  test('a cursor keeps the default market at its creation, and a dry run states that its page is cached', async () => {
    const { execute, apiCalls, sandbox } = await startInMode('extended', { SPOTIFY_MARKET: 'DE' });
    const cursor = await tracksCursor({ execute }, album);
    const query = `{ node(id: "${album}") { ... on Album { ${tracksAfter(cursor)} } } }`;
    expect(dataAndErrorCodes(await execute(query))).toEqual(withoutErrors({ node: { tracks: playable } }));
    expect(apiCalls()).toEqual([`/albums/${album}?market=DE`]);
    const other = startGateway(sandbox, { SPOTIFY_QUOTA_MODE: 'extended' });
    const first = await other.execute(query.replace('node(id: "', 'node(id: "spotify:album:'));
    expect(dataAndErrorCodes(first)).toEqual(withoutErrors({ node: { tracks: playable } }));
    expect(apiCalls().slice(1)).toEqual([`/albums/${album}?market=DE`]);
    const { extensions } = await other.gateway.execute({ document: parse(query), trace: 'plan' });
    const listed = { families: expect.arrayContaining([{ family: 'albums/tracks', calls: 1 }]) };
    expect(extensions?.['spotify']).toMatchObject({ ...listed, held: listed.families });
  });
});

describe('a cursor that the gateway did not create', () => {
  const forge = (cursor: string, change: (text: string) => string) =>
    Buffer.from(change(Buffer.from(cursor, 'base64url').toString())).toString('base64url');

  test.each(['XX', 'de', 'DEU', '', '&x', 'U', '__', 'FR'])(
    'a forged cursor with the market %j sends no call for its list',
    async (market) => {
      const { execute, apiCalls, sandbox } = await startInMode('development');
      const cursor = forge(await tracksCursor({ execute }, album, 'DE'), (text) =>
        text.replace(/DE$/, market),
      );
      sandbox.clearCalls();
      const { data, errors } = await execute(
        `{ node(id: "spotify:album:${album}") { id ... on Album { ${tracksAfter(cursor)} } } }`,
      );
      expect({ data, codes: errors.map(({ extensions }) => extensions?.['code']) }).toEqual({
        data: { node: { id: album, tracks: null } },
        codes: ['BAD_USER_INPUT'],
      });
      // The object is read, in the market of the cursor if it is valid, or without a market.
      expect(apiCalls()).toEqual([`/albums/${album}${market === 'FR' ? '?market=FR' : ''}`]);
    },
  );

  test.each([
    ['a list without a market', {}, undefined],
    ['the default market', { SPOTIFY_MARKET: 'DE' }, undefined],
    ['the market of the query', {}, 'DE'],
  ] as const)('a cursor of an earlier version continues its list in %s', async (_, environment, market) => {
    const { execute } = await startInMode('development', environment);
    const cursor = forge(await tracksCursor({ execute }, album, market), (text) => text.replace(/\.DE$/, ''));
    const args = market === undefined ? '' : `, market: "${market}"`;
    const { data, errors } = await execute(`{ album(id: "${album}"${args}) { ${tracksAfter(cursor)} } }`);
    expect({ data, errors }).toMatchObject(withoutErrors({ album: { tracks: { nodes: [{}, {}] } } }));
  });
});

test('nodes are read in the market of their argument, and the lists of an artist inherit that market', async () => {
  const { execute, apiCalls } = await startInMode('development');
  const { data, errors, extensions } = await execute(`{
      spain: nodes(ids: ["spotify:album:${albums.outsideSpain}"], market: "ES") { ... on Album { isPlayable } }
      nodes(ids: ["spotify:artist:${artists.albums9}", "spotify:show:${shows.onlyGermany}"], market: "DE") {
        id ... on Artist { albums(first: 1) { nodes { isPlayable } } }
      }
    }`);
  expect({ data, errors }).toEqual(
    withoutErrors({
      spain: [{ isPlayable: false }],
      nodes: [{ id: artists.albums9, albums: { nodes: [{ isPlayable: true }] } }, { id: shows.onlyGermany }],
    }),
  );
  expect(apiCalls().toSorted()).toEqual(
    [
      `/albums/${albums.outsideSpain}?market=ES`,
      `/artists/${artists.albums9}`,
      `/artists/${artists.albums9}/albums?market=DE&limit=10&offset=0`,
      `/shows/${shows.onlyGermany}?market=DE`,
    ].toSorted(),
  );
  expect(extensions.spotify?.plannedCalls).toBe(6); // any of the nodes may be an artist, and a show an audiobook
});
