import { beforeEach, describe, expect, test } from 'vitest';
import { catalogue } from '../support/catalogue.ts';
import { useSandbox } from './client.ts';

const { audiobooks, chapters } = catalogue.fixtures;
const unknown = '0000000000000000000000';
const client = useSandbox({ catalogue });
const { get } = client;

describe.each(['development', 'extended'] as const)('the audiobooks of the sandbox in %s mode', (mode) => {
  beforeEach(() => client.sandbox.setQuotaMode(mode));

  test.each([
    `/audiobooks/${audiobooks.chapters3}`,
    `/audiobooks/${audiobooks.chapters3}/chapters`,
    `/audiobooks/${audiobooks.chapters3}?market=DE`,
    `/audiobooks/${audiobooks.onlyBritain}?market=US`,
    `/audiobooks/${audiobooks.onlyBritain}/chapters?market=US`,
    `/audiobooks/${unknown}?market=US`,
    `/shows/${audiobooks.chapters3}?market=US`,
  ])(
    '%s is 404: the market is missing or lacks the audiobook, or no object of the kind has the id',
    async (path) => {
      const response = await get(path);
      expect(response.status).toBe(404);
      expect(response.at('error.message')).toMatch(/^Non existing id: 'spotify:show:\w{22}'$/);
    },
  );

  test.each([
    `/chapters/${chapters.first}`,
    `/chapters/${chapters.first}?market=DE`,
    `/chapters/${chapters.onlyBritain}?market=US`,
    `/chapters/${unknown}?market=US`,
  ])('%s is 404: the market is missing or lacks the chapter, or no chapter has the id', async (path) => {
    const response = await get(path);
    expect(response.status).toBe(404);
    expect(response.at('error.message')).toMatch(/^Non existing id: 'spotify:episode:\w{22}'$/);
  });

  test('a page of chapters has 20 chapters by default and up to 50, and an invalid limit is rejected', async () => {
    const path = `/audiobooks/${audiobooks.chapters130}/chapters?market=US`;
    expect((await get(path)).at('limit')).toBe(20);
    expect((await get(`${path}&limit=50`)).at('items')).toHaveLength(50);
    for (const limit of ['0', '51', '-1', 'abc']) {
      const response = await get(`${path}&limit=${limit}`);
      expect([response.status, response.at('error.message')]).toEqual([400, 'Invalid limit']);
    }
  });

  test('an audiobook embeds at most fifty chapters, and the link to the next page names the market', async () => {
    const response = await get(`/audiobooks/${audiobooks.chapters130}?market=US`);
    expect(response.at('chapters.items')).toHaveLength(50);
    expect(response.at('chapters.next')).toMatch(
      /\/audiobooks\/\w{22}\/chapters\?offset=50&limit=50&market=US/,
    );
  });

  test('the total of a list of chapters counts null items and slots without an item, and `total_chapters` may be larger', async () => {
    const first = await get(`/audiobooks/${audiobooks.gaps}?market=US`);
    expect([first.at('chapters.items.2'), first.at('total_chapters')]).toEqual([null, 75]);
    expect(first.at('chapters.items')).toHaveLength(49);
    const last = await get(`/audiobooks/${audiobooks.gaps}/chapters?market=US&limit=50&offset=50`);
    expect(last.at('items')).toHaveLength(7);
    expect([last.at('total'), last.at('next')]).toEqual([60, null]);
  });

  test('a chapter has the URI and link of an episode, its audiobook has the URI of a show, and chapters count from 0', async () => {
    const { json } = await get(`/chapters/${chapters.first}?market=IE`);
    expect(json).toMatchObject({
      type: 'chapter',
      uri: `spotify:episode:${chapters.first}`,
      external_urls: { spotify: `https://open.spotify.com/episode/${chapters.first}` },
      chapter_number: 0,
      is_playable: true,
      audiobook: { type: 'audiobook', uri: `spotify:show:${audiobooks.chapters130}` },
    });
  });

  test('a chapter in a list has empty texts and no `is_playable`', async () => {
    const list = await get(`/audiobooks/${audiobooks.chapters3}/chapters?market=US`);
    expect(list.at('items.1')).toMatchObject({ description: '', html_description: '', languages: [''] });
    expect(list.at('items.1.is_playable')).toBeUndefined();
  });

  test('only an app in extended mode gets the publisher of an audiobook and the markets of audiobooks and chapters', async () => {
    const { json } = await get(`/chapters/${chapters.restricted}?market=US`);
    const { audiobook, ...chapter } = json as { audiobook: object };
    const withheld = [audiobook, chapter].flatMap((object) =>
      Object.keys(object).filter((key) => /^(publisher|available_markets)$/.test(key)),
    );
    expect(withheld.toSorted()).toEqual(
      mode === 'extended' ? ['available_markets', 'available_markets', 'publisher'] : [],
    );
  });

  test('a search finds audiobooks only in their markets, and the type `chapter` is rejected', async () => {
    const total = async (market: string) =>
      (await get(`/search?q=corridor&type=audiobook&market=${market}`)).at('audiobooks.total');
    expect([await total('GB'), await total('US'), await total('DE')]).toEqual([6, 5, 0]);
    const response = await get('/search?q=corridor&type=chapter&market=US');
    expect([response.status, response.at('error.message')]).toEqual([400, 'Bad search type field chapter']);
  });
});

test('batches of audiobooks have their chapters, and null for an audiobook that the market does not have', async () => {
  client.sandbox.setQuotaMode('extended');
  const ids = [audiobooks.chapters3, audiobooks.onlyBritain, unknown];
  const response = await get(`/audiobooks?ids=${ids.join()}&market=US`);
  expect(response.at('audiobooks.0.chapters.items')).toHaveLength(3);
  expect([response.at('audiobooks.1'), response.at('audiobooks.2')]).toEqual([null, null]);
  const responseOfChapters = await get(`/chapters?ids=${chapters.first},${chapters.onlyBritain}&market=US`);
  expect(responseOfChapters.at('chapters.0.audiobook.name')).toBe('The Longest Corridor');
  expect(responseOfChapters.at('chapters.1')).toBeNull();
});
