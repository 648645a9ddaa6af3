import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { QuotaMode } from '../../../src/sandbox/index.ts';
import { startGateway, type TestGateway, withSandbox } from '../../support/gateway.ts';
import { catalogue, operations } from '../../support/operations.ts';

/** The cost of an operation is known before it runs; an operation that may cost too much does not run. */

const { artists, albums, tracks, episodes } = catalogue.fixtures;
const { bts } = artists;
const artistIds = catalogue.artists().map(({ id }) => id);
const afterResponseMs = 20; // calls that no field waits for arrive shortly after the response

const start = (mode: QuotaMode, environment: Record<string, string> = {}) =>
  withSandbox({ SPOTIFY_QUOTA_MODE: mode, ...environment }, { quotaMode: mode, catalogue });

const startUnknown = (mode: QuotaMode) =>
  withSandbox({ SPOTIFY_QUOTA_MODE: 'auto' }, { quotaMode: mode, catalogue });

const spotifyOf = ({ extensions }: Awaited<ReturnType<TestGateway['execute']>>) => {
  const { spotify } = extensions;
  if (!spotify) throw new Error('no extensions.spotify');
  return spotify;
};

test('an empty page that has `next` costs one call more than planned, because only the next page shows the end', async () => {
  const { execute } = await start('development');
  const albumsOf = (id: string) =>
    execute(`{ artist(id: "${id}") { albums(first: 20) { nodes { name } } } }`);
  expect(spotifyOf(await albumsOf(artists.overstated))).toMatchObject({ plannedCalls: 3, actualCalls: 4 });
  expect(spotifyOf(await albumsOf(bts))).toMatchObject({ plannedCalls: 3, actualCalls: 3 });
});

test.each([
  [
    'an album',
    'albums',
    'tracks',
    `{ album(id: "${albums.tracks130}") { tracks(first: 3) { nodes { name } } } }`,
  ],
  [
    'a show',
    'shows',
    'episodes',
    `{ show(id: "${catalogue.fixtures.shows.episodes3}") { episodes(first: 3) { nodes { name } } } }`,
  ],
])(
  '%s that does not contain its first page costs one call more than planned',
  async (_, route, key, document) => {
    const { execute, sandbox } = await start('development');
    sandbox.faults.add({ on: { route }, fault: { kind: 'edit', edits: [{ path: key, remove: true }] } });
    expect(spotifyOf(await execute(document))).toMatchObject({ plannedCalls: 1, actualCalls: 2 });
  },
);

describe('the plan of an operation', () => {
  interface Planned {
    document: string;
    extended: number;
    development: number;
    /** For an app of unknown mode: the maximum over all capabilities that it may have. */
    unknown: number;
  }

  const planned = (
    document: string,
    [extended, development, unknown]: readonly [number, number, number],
  ): Planned => ({ document, extended, development, unknown });

  const plans: readonly Planned[] = [
    planned('{ __typename }', [0, 0, 0]),
    planned(`{ artist(id: "${bts}") { name followers { total } } }`, [1, 1, 1]),
    // Invalid ids and search texts cost nothing, and nothing below them does.
    planned(`{ artist(id: "no id") { name } }`, [0, 0, 0]),
    planned(`{ artist(id: "no id") { albums(first: 100) { nodes { name } } } }`, [0, 0, 0]),
    planned(
      `{ album(id: "spotify:artist:${bts}") { name tracks(first: 100) { nodes { name } } } }`,
      [0, 0, 0],
    ),
    planned(
      `{ artists(ids: ["no id", "spotify:album:${bts}"]) { name albums(first: 100) { nodes { name } } } }`,
      [0, 0, 0],
    ),
    planned(`{ artists(ids: ["no id", "${bts}"]) { name } }`, [1, 1, 1]),
    planned(`{ node(id: "no id") { id } nodes(ids: ["no id"]) { id } }`, [0, 0, 0]),
    planned(`{ node(id: "no id") { ... on Artist { albums(first: 100) { nodes { name } } } } }`, [0, 0, 0]),
    planned(`{ search(q: "") { artists(first: 100) { nodes { followers { total } } } } }`, [0, 0, 0]),
    planned(`{ search(q: " * ") { artists { nodes { name } } albums { nodes { label } } } }`, [0, 0, 0]),
    planned(`{ search(q: "${'x'.repeat(251)}") { artists { nodes { name } } } }`, [0, 0, 0]),
    planned(`{ artist(id: "${bts}") @skip(if: true) { name } }`, [0, 0, 0]),
    // A list: pages of 50, of 10, or of 10 after 50 was rejected.
    planned(`{ artist(id: "${bts}") { albums { nodes { name } } } }`, [2, 3, 4]),
    planned(`{ artist(id: "${bts}") { albums(first: 0) { nodes { name } } } }`, [1, 1, 1]),
    planned(`{ artist(id: "${bts}") { albums(first: 10) { nodes { name } } } }`, [2, 2, 3]),
    planned(`{ artist(id: "${bts}") { albums(first: 11) { nodes { name } } } }`, [2, 3, 4]),
    planned(`{ artist(id: "${bts}") { albums(first: 100) { nodes { name } } } }`, [3, 11, 12]),
    planned(`{ artist(id: "${bts}") { albums(first: 100) { totalCount } } }`, [2, 2, 3]),
    planned(`{ artist(id: "${bts}") { albums(first: 101) { nodes { name } } } }`, [1, 1, 1]),
    planned(`{ artist(id: "${bts}") { albums(after: "no cursor") { nodes { name } } } }`, [1, 1, 1]),
    // Neither does an invalid list need the objects around it.
    planned(
      `{ artist(id: "${bts}") { albums(first: 10) { nodes { tracks(first: 101) { nodes { name } } } } } }`,
      [2, 2, 3],
    ),
    planned('{ category(id: "party") { playlists(first: 101) { totalCount } } }', [1, 0, 1]),
    // From the end: one page for the length, and two pages that may contain the end.
    planned(`{ artist(id: "${bts}") { albums(last: 5) { nodes { name } } } }`, [4, 4, 5]),
    // One list under two names, and one field written twice.
    planned(
      `{ artist(id: "${bts}") { a: albums { nodes { name } } b: albums { nodes { name } } } }`,
      [3, 5, 6],
    ),
    planned(
      `{ artist(id: "${bts}") { ...List albums { nodes { uri } } ...List } }
       fragment List on Artist { albums { nodes { name } } }`,
      [2, 3, 4],
    ),
    // Objects by their ids: in batches, or one by one, or one by one after a batch was rejected.
    planned(`{ artists(ids: ${JSON.stringify(artistIds.slice(0, 20))}) { name } }`, [1, 20, 21]),
    planned(`{ artists(ids: ${JSON.stringify(artistIds.slice(0, 51))}) { name } }`, [2, 51, 52]),
    planned(`{ albums(ids: ["${albums.tracks1}", "${albums.tracks20}"]) { name label } }`, [1, 2, 3]),
    planned(`{ nodes(ids: ["spotify:album:${albums.tracks1}", "${bts}", "no id"]) { id } }`, [4, 4, 4]),
    // An album contains its first 50 tracks.
    planned(`{ album(id: "${albums.tracks130}") { tracks(first: 50) { nodes { name } } } }`, [1, 1, 1]),
    planned(`{ album(id: "${albums.tracks130}") { tracks(first: 51) { nodes { name } } } }`, [2, 2, 4]),
    // Simplified objects in a list of unknown length, which counts as 5.
    planned(`{ track(id: "${tracks.severalArtists}") { artists { name } } }`, [1, 1, 1]),
    planned(`{ track(id: "${tracks.severalArtists}") { artists { images { url } } } }`, [2, 6, 7]),
    planned(
      `{ artist(id: "${bts}") { albums(first: 20) { nodes { tracks(first: 10) { nodes { name } } } } } }`,
      [3, 23, 25],
    ),
    planned(
      `{ artist(id: "${bts}") { albums(first: 20) { nodes { label } } } }`,
      [3, 3, 25], // albums of an app in development mode have no label, so no call reads it
    ),
    // A show inside an episode or a search has no episodes: its list is read, and the show is not.
    planned(
      `{ episode(id: "${episodes.newest}") { show { episodes(first: 5) { nodes { name } } } } }`,
      [2, 2, 4], // at worst, an unknown app gets smaller pages after two rejections
    ),
    planned(
      '{ search(q: "evening", market: "US") { shows(first: 3) { nodes { episodes { nodes { name } } } } } }',
      [4, 4, 10],
    ),
    // The show is read for another market, in which it may not exist; read by itself, it contains its episodes.
    planned(
      `{ episode(id: "${episodes.newest}") { show { episodes(first: 5, market: "GB") { totalCount } } } }`,
      [3, 2, 5],
    ),
    planned(
      `{ artist(id: "${bts}") { topTracks { name album { name } } relatedArtists { name } } }`,
      [3, 1, 3],
    ),
    // The kinds of one search share their calls.
    planned(
      `{ search(q: "love") { artists(first: 10) { nodes { name } } albums(first: 20) { nodes { name } } } }`,
      [1, 2, 3],
    ),
  ];

  const states = ['extended', 'development', 'unknown'] as const;

  test.each(states)('the plan is the worst case for an app whose quota mode is %s', async (state) => {
    const mode = state === 'unknown' ? 'development' : state;
    const { sandbox } = await start(mode);
    for (const { document, [state]: calls } of plans) {
      const environment = { SPOTIFY_QUOTA_MODE: state === 'unknown' ? 'auto' : state };
      const { execute, gateway } = startGateway(sandbox, environment);
      sandbox.clearCalls();
      const { plannedCalls } = spotifyOf(await execute(document));
      await sleep(afterResponseMs);
      expect(plannedCalls, document).toBe(calls);
      expect(sandbox.calls().filter(({ kind }) => kind === 'api').length, document).toBeLessThanOrEqual(
        calls,
      );
      await gateway.dispose();
    }
  });

  test.each(['extended', 'development'] as const)(
    'the plan is not below the cost of the 60 root fields of a stitching parent, for an app that turns out to be %s',
    async (mode) => {
      const { execute, apiCalls } = await startUnknown(mode);
      const operation = operations.find(({ title }) => title.startsWith('60 root fields'));
      const response = await execute(operation?.document ?? '');
      expect(response.errors).toEqual([]);
      expect(Object.values(response.data as object).filter(Boolean)).toHaveLength(58);
      expect(spotifyOf(response).plannedCalls).toBeGreaterThanOrEqual(apiCalls().length);
    },
  );

  const absentId = 'zzzzzzzzzzzzzzzzzzzzzz';
  const ids = [bts, artists.albums9, absentId];
  const keys = ids.map((id) => `{ __typename: "Artist", id: "${id}" }`).join(', ');

  test.each([
    `{ found: artists(ids: ${JSON.stringify(ids)}) { name } }`,
    `{ found: _entities(representations: [${keys}]) { ... on Artist { name } } }`,
  ])(
    'the plan counts an id that no object can have as a call of its own, because the id would spoil a batch: %s',
    async (document) => {
      const { execute, apiCalls } = await start('extended');
      const response = await execute(document);
      expect(response.data).toEqual({ found: [{ name: 'BTS' }, { name: 'Nine Lives Left' }, null] });
      expect(apiCalls()).toHaveLength(2);
      expect(spotifyOf(response).plannedCalls).toBe(2);
    },
  );

  test('the plan counts the lists that are requested together with an object that turns out not to exist', async () => {
    const { execute, apiCalls } = await start('extended');
    const response = await execute(`{ artists(ids: ["${absentId}", "${absentId}"]) { topTracks { name } } }`);
    expect(response.data).toEqual({ artists: [null, null] });
    expect(spotifyOf(response).plannedCalls).toBeGreaterThanOrEqual(apiCalls().length);
    expect(apiCalls()).toContain(`/artists/${absentId}/top-tracks?market=US`);
  });

  test('the plan is not below the calls for the objects inside others of which some are cached, and so arrive before the rest', async () => {
    const { execute, apiCalls, sandbox } = await start('extended');
    const trackIds = [albums.tracks1, albums.tracks20].map((id) => catalogue.tracksOf(id)[0]?.id);
    await execute(`{ track(id: "${trackIds[0]}") { name } }`);
    sandbox.clearCalls();
    const response = await execute(`{ tracks(ids: ${JSON.stringify(trackIds)}) { album { label } } }`);
    expect(response.errors).toEqual([]);
    expect(apiCalls()).toHaveLength(3); // the album of the cached track is not in one batch with the other album
    expect(spotifyOf(response).plannedCalls).toBe(3);
  });

  test('the plan is not below the calls for kinds of one search whose windows start at different pages, and so share no page', async () => {
    const { execute, apiCalls, sandbox } = await start('development');
    const search = (selection: string) => execute(`{ search(q: "the") { ${selection} } }`);
    const { data } = await search('albums(first: 10) { pageInfo { endCursor } }');
    const { endCursor } = (data as { search: { albums: { pageInfo: { endCursor: string } } } }).search.albums
      .pageInfo;
    sandbox.clearCalls();
    const response = await search(
      `tracks(first: 20) { nodes { id } } albums(first: 10, after: "${endCursor}") { nodes { id } }`,
    );
    expect(response.errors).toEqual([]);
    expect(apiCalls()).toHaveLength(3); // the second page of the tracks is read after the first one
    expect(spotifyOf(response).plannedCalls).toBe(3);
  });

  test('the plan is not below the calls for kinds of one search of which one has its first page in the cache', async () => {
    const { execute, apiCalls, sandbox } = await start('development');
    const search = (selection: string) => execute(`{ search(q: "the") { ${selection} } }`);
    await search('tracks(first: 10) { nodes { id } }');
    sandbox.clearCalls();
    const response = await search('tracks(first: 30) { nodes { id } } albums(first: 30) { nodes { id } }');
    expect(response.errors).toEqual([]);
    expect(apiCalls()).toHaveLength(5); // the later pages of the tracks are read before the first page of the albums has arrived
    expect(spotifyOf(response).plannedCalls).toBe(5);
  });

  test('the plan is lower once the capabilities of the app are known', async () => {
    const { execute } = await startUnknown('development');
    const document = (artist: string) =>
      `{ artist(id: "${artist}") { albums(first: 20) { nodes { name } } } }`;
    expect(spotifyOf(await execute(document(bts))).plannedCalls).toBe(4);
    expect(spotifyOf(await execute(document(artists.albums50))).plannedCalls).toBe(3);
  });
});

describe('an operation whose plan is above the limit', () => {
  const aliases = Array.from(
    { length: 14 },
    (_, i) => `a${i}: artist(id: "${artistIds[i]}") { ...Costly }`,
  ).join(' ');
  const tooCostly = `{ ${aliases} } fragment Costly on Artist { albums(first: 100) { nodes { tracks { nodes { name } } } } }`;

  test.each([
    // An artist, 100 albums in pages of 50 or 10, and those by 20 or one by one, for each of the 14.
    { mode: 'extended', known: true, actual: 14 * (1 + 2 + 5) },
    { mode: 'development', known: true, actual: 14 * (1 + 10 + 100) },
    // Calls that probe the capabilities of the app do not count against the limit.
    { mode: 'development', known: false, actual: 14 * (1 + 10 + 100) },
  ] as const)(
    'an operation whose plan is above the limit is rejected as a whole without a call: $mode, known: $known',
    async ({ mode, known, actual }) => {
      const { execute, sandbox } = await (known ? start(mode) : startUnknown(mode));
      const { status, data, errors, extensions } = await execute(tooCostly);
      expect({ status, data, extensions }).toEqual({ status: 400, data: undefined, extensions: {} });
      expect(errors).toEqual([
        { message: expect.any(String), extensions: { code: 'QUERY_TOO_COMPLEX', limit: 100, actual } },
      ]);
      expect(sandbox.calls()).toEqual([]);
    },
  );

  test.each([
    ['extended', tooCostly, 'may need 112 Spotify calls, 70 of them for Album.tracks; 100 are allowed.'],
    [
      'development',
      tooCostly,
      'may need 1554 Spotify calls, 1400 of them for Album.tracks; 100 are allowed.',
    ],
    [
      'development',
      `{ artists(ids: ${JSON.stringify(artistIds.slice(0, 40))}) { albums(first: 20) { nodes { name } } } }`,
      'may need 120 Spotify calls, 80 of them for Artist.albums; 100 are allowed.',
    ],
    [
      'extended',
      `{ search(q: "a") { tracks(first: 100) { nodes { album { label tracks { nodes { artists { genres } } } } } } } }`,
      'for Artist.genres; 100 are allowed.',
    ],
    [
      'development',
      `{ artist(id: "${artistIds[0]}") { name } ${Array.from({ length: 21 }, (_, n) => `a${n}: search(q: "a${n}") { tracks(first: 50) { nodes { name } } }`)} }`,
      'may need 106 Spotify calls, 105 of them for SearchResults.tracks; 100 are allowed.',
    ],
  ] as const)(
    'the error of an operation above the limit names its most costly field in %s mode: %#',
    async (mode, document, message) => {
      const { execute } = await start(mode);
      expect((await execute(document)).errors[0]?.message).toContain(message);
    },
  );

  test('an operation above the limit gets status 200 if the client accepts only application/json', async () => {
    const { fetch } = await start('development');
    const response = await fetch('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({ query: tooCostly }),
    });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      errors: [
        { message: expect.any(String), extensions: { code: 'QUERY_TOO_COMPLEX', limit: 100, actual: 1554 } },
      ],
    });
  });

  test('an operation is rejected if its plan is above MAX_UPSTREAM_CALLS, not if its plan is equal', async () => {
    const { execute } = await start('development', { MAX_UPSTREAM_CALLS: '3' });
    const albumsOf = (first: number) =>
      `{ artist(id: "${bts}") { albums(first: ${first}) { nodes { name } } } }`;
    expect(await execute(albumsOf(20))).toMatchObject({ status: 200, errors: [] });
    const { status, errors } = await execute(albumsOf(21));
    expect({ status, errors }).toMatchObject({
      status: 400,
      errors: [{ extensions: { code: 'QUERY_TOO_COMPLEX', limit: 3, actual: 4 } }],
    });
  });

  test.each(['extended', 'development'] as const)(
    'the 60 root fields with aliases of a stitching parent are served in %s mode',
    async (mode) => {
      const { execute, apiCalls } = await start(mode);
      const operation = operations.find(({ title }) => title.startsWith('60 root fields'));
      const { status, errors, data } = await execute(operation?.document ?? '');
      expect({ status, errors }).toEqual({ status: 200, errors: [] });
      expect(Object.keys(data as object)).toHaveLength(60);
      expect(apiCalls()).toHaveLength(operation?.calls[mode] ?? 0);
    },
  );
});
