import { describe, expect, test } from 'vitest';
import type { WrittenRule } from '../support/case-format.ts';
import { startClock } from '../support/clock.ts';
import { startGateway } from '../support/gateway.ts';
import { fullArtist, plainId, plainPage, shortAlbum } from '../support/plain-objects.ts';
import { startScriptedUpstream } from '../support/scripted-upstream.ts';

/** The notices of an operation name only fields that are in its response. */

const [known, absent] = [plainId(21), plainId(22)];
const { name: _, ...nameless } = fullArtist(known);

async function noticesOf(document: string, upstreamRules: WrittenRule[]) {
  const upstream = await startScriptedUpstream(upstreamRules);
  const { execute } = startGateway(upstream, { SPOTIFY_QUOTA_MODE: 'development' });
  const { data, extensions } = await execute(document);
  return { data, unavailable: extensions.spotify?.unavailable.map(({ path }) => path.join('.')) };
}

describe('the notices in `extensions.spotify`', () => {
  const selection = '{ id topTracks { id } relatedArtists { id } }';

  test('an artist that does not exist has no notice for the lists that are read at the same time', async () => {
    const document = `{ artist(id: "${absent}") ${selection} artists(ids: ["${absent}", "${known}"]) ${selection} }`;
    expect(await noticesOf(document, [{ path: `^/artists/${known}$`, echo: 'artist' }])).toEqual({
      data: {
        artist: null,
        artists: [null, { id: known, topTracks: null, relatedArtists: null }],
      },
      unavailable: ['artists.1.topTracks', 'artists.1.relatedArtists'],
    });
  });

  test('an artist that does not exist has no notice for a list that is stale or shortened and was read before this was known', async () => {
    const notFound = { status: 404, body: { error: { status: 404, message: 'Resource not found' } } };
    const page = {
      ...plainPage([shortAlbum(plainId(100))], { offset: 0, limit: 10, total: 100 }),
      next: 'https://api.spotify.com/v1/next',
    };
    const upstream = await startScriptedUpstream([
      { path: `^/artists/${known}$`, echo: 'artist', times: 1 },
      { path: '/albums$', body: page, echoPage: true },
      { path: '^/artists/', ...notFound, delayMs: 500 }, // so the lists are read first
    ]);
    const environment = { SPOTIFY_QUOTA_MODE: 'development', SPOTIFY_DAILY_LIMITS: 'artists/albums=5' };
    const { execute } = startGateway(upstream, environment);
    const clock = startClock();
    const read = (id: string, first: number) =>
      execute(`{ artist(id: "${id}") { albums(first: ${first}) { nodes { id } } } }`);
    await read(known, 10);
    const nothing = { stale: [], shortened: [], unavailable: [] };
    const ofAbsent = await read(absent, 100);
    expect([ofAbsent.data, ofAbsent.extensions.spotify]).toMatchObject([{ artist: null }, nothing]);
    const listCalls = () => upstream.log().filter((call) => call.includes('/albums'));
    expect(listCalls()).toHaveLength(4); // as many as the quota allows
    await clock.pass(13 * 3_600);
    const ofRemoved = await read(known, 10);
    expect([ofRemoved.data, ofRemoved.extensions.spotify]).toMatchObject([{ artist: null }, nothing]);
    expect(listCalls()).toHaveLength(4); // the list of the removed artist is stale
  });

  test('an artist that is null with an error has no notice for a field below it', async () => {
    const document = `{ artist(id: "${known}") ${selection} }`;
    expect(await noticesOf(document, [{ path: `^/artists/${known}$`, body: nameless }])).toEqual({
      data: { artist: null },
      unavailable: [],
    });
  });

  test('an image that `minWidth` leaves out has no notice, and every image that is null has one', async () => {
    const images = [null, { url: 'https://i.scdn.co/image/a', height: 64, width: 64 }];
    const document = `{ artist(id: "${known}") { all: images { width } one: images(minWidth: 10) { width } } }`;
    const rules = [{ path: `^/artists/${known}$`, body: { ...fullArtist(known), images } }];
    expect(await noticesOf(document, rules)).toEqual({
      data: { artist: { all: [null, { width: 64 }], one: [{ width: 64 }] } },
      unavailable: ['artist.all.0'],
    });
  });

  test('a list that is null with an error has no notice for the stale page of its window, and one of stale pages has one notice', async () => {
    const albumPage = (offset: number) => ({
      ...plainPage([shortAlbum(plainId(100 + offset))], { offset, limit: 10, total: 30 }),
      next: 'https://api.spotify.com/v1/next',
    });
    const upstream = await startScriptedUpstream([
      ...[0, 10].map((offset) => ({
        path: '/albums$',
        query: { offset: `${offset}` },
        times: 1,
        body: albumPage(offset),
      })),
      { path: '/albums$', status: 429 },
      { path: '^/artists/[^/]+$', echo: 'artist' as const },
    ]);
    const { execute } = startGateway(upstream, { SPOTIFY_QUOTA_MODE: 'development' });
    const clock = startClock();
    const albums = (first: number) =>
      execute(`{ artist(id: "${known}") { albums(first: ${first}) { nodes { id } } } }`);
    await albums(20);
    await clock.pass(25 * 3_600);
    const notice = { field: 'Artist.albums', path: ['artist', 'albums'], reason: 'UPSTREAM_RATE_LIMITED' };
    for (const [first, stale, errors] of [
      [20, [notice], 0],
      [30, [], 1],
    ] as const) {
      const response = await albums(first);
      expect(response.errors).toHaveLength(errors);
      expect(response.extensions.spotify?.stale).toEqual(stale);
    }
    expect(upstream.log().filter((call) => call.includes('/albums'))).toHaveLength(3);
  });
});
