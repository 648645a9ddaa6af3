import { describe, expect, test } from 'vitest';
import {
  albums,
  artists,
  catalogue,
  dataAndErrorCodes,
  dataOf,
  errorResponse,
  modes,
  startInMode,
  tracks,
  withoutErrors,
} from '../../support/schema-tests.ts';
import { expectedResults, generateTracks, searchPath } from '../../support/search.ts';

generateTracks();

const byVariable = 'query ($q: String!) { search(q: $q) { albums { totalCount } } }';
const everyKind = 'artist,album,track';

describe.each(modes)('a search by an app in %s mode', (mode) => {
  const ceiling = mode === 'extended' ? 50 : 10;

  test('a search finds all kinds with one call, and each kind has its own page', async () => {
    const { execute, apiCalls } = await startInMode(mode);
    const document = `{ search(q: "BTS") {
      artists(first: 3) { totalCount nodes { id } pageInfo { hasNextPage } }
      albums(first: 5) { totalCount nodes { id } pageInfo { hasNextPage } }
      tracks(first: 8) { totalCount nodes { id } pageInfo { hasNextPage } }
    } }`;
    const page = (kind: 'artist' | 'album' | 'track', size: number) => ({
      totalCount: expectedResults(kind, 'BTS').length,
      nodes: expectedResults(kind, 'BTS', 0, size),
      pageInfo: { hasNextPage: expectedResults(kind, 'BTS').length > size },
    });
    expect(await dataOf({ execute }, document)).toEqual({
      search: { artists: page('artist', 3), albums: page('album', 5), tracks: page('track', 8) },
    });
    expect(apiCalls()).toEqual([searchPath('BTS', everyKind, ceiling)]);
  });

  test('the kinds of a search share calls page by page, and further pages are requested only for the kinds that have them', async () => {
    const { execute, apiCalls } = await startInMode(mode);
    const document = `{ search(q: "the") {
      artists(first: 60) { nodes { id } } albums(first: 60) { nodes { id } } tracks(first: 10) { nodes { id } }
    } }`;
    expect(await dataOf({ execute }, document)).toEqual({
      search: {
        artists: { nodes: expectedResults('artist', 'the', 0, 60) },
        albums: { nodes: expectedResults('album', 'the', 0, 60) },
        tracks: { nodes: expectedResults('track', 'the', 0, 10) },
      },
    });
    const further = [10, 20, 30, 40, 50].filter((offset) => offset % ceiling === 0);
    const kindsAt = (offset: number) =>
      offset < expectedResults('artist', 'the').length ? 'artist,album' : 'album';
    expect(apiCalls().toSorted()).toEqual(
      [
        searchPath('the', everyKind, ceiling),
        ...further.map((offset) => searchPath('the', kindsAt(offset), ceiling, offset)),
      ].toSorted(),
    );
  });

  test('a search finds full artists and tracks, and simplified albums whose other fields come from the full album', async () => {
    const { execute, apiCalls } = await startInMode(mode);
    const document = `{ search(q: "Twenty Rooms") {
      albums(first: 1) { nodes { name copyrights { type } } }
      tracks(first: 1) { nodes { externalIds { isrc } album { name } } }
    } }`;
    const { errors } = await execute(document);
    expect(errors).toEqual([]);
    expect(apiCalls()).toEqual([
      searchPath('Twenty Rooms', 'album,track', ceiling),
      `/albums/${albums.tracks20}`,
    ]);
  });
});

describe('the kinds of a search', () => {
  test('`type` limits the kinds of a search, and other kinds are null although they are selected', async () => {
    const { execute, apiCalls } = await startInMode('development');
    const document = `{ search(q: "BTS", type: [TRACK, ALBUM]) {
      artists { nodes { id } } albums(first: 1) { nodes { id } } tracks(first: 1) { nodes { id } }
    } }`;
    expect(await dataOf({ execute }, document)).toEqual({
      search: {
        artists: null,
        albums: { nodes: expectedResults('album', 'BTS', 0, 1) },
        tracks: { nodes: expectedResults('track', 'BTS', 0, 1) },
      },
    });
    expect(apiCalls()).toEqual([searchPath('BTS', 'album,track', 10)]);
  });

  test('a search with an empty `type` costs no call, and kinds that are not selected cost no call', async () => {
    const { execute, apiCalls } = await startInMode('development');
    const all = 'artists { totalCount } albums { totalCount } tracks { totalCount }';
    expect(await dataOf({ execute }, `{ search(q: "BTS", type: []) { ${all} } }`)).toEqual({
      search: { artists: null, albums: null, tracks: null },
    });
    expect(apiCalls()).toEqual([]);
    expect(await dataOf({ execute }, '{ search(q: "BTS") { __typename artists { totalCount } } }')).toEqual({
      search: { __typename: 'SearchResults', artists: { totalCount: 1 } },
    });
    expect(apiCalls()).toEqual([searchPath('BTS', 'artist', 10)]);
  });
});

test('a failed search call is an error of every kind in the call, and of no other search', async () => {
  const { execute, sandbox, apiCalls } = await startInMode('development');
  sandbox.faults.add({ on: { pattern: 'q=BTS' }, fault: errorResponse(400) });
  const document = `{ search(q: "BTS") { artists { totalCount } albums { totalCount } }
      other: search(q: "Twenty Rooms") { albums { totalCount } } }`;
  expect(dataAndErrorCodes(await execute(document))).toEqual({
    data: { search: { artists: null, albums: null }, other: { albums: { totalCount: 1 } } },
    errors: [
      ['search.artists', 'UPSTREAM_BAD_RESPONSE'],
      ['search.albums', 'UPSTREAM_BAD_RESPONSE'],
    ],
  });
  expect(apiCalls()).toHaveLength(2);
});

describe('a search whose call Spotify rejects with 400', () => {
  const document = `{ search(q: "BTS") {
    artists(first: 1) { nodes { id } } albums(first: 1) { nodes { id } } tracks(first: 1) { nodes { id } }
  } }`;
  const path = (type: string) => searchPath('BTS', type, 10);

  test('a kind that Spotify does not serve is an error, and the other kinds are each read with one more call', async () => {
    const { execute, sandbox, apiCalls } = await startInMode('development');
    sandbox.faults.add({
      on: { pattern: 'type=[^&]*album' },
      fault: errorResponse(400, 'Bad search type field album'),
    });
    expect(dataAndErrorCodes(await execute(document))).toEqual({
      data: {
        search: {
          artists: { nodes: expectedResults('artist', 'BTS', 0, 1) },
          albums: null,
          tracks: { nodes: expectedResults('track', 'BTS', 0, 1) },
        },
      },
      errors: [['search.albums', 'UPSTREAM_BAD_RESPONSE']],
    });
    expect(apiCalls()).toEqual([path(everyKind), path('artist'), path('album'), path('track')]);
  });

  test.each([
    ['the market', 'Invalid market code', 'BAD_USER_INPUT'],
    ['a text without words', 'No search query', 'BAD_USER_INPUT'],
    ['a long text', 'Query exceeds maximum length of 100 characters', 'BAD_USER_INPUT'],
    ['the page size', 'Invalid limit', 'UPSTREAM_BAD_RESPONSE'],
    ['anything else', 'Bad request.', 'UPSTREAM_BAD_RESPONSE'],
  ])('a rejection of %s concerns all kinds, and no kind is read alone', async (_, message, code) => {
    const { execute, sandbox, apiCalls } = await startInMode('development');
    sandbox.faults.add({ on: { route: 'search' }, fault: errorResponse(400, message) });
    const { errors } = await execute(document);
    expect(errors.map(({ extensions }) => extensions?.['code'])).toEqual([code, code, code]);
    expect(apiCalls()).toEqual([path(everyKind)]);
  });
});

describe('the text of a search', () => {
  test.each([
    '',
    ' ',
    '\t\n',
    '\u0000',
    '\u200b\u200e',
    '\ud800',
    '*',
    ' * ',
    ' '.repeat(300),
    '\u00a0',
    'x'.repeat(251),
    'é'.repeat(251),
    ` ${'x'.repeat(251)} `,
  ])('the search text %j is rejected without a call', async (q) => {
    const { execute, sandbox } = await startInMode('development');
    expect(dataAndErrorCodes(await execute(byVariable, { q }))).toEqual({
      data: { search: null },
      errors: [['search', 'BAD_USER_INPUT']],
    });
    expect(sandbox.calls()).toEqual([]);
  });

  test.each(['x'.repeat(250), '東'.repeat(250), '* x', 'a&type=artist#b', '100% "quoted" + plus', '../me'])(
    'the search text %j is sent unchanged',
    async (q) => {
      const { execute, apiCalls } = await startInMode('development');
      const response = await execute(byVariable, { q });
      expect(dataAndErrorCodes(response)).toEqual(
        withoutErrors({ search: { albums: { totalCount: expectedResults('album', q).length } } }),
      );
      expect(apiCalls()).toEqual([searchPath(q, 'album', 10)]);
    },
  );

  test('a search text with surrounding spaces is the same search as the text without these spaces', async () => {
    const { execute, apiCalls } = await startInMode('development');
    for (const q of ['BTS', ' BTS', 'BTS '])
      await execute(`{ search(q: "${q}") { artists { totalCount } } }`);
    expect(apiCalls()).toEqual([searchPath('BTS', 'artist', 10)]);
  });

  test.each([
    ['spaces', `${' '.repeat(4)}${'x'.repeat(245)}${' '.repeat(4)}`],
    ['line ends and tabs', `\n\t\r\n\n${'x'.repeat(245)}\n\n\n`],
    ['no-break spaces', `${'\u00a0'.repeat(200)}${'東'.repeat(250)}${'\u3000'.repeat(200)}`],
  ])(
    'a search text that is too long only with its surrounding blanks is sent without these blanks: %s',
    async (_, q) => {
      const { execute, apiCalls } = await startInMode('development');
      const document = (written: string) => `{ search(q: ${written}) { albums { totalCount } } }`;
      expect((await execute(document(JSON.stringify(q)))).errors).toEqual([]);
      expect((await execute(byVariable, { q })).errors).toEqual([]);
      expect(apiCalls()).toEqual([searchPath(q.trim(), 'album', 10)]);
    },
  );

  test.each([
    'artist:"BTS" year:1990-2000',
    'album:Rooms',
    `upc:${catalogue.album(albums.tracks20)?.upc}`,
    `isrc:${catalogue.track(tracks.explicit)?.isrc}`,
  ])('a search text keeps its field filters: %s', async (q) => {
    const { execute } = await startInMode('extended');
    const document = `query ($q: String!) { search(q: $q) {
      albums(first: 20) { nodes { id } } tracks(first: 20) { nodes { id } }
    } }`;
    expect(await dataOf({ execute }, document, { q })).toEqual({
      search: {
        albums: { nodes: expectedResults('album', q, 0, 20) },
        tracks: { nodes: expectedResults('track', q, 0, 20) },
      },
    });
  });

  test('a search with a market has the results of that market', async () => {
    const { execute, apiCalls } = await startInMode('development');
    const count = (market: string) => `search(q: "Closed on Saturdays"${market}) { albums { totalCount } }`;
    expect(
      await dataOf(
        { execute },
        `{ ${count('')} es: ${count(', market: "ES"')} de: ${count(', market: "DE"')} }`,
      ),
    ).toEqual({
      search: { albums: { totalCount: 1 } },
      es: { albums: { totalCount: 0 } },
      de: { albums: { totalCount: 1 } },
    });
    expect(apiCalls()).toHaveLength(3);
  });
});

test('a search result that is read again costs no call, in a search or by its id', async () => {
  const { execute, apiCalls } = await startInMode('development');
  await execute('{ search(q: "BTS") { artists(first: 1) { nodes { id } } } }');
  expect(
    dataAndErrorCodes(
      await execute(
        `{ search(q: "BTS") { artists { nodes { genres } } } artist(id: "${artists.bts}") { name images { width } } }`,
      ),
    ),
  ).toMatchObject({ data: { artist: { name: 'BTS' } }, errors: [] });
  expect(apiCalls()).toEqual([searchPath('BTS', 'artist', 10)]);
});
