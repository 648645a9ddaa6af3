import { describe, expect, it } from 'vitest';
import { catalogue } from '../support/catalogue.ts';
import { useSandbox } from './client.ts';

const { audiobooks, chapters } = catalogue.fixtures;
const unknown = '0000000000000000000000';
const client = useSandbox({ catalogue });

describe.each(['development', 'extended'] as const)('the audiobooks of the sandbox in %s mode', (mode) => {
  const get = (path: string) => {
    client.sandbox.setQuotaMode(mode);
    return client.get(path);
  };

  it.each([
    `/audiobooks/${audiobooks.chapters3}`,
    `/audiobooks/${audiobooks.chapters3}/chapters`,
    `/audiobooks/${audiobooks.chapters3}?market=DE`,
    `/audiobooks/${audiobooks.onlyBritain}?market=US`,
    `/audiobooks/${audiobooks.onlyBritain}/chapters?market=US`,
    `/audiobooks/${unknown}?market=US`,
    `/shows/${audiobooks.chapters3}?market=US`,
  ])(
    'are not found at %s: the market is missing or lacks the audiobook, or the id is not of a show',
    async (path) => {
      const answer = await get(path);
      expect(answer.status).toBe(404);
      expect(answer.at('error.message')).toMatch(/^Non existing id: 'spotify:show:\w{22}'$/);
    },
  );

  it.each([
    `/chapters/${chapters.first}`,
    `/chapters/${chapters.first}?market=DE`,
    `/chapters/${chapters.onlyBritain}?market=US`,
    `/chapters/${unknown}?market=US`,
  ])('have no chapter at %s: the market is missing or lacks the chapter', async (path) => {
    const answer = await get(path);
    expect(answer.status).toBe(404);
    expect(answer.at('error.message')).toMatch(/^Non existing id: 'spotify:episode:\w{22}'$/);
  });

  it('serve pages of 1 to 50 chapters, 20 by default', async () => {
    const path = `/audiobooks/${audiobooks.chapters130}/chapters?market=US`;
    expect((await get(path)).at('limit')).toBe(20);
    expect((await get(`${path}&limit=50`)).at('items')).toHaveLength(50);
    for (const limit of ['0', '51', '-1', 'abc']) {
      const answer = await get(`${path}&limit=${limit}`);
      expect([answer.status, answer.at('error.message')]).toEqual([400, 'Invalid limit']);
    }
  });

  it('embed at most fifty chapters in an audiobook, and the links of the page name the market', async () => {
    const answer = await get(`/audiobooks/${audiobooks.chapters130}?market=US`);
    expect(answer.at('chapters.items')).toHaveLength(50);
    expect(answer.at('chapters.next')).toMatch(
      /\/audiobooks\/\w{22}\/chapters\?offset=50&limit=50&market=US/,
    );
  });

  it('count null items and slots without an item, and an audiobook states more chapters than its list has', async () => {
    const first = await get(`/audiobooks/${audiobooks.gaps}?market=US`);
    expect([first.at('chapters.items.2'), first.at('total_chapters')]).toEqual([null, 75]);
    expect(first.at('chapters.items')).toHaveLength(49);
    const last = await get(`/audiobooks/${audiobooks.gaps}/chapters?market=US&limit=50&offset=50`);
    expect(last.at('items')).toHaveLength(7);
    expect([last.at('total'), last.at('next')]).toEqual([60, null]);
  });

  it('have the URIs and links of shows and episodes, and chapters count from 0', async () => {
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

  it('have empty texts and no `is_playable` in lists of chapters', async () => {
    const list = await get(`/audiobooks/${audiobooks.chapters3}/chapters?market=US`);
    expect(list.at('items.1')).toMatchObject({ description: '', html_description: '', languages: [''] });
    expect(list.at('items.1.is_playable')).toBeUndefined();
  });

  it('have no publisher and no markets for an app in development mode', async () => {
    const { json } = await get(`/chapters/${chapters.restricted}?market=US`);
    const { audiobook, ...chapter } = json as { audiobook: object };
    const withheld = [audiobook, chapter].flatMap((object) =>
      Object.keys(object).filter((key) => /^(publisher|available_markets)$/.test(key)),
    );
    expect(withheld.toSorted()).toEqual(
      mode === 'extended' ? ['available_markets', 'available_markets', 'publisher'] : [],
    );
  });

  it('are found by a search in their markets, and no search finds chapters', async () => {
    const total = async (market: string) =>
      (await get(`/search?q=corridor&type=audiobook&market=${market}`)).at('audiobooks.total');
    expect([await total('GB'), await total('US'), await total('DE')]).toEqual([6, 5, 0]);
    const answer = await get('/search?q=corridor&type=chapter&market=US');
    expect([answer.status, answer.at('error.message')]).toEqual([400, 'Bad search type field chapter']);
  });
});

it('batches of audiobooks have their chapters, and null for an audiobook that the market does not have', async () => {
  client.sandbox.setQuotaMode('extended');
  const ids = [audiobooks.chapters3, audiobooks.onlyBritain, unknown];
  const answer = await client.get(`/audiobooks?ids=${ids.join()}&market=US`);
  expect(answer.at('audiobooks.0.chapters.items')).toHaveLength(3);
  expect([answer.at('audiobooks.1'), answer.at('audiobooks.2')]).toEqual([null, null]);
  const answerOfChapters = await client.get(
    `/chapters?ids=${chapters.first},${chapters.onlyBritain}&market=US`,
  );
  expect(answerOfChapters.at('chapters.0.audiobook.name')).toBe('The Longest Corridor');
  expect(answerOfChapters.at('chapters.1')).toBeNull();
});
