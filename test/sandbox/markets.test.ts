import { describe, expect, test } from 'vitest';
import { catalogue } from '../support/catalogue.ts';
import { useSandbox } from './client.ts';

const { artists, albums, tracks } = catalogue.fixtures;
const { get } = useSandbox({ quotaMode: 'extended' });

describe('without a market', () => {
  test('without a market, albums and tracks have `available_markets` and no `is_playable`', async () => {
    for (const path of [`/albums/${albums.tracks20}`, `/tracks/${tracks.notInSpain}`]) {
      const { text } = await get(path);
      expect(text).toContain('"available_markets":["AR",');
      expect(text).not.toContain('is_playable');
    }
  });

  test('without a market, `available_markets` may have one market or none', async () => {
    expect((await get(`/albums/${albums.onlyKorea}`)).at('available_markets')).toEqual(['KR']);
    expect((await get(`/albums/${albums.nowhere}`)).at('available_markets')).toEqual([]);
    expect((await get(`/albums/${albums.nowhere}`)).at('tracks.items.0.available_markets')).toEqual([]);
  });
});

describe('with a market', () => {
  test('with a market, albums and tracks have `is_playable` and no `available_markets`', async () => {
    for (const path of [`/albums/${albums.tracks20}`, `/tracks/${tracks.explicit}`]) {
      const response = await get(`${path}?market=ES`);
      expect(response.at('is_playable')).toBe(true);
      expect(response.text).not.toContain('available_markets');
      expect(response.text).not.toContain('restrictions');
    }
  });

  test('a track that is not available in the market is not playable, with the reason `market`, and keeps its id', async () => {
    const response = await get(`/tracks/${tracks.notInSpain}?market=ES`);
    expect(response.at('id')).toBe(tracks.notInSpain);
    expect(response.at('is_playable')).toBe(false);
    expect(response.at('restrictions')).toEqual({ reason: 'market' });
    expect(response.text).not.toContain('linked_from');
    expect((await get(`/tracks/${tracks.notInSpain}?market=DE`)).at('is_playable')).toBe(true);
  });

  test('an album that is not available in the market and all its tracks have the restriction `market`', async () => {
    const response = await get(`/albums/${albums.outsideSpain}?market=ES`);
    expect(response.at('is_playable')).toBe(false);
    expect(response.at('restrictions')).toEqual({ reason: 'market' });
    expect(response.at('tracks.items.0.restrictions')).toEqual({ reason: 'market' });
    expect((await get(`/albums/${albums.onlyKorea}?market=KR`)).at('is_playable')).toBe(true);
    expect((await get(`/albums/${albums.nowhere}?market=KR`)).at('is_playable')).toBe(false);
  });

  test('a track whose album has another edition in the market is replaced, with the requested id in `linked_from`', async () => {
    const response = await get(`/tracks/${tracks.relinked}?market=ES`);
    expect(response.at('id')).toBe(tracks.spanishReplacement);
    expect(response.at('uri')).toBe(`spotify:track:${tracks.spanishReplacement}`);
    expect(response.at('album.id')).toBe(albums.spanishEdition);
    expect(response.at('linked_from')).toMatchObject({ id: tracks.relinked, type: 'track' });
    expect(response.at('is_playable')).toBe(true);
    expect((await get(`/tracks/${tracks.relinked}?market=DE`)).at('id')).toBe(tracks.relinked);
    // And the other way round.
    expect((await get(`/tracks/${tracks.spanishReplacement}?market=DE`)).at('id')).toBe(tracks.relinked);
  });

  test('the tracks of an album with another edition in the market are replaced, and the album is not', async () => {
    const album = await get(`/albums/${albums.relinked}?market=ES`);
    expect([album.at('id'), album.at('is_playable')]).toEqual([albums.relinked, true]);
    expect(album.at('tracks.items.0.id')).toBe(tracks.spanishReplacement);
    const list = await get(`/albums/${albums.relinked}/tracks?market=ES`);
    expect(list.at('items')).toEqual(album.at('tracks.items'));
    expect(list.at('items.0.linked_from.id')).toBe(tracks.relinked);
  });

  test('an artist’s list neither has nor counts albums that are not available in the market', async () => {
    const listed = async (market: string) => {
      const response = await get(`/artists/${artists.edgeCases}/albums?limit=50&market=${market}`);
      const ids = (response.at('items') as { id: string }[]).map(({ id }) => id);
      expect(response.at('total')).toBe(ids.length);
      return ids;
    };
    const [spain, korea] = [await listed('ES'), await listed('KR')];
    const all = catalogue.albumsOf(artists.edgeCases).length;
    expect(spain).not.toContain(albums.outsideSpain);
    expect(spain).not.toContain(albums.relinked);
    expect(spain).toContain(albums.spanishEdition);
    expect(spain).toHaveLength(all - 4);
    expect(korea).toContain(albums.onlyKorea);
    expect(korea).not.toContain(albums.nowhere);
    expect(korea).toHaveLength(all - 2);
  });

  test('a search neither has nor counts objects that are not available in the market', async () => {
    const total = async (market: string) =>
      (await get(`/search?q=album:%22Closed%20on%20Saturdays%22&type=album,track${market}`)).json;
    expect(await total('')).toMatchObject({ albums: { total: 1 }, tracks: { total: 6 } });
    expect(await total('&market=DE')).toMatchObject({ albums: { total: 1 }, tracks: { total: 6 } });
    expect(await total('&market=ES')).toMatchObject({ albums: { total: 0 }, tracks: { total: 0 } });
  });

  test('in a country without Spotify, no album is available', async () => {
    const response = await get(`/artists/${artists.bts}/albums?market=CN`);
    expect([response.status, response.at('total')]).toEqual([200, 0]);
  });
});

test('a restriction for another reason than the market is present with and without a market', async () => {
  for (const query of ['', '?market=DE']) {
    const album = await get(`/albums/${albums.restricted}${query}`);
    expect(album.at('restrictions.reason')).toBe('product');
    expect(album.at('tracks.items.0.restrictions.reason')).toBe('explicit');
    expect(album.at('tracks.items.1.restrictions.reason')).toBe('lunar-eclipse');
  }
});

test('an artist’s top tracks are the ten most popular tracks of the artist’s own albums', async () => {
  const response = await get(`/artists/${artists.bts}/top-tracks?market=DE`);
  const popularities = (response.at('tracks') as { popularity: number }[]).map(
    ({ popularity }) => popularity,
  );
  expect(popularities).toHaveLength(10);
  expect(popularities).toEqual(popularities.toSorted((one, other) => other - one));
  expect(response.at('tracks.0.id')).toBe(catalogue.topTracksOf(artists.bts)[0]?.id);
});

test('an artist has up to twenty related artists, without the artist itself', async () => {
  const response = await get(`/artists/${artists.bts}/related-artists`);
  const ids = (response.at('artists') as { id: string }[]).map(({ id }) => id);
  expect(new Set(ids).size).toBe(20);
  expect(ids).not.toContain(artists.bts);
});
