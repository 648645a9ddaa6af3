import { describe, expect, test, vi } from 'vitest';
import { idsOf } from '../support/album-pages.ts';
import { startClock } from '../support/clock.ts';
import { type PartPage, pageDocument, readPage as readPartPage } from '../support/part-pages.ts';
import { episodeSlots } from '../support/podcasts.ts';
import {
  catalogue,
  dataAndErrorCodes,
  episodes,
  jsonList,
  modes,
  shows,
  startInMode,
  withoutErrors,
} from '../support/schema-tests.ts';

/** Shows and episodes: promises that differ from those of audiobooks and chapters, with the calls they cost. */

const showIds = catalogue.shows().map(({ id }) => id);
const inUS = showIds.filter((id) => catalogue.show(id)?.markets.includes('US')).slice(0, 60);
const episodeCount = catalogue.episodesOf(shows.episodes3).length;

const field = { parent: 'show', list: 'episodes' };
const page = (id: string, args: string) => pageDocument(field, id, args);
const listPath = (id: string, offset: number, limit = 50) =>
  `/shows/${id}/episodes?market=US&limit=${limit}&offset=${offset}`;
const showPath = (id: string, market = 'US') => `/shows/${id}?market=${market}`;

type Gateway = Awaited<ReturnType<typeof startInMode>>;

const pageOf = (gateway: Gateway, id: string, args: string) => readPartPage(gateway, field, id, args);

interface SearchData {
  search: Record<string, { nodes: object[]; pageInfo: { endCursor: string } }>;
}

describe.each(modes)('for an app in %s mode', (mode) => {
  test('the last episodes of a show are read from the last page of the list, although the total is too high', async () => {
    const gateway = await startInMode(mode);
    const last = await pageOf(gateway, shows.gaps, 'last: 3');
    const end = episodeSlots(shows.gaps).map(({ id }) => id);
    expect(idsOf(last)).toEqual(end.slice(end.length - idsOf(last).length));
    expect(last.pageInfo.hasNextPage).toBe(false);
    expect(gateway.apiCalls()).toEqual([showPath(shows.gaps), listPath(shows.gaps, 50)]);
  });

  test('the episodes of a list have the name of their show, without another call', async () => {
    const { execute, apiCalls } = await startInMode(mode);
    const response = await execute(
      `{ show(id: "${shows.episodes130}") { episodes(first: 60) { nodes { show { name } } } } }`,
    );
    const nodes = Array(60).fill({ show: { name: 'The Longest Week' } });
    expect(dataAndErrorCodes(response)).toEqual(withoutErrors({ show: { episodes: { nodes } } }));
    expect(apiCalls()).toEqual([showPath(shows.episodes130), listPath(shows.episodes130, 50)]);
    expect(response.extensions.spotify?.plannedCalls).toBeGreaterThanOrEqual(2);
    expect(response.extensions.spotify?.plannedCalls).toBeLessThanOrEqual(5);
  });

  test('the shows that a search finds in a market have lists that cost one call each', async () => {
    const { execute, apiCalls } = await startInMode(mode);
    const response = await execute<{ search: { shows: { nodes: { id: string }[] } } }, unknown>(
      '{ search(q: "evening", market: "US") { shows(first: 3) { nodes { id episodes(first: 2) { nodes { id } } } } } }',
    );
    expect(response.errors).toEqual([]);
    const ids = response.data.search.shows.nodes.map(({ id }) => id);
    expect(ids.length).toBeGreaterThan(1);
    const [search, ...lists] = apiCalls();
    expect(search).toMatch(/^\/search\?q=evening&type=show&market=US&/);
    expect(lists.toSorted()).toEqual(ids.map((id) => listPath(id, 0)).toSorted());
    expect(response.extensions.spotify?.plannedCalls).toBeGreaterThanOrEqual(apiCalls().length);
  });

  test('an episode that a search finds gets its show from the full episode', async () => {
    const { execute, apiCalls } = await startInMode(mode);
    const response = await execute<{ search: { episodes: { nodes: object[] } } }, unknown>(
      '{ search(q: "The Longest Week", market: "FR") { episodes(first: 2) { nodes { id name show { name } } } } }',
    );
    const { nodes } = response.data.search.episodes;
    expect(nodes).toEqual(Array(2).fill(expect.objectContaining({ show: { name: 'The Longest Week' } })));
    expect(apiCalls()).toHaveLength(mode === 'extended' ? 2 : 3);
    expect(response.extensions.spotify?.plannedCalls).toBeGreaterThanOrEqual(apiCalls().length);
  });

  test('shows, episodes and tracks of one search share their calls', async () => {
    const { execute, apiCalls } = await startInMode(mode);
    const response = await execute(
      '{ search(q: "rooms", type: [TRACK, SHOW, EPISODE]) { tracks { totalCount } shows { nodes { id } } episodes { nodes { id } } artists { totalCount } } }',
    );
    expect(response.errors).toEqual([]);
    expect(apiCalls().length).toBe(mode === 'extended' ? 1 : 2);
  });

  const spokenWord = 'shows { nodes { id } } episodes { nodes { id } } audiobooks { nodes { id } }';

  test('a search for shows, episodes or audiobooks without a market is a search in the US, in one call with its other kinds', async () => {
    const { execute, apiCalls, sandbox } = await startInMode(mode);
    const pages = `tracks(first: 5) { nodes { id } } ${spokenWord.replaceAll('{ nodes', '(first: 5) { nodes')}`;
    const inNoMarket = await execute<SearchData, unknown>(`{ search(q: "the") { ${pages} } }`);
    expect(apiCalls()).toEqual([expect.stringContaining('market=US')]);
    expect(inNoMarket.extensions.spotify?.plannedCalls).toBe(1);
    const lengths = Object.values(inNoMarket.data.search).map(({ nodes }) => nodes.length);
    expect(Math.min(...lengths)).toBeGreaterThan(0);
    sandbox.clearCalls();
    const inUs = await execute<SearchData, unknown>(`{ search(q: "the", market: "US") { ${pages} } }`);
    expect(inUs.data).toEqual(inNoMarket.data);
    expect(apiCalls()).toEqual([]);
  });

  test('a search for shows without a market is made in the default market of the gateway', async () => {
    const { execute, apiCalls } = await startInMode(mode, { SPOTIFY_MARKET: 'DE' });
    expect((await execute('{ search(q: "the") { shows(first: 5) { nodes { id } } } }')).errors).toEqual([]);
    expect(apiCalls()).toEqual([expect.stringContaining('market=DE')]);
  });

  test('a search for tracks alone names no market, and its later pages stay in no market beside shows', async () => {
    const { execute, apiCalls } = await startInMode(mode);
    const page = '{ nodes { id } pageInfo { endCursor } }';
    const first = await execute<SearchData, unknown>(`{ search(q: "the") { tracks(first: 5) ${page} } }`);
    const after = JSON.stringify(first.data.search['tracks']?.pageInfo.endCursor);
    const second = await execute<SearchData, unknown>(
      `{ search(q: "the") { tracks(first: 5, after: ${after}) ${page} shows(first: 5) { nodes { id } } } }`,
    );
    expect(second.errors).toEqual([]);
    expect(second.data.search['shows']?.nodes).not.toEqual([]);
    for (const path of apiCalls().filter((each) => each.includes('track')))
      expect(path).not.toContain('market');
  });
});

describe('a market', () => {
  test('a show and an episode are null without an error in a market that does not have them', async () => {
    const { execute, apiCalls } = await startInMode('development');
    const document = `{ show(id: "${shows.onlyGermany}") { name } episode(id: "${episodes.onlyGermany}") { name } }`;
    expect(dataAndErrorCodes(await execute(document))).toEqual(withoutErrors({ show: null, episode: null }));
    const german = document.replaceAll('")', '", market: "DE")');
    expect(dataAndErrorCodes(await execute(german))).toMatchObject({
      data: { show: { name: 'Nur hier' } },
      errors: [],
    });
    expect(apiCalls()).toHaveLength(4);
  });

  test('a market that is not a country makes the field null, and costs no call', async () => {
    const { execute, apiCalls } = await startInMode('development');
    const document = `{ show(id: "${shows.episodes3}", market: "us") { name } }`;
    expect(dataAndErrorCodes(await execute(document))).toEqual({
      data: { show: null },
      errors: [['show', 'BAD_USER_INPUT']],
    });
    expect(apiCalls()).toEqual([]);
  });
});

describe('the cache', () => {
  const hour = 3_600;

  test('the cache keeps a show fresh for six hours, and the list of its episodes for one hour', async () => {
    const clock = startClock();
    const gateway = await startInMode('development');
    await pageOf(gateway, shows.episodes3, '');
    await clock.pass(hour - 1);
    await pageOf(gateway, shows.episodes3, '');
    expect(gateway.apiCalls()).toEqual([showPath(shows.episodes3)]);
    gateway.sandbox.clearCalls();
    await clock.pass(2);
    const stale = await gateway.execute(page(shows.episodes3, ''));
    expect(stale.errors).toEqual([]);
    expect(stale.extensions.spotify?.stale).toEqual([
      { field: 'Show.episodes', path: ['show', 'list'], reason: 'REVALIDATING' },
    ]);
    await vi.waitFor(() => expect(gateway.apiCalls()).toEqual([listPath(shows.episodes3, 0)]));
    await clock.pass(hour - 1);
    expect(idsOf(await pageOf(gateway, shows.episodes3, ''))).toHaveLength(episodeCount);
    expect(gateway.apiCalls()).toHaveLength(1);

    const staleFields = async () => {
      const { extensions } = await gateway.execute(`{ show(id: "${shows.episodes3}") { name } }`);
      return extensions.spotify?.stale.map((notice) => notice.field);
    };
    await clock.pass(4 * hour - 60);
    expect(await staleFields()).toEqual([]);
    expect(gateway.apiCalls()).toHaveLength(1);
    await clock.pass(120);
    expect(await staleFields()).toEqual(['Query.show']);
  });

  test('the gateway reads the list of a show again before the response if the page is older than two hours', async () => {
    const clock = startClock();
    const gateway = await startInMode('development');
    await pageOf(gateway, shows.episodes3, '');
    gateway.sandbox.clearCalls();
    await clock.pass(2 * hour + 1);
    const response = await gateway.execute(page(shows.episodes3, ''));
    expect(response.extensions.spotify?.stale).toEqual([]);
    expect(gateway.apiCalls()).toEqual([listPath(shows.episodes3, 0)]);
  });

  test.each([
    ['with one call if both have one market', page(shows.episodes3, ''), ['US']],
    [
      'with one call for each of two markets',
      `{ show(id: "${shows.episodes3}", market: "DE") { list: episodes(market: "US") { nodes { id } } } }`,
      ['DE', 'US'],
    ],
  ])('a stale show and its old list are refreshed %s', async (_, document, markets) => {
    const clock = startClock();
    const gateway = await startInMode('development');
    await gateway.execute(document);
    const expected = markets.map((market) => showPath(shows.episodes3, market));
    await clock.pass(hour + 1);
    await gateway.execute(document); // refreshes the list, which is then newer than the show
    await vi.waitFor(() => expect(gateway.apiCalls()).toContain(listPath(shows.episodes3, 0)));
    gateway.sandbox.clearCalls();
    await clock.pass(6 * hour);
    const response = await gateway.execute<{ show: { list: PartPage } }, unknown>(document);
    expect(response.errors).toEqual([]);
    expect(idsOf(response.data.show.list)).toHaveLength(episodeCount);
    await vi.waitFor(() => expect(gateway.apiCalls().toSorted()).toEqual(expected));
    const { plannedCalls = 0, stale = [] } = response.extensions.spotify ?? {};
    expect(stale.map((notice) => notice.field)).toContain('Query.show');
    expect(plannedCalls).toBeGreaterThanOrEqual(gateway.apiCalls().length);
  });

  test('the list of a stale show is read by itself if the refresh of the show fails', async () => {
    const clock = startClock();
    const gateway = await startInMode('development');
    await pageOf(gateway, shows.episodes3, '');
    gateway.sandbox.clearCalls();
    gateway.sandbox.faults.add({
      on: { path: `/shows/${shows.episodes3}` },
      fault: { kind: 'answer', status: 403, json: {} },
    });
    await clock.pass(6 * hour + 1);
    expect(idsOf(await pageOf(gateway, shows.episodes3, ''))).toHaveLength(episodeCount);
    expect(gateway.apiCalls()).toEqual([showPath(shows.episodes3), listPath(shows.episodes3, 0)]);
  });

  test('the cache serves the page that came with a show if the quota of the lists is used up', async () => {
    const clock = startClock();
    const gateway = await startInMode('development', { SPOTIFY_DAILY_LIMITS: 'shows/episodes=2' });
    await pageOf(gateway, shows.episodes3, '');
    await pageOf(gateway, shows.episodes130, 'first: 51'); // the only call, because one of the two stays unused
    await clock.pass(3 * hour);
    const response = await gateway.execute<{ show: { list: PartPage } }, unknown>(page(shows.episodes3, ''));
    expect(response.errors).toEqual([]);
    expect(idsOf(response.data.show.list)).toHaveLength(episodeCount);
    expect(response.extensions.spotify?.stale).toEqual([
      { field: 'Show.episodes', path: ['show', 'list'], reason: 'QUOTA' },
    ]);
  });

  test('the cache keeps an episode that was read alone and in a list for a day', async () => {
    const clock = startClock();
    const gateway = await startInMode('development');
    await gateway.execute(`{ episode(id: "${episodes.newest}") { name } }`);
    await pageOf(gateway, shows.episodes3, '');
    gateway.sandbox.clearCalls();
    await clock.pass(23 * hour);
    expect((await gateway.execute(`{ episode(id: "${episodes.newest}") { name } }`)).errors).toEqual([]);
    expect(gateway.apiCalls()).toEqual([]);
  });

  test('the cache serves an episode of a list without a call', async () => {
    const gateway = await startInMode('development');
    await pageOf(gateway, shows.episodes130, 'first: 5');
    gateway.sandbox.clearCalls();
    const name = catalogue.episode(episodes.newest)?.name;
    expect(
      dataAndErrorCodes(await gateway.execute(`{ episode(id: "${episodes.newest}") { name } }`)),
    ).toEqual(withoutErrors({ episode: { name } }));
    expect(gateway.apiCalls()).toEqual([]);
  });
});

test('an app in extended mode reads shows with one call, and then the page of each list', async () => {
  const { execute, apiCalls } = await startInMode('extended');
  const ids = inUS.slice(0, 4);
  const response = await execute(
    `{ shows(ids: ${jsonList(ids)}) { name episodes(first: 1) { nodes { id } } } }`,
  );
  expect(response.errors).toEqual([]);
  expect(apiCalls()).toHaveLength(1 + ids.length);
  expect(response.extensions.spotify?.plannedCalls).toBe(1 + ids.length);
});

test('a bare id finds no show, and a URI and a link find a show and an episode', async () => {
  const { execute, apiCalls } = await startInMode('development');
  const nodes = (ids: string[]) => `{ nodes(ids: ${jsonList(ids)}) { id __typename } }`;
  expect(dataAndErrorCodes(await execute(nodes([shows.episodes3])))).toEqual(
    withoutErrors({ nodes: [null] }),
  );
  expect(apiCalls().map((path) => path.split('/')[1])).toEqual(['artists', 'albums', 'tracks']);
  const links = [
    `spotify:show:${shows.episodes3}`,
    `https://open.spotify.com/episode/${episodes.newest}?si=1`,
  ];
  expect(dataAndErrorCodes(await execute(nodes(links)))).toEqual(
    withoutErrors({
      nodes: [
        { id: shows.episodes3, __typename: 'Show' },
        { id: episodes.newest, __typename: 'Episode' },
      ],
    }),
  );
});
