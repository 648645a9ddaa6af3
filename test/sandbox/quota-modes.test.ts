import { describe, expect, test } from 'vitest';
import type { QuotaMode } from '../../src/sandbox/index.ts';
import { fixtures } from '../support/catalogue.ts';
import { startUpstream } from '../support/upstream.ts';
import { connect, useSandbox } from './client.ts';

const { bts } = fixtures.artists;
const { tracks130, spanishEdition } = fixtures.albums;
const { relinked } = fixtures.tracks;
const unknown = '0000000000000000000000';

const pages = {
  'artist albums': (query: string) => `/artists/${bts}/albums?${query}`,
  'album tracks': (query: string) => `/albums/${tracks130}/tracks?${query}`,
  // This search has hundreds of hits of each kind.
  search: (query: string) => `/search?q=a&type=album&${query}`,
};

describe.each<[QuotaMode, keyof typeof pages, number, number]>([
  ['development', 'artist albums', 10, 5],
  ['development', 'search', 10, 5],
  ['development', 'album tracks', 50, 20],
  ['extended', 'artist albums', 50, 20],
  ['extended', 'search', 50, 20],
  ['extended', 'album tracks', 50, 20],
])('in %s mode, %s', (quotaMode, list, most, byDefault) => {
  const { get } = useSandbox({ quotaMode });
  const read = async (query: string) => {
    const response = await get(pages[list](query));
    const page = list === 'search' ? 'albums.' : '';
    return { response, limit: response.at(`${page}limit`), items: response.at(`${page}items`) };
  };

  test(`${quotaMode} mode: a page of "${list}" has up to ${most} items`, async () => {
    const { response, limit, items } = await read(`limit=${most}`);
    expect([response.status, limit]).toEqual([200, most]);
    expect(items).toHaveLength(most);
  });

  test(`${quotaMode} mode: a page of "${list}" with a limit of ${most + 1} is rejected`, async () => {
    const { response } = await read(`limit=${most + 1}`);
    expect([response.status, response.at('error.message')]).toEqual([400, 'Invalid limit']);
  });

  test(`${quotaMode} mode: a page of "${list}" has ${byDefault} items by default`, async () => {
    const { limit, items } = await read('');
    expect(limit).toBe(byDefault);
    expect(items).toHaveLength(byDefault);
  });
});

describe('in development mode', () => {
  const client = useSandbox({ quotaMode: 'development' });

  test.each([
    `/artists?ids=${bts}`,
    `/albums?ids=${tracks130}`,
    `/tracks?ids=${relinked}`,
    `/artists/${bts}/top-tracks?market=DE`,
    `/artists/${bts}/related-artists`,
    // The permission is checked before the parameters.
    '/artists?ids=abc',
    '/tracks?market=XY',
    `/playlists/${unknown}/tracks?limit=abc`,
    '/browse/new-releases',
    '/browse/categories',
    '/browse/categories/party',
    '/browse/categories/party/playlists',
    '/markets',
    '/users/spotify',
    '/users/spotify/playlists',
    `/audio-features?ids=${relinked}`,
    `/audio-analysis/${relinked}`,
    '/recommendations?seed_genres=folk',
    '/recommendations/available-genre-seeds',
    '/shows?ids=x',
    '/episodes?ids=x',
    '/chapters?ids=x',
    '/audiobooks?ids=x',
  ])('%s is forbidden in development mode, in Spotify’s spacing', async (path) => {
    const response = await client.get(path);
    expect(response.status).toBe(403);
    expect(response.text).toBe('{"error": {"status": 403, "message": "Forbidden" } }');
  });

  test('in development mode, an artist has no followers, genres and popularity, in a read by id and in a search', async () => {
    const keys = ['external_urls', 'href', 'id', 'images', 'name', 'type', 'uri'];
    const [alone, search] = await Promise.all([
      client.get(`/artists/${bts}`),
      client.get('/search?q=BTS&type=artist'),
    ]);
    expect(Object.keys(alone.json as object)).toEqual(keys);
    expect(Object.keys(search.at('artists.items.0') as object)).toEqual(keys);
  });

  test('in development mode, a playlist of Spotify’s own takes a slot of a search and is null there', async () => {
    const { at } = await client.get('/search?q=This%20Is%20The%20Sandbox&type=playlist');
    expect(at('playlists.total')).toBeGreaterThan(0);
    expect(at('playlists.items.0')).toBeNull();
  });

  test('in development mode, an album has an empty list of genres', async () => {
    expect((await client.get(`/albums/${tracks130}`)).at('genres')).toEqual([]);
  });

  test('in development mode, no object has available_markets, label, popularity, album_group or followers', async () => {
    const responses = await Promise.all([
      client.get(`/albums/${tracks130}`),
      client.get(`/artists/${bts}/albums`),
      client.get(`/tracks/${relinked}`),
      client.get('/search?q=a&type=album,track,artist'),
      client.get(`/albums/${tracks130}/tracks`),
    ]);
    for (const { status, text } of responses) {
      expect(status).toBe(200);
      expect(text).not.toMatch(/"(available_markets|label|popularity|album_group|followers)":/);
    }
  });

  test('in development mode, albums still have a UPC, and tracks still have an ISRC', async () => {
    expect((await client.get(`/albums/${tracks130}`)).at('external_ids.upc')).toMatch(/^\d{12}$/);
    expect((await client.get(`/tracks/${relinked}`)).at('external_ids.isrc')).toMatch(/^[A-Z0-9]{12}$/);
  });

  test('in development mode, a replacement of a relinked track has no `linked_from`', async () => {
    const response = await client.get(`/tracks/${relinked}?market=ES`);
    expect(response.at('id')).toBe(fixtures.tracks.spanishReplacement);
    expect(response.at('album.id')).toBe(spanishEdition);
    expect(response.text).not.toContain('linked_from');
  });

  test('in development mode, no track has a `preview_url`, at any endpoint', async () => {
    const responses = await Promise.all([
      client.get(`/tracks/${relinked}`),
      client.get(`/albums/${tracks130}`),
      client.get(`/albums/${tracks130}/tracks?limit=50`),
      client.get('/search?q=a&type=track'),
    ]);
    for (const { status, text } of responses) {
      expect(status).toBe(200);
      expect(text).not.toContain('preview_url');
    }
  });

  test('in development mode without a market, only a full track and its album have `is_playable`', async () => {
    const track = await client.get(`/tracks/${relinked}`);
    expect([track.at('is_playable'), track.at('album.is_playable')]).toEqual([true, true]);
    const others = await Promise.all([
      client.get(`/albums/${tracks130}`),
      client.get(`/albums/${tracks130}/tracks`),
      client.get(`/artists/${bts}/albums`),
      client.get('/search?q=a&type=album'),
    ]);
    for (const { text } of others) expect(text).not.toContain('is_playable');
  });
});

describe('in extended mode', () => {
  const { get } = useSandbox({ quotaMode: 'extended' });

  test('in extended mode, featured playlists are an empty list, and a batch of unknown ids has null for each id', async () => {
    const page = { items: [], total: 0, next: null, limit: 20 };
    expect((await get('/browse/featured-playlists')).json).toMatchObject({ playlists: page });
    for (const kind of ['shows', 'episodes', 'audiobooks', 'chapters']) {
      expect((await get(`/${kind}?ids=${unknown},${unknown}`)).json).toEqual({ [kind]: [null, null] });
    }
  });

  test('in extended mode, new releases are the 100 newest albums', async () => {
    const first = await get('/browse/new-releases?limit=50');
    const dates = (first.at('albums.items') as { release_date: string }[]).map((album) => album.release_date);
    expect([first.at('albums.total'), dates.length]).toEqual([100, 50]);
    expect(dates).toEqual(dates.toSorted((one, other) => other.localeCompare(one)));
  });

  test('in extended mode, categories have links with the locale, and playlists of which some are null', async () => {
    const categories = await get('/browse/categories?limit=2&locale=sv_SE');
    expect(categories.at('categories.next')).toContain('offset=2&limit=2&locale=sv_SE');
    const inParty = await get('/browse/categories/party/playlists');
    expect([inParty.at('message'), inParty.at('playlists.limit')]).toEqual(['Party', 20]);
    expect(inParty.at('playlists.items')).toContain(null);
  });

  test('in extended mode, the playlists of a user have the user as their owner', async () => {
    const items = (await get('/users/spotify/playlists')).at('items') as { owner: { id: string } }[];
    expect(new Set(items.map(({ owner }) => owner.id))).toEqual(new Set(['spotify']));
  });

  test('in extended mode, the markets of Spotify are listed', async () => {
    const markets = (await get('/markets')).at('markets') as string[];
    expect(markets.length).toBeGreaterThan(180);
    expect(markets).toContain('DE');
  });
});

test('an app is in development mode by default, and its mode can be changed while the sandbox runs', async () => {
  const client = await connect(await startUpstream());
  const status = async () => (await client.get(`/artists?ids=${bts}`)).status;
  expect(await status()).toBe(403);
  client.sandbox.setQuotaMode('extended');
  expect(await status()).toBe(200);
  client.sandbox.setQuotaMode('development');
  expect(await status()).toBe(403);
});
