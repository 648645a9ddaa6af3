import { describe, expect, test } from 'vitest';
import type { QuotaMode } from '../../src/sandbox/index.ts';
import { fixtures } from '../support/catalogue.ts';
import { messageOf, useSandbox } from './client.ts';

const { bts } = fixtures.artists;
const { tracks20 } = fixtures.albums;
const { explicit } = fixtures.tracks;
const unknown = '0000000000000000000000';
const twentyOne = Array.from({ length: 21 }, () => unknown).join();
const fiftyOne = Array.from({ length: 51 }, () => unknown).join();

type Refused = [path: string, status: number, message: string];

/** Errors in both quota modes. */
const refused: Refused[] = [
  [`/artists/${unknown}`, 404, 'Resource not found'],
  [`/artists/${unknown}/albums`, 404, 'Resource not found'],
  [`/albums/${unknown}`, 404, `Non existing id: 'spotify:album:${unknown}'`],
  [`/albums/${unknown}/tracks`, 404, `Non existing id: 'spotify:album:${unknown}'`],
  [`/tracks/${unknown}`, 404, `Non existing id: 'spotify:track:${unknown}'`],

  ['/artists/abc', 400, 'Invalid base62 id'],
  ['/artists/000000000000000000000_', 400, 'Invalid base62 id'],
  [`/albums/${unknown}0`, 400, 'Invalid base62 id'],
  // The first id above 128 bits is invalid; the id before it is only unknown.
  ['/tracks/7N42dgm5tFLK9N8MT7fHC8', 400, 'Invalid base62 id'],
  ['/tracks/7N42dgm5tFLK9N8MT7fHC7', 404, "Non existing id: 'spotify:track:7N42dgm5tFLK9N8MT7fHC7'"],

  [`/albums/${tracks20}?market=XY`, 400, 'Invalid market code'],
  [`/albums/${tracks20}?market=YYU`, 400, 'Invalid market code'],
  [`/albums/${tracks20}?market=de`, 400, 'Invalid market code'],
  ['/albums/abc?market=XY', 400, 'Invalid market code'],
  [`/tracks/${explicit}?market=from_token`, 403, 'Insufficient client scope'],
  ['/search?q=x&type=artist&market=XY', 400, 'Invalid market code'],

  ...['0', '-1', '1.5', 'abc', 'NaN', '', '51', '1e1', '99999999999'].flatMap((limit): Refused[] => [
    [`/artists/${bts}/albums?limit=${limit}`, 400, 'Invalid limit'],
    [`/albums/${tracks20}/tracks?limit=${limit}`, 400, 'Invalid limit'],
    [`/search?q=x&type=artist&limit=${limit}`, 400, 'Invalid limit'],
  ]),
  ...['-1', '1.5', 'abc', '2147483648'].flatMap((offset): Refused[] => [
    [`/artists/${bts}/albums?offset=${offset}`, 400, 'Invalid offset'],
    [`/albums/${tracks20}/tracks?offset=${offset}`, 400, 'Invalid offset'],
    [`/search?q=x&type=artist&offset=${offset}`, 400, 'Invalid offset'],
  ]),
  [`/artists/${bts}/albums?include_groups=album,ep`, 400, 'Invalid include_groups'],

  ['/search?type=artist', 400, 'No search query'],
  ['/search?q=&type=artist', 400, 'No search query'],
  ['/search?q=%20&type=artist', 400, 'No search query'],
  ['/search?q=*&type=artist', 400, 'No search query'],
  ['/search?q=x', 400, 'Missing parameter type'],
  ['/search?q=x&type=', 400, 'Missing parameter type'],
  ['/search?q=x&type=song', 400, 'Bad search type field song'],
  ['/search?q=x&type=artist,song', 400, 'Bad search type field song'],
  ['/search?q=x&type=toString', 400, 'Bad search type field toString'],
  [`/search?q=${'x'.repeat(251)}&type=artist`, 400, 'Query exceeds maximum length of 250 characters'],
  ['/search?q=x&type=artist&offset=1000&limit=1', 400, 'Bad request.'],
  ['/search?q=x&type=artist&offset=996&limit=5', 400, 'Bad request.'],

  ['/nonsense', 404, 'Service not found'],
  [`/artists/${bts}/songs`, 404, 'Service not found'],
  [`/artists/${bts}/albums/${tracks20}`, 404, 'Service not found'],
  [`//artists/${bts}`, 404, 'Service not found'],
  [`/artists//${bts}`, 404, 'Service not found'],
  [`/artists/${bts}//`, 404, 'Service not found'],
  ['/browse/nonsense', 404, 'Service not found'],
  ['/me', 401, 'Valid user authentication required'],
  ['/me/albums', 401, 'Valid user authentication required'],
  ['/me/player/currently-playing', 401, 'Valid user authentication required'],
  [`/shows/${unknown}?market=US`, 404, `Non existing id: 'spotify:show:${unknown}'`],
  [`/shows/${unknown}/episodes`, 404, `Non existing id: 'spotify:show:${unknown}'`],
  [`/episodes/${unknown}`, 404, `Non existing id: 'spotify:episode:${unknown}'`],
  [`/audiobooks/${unknown}`, 404, `Non existing id: 'spotify:show:${unknown}'`],
  [`/audiobooks/${unknown}/chapters`, 404, `Non existing id: 'spotify:show:${unknown}'`],
  [`/chapters/${unknown}`, 404, `Non existing id: 'spotify:episode:${unknown}'`],
  ['/shows/abc', 400, 'Invalid base62 id'],
  [`/episodes/${unknown}?market=XY`, 400, 'Invalid market code'],
  [`/playlists/${unknown}`, 404, 'Resource not found'],
  [`/playlists/${unknown}/images`, 404, 'Resource not found'],
  ['/playlists/abc', 400, 'Invalid base62 id'],
];

/** Errors of endpoints that only apps with extended quota may call. */
const refusedExtended: Refused[] = [
  [`/artists?ids=${fiftyOne}`, 400, 'too many ids requested'],
  [`/tracks?ids=${fiftyOne}`, 400, 'too many ids requested'],
  [`/albums?ids=${twentyOne}`, 400, 'too many ids requested'],
  [`/artists?ids=${bts},abc`, 400, 'Invalid base62 id'],
  [`/albums?ids=${tracks20},7ZZZZZZZZZZZZZZZZZZZZZ,${tracks20}`, 400, 'Invalid base62 id'],
  [`/tracks?ids=${explicit},`, 400, 'Invalid base62 id'],
  ['/tracks?ids=', 400, 'Invalid base62 id'],
  ['/tracks', 400, 'Invalid base62 id'],
  [`/tracks?ids=abc&market=XY`, 400, 'Invalid market code'],
  [`/artists/${bts}/top-tracks`, 400, 'missing country parameter'],
  [`/artists/${bts}/top-tracks?market=XY`, 400, 'Invalid market code'],
  [`/artists/${unknown}/top-tracks?market=DE`, 404, 'Resource not found'],
  [`/artists/${unknown}/related-artists`, 404, 'Resource not found'],
  [`/playlists/${unknown}/tracks`, 404, 'Resource not found'],
  [`/playlists/${unknown}/items`, 404, 'Resource not found'],
  [`/playlists/${unknown}/items?market=XY`, 400, 'Invalid market code'],
  ['/users/nobody', 404, 'Resource not found'],
  ['/users/nobody/playlists', 404, 'Resource not found'],
  ['/users/%zz', 404, 'Resource not found'],
  ['/browse/categories/nonsense', 404, 'Resource not found'],
  ['/browse/categories/nonsense/playlists', 404, 'Resource not found'],
  [`/shows?ids=${fiftyOne}`, 400, 'too many ids requested'],
  // Apps from before 2024-11-27 may still call these endpoints; the sandbox does not simulate them.
  ['/recommendations?seed_genres=folk', 404, 'Not Found'],
  [`/audio-features/${explicit}`, 404, 'Not Found'],
];

describe.each<[QuotaMode, Refused[]]>([
  ['development', refused],
  ['extended', [...refused, ...refusedExtended]],
])('in %s mode', (quotaMode, cases) => {
  const client = useSandbox({ quotaMode });
  const { get } = client;

  const titled = cases.map(([path, ...rest]) => [shortened(path), ...rest, path] as const);
  test.each(titled)('%s is rejected with %i %s', async (_, status, message, path) => {
    const response = await get(path);
    expect([response.status, messageOf(response)]).toEqual([status, message]);
    expect(response.at('error.status')).toBe(status);
    // A 401 has neither a charset nor a cache-control header.
    const isUnauthorized = status === 401;
    const contentType = isUnauthorized ? 'application/json' : 'application/json; charset=utf-8';
    expect(response.headers.get('content-type')).toBe(contentType);
    expect(response.headers.get('cache-control')).toBe(isUnauthorized ? null : 'private, max-age=0');
    expect(response.headers.get('www-authenticate')).toBe(isUnauthorized ? 'Bearer realm="spotify"' : null);
    expect(response.headers.get('etag')).toBeNull();
  });

  test('a query of 250 characters is accepted, however long its escaped form is', async () => {
    const response = await get(`/search?q=${encodeURIComponent('é'.repeat(250))}&type=artist`);
    expect(response.status).toBe(200);
  });

  test('the last offset of a search is 999', async () => {
    expect((await get('/search?q=x&type=artist&offset=999&limit=1')).status).toBe(200);
  });

  test('an invalid market is ignored by an endpoint that has no markets', async () => {
    expect((await get(`/artists/${bts}?market=XY`)).status).toBe(200);
  });

  test('a path outside the root of the API is 404, also a path with `..`', async () => {
    for (const url of [`/artists/${bts}`, `/v2/artists/${bts}`, '/v1', '/', `/v1/../artists/${bts}`]) {
      const response = await fetch(new URL(url, client.sandbox.apiUrl), {
        headers: await client.authorize(),
      });
      expect([url, response.status]).toEqual([url, 404]);
    }
  });

  test.each(['POST', 'PUT', 'DELETE', 'PATCH'])(
    '%s is 405 on a route that is for reading only',
    async (method) => {
      for (const path of [`/artists/${bts}`, '/search?q=x&type=artist', `/shows/${unknown}`]) {
        const response = await get(path, { method });
        expect([path, response.status, response.at('error.status')]).toEqual([path, 405, 405]);
      }
      const missing = await get('/nonsense', { method });
      expect([missing.status, messageOf(missing)]).toEqual([404, 'Service not found']);
    },
  );

  test.each(['PUT', 'DELETE'])('%s on data of a user is 401 without a user token', async (method) => {
    for (const path of ['/me/library', `/playlists/${unknown}/items`, `/playlists/${unknown}/followers`]) {
      const response = await get(path, { method });
      expect([response.status, messageOf(response)]).toEqual([401, 'Valid user authentication required']);
    }
  });
});

function shortened(path: string): string {
  return path.length > 70 ? `${path.slice(0, 70)}… (${path.length} characters)` : path;
}
