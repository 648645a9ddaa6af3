import { beforeEach, describe, expect, test } from 'vitest';
import { catalogue } from '../support/catalogue.ts';
import { useSandbox } from './client.ts';

const { shows, episodes } = catalogue.fixtures;
const unknown = '0000000000000000000000';
const client = useSandbox({ catalogue });
const { get } = client;

describe.each(['development', 'extended'] as const)('the podcasts of the sandbox in %s mode', (mode) => {
  beforeEach(() => client.sandbox.setQuotaMode(mode));

  test.each([
    `/shows/${shows.episodes3}`,
    `/shows/${shows.episodes3}/episodes`,
    `/shows/${shows.onlyGermany}?market=US`,
    `/shows/${shows.onlyGermany}/episodes?market=US`,
    `/shows/${unknown}?market=US`,
  ])('%s is 404: the market is missing or lacks the show, or no show has the id', async (path) => {
    const response = await get(path);
    expect(response.status).toBe(404);
    expect(response.at('error.message')).toMatch(/^Non existing id: 'spotify:show:\w{22}'$/);
  });

  test.each([
    `/episodes/${episodes.newest}`,
    `/episodes/${episodes.onlyGermany}?market=US`,
    `/episodes/${unknown}?market=US`,
  ])('%s is 404: the market is missing or lacks the episode, or no episode has the id', async (path) => {
    const response = await get(path);
    expect(response.status).toBe(404);
    expect(response.at('error.message')).toMatch(/^Non existing id: 'spotify:episode:\w{22}'$/);
  });

  test('a page of episodes has 20 episodes by default and up to 50, and an invalid limit is rejected', async () => {
    const path = `/shows/${shows.episodes130}/episodes?market=US`;
    expect((await get(path)).at('limit')).toBe(20);
    expect((await get(`${path}&limit=50`)).at('items')).toHaveLength(50);
    for (const limit of ['0', '51', '-1', 'abc']) {
      const response = await get(`${path}&limit=${limit}`);
      expect([response.status, response.at('error.message')]).toEqual([400, 'Invalid limit']);
    }
  });

  test('a show embeds at most fifty episodes, and the link to the next page names the market', async () => {
    const response = await get(`/shows/${shows.episodes130}?market=US`);
    expect(response.at('episodes.items')).toHaveLength(50);
    expect(response.at('episodes.next')).toMatch(/\/shows\/\w{22}\/episodes\?offset=50&limit=50&market=US/);
  });

  test('a removed episode is null or has null in its keys, and the total of the list counts slots without an item', async () => {
    const first = await get(`/shows/${shows.gaps}/episodes?market=US&limit=50`);
    expect(first.at('items.2')).toBeNull();
    expect(first.at('items.4')).toMatchObject({ id: null, name: null, uri: null, release_date: '0000' });
    expect(first.at('items')).toHaveLength(49);
    const last = await get(`/shows/${shows.gaps}/episodes?market=US&limit=50&offset=50`);
    expect(last.at('items')).toHaveLength(7);
    expect([last.at('total'), last.at('next')]).toEqual([60, null]);
  });

  test('only an app in extended mode gets the publisher and the markets of a show', async () => {
    const { json } = await get(`/shows/${shows.episodes3}?market=US`);
    const withheld = Object.keys(json as object).filter((key) => /^(publisher|available_markets)$/.test(key));
    expect(withheld.toSorted()).toEqual(mode === 'extended' ? ['available_markets', 'publisher'] : []);
  });
});

test('batches of shows have no episodes, and null for a show that the market does not have', async () => {
  client.sandbox.setQuotaMode('extended');
  const ids = [shows.episodes3, shows.onlyGermany, unknown];
  const response = await get(`/shows?ids=${ids.join()}&market=US`);
  expect(response.at('shows.0.name')).toBe('Three Evenings');
  expect(response.at('shows.0.episodes')).toBeUndefined();
  expect([response.at('shows.1'), response.at('shows.2')]).toEqual([null, null]);
});
