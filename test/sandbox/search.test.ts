import { describe, expect, test } from 'vitest';
import { catalogue } from '../support/catalogue.ts';
import { useSandbox } from './client.ts';

const { artists, albums, tracks, shows } = catalogue.fixtures;
const client = useSandbox({ quotaMode: 'extended' });
const search = (q: string, rest = 'type=artist,album,track') =>
  client.get(`/search?q=${encodeURIComponent(q)}&${rest}`);

const namesIn = (page: unknown) => (page as { items: { name: string }[] }).items.map(({ name }) => name);
const idsIn = (page: unknown) => (page as { items: { id: string }[] }).items.map(({ id }) => id);

describe('a search', () => {
  test('a search for BTS finds the artist BTS first', async () => {
    for (const q of ['BTS', 'bts', 'artist:BTS', 'artist: bts', '"BTS"']) {
      expect((await search(q)).at('artists.items.0.id')).toBe(artists.bts);
    }
  });

  test('a search sorts exact names first and by popularity, then names that begin with the text, then other names', async () => {
    const response = await search('Lanterns', 'type=track&limit=50');
    const found = response.at('tracks.items') as { name: string; popularity: number }[];
    const ranks = found.map(({ name }) => (name === 'Lanterns' ? 0 : name.startsWith('Lanterns') ? 1 : 2));
    expect(ranks).toEqual(ranks.toSorted());
    expect(new Set(ranks).size).toBeGreaterThan(1);
    const exact = found.filter(({ name }) => name === 'Lanterns').map(({ popularity }) => popularity);
    expect(exact.length).toBeGreaterThan(1);
    expect(exact).toEqual(exact.toSorted((one, other) => other - one));
  });

  test('a search returns one page for each type, in the order of the types', async () => {
    const { json } = await search('BTS', 'type=track,artist');
    expect(Object.keys(json as object)).toEqual(['tracks', 'artists']);
  });

  test('a search finds shows by their names, and episodes by the names of their shows', async () => {
    const response = await search('The Longest Week', 'type=show,episode&market=US');
    expect(response.at('shows.items.0.id')).toBe(shows.episodes130);
    expect(response.at('episodes.total')).toBe(130);
    expect(response.at('episodes.items.0.show')).toBeUndefined();
  });

  test('a search finds a show and its episodes only in the markets of the show, and counts them without a market', async () => {
    const totals = ['&market=DE', '&market=US', ''].map(async (market) => {
      const response = await search('Nur hier', `type=show,episode${market}`);
      return [response.at('shows.total'), response.at('episodes.total')];
    });
    expect(await Promise.all(totals)).toEqual([
      [1, 5],
      [0, 0],
      [1, 5],
    ]);
  });

  test.each(['show', 'episode', 'audiobook'])(
    'a search for the type %s without a market has its total, and null in place of every item',
    async (type) => {
      const [unnamed, named] = await Promise.all(
        ['', '&market=US'].map((market) => search('the', `type=${type}${market}`)),
      );
      const items = (response = unnamed) => response?.at(`${type}s.items`) as readonly unknown[];
      expect(items().length).toBeGreaterThan(0);
      expect(new Set(items())).toEqual(new Set([null]));
      expect(unnamed?.at(`${type}s.total`)).toBeGreaterThanOrEqual(Number(named?.at(`${type}s.total`)));
      expect(items(named)).not.toContain(null);
    },
  );

  test('a search has links with the text as `query` and the type of the page, in the recorded order of parameters', async () => {
    const response = await search('artist: the & a', 'type=artist,album&limit=3&offset=6&market=DE');
    expect(response.at('albums.href')).toBe(
      `${client.sandbox.apiUrl}/search?offset=6&limit=3&query=artist%3A%20the%20%26%20a&type=album&market=DE&locale=*`,
    );
  });

  test('a search has a total of at most 1000, and may link to a page that is rejected', async () => {
    expect(catalogue.find('track', 'a').length).toBeGreaterThan(1000);
    const response = await search('a', 'type=track&limit=40&offset=950');
    expect(response.at('tracks.total')).toBe(1000);
    expect(response.at('tracks.next')).toContain('?offset=990&limit=40&');
    const next = String(response.at('tracks.next')).slice(client.sandbox.apiUrl.length);
    expect((await client.get(next.replace('query=', 'q='))).status).toBe(400);
  });

  test('a search has pages without gaps and repetitions', async () => {
    const pages = await Promise.all(
      [0, 20, 40].map(async (offset) =>
        idsIn((await search('lan', `type=album&offset=${offset}`)).at('albums')),
      ),
    );
    expect(pages.flat()).toEqual(
      catalogue
        .find('album', 'lan')
        .slice(0, 60)
        .map(({ id }) => id),
    );
    expect(new Set(pages.flat()).size).toBe(60);
  });
});

describe('a search text', () => {
  test('a search text matches all of its words, each at the start of a word, in titles and artists', async () => {
    const found = namesIn((await search('twen roo')).at('albums'));
    expect(found).toContain('Twenty Rooms');
    expect((await search('twen ooms')).at('albums.total')).toBe(0);
    expect(idsIn((await search('Cabinet Twenty')).at('albums'))).toContain(albums.tracks20);
  });

  test('a quoted phrase in a search text matches word for word', async () => {
    expect(namesIn((await search('"rooms and a cellar"')).at('albums'))).toEqual([
      'Fifty Rooms and a Cellar',
    ]);
    expect((await search('"cellar and rooms"')).at('albums.total')).toBe(0);
  });

  test('a search text is matched without regard to case and accents', async () => {
    expect(namesIn((await search('FÍFTY-FIVE')).at('albums'))).toContain('Fifty-Five Rooms');
  });

  test('a search text filters by artist, album and track, and each filter ends at the next filter', async () => {
    const response = await search(
      'album:Twenty Rooms artist:Cabinet of Oddities',
      'type=album,track&limit=50',
    );
    expect(idsIn(response.at('albums'))).toEqual([albums.tracks20]);
    expect(response.at('tracks.total')).toBe(20);
    const [{ name } = { name: '' }] = catalogue.tracksOf(albums.tracks20);
    const narrower = await search(`track:${name} album:"Twenty Rooms"`, 'type=track');
    expect(namesIn(narrower.at('tracks'))).toContain(name);
  });

  test('a search text filters by a year or a range of years', async () => {
    const dates = async (q: string) =>
      ((await search(q, 'type=album&limit=50')).at('albums.items') as { release_date: string }[]).map(
        (album) => Number(album.release_date.slice(0, 4)),
      );
    expect(new Set(await dates('year:1999'))).toEqual(new Set([1999]));
    const range = await dates('a year:1997-1999');
    expect(Math.min(...range)).toBeGreaterThanOrEqual(1997);
    expect(Math.max(...range)).toBeLessThanOrEqual(1999);
  });

  test('a search text finds a recording by its ISRC and an album by its UPC', async () => {
    const track = catalogue.track(tracks.explicit);
    const album = catalogue.album(albums.tracks55);
    expect(idsIn((await search(`isrc:${track?.isrc}`)).at('tracks'))).toEqual([tracks.explicit]);
    expect(idsIn((await search(`upc:${album?.upc}`)).at('albums'))).toEqual([albums.tracks55]);
  });

  test('a search text finds nothing by the beginning of an ISRC or a UPC', async () => {
    const isrc = catalogue.track(tracks.explicit)?.isrc.slice(0, -1);
    const upc = catalogue.album(albums.tracks55)?.upc.slice(0, -1);
    expect((await search(`isrc:${isrc}`)).at('tracks.total')).toBe(0);
    expect((await search(`upc:${upc}`)).at('albums.total')).toBe(0);
  });

  test('a search text with a filter that a type does not have finds nothing of that type', async () => {
    expect((await search('upc:1')).at('artists.total')).toBe(0);
    expect((await search('isrc:QZ')).at('albums.total')).toBe(0);
  });
});
