import { describe, expect, it } from 'vitest';
import { catalogue } from '../support/catalogue.ts';
import { useSandbox } from './client.ts';

const { shows, episodes } = catalogue.fixtures;
const unknown = '0000000000000000000000';
const client = useSandbox({ catalogue });

describe.each(['development', 'extended'] as const)('the podcasts of the sandbox in %s mode', (mode) => {
  const get = (path: string) => {
    client.sandbox.setQuotaMode(mode);
    return client.get(path);
  };

  it.each([
    `/shows/${shows.episodes3}`,
    `/shows/${shows.episodes3}/episodes`,
    `/shows/${shows.onlyGermany}?market=US`,
    `/shows/${shows.onlyGermany}/episodes?market=US`,
    `/shows/${unknown}?market=US`,
  ])('have no show at %s: the market is missing or lacks the show', async (path) => {
    const answer = await get(path);
    expect(answer.status).toBe(404);
    expect(answer.at('error.message')).toMatch(/^Non existing id: 'spotify:show:\w{22}'$/);
  });

  it.each([
    `/episodes/${episodes.newest}`,
    `/episodes/${episodes.onlyGermany}?market=US`,
    `/episodes/${unknown}?market=US`,
  ])('have no episode at %s: the market is missing or lacks the episode', async (path) => {
    const answer = await get(path);
    expect(answer.status).toBe(404);
    expect(answer.at('error.message')).toMatch(/^Non existing id: 'spotify:episode:\w{22}'$/);
  });

  it('serve pages of 1 to 50 episodes, 20 by default', async () => {
    const path = `/shows/${shows.episodes130}/episodes?market=US`;
    expect((await get(path)).at('limit')).toBe(20);
    expect((await get(`${path}&limit=50`)).at('items')).toHaveLength(50);
    for (const limit of ['0', '51', '-1', 'abc']) {
      const answer = await get(`${path}&limit=${limit}`);
      expect([answer.status, answer.at('error.message')]).toEqual([400, 'Invalid limit']);
    }
  });

  it('embed at most fifty episodes in a show, and the links of the page name the market', async () => {
    const answer = await get(`/shows/${shows.episodes130}?market=US`);
    expect(answer.at('episodes.items')).toHaveLength(50);
    expect(answer.at('episodes.next')).toMatch(/\/shows\/\w{22}\/episodes\?offset=50&limit=50&market=US/);
  });

  it('keep removed episodes as null and as empty keys, and count slots without an item', async () => {
    const first = await get(`/shows/${shows.gaps}/episodes?market=US&limit=50`);
    expect(first.at('items.2')).toBeNull();
    expect(first.at('items.4')).toMatchObject({ id: null, name: null, uri: null, release_date: '0000' });
    expect(first.at('items')).toHaveLength(49);
    const last = await get(`/shows/${shows.gaps}/episodes?market=US&limit=50&offset=50`);
    expect(last.at('items')).toHaveLength(7);
    expect([last.at('total'), last.at('next')]).toEqual([60, null]);
  });

  it('withhold the publisher and the markets of a show from an app in development mode', async () => {
    const { json } = await get(`/shows/${shows.episodes3}?market=US`);
    const withheld = Object.keys(json as object).filter((key) => /^(publisher|available_markets)$/.test(key));
    expect(withheld.toSorted()).toEqual(mode === 'extended' ? ['available_markets', 'publisher'] : []);
  });
});

it('batches of shows have no episodes, and null for a show that the market does not have', async () => {
  client.sandbox.setQuotaMode('extended');
  const ids = [shows.episodes3, shows.onlyGermany, unknown];
  const answer = await client.get(`/shows?ids=${ids.join()}&market=US`);
  expect(answer.at('shows.0.name')).toBe('Three Evenings');
  expect(answer.at('shows.0.episodes')).toBeUndefined();
  expect([answer.at('shows.1'), answer.at('shows.2')]).toEqual([null, null]);
});
