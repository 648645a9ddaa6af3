import { describe, expect, test } from 'vitest';
import type { Slot } from '../../src/sandbox/index.ts';
import { catalogue } from '../support/catalogue.ts';
import { useSandbox } from './client.ts';

const { artists, albums } = catalogue.fixtures;
const client = useSandbox({ quotaMode: 'extended' });
const { get } = client;

interface Page {
  href: string;
  limit: number;
  next: string | null;
  offset: number;
  previous: string | null;
  total: number;
  items: ({ id: string } | null)[];
}

const readPage = async (path: string) => (await get(path)).json as Page;

/** Follows `next` to the end of the list. */
async function walk(path: string): Promise<Page[]> {
  const pages = [await readPage(path)];
  for (let next = pages[0]?.next; next; next = pages.at(-1)?.next) {
    pages.push(await readPage(next.slice(client.sandbox.apiUrl.length)));
  }
  return pages;
}

const idOf = (slot: Slot) => (slot.shows === 'album' ? slot.albumId : null);

describe('a list', () => {
  test.each([
    ['bts', 104],
    ['albums0', 0],
    ['albums1', 1],
    ['albums9', 9],
    ['albums10', 10],
    ['albums11', 11],
    ['albums50', 50],
    ['albums120', 120],
    ['albums205', 205],
  ] as const)(
    'the list of artist %s has exactly %i albums, each album once, in the order of the catalogue',
    async (name, count) => {
      const pages = await walk(`/artists/${artists[name]}/albums?limit=50`);
      const ids = pages.flatMap(({ items }) => items.map((item) => item?.id));
      expect(ids).toEqual(catalogue.albumsOf(artists[name]).map(idOf));
      expect(new Set(ids).size).toBe(count);
      expect(new Set(pages.map(({ total }) => total))).toEqual(new Set([count]));
    },
  );

  test('an artist’s list states the group of each album, and the groups follow each other in order', async () => {
    const pages = await walk(`/artists/${artists.bts}/albums?limit=50`);
    const groups = pages.flatMap(({ items }) => items.map((item) => Reflect.get(item ?? {}, 'album_group')));
    expect(groups).toEqual(catalogue.albumsOf(artists.bts).map(({ group }) => group));
    const inOrder = groups.filter((group, index) => group !== groups[index - 1]);
    expect(inOrder).toEqual(['album', 'single', 'compilation', 'appears_on']);
  });

  test('an artist’s list has only the groups of `include_groups`', async () => {
    const path = `/artists/${artists.bts}/albums?limit=50&include_groups=single,compilation`;
    const slots = catalogue
      .albumsOf(artists.bts)
      .filter(({ group }) => ['single', 'compilation'].includes(group));
    const pages = await walk(path);
    expect(pages.flatMap(({ items }) => items.map((item) => item?.id))).toEqual(slots.map(idOf));
    expect(pages[0]?.total).toBe(slots.length);
  });
});

describe('a page', () => {
  const base = `/artists/${artists.bts}/albums`;

  test('a page links to its neighbours by offset + limit, with all groups and the locale of the request', async () => {
    const response = await get(`${base}?limit=10&offset=20`, {
      headers: { 'accept-language': 'en-US,en;q=0.9' },
    });
    const link = (offset: number) =>
      `${client.sandbox.apiUrl}${base}?offset=${offset}&limit=10&include_groups=album,single,compilation,appears_on&locale=en-US,en;q%3D0.9`;
    expect(response.at('href')).toBe(link(20));
    expect(response.at('next')).toBe(link(30));
    expect(response.at('previous')).toBe(link(10));
  });

  test('a page has a link with the locale of its request, also after a request in another locale', async () => {
    const hrefIn = async (language: string) =>
      (await get(base, { headers: { 'accept-language': language } })).at('href');
    expect(await hrefIn('de')).toMatch(/&locale=de$/);
    expect(await hrefIn('ko')).toMatch(/&locale=ko$/);
    expect(await hrefIn('de')).toMatch(/&locale=de$/);
  });

  test('a page has a link with the market of the request, and with the `*` that fetch sends as accept-language', async () => {
    const { href } = await readPage(`/albums/${albums.tracks55}/tracks?market=DE&limit=7`);
    expect(href).toBe(
      `${client.sandbox.apiUrl}/albums/${albums.tracks55}/tracks?offset=0&limit=7&market=DE&locale=*`,
    );
  });

  test('a page whose offset is smaller than its size has a link to a previous page of the full size at offset 0', async () => {
    const { previous } = await readPage(`${base}?limit=10&offset=3`);
    expect(previous).toContain('?offset=0&limit=10&');
  });

  test('a page has no `next` at the end of the list, and no `previous` at the start of the list', async () => {
    expect((await readPage(`${base}?limit=4&offset=100`)).next).toBeNull();
    expect((await readPage(`${base}?limit=4&offset=99`)).next).not.toBeNull();
    expect((await readPage(`${base}?limit=4`)).previous).toBeNull();
  });

  test('a page past the end of the list is empty instead of an error', async () => {
    const page = await readPage(`/albums/${albums.tracks55}/tracks?offset=999999`);
    expect(page).toMatchObject({ items: [], next: null, total: 55, offset: 999_999 });
    expect(page.previous).toContain('offset=999979&');
  });
});

describe('a list with flaws', () => {
  test('a list with gaps has short pages in the middle, with `next` set and the hidden albums counted', async () => {
    const pages = await walk(`/artists/${artists.gapped}/albums?limit=20`);
    // As recorded for Gorillaz on 2025-08-31.
    expect(pages.map(({ items }) => items.length)).toEqual([20, 20, 20, 18, 3]);
    expect(pages.map(({ total }) => total)).toEqual([83, 83, 83, 83, 83]);
    expect(pages[3]?.next).toContain('offset=80&limit=20');
  });

  test('a list with flaws has null in place of some albums, and some albums twice', async () => {
    const [page] = await walk(`/artists/${artists.nullsAndRepeats}/albums?limit=50`);
    const ids = page?.items.map((item) => item?.id ?? null) ?? [];
    expect(ids).toHaveLength(30);
    expect(ids.flatMap((id, place) => (id === null ? [place] : []))).toEqual([4, 13]);
    expect([ids[8], ids[22]]).toEqual([ids[2], ids[3]]);
    expect(new Set(ids.filter(Boolean)).size).toBe(26);
  });

  test('a list that overstates its total goes on with empty pages', async () => {
    const pages = await walk(`/artists/${artists.overstated}/albums?limit=20`);
    expect(pages.map(({ items }) => items.length)).toEqual([4, 0, 0, 0, 0]);
    expect(pages.map(({ total, next }) => [total, next !== null])).toEqual([
      [97, true],
      [97, true],
      [97, true],
      [97, true],
      [97, false],
    ]);
  });
});

describe('an album', () => {
  test.each([
    ['tracks1', 1],
    ['tracks20', 20],
    ['tracks50', 50],
    ['tracks51', 51],
    ['tracks55', 55],
    ['tracks130', 130],
  ] as const)(
    'an album like %s contains up to 50 of its %i tracks and links to the other tracks',
    async (name, total) => {
      const id = albums[name];
      const response = await get(`/albums/${id}`);
      const page = response.at('tracks') as Page;
      expect(page).toMatchObject({ limit: 50, offset: 0, previous: null, total });
      expect(response.at('total_tracks')).toBe(total);
      expect(page.items).toHaveLength(Math.min(total, 50));
      const link = `${client.sandbox.apiUrl}/albums/${id}/tracks?offset=50&limit=50&locale=*`;
      expect(page.next).toBe(total > 50 ? link : null);

      const all = await walk(`/albums/${id}/tracks?limit=50`);
      expect(all[0]?.items).toEqual(page.items);
      expect(all.flatMap(({ items }) => items.map((item) => item?.id))).toEqual(
        catalogue.tracksOf(id).map((track) => track.id),
      );
    },
  );

  test('an album numbers its tracks from 1 on every disc', async () => {
    const page = await readPage(`/albums/${albums.severalDiscs}/tracks?limit=50`);
    const places = page.items.map((item) => [
      Reflect.get(item ?? {}, 'disc_number'),
      Reflect.get(item ?? {}, 'track_number'),
    ]);
    expect([places[0], places[11], places[12], places[22], places[32]]).toEqual([
      [1, 1],
      [1, 12],
      [2, 1],
      [3, 1],
      [3, 11],
    ]);
  });
});
