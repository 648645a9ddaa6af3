import { describe, expect, test } from 'vitest';
import type { WrittenRule } from '../support/case-format.ts';
import { startGateway } from '../support/gateway.ts';
import {
  fullArtist,
  fullTrack,
  plainId,
  plainPage,
  shortAlbum,
  shortArtist,
} from '../support/plain-objects.ts';
import { startScriptedUpstream } from '../support/scripted-upstream.ts';

/** A request that Spotify has rejected for an operation is not sent again for its other fields. */

const artistId = plainId(1);
const albumsOf = (artist: string) => `^/artists/${artist}/albums$`;

/** Rules of an artist whose album has the same artist: a nested field reads the same list after the first retries. */
const ordinaryRules: readonly WrittenRule[] = [
  { path: albumsOf(artistId), delayMs: 700, echoPage: true, body: plainPage([shortAlbum(plainId(5))]) },
  { path: '^/artists/[^/]+$', echo: 'artist' },
];

const rejections: readonly [name: string, calls: number, response: Omit<WrittenRule, 'path'>][] = [
  ['404 in plain text', 3, { status: 404, raw: 'Not Found' }],
  ['404 `Not Found`', 1, { status: 404, body: { error: { status: 404, message: 'Not Found' } } }],
  ['403 `Forbidden`', 1, { status: 403, body: { error: { status: 403, message: 'Forbidden' } } }],
  ['410 with an empty body', 1, { status: 410, raw: '' }],
];

describe.each([
  { field: 'topTracks(market: DE)', path: '/top-tracks', body: { tracks: [fullTrack(plainId(7))] } },
  { field: 'relatedArtists', path: '/related-artists', body: { artists: [fullArtist(plainId(8))] } },
])('$field', ({ field, path, body }) => {
  test.each(rejections)(
    `${field}: an operation sends a request that Spotify has rejected with %s no second time`,
    async (_, calls, response) => {
      const upstream = await startScriptedUpstream([
        { path: `^/artists/${artistId}${path}$`, ...response },
        { path: `${path}$`, body },
        ...ordinaryRules,
      ]);
      const { execute } = startGateway(upstream);
      await execute(`{ artist(id: "${plainId(2)}") { part: ${field} { id } } }`); // the app has the feature
      const { data, errors } = await execute(`{ artist(id: "${artistId}") { part: ${field} { id }
        albums(first: 1) { nodes { artists { part: ${field} { id } } } } } }`);
      expect({ data, errors }).toEqual({
        data: { artist: { part: null, albums: { nodes: [{ artists: [{ part: null }] }] } } },
        errors: [],
      });
      expect(upstream.calls().filter((call) => call.path === `/artists/${artistId}${path}`)).toHaveLength(
        calls,
      );
    },
  );
});

test('an operation requests a page in a size that Spotify has rejected no second time', async () => {
  const invalid = { status: 400, body: { error: { status: 400, message: 'Invalid limit' } } };
  const other = plainId(2);
  const upstream = await startScriptedUpstream([
    { path: albumsOf(artistId), query: { limit: '50' }, ...invalid },
    {
      path: '/albums$',
      echoPage: true,
      body: plainPage([{ ...shortAlbum(plainId(5)), artists: [shortArtist(artistId)] }]),
    },
    ...ordinaryRules,
  ]);
  const { execute } = startGateway(upstream);
  await execute(`{ artist(id: "${other}") { albums(first: 50) { nodes { id } } } }`); // the app gets pages of 50
  const { errors } = await execute(`{ artist(id: "${artistId}") {
    albums(first: 1) { nodes { artists { albums(first: 1) { nodes { id } } } } } } }`);
  expect(errors).toEqual([]);
  expect(upstream.log().filter((line) => line.startsWith('400'))).toHaveLength(1);
});
