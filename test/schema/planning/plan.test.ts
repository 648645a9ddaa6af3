import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { FaultRule, QuotaMode } from '../../../src/sandbox/index.ts';
import { startGateway, type TestGateway, withSandbox } from '../../support/gateway.ts';
import { catalogue, operations } from '../../support/operations.ts';

/** What an operation may cost is known before it runs, and what it has cost is told to who asks. */

const { artists, albums, tracks } = catalogue.fixtures;
const { bts } = artists;
const many = catalogue.artists().map(({ id }) => id);
const stragglersMs = 20; // calls that nobody waits for arrive a moment after the answer

const start = (mode: QuotaMode, environment: Record<string, string> = {}) =>
  withSandbox({ SPOTIFY_QUOTA_MODE: mode, ...environment }, { quotaMode: mode, catalogue });

const startUnknown = (mode: QuotaMode) =>
  withSandbox({ SPOTIFY_QUOTA_MODE: 'auto' }, { quotaMode: mode, catalogue });

const spotifyOf = ({ extensions }: Awaited<ReturnType<TestGateway['ask']>>) => {
  const { spotify } = extensions;
  if (!spotify) throw new Error('no extensions.spotify');
  return spotify;
};

describe('the plan of an operation', () => {
  interface Planned {
    document: string;
    extended: number;
    development: number;
    /** Where nothing is known of the app: the worst of all that it may turn out to be. */
    unknown: number;
  }

  const planned = (
    document: string,
    [extended, development, unknown]: readonly [number, number, number],
  ): Planned => ({ document, extended, development, unknown });

  const plans: readonly Planned[] = [
    planned('{ __typename }', [0, 0, 0]),
    planned(`{ artist(id: "${bts}") { name followers { total } } }`, [1, 1, 1]),
    planned(`{ artist(id: "no id") { name } }`, [1, 1, 1]),
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
    // From the end: a page for the length, and two that the end may lie on.
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
    // Objects by their ids: in batches, or one by one, or one by one after a batch was refused.
    planned(`{ artists(ids: ${JSON.stringify(many.slice(0, 20))}) { name } }`, [1, 20, 21]),
    planned(`{ artists(ids: ${JSON.stringify(many.slice(0, 51))}) { name } }`, [2, 51, 52]),
    planned(`{ albums(ids: ["${albums.tracks1}", "${albums.tracks20}"]) { name label } }`, [1, 2, 3]),
    planned(`{ nodes(ids: ["spotify:album:${albums.tracks1}", "${bts}", "no id"]) { id } }`, [4, 4, 4]),
    // An album brings 50 tracks along.
    planned(`{ album(id: "${albums.tracks130}") { tracks(first: 50) { nodes { name } } } }`, [1, 1, 1]),
    planned(`{ album(id: "${albums.tracks130}") { tracks(first: 51) { nodes { name } } } }`, [2, 2, 4]),
    // Short forms of a list of unknown length, which counts 5.
    planned(`{ track(id: "${tracks.severalArtists}") { artists { name } } }`, [1, 1, 1]),
    planned(`{ track(id: "${tracks.severalArtists}") { artists { images { url } } } }`, [2, 6, 7]),
    planned(
      `{ artist(id: "${bts}") { albums(first: 20) { nodes { tracks(first: 10) { nodes { name } } } } } }`,
      [3, 23, 25],
    ),
    planned(
      `{ artist(id: "${bts}") { albums(first: 20) { nodes { label } } } }`,
      [3, 3, 25], // an app that is known to get no labels is not asked for them
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

  test.each(states)('is the worst case for an app that is %s', async (state) => {
    const mode = state === 'unknown' ? 'development' : state;
    const { sandbox } = await start(mode);
    for (const { document, [state]: calls } of plans) {
      const environment = { SPOTIFY_QUOTA_MODE: state === 'unknown' ? 'auto' : state };
      const { ask, gateway } = startGateway(sandbox, environment);
      sandbox.clearCalls();
      const { plannedCalls } = spotifyOf(await ask(document));
      await sleep(stragglersMs);
      expect(plannedCalls, document).toBe(calls);
      expect(sandbox.calls().filter(({ kind }) => kind === 'api').length, document).toBeLessThanOrEqual(
        calls,
      );
      await gateway.dispose();
    }
  });

  test.each(['extended', 'development'] as const)(
    'is not below what a stitching parent costs that merges 60 questions, for an app that turns out to be %s',
    async (mode) => {
      const { ask, apiCalls } = await startUnknown(mode);
      const operation = operations.find(({ title }) => title.startsWith('60 root fields'));
      const answer = await ask(operation?.document ?? '');
      expect(answer.errors).toEqual([]);
      expect(Object.values(answer.data as object).filter(Boolean)).toHaveLength(58);
      expect(spotifyOf(answer).plannedCalls).toBeGreaterThanOrEqual(apiCalls().length);
    },
  );

  const nobody = 'zzzzzzzzzzzzzzzzzzzzzz';
  const ids = [bts, artists.albums9, nobody];
  const keys = ids.map((id) => `{ __typename: "Artist", id: "${id}" }`).join(', ');

  test.each([
    `{ found: artists(ids: ${JSON.stringify(ids)}) { name } }`,
    `{ found: _entities(representations: [${keys}]) { ... on Artist { name } } }`,
  ])("counts an id that can be nobody's like any other, since no batch takes it: %s", async (document) => {
    const { ask, apiCalls } = await start('extended');
    const answer = await ask(document);
    expect(answer.data).toEqual({ found: [{ name: 'BTS' }, { name: 'Nine Lives Left' }, null] });
    expect(apiCalls()).toHaveLength(2);
    expect(spotifyOf(answer).plannedCalls).toBe(2);
  });

  test("counts what is asked for together with an id that turns out to be nobody's", async () => {
    const { ask, apiCalls } = await start('extended');
    const answer = await ask(`{ artists(ids: ["${nobody}", "${nobody}"]) { topTracks { name } } }`);
    expect(answer.data).toEqual({ artists: [null, null] });
    expect(spotifyOf(answer).plannedCalls).toBeGreaterThanOrEqual(apiCalls().length);
    expect(apiCalls()).toContain(`/artists/${nobody}/top-tracks?market=US`);
  });

  test('learns with the app: the second time an unknown app is known', async () => {
    const { ask } = await startUnknown('development');
    const document = (artist: string) =>
      `{ artist(id: "${artist}") { albums(first: 20) { nodes { name } } } }`;
    expect(spotifyOf(await ask(document(bts))).plannedCalls).toBe(4);
    expect(spotifyOf(await ask(document(artists.albums50))).plannedCalls).toBe(3);
  });
});

describe('an operation that may cost more than is allowed', () => {
  const aliases = Array.from({ length: 14 }, (_, i) => `a${i}: artist(id: "${many[i]}") { ...Much }`).join(
    ' ',
  );
  const tooMuch = `{ ${aliases} } fragment Much on Artist { albums(first: 100) { nodes { tracks { nodes { name } } } } }`;

  test.each([
    // An artist, 100 albums in pages of 50 or 10, and those by 20 or one by one, for each of the 14.
    { mode: 'extended', known: true, actual: 14 * (1 + 2 + 5) },
    { mode: 'development', known: true, actual: 14 * (1 + 10 + 100) },
    // What finding out about the app would cost is nothing to refuse anybody for.
    { mode: 'development', known: false, actual: 14 * (1 + 10 + 100) },
  ] as const)('is refused whole and costs nothing: $mode, known: $known', async ({ mode, known, actual }) => {
    const { ask, sandbox } = await (known ? start(mode) : startUnknown(mode));
    const { status, data, errors, extensions } = await ask(tooMuch);
    expect({ status, data, extensions }).toEqual({ status: 400, data: undefined, extensions: {} });
    expect(errors).toEqual([
      { message: expect.any(String), extensions: { code: 'QUERY_TOO_COMPLEX', limit: 100, actual } },
    ]);
    expect(sandbox.calls()).toEqual([]);
  });

  test('is answered with 200 to a client that knows no other status', async () => {
    const { fetch } = await start('development');
    const response = await fetch('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({ query: tooMuch }),
    });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      errors: [
        { message: expect.any(String), extensions: { code: 'QUERY_TOO_COMPLEX', limit: 100, actual: 1554 } },
      ],
    });
  });

  test('is one call above MAX_UPSTREAM_CALLS, and not one that reaches it', async () => {
    const { ask } = await start('development', { MAX_UPSTREAM_CALLS: '3' });
    const albumsOf = (first: number) =>
      `{ artist(id: "${bts}") { albums(first: ${first}) { nodes { name } } } }`;
    expect(await ask(albumsOf(20))).toMatchObject({ status: 200, errors: [] });
    const { status, errors } = await ask(albumsOf(21));
    expect({ status, errors }).toMatchObject({
      status: 400,
      errors: [{ extensions: { code: 'QUERY_TOO_COMPLEX', limit: 3, actual: 4 } }],
    });
  });

  test.each(['extended', 'development'] as const)(
    'is not what a stitching parent sends: 60 root fields with aliases are served in %s mode',
    async (mode) => {
      const { ask, apiCalls } = await start(mode);
      const operation = operations.find(({ title }) => title.startsWith('60 root fields'));
      const { status, errors, data } = await ask(operation?.document ?? '');
      expect({ status, errors }).toEqual({ status: 200, errors: [] });
      expect(Object.keys(data as object)).toHaveLength(60);
      expect(apiCalls()).toHaveLength(operation?.calls[mode] ?? 0);
    },
  );
});

describe('extensions.spotify', () => {
  const document = `{ artist(id: "${bts}") { name albums(first: 20) { nodes { name } } } }`;
  const took = { milliseconds: expect.any(Number) };
  const sortedByPath = <T extends { path: string }>(calls: readonly T[]): T[] =>
    calls.toSorted((one, other) => Number(one.path > other.path) - Number(one.path < other.path));

  test('tells each call that an operation has cost, the one for the token among them', async () => {
    const { ask, sandbox } = await start('development');
    const { calls, ...rest } = spotifyOf(await ask(document));
    expect(rest).toEqual({ plannedCalls: 3, actualCalls: 3, cacheHits: 0, stale: [], unavailable: [] });
    const network = { status: 200, ...took, origin: 'network' };
    expect(calls[0]).toEqual({ method: 'POST', path: '/api/token', ...network });
    expect(sortedByPath(calls)).toEqual([
      { method: 'POST', path: '/api/token', ...network },
      { method: 'GET', path: `/artists/${bts}`, ...network },
      { method: 'GET', path: `/artists/${bts}/albums?limit=10&offset=0`, ...network },
      { method: 'GET', path: `/artists/${bts}/albums?limit=10&offset=10`, ...network },
    ]);
    expect(sandbox.calls().map(({ path }) => path)).toEqual(
      expect.arrayContaining(calls.filter(({ method }) => method === 'GET').map(({ path }) => path)),
    );
    expect(calls.every(({ milliseconds }) => milliseconds >= 0 && milliseconds < 5_000)).toBe(true);
  });

  test('tells what came from memory, which no token was needed for', async () => {
    const { ask, sandbox } = await start('development');
    await ask(document);
    sandbox.clearCalls();
    const { calls, ...rest } = spotifyOf(await ask(document));
    expect(rest).toEqual({ plannedCalls: 3, actualCalls: 0, cacheHits: 3, stale: [], unavailable: [] });
    const held = { method: 'GET', status: 200, milliseconds: 0, origin: 'cache' };
    expect(sortedByPath(calls)).toEqual([
      { ...held, path: `/artists/${bts}` },
      { ...held, path: `/artists/${bts}/albums?limit=10&offset=0` },
      { ...held, path: `/artists/${bts}/albums?limit=10&offset=10` },
    ]);
    expect(sandbox.calls()).toEqual([]);
  });

  test('tells who of two that ask the same at once has sent the call', async () => {
    const { ask } = await start('development');
    const both = [ask(`{ artist(id: "${bts}") { name } }`), ask(`{ artist(id: "${bts}") { uri name } }`)];
    const [one, other] = (await Promise.all(both)).map(spotifyOf);
    const called = (origin: string) => [
      { method: 'POST', path: '/api/token', status: 200, ...took, origin },
      { method: 'GET', path: `/artists/${bts}`, status: 200, ...took, origin },
    ];
    expect(one).toMatchObject({ actualCalls: 1, cacheHits: 0, calls: called('network') });
    expect(other).toMatchObject({ actualCalls: 0, cacheHits: 0, calls: called('shared') });
  });

  test('tells the call for a token to everyone who has waited for it', async () => {
    const { ask } = await start('development');
    const both = [
      ask(`{ artist(id: "${bts}") { name } }`),
      ask(`{ artist(id: "${artists.albums9}") { name } }`),
    ];
    const [one, other] = (await Promise.all(both)).map(spotifyOf);
    const tokenCall = { method: 'POST', path: '/api/token', status: 200, ...took };
    expect(one?.calls).toContainEqual({ ...tokenCall, origin: 'network' });
    expect(other?.calls).toContainEqual({ ...tokenCall, origin: 'shared' });
  });

  test('tells every attempt, also those that failed', async () => {
    const { ask, sandbox } = await start('development');
    sandbox.faults.add({ times: 1, fault: { kind: 'answer', status: 502 } });
    const answer = await ask(`{ artist(id: "${bts}") { name } }`);
    expect(answer.data).toEqual({ artist: { name: 'BTS' } });
    const { calls, actualCalls } = spotifyOf(answer);
    expect(actualCalls).toBe(2);
    expect(calls.filter(({ method }) => method === 'GET').map(({ status }) => status)).toEqual([502, 200]);
  });

  test('tells every attempt that got no answer, by its status null', async () => {
    const { ask, sandbox } = await start('development');
    sandbox.faults.add({ times: 1, fault: { kind: 'reset' } });
    const { calls } = spotifyOf(await ask(`{ artist(id: "${bts}") { name } }`));
    expect(calls.filter(({ method }) => method === 'GET').map(({ status }) => status)).toEqual([null, 200]);
  });

  test('tells of calls that were sent before it was known that they are not needed', async () => {
    const { ask, apiCalls } = await start('development');
    const nobody = '1111111111111111111111';
    const answer = await ask(`{ artist(id: "${nobody}") { name albums(first: 20) { nodes { name } } } }`);
    expect(answer.data).toEqual({ artist: null });
    await sleep(stragglersMs);
    expect(spotifyOf(answer).actualCalls).toBe(apiCalls().length);
  });

  test('tells each field that the app may not have, for which no call is spent', async () => {
    const { ask, apiCalls } = await start('development');
    const answer = await ask(`{
      band: artist(id: "${bts}") { followers { total } popularity topTracks { name } relatedArtists { name } }
      album(id: "${albums.tracks1}") { name label }
    }`);
    expect(answer.errors).toEqual([]);
    expect(answer.data).toEqual({
      band: { followers: null, popularity: null, topTracks: null, relatedArtists: null },
      album: { name: 'Single Lantern', label: null },
    });
    expect(apiCalls().toSorted()).toEqual([`/albums/${albums.tracks1}`, `/artists/${bts}`]);
    const { unavailable, plannedCalls } = spotifyOf(answer);
    expect(plannedCalls).toBe(2);
    const line = (field: string, ...path: (string | number)[]) => ({ field, path, reason: 'QUOTA_MODE' });
    const expected = [
      line('Artist.followers', 'band', 'followers'),
      line('Artist.popularity', 'band', 'popularity'),
      line('Artist.topTracks', 'band', 'topTracks'),
      line('Artist.relatedArtists', 'band', 'relatedArtists'),
      line('Album.label', 'album', 'label'),
    ];
    expect(unavailable).toHaveLength(expected.length);
    expect(unavailable).toEqual(expect.arrayContaining(expected));
  });

  test('tells where in a list a field is missing, each entry by its place', async () => {
    const { ask } = await start('development');
    const answer = await ask(
      `{ artist(id: "${artists.albums9}") { albums(first: 2) { edges { albumGroup node { label } } } } }`,
    );
    const paths = spotifyOf(answer).unavailable.map(({ field, path }) =>
      [field, path.join('.')].join(' at '),
    );
    expect(paths.toSorted()).toEqual([
      'Album.label at artist.albums.edges.0.node.label',
      'Album.label at artist.albums.edges.1.node.label',
      'ArtistAlbumsEdge.albumGroup at artist.albums.edges.0.albumGroup',
      'ArtistAlbumsEdge.albumGroup at artist.albums.edges.1.albumGroup',
    ]);
  });

  test.each<{ fault: FaultRule['fault']; reason: string }>([
    { fault: { kind: 'answer', status: 500 }, reason: 'UPSTREAM_UNAVAILABLE' },
    { fault: { kind: 'rate-limit', retryAfterSeconds: 30 }, reason: 'UPSTREAM_RATE_LIMITED' },
    {
      fault: { kind: 'rate-limit', form: 'quota', retryAfterSeconds: 86_400 },
      reason: 'UPSTREAM_QUOTA_EXCEEDED',
    },
    { fault: { kind: 'answer', text: 'no JSON' }, reason: 'UPSTREAM_BAD_RESPONSE' },
  ])('tells each field that is answered from an old copy, and why: $reason', async ({ fault, reason }) => {
    const { ask, sandbox } = await start('development', { CACHE_TTL_SECONDS: '0' });
    const before = await ask(document);
    sandbox.faults.add({ fault });
    const after = await ask(document);
    expect({ data: after.data, errors: after.errors }).toEqual({ data: before.data, errors: [] });
    const { stale } = spotifyOf(after);
    const fields = new Set(stale.map(({ field, path }) => `${field} at ${path.join('.')}`));
    expect(fields).toEqual(new Set(['Query.artist at artist', 'Artist.albums at artist.albums']));
    expect(new Set(stale.map((line) => line.reason))).toEqual(new Set([reason]));
  });

  test.each([{}, { 'x-spotify-trace': '0' }, { 'x-spotify-trace': 'true' }])(
    'is told to nobody who does not ask for it with the header: %o',
    async (headers) => {
      const { fetch } = await start('development');
      const response = await fetch('/graphql', {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ query: `{ artist(id: "${bts}") { name } }` }),
      });
      expect(await response.json()).toEqual({ data: { artist: { name: 'BTS' } } });
    },
  );
});
