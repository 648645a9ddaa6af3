import { describe, expect, test } from 'vitest';
import { parseMarket } from '../../src/datasources/spotify/kinds/markets.ts';
import {
  albums,
  artists,
  dataAndErrorCodes,
  errorResponse,
  jsonList,
  startInMode,
  tracks,
} from '../support/schema-tests.ts';

/** A market that is not an ISO code makes the field with this argument null, and no other field. */

const invalidMarkets = [
  'XX',
  'us',
  '../',
  '',
  'DEU',
  'U',
  ' US',
  'from_token',
  '__proto__',
  'X'.repeat(2_000),
];
const { albums1: artistOfOneAlbum, albums9 } = artists;
const album = albums.tracks1;

/** A field with an invalid market, the data of the response, the path of the error, and the Spotify calls. */
const cases: [field: string, data: object, path: string, calls: string[]][] = [
  [`album(id: "${album}", market: $m) { name }`, { album: null }, 'album', []],
  [`album(id: "${album}", market: $m) { tracks { nodes { name } } }`, { album: null }, 'album', []],
  [`track(id: "${tracks.explicit}", market: $m) { album { label } }`, { track: null }, 'track', []],
  ['search(q: "x", market: $m) { albums { totalCount } }', { search: null }, 'search', []],
  [
    `artist(id: "${albums9}") { name albums(market: $m) { nodes { tracks { nodes { name } } } } }`,
    { artist: { name: 'Nine Lives Left', albums: null } },
    'artist.albums',
    [`/artists/${albums9}`],
  ],
  [
    `artist(id: "${albums9}") { name topTracks(market: $m) { name album { label } } }`,
    { artist: { name: 'Nine Lives Left', topTracks: null } },
    'artist.topTracks',
    [`/artists/${albums9}`],
  ],
  [
    `artists(ids: ${jsonList([albums9])}) { name albums(market: $m) { totalCount } }`,
    { artists: [{ name: 'Nine Lives Left', albums: null }] },
    'artists.0.albums',
    [`/artists/${albums9}`],
  ],
  [
    `node(id: "spotify:artist:${albums9}") { id ... on Artist { topTracks(market: $m) { name } } }`,
    { node: { id: albums9, topTracks: null } },
    'node.topTracks',
    [`/artists/${albums9}`],
  ],
  [
    `nodes(ids: ["spotify:artist:${albums9}"]) { id ... on Artist { albums(market: $m) { totalCount } } }`,
    { nodes: [{ id: albums9, albums: null }] },
    'nodes.0.albums',
    [`/artists/${albums9}`],
  ],
  [
    `_entities(representations: [{ __typename: "Artist", id: "${albums9}" }]) { ... on Artist { name albums(market: $m) { totalCount } } }`,
    { _entities: [{ name: 'Nine Lives Left', albums: null }] },
    '_entities.0.albums',
    [`/artists/${albums9}`],
  ],
  [
    `album(id: "${album}") { name tracks(market: $m) { nodes { album { label } } } }`,
    { album: { name: 'Single Lantern', tracks: null } },
    'album.tracks',
    [`/albums/${album}`],
  ],
  [
    `artist(id: "${artistOfOneAlbum}") { albums(first: 1) { nodes { name tracks(market: $m) { totalCount } } } }`,
    { artist: { albums: { nodes: [{ name: expect.any(String), tracks: null }] } } },
    'artist.albums.nodes.0.tracks',
    [`/artists/${artistOfOneAlbum}`, `/artists/${artistOfOneAlbum}/albums?limit=1&offset=0`],
  ],
];

test.each(cases)(
  'an invalid market makes its field null at the path of the field, costs no call, and leaves parents and siblings their data: %s',
  async (field, data, path, calls) => {
    const { execute, apiCalls } = await startInMode('development');
    const sibling = `artist(id: "${artists.bts}") { name }`;
    for (const m of invalidMarkets) {
      const document = `query ($m: Market) { ${field} sibling: ${sibling} }`;
      const inlined = `{ ${field.replaceAll('$m', JSON.stringify(m))} sibling: ${sibling} }`;
      const expected = { data: { ...data, sibling: { name: 'BTS' } }, errors: [[path, 'BAD_USER_INPUT']] };
      // A repeated operation is compiled.
      for (let run = 1; run <= 3; run++) {
        expect(dataAndErrorCodes(await execute(document, { m }))).toEqual(expected);
        expect(dataAndErrorCodes(await execute(inlined))).toEqual(expected);
      }
    }
    const withoutLimit = (paths: string[]) => paths.map((call) => call.replace(/limit=\d+/, 'limit=1'));
    expect(withoutLimit(apiCalls()).toSorted()).toEqual([...calls, `/artists/${artists.bts}`].toSorted());
  },
);

test('a field with an invalid market adds no planned calls, for any selection below it', async () => {
  const { execute } = await startInMode('development');
  const expensiveField =
    'albums(first: 100, market: "XX") { nodes { tracks(first: 100) { nodes { album { label } } } } }';
  const { status, data, errors, extensions } = await execute(
    `{ artist(id: "${albums9}") { name a: ${expensiveField} b: ${expensiveField} } }`,
  );
  expect({ status, data, codes: errors.map((error) => error.extensions?.['code']) }).toEqual({
    status: 200,
    data: { artist: { name: 'Nine Lives Left', a: null, b: null } },
    codes: ['BAD_USER_INPUT', 'BAD_USER_INPUT'],
  });
  expect(extensions.spotify).toMatchObject({ plannedCalls: 1, actualCalls: 1 });
});

test.each(['albums', 'tracks'])(
  'an invalid market is one error of the whole plural field, without a call: %s',
  async (field) => {
    const { execute, sandbox } = await startInMode('extended');
    const response = await execute(`{ ${field}(ids: ${jsonList([album, album])}, market: "XX") { id } }`);
    expect(response.errors.map(({ path, extensions }) => [path, extensions])).toEqual([
      [[field], { code: 'BAD_USER_INPUT' }],
    ]);
    expect(sandbox.calls()).toEqual([]);
  },
);

describe('values that are not markets', () => {
  test('`parseMarket` throws for every text that is not a market, and returns ISO codes', () => {
    for (const text of invalidMarkets) expect(() => parseMarket(text)).toThrow('Not a market');
    expect(['DE', 'KR', 'XK'].map(parseMarket)).toEqual(['DE', 'KR', 'XK']);
  });

  test('a market that is not a string is an error of status 400, in the document and in the variables', async () => {
    const { execute, sandbox } = await startInMode('development');
    const { status } = await execute(`{ album(id: "${album}", market: 7) { name } }`);
    expect(status).toBe(400);
    const variable = await execute(`query ($m: Market) { album(id: "${album}", market: $m) { name } }`, {
      m: 7,
    });
    expect(variable.status).toBe(400);
    expect(sandbox.calls()).toEqual([]);
  });
});

test('a market that Spotify does not accept is BAD_USER_INPUT, also for each object of a batch', async () => {
  const { execute, sandbox } = await startInMode('extended');
  sandbox.faults.add({ fault: errorResponse(400, 'Invalid market code') });
  const document = `{
    albums(ids: ${jsonList([album, albums.tracks20])}, market: "AQ") { name }
    track(id: "${tracks.explicit}", market: "AQ") { name }
  }`;
  const { data, errors } = dataAndErrorCodes(await execute(document));
  expect(data).toEqual({ albums: [null, null], track: null });
  expect(errors.toSorted()).toEqual([
    ['albums.0', 'BAD_USER_INPUT'],
    ['albums.1', 'BAD_USER_INPUT'],
    ['track', 'BAD_USER_INPUT'],
  ]);
});
