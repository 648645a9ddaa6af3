import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { FaultRule } from '../../src/sandbox/index.ts';
import { codesOf, type TestGateway } from '../support/gateway.ts';
import { postJson } from '../support/post-json.ts';
import {
  albums,
  artistQuery,
  artists,
  audiobooks,
  episodes,
  startInMode,
  unknownId,
} from '../support/schema-tests.ts';

/** An operation reports its calls, its stale parts and its missing parts to a client that sends the header for it. */

const { bts } = artists;
const afterResponseMs = 20; // calls that no field waits for arrive shortly after the response

const start = (environment: Record<string, string> = {}) => startInMode('development', environment);

const spotifyOf = ({ extensions }: Awaited<ReturnType<TestGateway['execute']>>) => {
  const { spotify } = extensions;
  if (!spotify) throw new Error('no extensions.spotify');
  return spotify;
};

describe('extensions.spotify', () => {
  const document = `{ artist(id: "${bts}") { name albums(first: 20) { nodes { name } } } }`;
  const ordinary = { stale: [], unavailable: [], shortened: [], quota: expect.any(Array) };
  const duration = { milliseconds: expect.any(Number) };
  const ofTheWebApi = <T extends { method: string }>(calls: readonly T[]): T[] =>
    calls.filter(({ method }) => method === 'GET');
  const sortedByPath = <T extends { path: string }>(calls: readonly T[]): T[] =>
    calls.toSorted((one, other) => Number(one.path > other.path) - Number(one.path < other.path));

  test('`extensions.spotify` lists each call of an operation, the token call included', async () => {
    const { execute, sandbox } = await start();
    const { calls, ...rest } = spotifyOf(await execute(document));
    expect(rest).toEqual({ plannedCalls: 3, actualCalls: 3, cacheHits: 0, ...ordinary });
    const network = { status: 200, ...duration, origin: 'network' };
    expect(calls[0]).toEqual({ method: 'POST', path: '/api/token', ...network });
    expect(sortedByPath(calls)).toEqual([
      { method: 'POST', path: '/api/token', ...network },
      { method: 'GET', path: `/artists/${bts}`, ...network },
      { method: 'GET', path: `/artists/${bts}/albums?limit=10&offset=0`, ...network },
      { method: 'GET', path: `/artists/${bts}/albums?limit=10&offset=10`, ...network },
    ]);
    expect(sandbox.calls().map(({ path }) => path)).toEqual(
      expect.arrayContaining(ofTheWebApi(calls).map(({ path }) => path)),
    );
    expect(calls.every(({ milliseconds }) => milliseconds >= 0 && milliseconds < 5_000)).toBe(true);
  });

  test('`extensions.spotify` states the remaining daily quota of each family that the operation may use', async () => {
    const limits = { SPOTIFY_DAILY_LIMITS: 'artists/albums=100,search=50' };
    const quotaIn = async (environment: Record<string, string>) =>
      spotifyOf(await (await start({ ...limits, ...environment })).execute(document)).quota;
    const resetAt = expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/);
    expect(await quotaIn({})).toEqual([
      { family: 'artists', used: 1, limit: null, limitSource: 'NONE', remaining: null, resetAt },
      { family: 'artists/albums', used: 2, limit: 100, limitSource: 'CONFIGURED', remaining: 96, resetAt },
    ]);
    expect(await quotaIn({ EXPOSE_QUOTA: 'false' })).toBeNull();
  });

  test('`extensions.spotify` states the remaining daily quota of a family that was used in place of a planned one', async () => {
    const { execute, apiCalls } = await start({ SPOTIFY_DAILY_LIMITS: 'shows/episodes=2' });
    const readCachedShow = async (episode: string) => {
      const cached = await execute<{ episode: { show: { id: string } } }, unknown>(
        `{ episode(id: "${episode}") { show { id } } }`,
      );
      const show = `show(id: "${cached.data.episode.show.id}")`;
      return execute(`{ ${show} { episodes(first: 5) { nodes { name } } } }`);
    };
    const family = { family: 'shows/episodes', used: 1, limit: 2, remaining: 0 };
    const read = await readCachedShow(episodes.newest);
    expect(apiCalls().slice(1)).toEqual([expect.stringMatching(/^\/shows\/\w+\/episodes\?/)]);
    expect([codesOf(read), spotifyOf(read).quota]).toEqual([[], [expect.objectContaining(family)]]);
    const rejected = await readCachedShow(episodes.monthOnly); // of another show
    expect(codesOf(rejected)).toEqual(['UPSTREAM_QUOTA_EXCEEDED']);
    expect(spotifyOf(rejected).quota).toEqual([expect.objectContaining(family)]);
  });

  test('`extensions.spotify` states the calls of an operation whose response is too large, unless it is too large itself', async () => {
    const large = `{ artist(id: "${bts}") { albums(first: 20) { nodes { id name images { url } } } } }`;
    const { execute, apiCalls } = await start({ MAX_ANSWER_BYTES: '3000' });
    const response = await execute(large);
    expect(codesOf(response)).toEqual(['QUERY_TOO_COMPLEX']);
    const { actualCalls, calls } = spotifyOf(response);
    expect(actualCalls).toBe(3);
    const read = ofTheWebApi(calls).map(({ path }) => path);
    expect(read.sort()).toEqual(apiCalls().sort());
    const { extensions } = await (await start({ MAX_ANSWER_BYTES: '500' })).execute(large);
    expect(extensions).toEqual({});
  });

  test('`extensions.spotify` lists a response once for all fields that read it, from the cache or from Spotify', async () => {
    const { execute } = await start();
    const audiobook = `audiobook(id: "${audiobooks.chapters3}")`;
    const owners = `{ ${audiobook} { chapters(first: 3) { nodes { audiobook { name } } } } }`;
    const path = `/audiobooks/${audiobooks.chapters3}?market=US`;
    const first = spotifyOf(await execute(owners));
    expect(first).toMatchObject({ plannedCalls: 2, actualCalls: 1, cacheHits: 0 });
    expect(ofTheWebApi(first.calls)).toEqual([expect.objectContaining({ path, origin: 'network' })]);
    const second = spotifyOf(await execute(owners));
    expect(second).toMatchObject({ plannedCalls: 2, actualCalls: 0, cacheHits: 1 });
    expect(second.calls).toEqual([expect.objectContaining({ path, origin: 'cache' })]);
  });

  test('`extensions.spotify` lists the reads from the cache, which need no token', async () => {
    const { execute, sandbox } = await start();
    await execute(document);
    sandbox.clearCalls();
    const { calls, ...rest } = spotifyOf(await execute(document));
    expect(rest).toEqual({ plannedCalls: 3, actualCalls: 0, cacheHits: 3, ...ordinary });
    const cachedRead = { method: 'GET', status: 200, milliseconds: 0, origin: 'cache' };
    expect(sortedByPath(calls)).toEqual([
      { ...cachedRead, path: `/artists/${bts}` },
      { ...cachedRead, path: `/artists/${bts}/albums?limit=10&offset=0` },
      { ...cachedRead, path: `/artists/${bts}/albums?limit=10&offset=10` },
    ]);
    expect(sandbox.calls()).toEqual([]);
  });

  test('`extensions.spotify` states which of two equal operations at the same time sent the call', async () => {
    const { execute } = await start();
    const both = [execute(artistQuery), execute(`{ artist(id: "${bts}") { uri name } }`)];
    const [one, other] = (await Promise.all(both)).map(spotifyOf);
    const called = (origin: string) => [
      { method: 'POST', path: '/api/token', status: 200, ...duration, origin },
      { method: 'GET', path: `/artists/${bts}`, status: 200, ...duration, origin },
    ];
    expect(one).toMatchObject({ actualCalls: 1, cacheHits: 0, calls: called('network') });
    expect(other).toMatchObject({ actualCalls: 0, cacheHits: 0, calls: called('shared') });
  });

  test('`extensions.spotify` lists the token call in each operation that waited for it', async () => {
    const { execute } = await start();
    const both = [execute(artistQuery), execute(`{ artist(id: "${artists.albums9}") { name } }`)];
    const [one, other] = (await Promise.all(both)).map(spotifyOf);
    const tokenCall = { method: 'POST', path: '/api/token', status: 200, ...duration };
    expect(one?.calls).toContainEqual({ ...tokenCall, origin: 'network' });
    expect(other?.calls).toContainEqual({ ...tokenCall, origin: 'shared' });
  });

  test('`extensions.spotify` lists each attempt, the failed ones included', async () => {
    const { execute, sandbox } = await start();
    sandbox.faults.add({ times: 1, fault: { kind: 'answer', status: 502 } });
    const response = await execute(artistQuery);
    expect(response.data).toEqual({ artist: { name: 'BTS' } });
    const { calls, actualCalls } = spotifyOf(response);
    expect(actualCalls).toBe(2);
    expect(ofTheWebApi(calls).map(({ status }) => status)).toEqual([502, 200]);
  });

  test('`extensions.spotify` lists an attempt without a response with the status null', async () => {
    const { execute, sandbox } = await start();
    sandbox.faults.add({ times: 1, fault: { kind: 'reset' } });
    const { calls } = spotifyOf(await execute(artistQuery));
    expect(ofTheWebApi(calls).map(({ status }) => status)).toEqual([null, 200]);
  });

  test('`extensions.spotify` lists calls that were sent but turned out to be unnecessary', async () => {
    const { execute, apiCalls } = await start();
    const response = await execute(
      `{ artist(id: "${unknownId}") { name albums(first: 20) { nodes { name } } } }`,
    );
    expect(response.data).toEqual({ artist: null });
    await sleep(afterResponseMs);
    expect(spotifyOf(response).actualCalls).toBe(apiCalls().length);
  });

  test('`extensions.spotify` lists each field that Spotify withholds from the app, for which no call is sent', async () => {
    const { execute, apiCalls } = await start();
    const response = await execute(`{
      band: artist(id: "${bts}") { followers { total } popularity topTracks { name } relatedArtists { name } }
      album(id: "${albums.tracks1}") { name label }
    }`);
    expect(response.errors).toEqual([]);
    expect(response.data).toEqual({
      band: { followers: null, popularity: null, topTracks: null, relatedArtists: null },
      album: { name: 'Single Lantern', label: null },
    });
    expect(apiCalls().toSorted()).toEqual([`/albums/${albums.tracks1}`, `/artists/${bts}`]);
    const { unavailable, plannedCalls } = spotifyOf(response);
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

  test('`extensions.spotify` lists a field that is missing in the items of a list once for each item', async () => {
    const { execute } = await start();
    const response = await execute(
      `{ artist(id: "${artists.albums9}") { albums(first: 2) { edges { albumGroup node { label } } } } }`,
    );
    const paths = spotifyOf(response).unavailable.map(({ field, path }) =>
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
  ])(
    '`extensions.spotify` lists each field that is served from a stale entry with the reason $reason',
    async ({ fault, reason }) => {
      const { execute, sandbox } = await start({ CACHE_TTL_SECONDS: '0' });
      const before = await execute(document);
      sandbox.faults.add({ fault });
      const after = await execute(document);
      expect({ data: after.data, errors: after.errors }).toEqual({ data: before.data, errors: [] });
      const { stale } = spotifyOf(after);
      const fields = new Set(stale.map(({ field, path }) => `${field} at ${path.join('.')}`));
      expect(fields).toEqual(new Set(['Query.artist at artist', 'Artist.albums at artist.albums']));
      // A family whose limit is learned from the rejection is not called again.
      const reasons = stale.map((line) => line.reason).filter((other) => other !== 'QUOTA');
      expect(new Set(reasons)).toEqual(new Set([reason]));
    },
  );

  test.each([{}, { 'x-spotify-trace': '0' }, { 'x-spotify-trace': 'true' }])(
    '`extensions.spotify` is sent to no client without the header: %o',
    async (headers) => {
      const { fetch } = await start();
      const response = await fetch('/graphql', postJson({ query: artistQuery }, headers));
      expect(await response.json()).toEqual({ data: { artist: { name: 'BTS' } } });
    },
  );
});
