import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { QuotaMode, SandboxCall } from '../../../../src/sandbox/index.ts';
import { startClock, waitForIdleLoop } from '../../../support/clock.ts';
import { withSandbox } from '../../../support/gateway.ts';
import { catalogue } from '../../../support/operations.ts';
import { postJson } from '../../../support/post-json.ts';
import { allArtistIds } from '../../../support/schema-tests.ts';
import { portOf } from '../../../support/test-server.ts';

/** Equal reads cost one call, if they are concurrent or follow while the response is fresh. */

const { artists, albums } = catalogue.fixtures;
const { bts, albums9, albums10, albums11, albums50 } = artists;
const { tracks130 } = albums;
const unknownArtist = '1111111111111111111111';

const artist = (id: string): string => `{ artist(id: "${id}") { name } }`;
const nameOf = (id: string) => ({ artist: { name: catalogue.artist(id)?.name } });

async function start(mode: QuotaMode, environment: Record<string, string> = {}, latencyMs = 0) {
  const gateway = await withSandbox(
    { SPOTIFY_QUOTA_MODE: mode, ...environment },
    { quotaMode: mode, catalogue, latencyMs },
  );
  const { sandbox, fetch } = gateway;
  const callsOf = (kind: SandboxCall['kind']) => sandbox.calls().filter((call) => call.kind === kind);
  return {
    ...gateway,
    tokenCalls: () => callsOf('token').length,
    statuses: () => callsOf('api').map(({ status }) => status),
    /** Sends an operation, and disconnects after a time or when Spotify has received a number of calls. */
    async executeAndDisconnect(
      document: string,
      when: { afterMs: number } | { calls: number },
    ): Promise<void> {
      const leaving = new AbortController();
      const response = fetch('/graphql', { ...postJson({ query: document }), signal: leaving.signal });
      response.catch(() => undefined); // the abort rejects it
      if ('calls' in when) while (callsOf('api').length < when.calls) await sleep(1);
      else await sleep(when.afterMs);
      leaving.abort();
    },
  };
}

describe('concurrent reads', () => {
  test('500 concurrent operations for one uncached artist cost one call and one token', async () => {
    const { execute, apiCalls, tokenCalls } = await start('development');
    const responses = await Promise.all(Array.from({ length: 500 }, () => execute(artist(bts))));
    for (const { data, errors } of responses)
      expect({ data, errors }).toEqual({ data: nameOf(bts), errors: [] });
    expect(apiCalls()).toEqual([`/artists/${bts}`]);
    expect(tokenCalls()).toBe(1);
  });

  test('100 concurrent operations for different artists wait for one token', async () => {
    const { execute, apiCalls, tokenCalls } = await start('development');
    await Promise.all(Array.from({ length: 100 }, (_, i) => execute(artist(allArtistIds[i % 50] ?? ''))));
    expect(apiCalls()).toHaveLength(50);
    expect(tokenCalls()).toBe(1);
  });

  test("an artist that is being read in another operation's batch is not read again", async () => {
    const { execute, apiCalls } = await start('extended', {}, 100);
    const batch = execute(`{ artists(ids: ["${bts}", "${albums9}"]) { name } }`);
    await sleep(50);
    const [, alone, ...others] = await Promise.all([batch, execute(artist(albums9)), execute(artist(bts))]);
    expect(alone.data).toEqual(nameOf(albums9));
    expect(others[0]?.data).toEqual(nameOf(bts));
    expect(apiCalls()).toHaveLength(1);
  });

  test('a page that is being read for another window is not read again', async () => {
    const { execute, apiCalls } = await start('development', {}, 50);
    const albumsOf = (first: number) =>
      `{ artist(id: "${bts}") { albums(first: ${first}) { nodes { name } } } }`;
    await Promise.all([execute(albumsOf(3)), execute(albumsOf(7)), execute(albumsOf(10))]);
    expect(apiCalls().toSorted()).toEqual([`/artists/${bts}`, `/artists/${bts}/albums?limit=10&offset=0`]);
  });

  test('concurrent operations for different artists share batches', async () => {
    const { execute, apiCalls } = await start('extended');
    const ids = allArtistIds.slice(0, 58);
    const responses = await Promise.all(ids.map((id) => execute(artist(id))));
    expect(responses.map(({ data }) => data)).toEqual(ids.map(nameOf));
    expect(
      apiCalls().map((path) => new URLSearchParams(path.split('?')[1]).get('ids')?.split(',').length),
    ).toEqual([50, 8]);
  });

  test('reads for different markets do not share a call', async () => {
    const { execute, apiCalls } = await start('extended');
    const inMarket = (market: string) =>
      execute(
        `{ albums(ids: ["${albums.tracks1}", "${albums.tracks20}"], market: ${JSON.stringify(market)}) { name } }`,
      );
    await Promise.all([inMarket('DE'), inMarket('ES'), inMarket('DE')]);
    expect(
      apiCalls()
        .map((path) => new URLSearchParams(path.split('?')[1]).get('market'))
        .toSorted(),
    ).toEqual(['DE', 'ES']);
  });

  test('equal concurrent reads share a call even if nothing may be cached, and a later read calls again', async () => {
    const { execute, apiCalls } = await start('development', { CACHE_TTL_SECONDS: '0' }, 20);
    await Promise.all(Array.from({ length: 20 }, () => execute(artist(bts))));
    expect(apiCalls()).toHaveLength(1);
    await execute(artist(bts));
    expect(apiCalls()).toHaveLength(2);
  });
});

describe('a failure', () => {
  test('the failure of a call is shared by all operations that wait for the call, and is not cached', async () => {
    const { execute, apiCalls, sandbox } = await start('development', {}, 20);
    sandbox.faults.add({ times: 1, fault: { kind: 'answer', status: 418 } });
    const responses = await Promise.all(Array.from({ length: 20 }, () => execute(artist(bts))));
    for (const { data, errors } of responses) {
      expect(data).toEqual({ artist: null });
      expect(errors.map(({ path, extensions }) => [path, extensions?.['code']])).toEqual([
        [['artist'], 'UPSTREAM_BAD_RESPONSE'],
      ]);
    }
    expect(apiCalls()).toHaveLength(1);
    expect((await execute(artist(bts))).data).toEqual(nameOf(bts));
    expect(apiCalls()).toHaveLength(2);
  });

  test('a malformed object of a batch is read again alone, and the other objects of the batch are cached', async () => {
    const { execute, apiCalls, sandbox } = await start('extended');
    const ids = [bts, albums9, albums10];
    sandbox.faults.add({ times: 1, fault: { kind: 'edit', edits: [{ path: 'artists.1.name', set: null }] } });
    const three = `{ artists(ids: ${JSON.stringify(ids)}) { name } }`;
    const { data, errors } = await execute(three);
    expect(data).toEqual({ artists: [nameOf(bts).artist, null, nameOf(albums10).artist] });
    expect(errors.map(({ path, extensions }) => [path, extensions?.['code']])).toEqual([
      [['artists', 1], 'UPSTREAM_BAD_RESPONSE'],
    ]);
    sandbox.clearCalls();
    expect((await execute(three)).data).toEqual({ artists: ids.map((id) => nameOf(id).artist) });
    expect(apiCalls()).toEqual([`/artists/${albums9}`]);
  });
});

describe('a request that has failed for an operation', () => {
  const codesOf = (errors: readonly { extensions?: Record<string, unknown> }[]) => [
    ...new Set(errors.map(({ extensions }) => extensions?.['code'])),
  ];

  test('a request that a stale simplified object replaces is not sent again for the fields of the full object', async () => {
    const { pass } = startClock();
    const { execute, apiCalls, sandbox } = await start('extended', { CACHE_TTL_SECONDS: '100' });
    const [{ id: trackId, name } = expect.fail()] = catalogue.tracksOf(tracks130);
    await execute(`{ album(id: "${tracks130}") { tracks(first: 1) { nodes { name } } } }`);
    await pass(250);
    sandbox.clearCalls();
    sandbox.faults.add({ fault: { kind: 'answer', status: 500 } });
    const { data, errors, extensions } = await execute(
      `{ track(id: "${trackId}") { name popularity externalIds { isrc } } }`,
    );
    expect(data).toEqual({ track: { name, popularity: null, externalIds: null } });
    expect(errors).toHaveLength(2);
    expect(codesOf(errors)).toEqual(['UPSTREAM_UNAVAILABLE']);
    expect(extensions.spotify?.stale).toEqual([
      { field: 'Query.track', path: ['track'], reason: 'UPSTREAM_UNAVAILABLE' },
    ]);
    const attempts = Array.from({ length: 3 }, () => `/tracks/${trackId}`);
    expect(apiCalls()).toEqual(attempts);
  });

  test('a request is not sent again for a later field of the operation, and is sent for the next operation', async () => {
    const { execute, apiCalls, sandbox } = await start('development');
    sandbox.faults.add({ on: { route: 'artists' }, times: 1, fault: { kind: 'answer', status: 418 } });
    sandbox.faults.add({ on: { route: 'albums' }, fault: { kind: 'delay', ms: 100 } });
    const album = catalogue.albums().find(({ artistIds: [first] }) => first === bts);
    const twice = `{
      artist(id: "${bts}") { name }
      album(id: "${album?.id}") { artists { images { url } } }
    }`;
    const { data, errors } = await execute(twice);
    expect(data).toEqual({ artist: null, album: { artists: [{ images: null }] } });
    expect(codesOf(errors)).toEqual(['UPSTREAM_BAD_RESPONSE']);
    expect(apiCalls().filter((path) => path.startsWith('/artists'))).toEqual([`/artists/${bts}`]);
    const later = await execute(twice);
    expect(later.errors).toEqual([]);
    expect(apiCalls().filter((path) => path.startsWith('/artists'))).toHaveLength(2);
  });
});

describe('a cached entry', () => {
  test('an entry is fresh for CACHE_TTL_SECONDS, and is confirmed by a 304 when two periods of freshness have passed', async () => {
    const { pass } = startClock();
    const { execute, statuses, sandbox } = await start('development', { CACHE_TTL_SECONDS: '100' });
    await execute(artist(bts));
    await pass(99);
    await execute(artist(bts));
    expect(statuses()).toEqual([200]);
    await pass(102);
    expect((await execute(artist(bts))).data).toEqual(nameOf(bts));
    expect(statuses()).toEqual([200, 304]);
    const [, second] = sandbox.calls().filter(({ kind }) => kind === 'api');
    expect(second?.headers['if-none-match']).toMatch(/^"MC-/);
    await pass(99);
    await execute(artist(bts));
    expect(statuses()).toEqual([200, 304]);
  });

  test('an entry is replaced by a changed response of Spotify when two periods of freshness have passed', async () => {
    const { pass } = startClock();
    const { execute, sandbox } = await start('development', { CACHE_TTL_SECONDS: '100' });
    await execute(artist(bts));
    const json = { id: bts, type: 'artist', name: 'Bangtan', images: [], external_urls: {} };
    sandbox.faults.add({ fault: { kind: 'answer', json } });
    expect((await execute(artist(bts))).data).toEqual(nameOf(bts));
    await pass(201);
    expect((await execute(artist(bts))).data).toEqual({ artist: { name: 'Bangtan' } });
  });

  test('an entry is confirmed once for 500 concurrent operations when two periods of freshness have passed', async () => {
    const { pass } = startClock();
    const { execute, statuses } = await start('development', { CACHE_TTL_SECONDS: '100' });
    await execute(artist(bts));
    await pass(201);
    await Promise.all(Array.from({ length: 500 }, () => execute(artist(bts))));
    expect(statuses()).toEqual([200, 304]);
  });

  test('entries are read again in a batch when two periods of freshness have passed and the app has batches', async () => {
    const { pass } = startClock();
    const { execute, apiCalls, sandbox } = await start('extended', { CACHE_TTL_SECONDS: '100' });
    const twenty = `{ artists(ids: ${JSON.stringify(allArtistIds.slice(0, 20))}) { name } }`;
    await execute(twenty);
    await pass(201);
    sandbox.clearCalls();
    await execute(twenty);
    expect(apiCalls()).toHaveLength(1);
  });

  test('an entry is served stale for CACHE_STALE_SECONDS while Spotify cannot respond, and no longer', async () => {
    const { pass } = startClock();
    const { execute, sandbox } = await start('development', {
      CACHE_TTL_SECONDS: '100',
      CACHE_STALE_SECONDS: '1000',
    });
    await execute(artist(bts));
    sandbox.faults.add({ fault: { kind: 'answer', status: 500 } });
    await pass(1_090);
    const stale = await execute(artist(bts));
    expect({ data: stale.data, errors: stale.errors }).toEqual({ data: nameOf(bts), errors: [] });
    expect(stale.extensions.spotify?.stale).toEqual([
      { field: 'Query.artist', path: ['artist'], reason: 'UPSTREAM_UNAVAILABLE' },
    ]);
    await pass(20);
    const { data, errors } = await execute(artist(bts));
    expect(data).toEqual({ artist: null });
    expect(errors.map(({ extensions }) => extensions?.['code'])).toEqual(['UPSTREAM_UNAVAILABLE']);
  });

  test('a stale entry is served after one call without a response in time, and an object without an entry is requested three times', async () => {
    const { pass } = startClock();
    const environment = { CACHE_TTL_SECONDS: '100', CACHE_STALE_SECONDS: '1000', UPSTREAM_TIMEOUT_MS: '300' };
    const { execute, sandbox, apiCalls } = await start('development', environment);
    await execute(artist(bts));
    await pass(300);
    sandbox.clearCalls();
    sandbox.faults.add({ fault: { kind: 'stall' } });
    const { data, errors, extensions } = await execute(artist(bts));
    expect({ data, errors }).toEqual({ data: nameOf(bts), errors: [] });
    expect(extensions.spotify?.stale).toMatchObject([{ path: ['artist'], reason: 'UPSTREAM_TIMEOUT' }]);
    expect(apiCalls()).toHaveLength(1);
    sandbox.clearCalls();
    const other = await execute(artist(albums9));
    expect(other.errors.map(({ extensions: { code } = {} }) => code)).toEqual(['UPSTREAM_TIMEOUT']);
    expect(apiCalls()).toHaveLength(3);
  });

  test('the absence of an object is cached for 60 seconds', async () => {
    const { pass } = startClock();
    const { execute, statuses } = await start('development');
    for (const [seconds, calls] of [
      [0, 1],
      [59, 1],
      [2, 2],
    ] as const) {
      await pass(seconds);
      const { data, errors } = await execute(artist(unknownArtist));
      expect({ data, errors }).toEqual({ data: { artist: null }, errors: [] });
      expect(statuses()).toHaveLength(calls);
    }
  });

  test.each<[string, Record<string, string>, number]>([
    ['for CACHE_TTL_SECONDS if longer than 60 seconds', { CACHE_TTL_SECONDS: '100' }, 100],
    ['for CACHE_TTL_SECONDS if shorter than 60 seconds', { CACHE_TTL_SECONDS: '10' }, 10],
  ])(
    'the entry of an absent object is used %s, and is never served stale',
    async (_, environment, seconds) => {
      const { pass } = startClock();
      const { execute, apiCalls } = await start('development', environment);
      for (const [passed, calls] of [
        [0, 1],
        [seconds - 1, 1],
        [2, 2],
      ] as const) {
        await pass(passed);
        expect((await execute(artist(unknownArtist))).data).toEqual({ artist: null });
        expect(apiCalls()).toHaveLength(calls);
      }
    },
  );

  test('the entry of an absent object is not used again if CACHE_TTL_SECONDS is 0', async () => {
    const { execute, apiCalls } = await start('development', { CACHE_TTL_SECONDS: '0' });
    for (const calls of [1, 2, 3]) {
      expect((await execute(artist(unknownArtist))).data).toEqual({ artist: null });
      expect(apiCalls()).toHaveLength(calls);
    }
  });

  test('the entry of an absent object avoids the calls for the fields of the object', async () => {
    const { execute, apiCalls, sandbox } = await start('development');
    const nested = `{ artist(id: "${unknownArtist}") { name albums { nodes { name } } } }`;
    await execute(artist(unknownArtist));
    sandbox.clearCalls();
    expect((await execute(nested)).data).toEqual({ artist: null });
    await waitForIdleLoop();
    expect(apiCalls()).toEqual([]);
  });

  test('a cached list costs no call again although the pages of the list disagree about its length', async () => {
    const { execute, apiCalls, sandbox } = await start('extended');
    sandbox.faults.add({
      on: { route: 'artists/albums', pattern: 'offset=50' },
      fault: { kind: 'edit', edits: [{ path: 'total', set: 105 }] },
    });
    const hundred = `{ artist(id: "${bts}") { albums(first: 100) { nodes { id } } } }`;
    const first = await execute(hundred);
    sandbox.clearCalls();
    expect((await execute(hundred)).data).toEqual(first.data);
    expect(apiCalls()).toEqual([]);
  });

  test.each([
    ['20 embedded tracks, and the page size 20', 20],
    ['50 embedded tracks, but the page size 20', 50],
  ])('a list of tracks has no gap if the album has %s', async (_, embedded) => {
    const { execute, sandbox } = await start('extended');
    const items = catalogue
      .tracksOf(albums.tracks130)
      .slice(0, embedded)
      .map(({ id, name }) => ({ id, name, type: 'track', artists: [] }));
    const edits = [
      { path: 'tracks.limit', set: 20 },
      { path: 'tracks.items', set: items },
    ];
    sandbox.faults.add({ on: { route: 'albums' }, fault: { kind: 'edit', edits } });
    const { data } = await execute(
      `{ album(id: "${albums.tracks130}") { tracks(first: 100) { nodes { id } } } }`,
    );
    expect(data).toEqual({
      album: {
        tracks: {
          nodes: catalogue
            .tracksOf(albums.tracks130)
            .slice(0, 100)
            .map(({ id }) => ({ id })),
        },
      },
    });
  });
});

describe('a client that disconnects', () => {
  const five = [bts, albums9, albums10, albums11, albums50];
  const fiveArtists = `{ artists(ids: ${JSON.stringify(five)}) { name } }`;
  const oneByOne = { UPSTREAM_CONCURRENCY: '1' };

  test('a client that disconnects does not cancel a sent call, and the response to the call is cached', async () => {
    const { execute, executeAndDisconnect, apiCalls } = await start('development', {}, 100);
    await execute(artist(albums9)); // fetches the token
    await executeAndDisconnect(artist(bts), { calls: 2 });
    await sleep(150);
    expect((await execute(artist(bts))).data).toEqual(nameOf(bts));
    expect(apiCalls()).toEqual([`/artists/${albums9}`, `/artists/${bts}`]);
  });

  test('a client that disconnects cancels the calls that wait in the queue', async () => {
    const { execute, executeAndDisconnect, apiCalls, sandbox } = await start('development', oneByOne, 100);
    await execute(artist(allArtistIds[20] ?? ''));
    sandbox.clearCalls();
    await executeAndDisconnect(fiveArtists, { calls: 2 });
    await sleep(500);
    expect(apiCalls()).toHaveLength(2);
    // The cancelled calls cause no error in a later operation.
    expect((await execute(fiveArtists)).data).toEqual({ artists: five.map((id) => nameOf(id).artist) });
    expect(apiCalls()).toHaveLength(5);
  });

  test('a client that disconnects does not cancel calls for which another operation waits', async () => {
    const { execute, executeAndDisconnect, apiCalls, sandbox } = await start('development', oneByOne, 100);
    await execute(artist(allArtistIds[20] ?? ''));
    sandbox.clearCalls();
    const leaving = executeAndDisconnect(fiveArtists, { calls: 2 });
    await sleep(50);
    const staying = execute(artist(albums50));
    await leaving;
    expect((await staying).data).toEqual(nameOf(albums50));
    expect(apiCalls()).toEqual([`/artists/${bts}`, `/artists/${albums9}`, `/artists/${albums50}`]);
  });

  test('a client that disconnects does not cancel an equal read of an operation that came later', async () => {
    const { execute, executeAndDisconnect, apiCalls } = await start('development', {}, 150);
    await execute(artist(albums9));
    const leaving = executeAndDisconnect(artist(bts), { afterMs: 100 });
    await sleep(50);
    const staying = execute(artist(bts));
    await leaving;
    expect((await staying).data).toEqual(nameOf(bts));
    expect(apiCalls()).toEqual([`/artists/${albums9}`, `/artists/${bts}`]);
  });

  test('a client that disconnects causes no call if the token is still being fetched', async () => {
    const { executeAndDisconnect, apiCalls, tokenCalls, sandbox } = await start('development');
    sandbox.faults.add({ on: { route: 'token' }, fault: { kind: 'delay', ms: 200 } });
    await executeAndDisconnect(artist(bts), { afterMs: 100 });
    await sleep(300);
    expect({ token: tokenCalls(), api: apiCalls() }).toEqual({ token: 1, api: [] });
  });

  test('a client that disconnects cancels a waiting retry', async () => {
    const { execute, executeAndDisconnect, apiCalls, sandbox } = await start('development');
    await execute(artist(albums9));
    sandbox.clearCalls();
    sandbox.faults.add({ times: 1, fault: { kind: 'rate-limit', retryAfterSeconds: 1 } });
    await executeAndDisconnect(artist(bts), { afterMs: 200 });
    await sleep(1_500);
    expect(apiCalls()).toEqual([`/artists/${bts}`]);
  });

  test('a client that disconnects is detected by its closed connection', async () => {
    const { gateway, execute, apiCalls, sandbox } = await start('development', oneByOne, 100);
    await execute(artist(allArtistIds[20] ?? ''));
    sandbox.clearCalls();
    const server = createServer(gateway.handler);
    const port = await portOf(server);
    const leaving = new AbortController();
    const response = fetch(`http://127.0.0.1:${port}/graphql`, {
      ...postJson({ query: fiveArtists }),
      signal: leaving.signal,
    });
    response.catch(() => undefined);
    while (apiCalls().length < 2) await sleep(5);
    leaving.abort();
    await sleep(500);
    server.closeAllConnections();
    expect(apiCalls()).toHaveLength(2);
  });
});
