import { describe, expect, test, vi } from 'vitest';
import {
  catalogue,
  episodes,
  fine,
  inMode,
  modes,
  quoted,
  seen,
  shows,
  unavailable,
  unknownApp,
  unknownId,
} from '../support/asking.ts';
import { startClock } from '../support/clock.ts';
import { episodeFields, episodeSlots, marketOf, podcastTruth, showFields } from '../support/podcasts.ts';

/** Shows and episodes: their fields, their lists and the oddities of Spotify's responses, with the calls they cost. */

const showIds = catalogue.shows().map(({ id }) => id);
const inUS = showIds.filter((id) => catalogue.show(id)?.markets.includes('US')).slice(0, 60);
const episodeIds = inUS.flatMap((id) => episodeSlots(id).slice(0, 3)).map(({ id }) => id);
const usual = catalogue.episodesOf(shows.episodes3).length;

interface EpisodesPage {
  totalCount: number | null;
  nodes: { id: string }[];
  edges: { cursor: string; node: { id: string } }[];
  pageInfo: {
    hasNextPage: boolean;
    hasPreviousPage: boolean;
    startCursor: string | null;
    endCursor: string | null;
  };
}

const pageFields = `totalCount edges { cursor node { id } }
  pageInfo { hasNextPage hasPreviousPage startCursor endCursor }`;
const page = (id: string, args: string) =>
  `{ show(id: "${id}") { episodes${args && `(${args})`} { ${pageFields} } } }`;
const listPath = (id: string, offset: number, limit = 50) =>
  `/shows/${id}/episodes?market=US&limit=${limit}&offset=${offset}`;
const showPath = (id: string, market = 'US') => `/shows/${id}?market=${market}`;

type Gateway = Awaited<ReturnType<typeof inMode>>;

async function pageOf(gateway: Gateway, id: string, args: string): Promise<EpisodesPage> {
  const answer = await gateway.ask<{ show: { episodes: EpisodesPage } }, unknown>(page(id, args));
  expect(answer.errors).toEqual([]);
  return answer.data.show.episodes;
}

const idsOf = ({ edges }: EpisodesPage): string[] => edges.map(({ node }) => node.id);

describe.each(modes)('for an app in %s mode', (mode) => {
  test('one show has every field as the catalogue has it, for one call', async () => {
    for (const id of [shows.episodes3, shows.escaped, shows.onlyGermany]) {
      const { ask, apiCalls, sandbox } = await inMode(mode);
      const market = marketOf(id);
      const show = catalogue.show(id);
      const answer = await ask(`{ show(id: "${id}", market: "${market}") { ${showFields} } }`);
      const { show: truth } = podcastTruth(mode, sandbox.imagesUrl);
      expect(seen(answer)).toEqual(fine({ show: show && truth(show) }));
      expect(unavailable(answer)).toEqual(
        mode === 'development' ? ['Show.publisher at show.publisher: QUOTA_MODE'] : [],
      );
      expect(apiCalls()).toEqual([showPath(id, market)]);
    }
  });

  test('one episode has every field as the catalogue has it, and its show, for one call', async () => {
    for (const id of [episodes.newest, episodes.restricted, episodes.monthOnly]) {
      const { ask, apiCalls, sandbox } = await inMode(mode);
      const episode = catalogue.episode(id);
      const show = episode && catalogue.show(episode.showId);
      const truth = podcastTruth(mode, sandbox.imagesUrl);
      const answer = await ask(`{ episode(id: "${id}") { ${episodeFields} show { ${showFields} } } }`);
      expect(seen(answer)).toEqual(
        fine({ episode: episode && show && { ...truth.episode(episode), show: truth.show(show) } }),
      );
      expect(apiCalls()).toEqual([`/episodes/${id}?market=US`]);
    }
  });

  test.each(['show', 'episode'] as const)(
    'many %ss come in the order of their ids, and unknown ones are null',
    async (kind) => {
      const { ask, apiCalls } = await inMode(mode);
      const known = (kind === 'show' ? inUS : episodeIds).slice(0, 5);
      const ids = [...known, unknownId, ...known.slice(1, 3)];
      expect(seen(await ask(`{ ${kind}s(ids: ${quoted(ids)}) { id } }`))).toEqual(
        fine({ [`${kind}s`]: ids.map((id) => (id === unknownId ? null : { id })) }),
      );
      const distinct = [...known, unknownId];
      expect(apiCalls()).toEqual(
        mode === 'extended'
          ? [`/${kind}s?ids=${distinct.join('%2C')}&market=US`]
          : distinct.map((id) => `/${kind}s/${id}?market=US`),
      );
    },
  );

  test('a show brings its first fifty episodes, and each further page is one call', async () => {
    const gateway = await inMode(mode);
    const all = episodeSlots(shows.episodes130).map(({ id }) => id);
    const first = await pageOf(gateway, shows.episodes130, 'first: 50');
    expect(idsOf(first)).toEqual(all.slice(0, 50));
    expect(gateway.apiCalls()).toEqual([showPath(shows.episodes130)]);
    gateway.sandbox.clearCalls();
    const second = await pageOf(
      gateway,
      shows.episodes130,
      `first: 80, after: "${first.pageInfo.endCursor}"`,
    );
    expect(idsOf(second)).toEqual(all.slice(50));
    expect(second.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
    expect(gateway.apiCalls().toSorted()).toEqual(
      [50, 100].map((it) => listPath(shows.episodes130, it)).toSorted(),
    );
  });

  test('removed episodes and slots without an item have no edge, and every client reaches the end', async () => {
    for (const size of [1, 7, 20, 100]) {
      const gateway = await inMode(mode);
      const found: string[] = [];
      let after = '';
      for (let more = true; more; ) {
        const window = await pageOf(gateway, shows.gaps, `first: ${size}${after}`);
        expect(window.totalCount).toBe(60);
        found.push(...idsOf(window));
        more = window.pageInfo.hasNextPage;
        after = `, after: "${window.pageInfo.endCursor}"`;
      }
      expect(found).toEqual(episodeSlots(shows.gaps).map(({ id }) => id));
      expect(gateway.apiCalls()).toEqual([showPath(shows.gaps), listPath(shows.gaps, 50)]);
    }
  });

  test('the last episodes are read from the last page, although the total overstates', async () => {
    const gateway = await inMode(mode);
    const last = await pageOf(gateway, shows.gaps, 'last: 3');
    const end = episodeSlots(shows.gaps).map(({ id }) => id);
    expect(idsOf(last)).toEqual(end.slice(end.length - idsOf(last).length));
    expect(last.pageInfo.hasNextPage).toBe(false);
  });

  test('a show without episodes has an empty list', async () => {
    const gateway = await inMode(mode);
    expect(await pageOf(gateway, shows.noEpisodes, '')).toMatchObject({
      totalCount: 0,
      edges: [],
      pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
    });
    expect(gateway.apiCalls()).toEqual([showPath(shows.noEpisodes)]);
  });

  test('the episodes of a list name their show for no further call', async () => {
    const { ask, apiCalls } = await inMode(mode);
    const answer = await ask(
      `{ show(id: "${shows.episodes130}") { episodes(first: 60) { nodes { show { name } } } } }`,
    );
    const nodes = Array(60).fill({ show: { name: 'The Longest Week' } });
    expect(seen(answer)).toEqual(fine({ show: { episodes: { nodes } } }));
    expect(apiCalls()).toEqual([showPath(shows.episodes130), listPath(shows.episodes130, 50)]);
    expect(answer.extensions.spotify?.plannedCalls).toBeGreaterThanOrEqual(2);
    expect(answer.extensions.spotify?.plannedCalls).toBeLessThanOrEqual(5);
  });

  test('the shows that a search finds in a market have lists that cost one call each', async () => {
    const { ask, apiCalls } = await inMode(mode);
    const answer = await ask<{ search: { shows: { nodes: { id: string }[] } } }, unknown>(
      '{ search(q: "evening", market: "US") { shows(first: 3) { nodes { id episodes(first: 2) { nodes { id } } } } } }',
    );
    expect(answer.errors).toEqual([]);
    const ids = answer.data.search.shows.nodes.map(({ id }) => id);
    expect(ids.length).toBeGreaterThan(1);
    const [search, ...lists] = apiCalls();
    expect(search).toMatch(/^\/search\?q=evening&type=show&market=US&/);
    expect(lists.toSorted()).toEqual(ids.map((id) => listPath(id, 0)).toSorted());
    expect(answer.extensions.spotify?.plannedCalls).toBeGreaterThanOrEqual(apiCalls().length);
  });

  test('a show that a search without a market finds has no list of episodes where the market of the list lacks it', async () => {
    const { ask, apiCalls } = await inMode(mode);
    const answer = await ask(
      '{ search(q: "Nur hier") { shows { nodes { name episodes { totalCount } } } } }',
    );
    expect(seen(answer)).toEqual(
      fine({ search: { shows: { nodes: [{ name: 'Nur hier', episodes: null }] } } }),
    );
    expect(apiCalls().at(-1)).toBe(showPath(shows.onlyGermany));
    expect(apiCalls()).toHaveLength(2);
  });

  test('an episode that a search finds gets its show from the full episode', async () => {
    const { ask, apiCalls } = await inMode(mode);
    const answer = await ask<{ search: { episodes: { nodes: object[] } } }, unknown>(
      '{ search(q: "The Longest Week", market: "FR") { episodes(first: 2) { nodes { id name show { name } } } } }',
    );
    const { nodes } = answer.data.search.episodes;
    expect(nodes).toEqual(Array(2).fill(expect.objectContaining({ show: { name: 'The Longest Week' } })));
    expect(apiCalls()).toHaveLength(mode === 'extended' ? 2 : 3);
    expect(answer.extensions.spotify?.plannedCalls).toBeGreaterThanOrEqual(apiCalls().length);
  });

  test('shows, episodes and tracks of one search share a call', async () => {
    const { ask, apiCalls } = await inMode(mode);
    const answer = await ask(
      '{ search(q: "rooms", type: [TRACK, SHOW, EPISODE]) { tracks { totalCount } shows { nodes { id } } episodes { nodes { id } } artists { totalCount } } }',
    );
    expect(answer.errors).toEqual([]);
    expect(apiCalls().length).toBe(mode === 'extended' ? 1 : 2);
  });
});

describe('a market', () => {
  test('is always sent for shows and episodes: the named one, that of the object, the default one or US', async () => {
    const named = await inMode('development', { SPOTIFY_MARKET: 'FR' });
    const list = `{ show(id: "${shows.episodes130}", market: "DE") { episodes(first: 51) { totalCount edges { cursor } } } }`;
    expect((await named.ask(list)).errors).toEqual([]);
    expect((await named.ask(`{ episode(id: "${episodes.newest}") { name } }`)).errors).toEqual([]);
    expect(named.apiCalls()).toEqual([
      showPath(shows.episodes130, 'DE'),
      listPath(shows.episodes130, 50).replace('US', 'DE'),
      `/episodes/${episodes.newest}?market=FR`,
    ]);
  });

  test('that does not have a show or an episode makes it null without an error', async () => {
    const { ask, apiCalls } = await inMode('development');
    const document = `{ show(id: "${shows.onlyGermany}") { name } episode(id: "${episodes.onlyGermany}") { name } }`;
    expect(seen(await ask(document))).toEqual(fine({ show: null, episode: null }));
    const german = document.replaceAll('")', '", market: "DE")');
    expect(seen(await ask(german))).toMatchObject({ data: { show: { name: 'Nur hier' } }, errors: [] });
    expect(apiCalls()).toHaveLength(4);
  });

  test('that does not have the show makes its list of episodes null without an error', async () => {
    const { ask } = await inMode('development');
    const document = `{ show(id: "${shows.onlyGermany}", market: "DE") { name episodes(market: "US") { totalCount } } }`;
    expect(seen(await ask(document))).toEqual(fine({ show: { name: 'Nur hier', episodes: null } }));
  });

  test('that is not a country makes the field null, and costs no call', async () => {
    const { ask, apiCalls } = await inMode('development');
    const document = `{ show(id: "${shows.episodes3}", market: "us") { name } }`;
    expect(seen(await ask(document))).toEqual({ data: { show: null }, errors: [['show', 'BAD_USER_INPUT']] });
    expect(apiCalls()).toEqual([]);
  });
});

describe('the cache', () => {
  const hour = 3_600;

  test('keeps a show for six hours, and the list of its episodes for one', async () => {
    const clock = startClock();
    const gateway = await inMode('development');
    await pageOf(gateway, shows.episodes3, '');
    await clock.pass(hour - 1);
    await pageOf(gateway, shows.episodes3, '');
    expect(gateway.apiCalls()).toEqual([showPath(shows.episodes3)]);
    gateway.sandbox.clearCalls();
    await clock.pass(2);
    const stale = await gateway.ask(page(shows.episodes3, ''));
    expect(stale.errors).toEqual([]);
    expect(stale.extensions.spotify?.stale).toEqual([
      { field: 'Show.episodes', path: ['show', 'episodes'], reason: 'REVALIDATING' },
    ]);
    await vi.waitFor(() => expect(gateway.apiCalls()).toEqual([listPath(shows.episodes3, 0)]));
    await clock.pass(hour - 1);
    expect(idsOf(await pageOf(gateway, shows.episodes3, ''))).toHaveLength(usual);
    expect(gateway.apiCalls()).toHaveLength(1);
  });

  test('reads the list of a show again before the response if its page is older than two hours', async () => {
    const clock = startClock();
    const gateway = await inMode('development');
    await pageOf(gateway, shows.episodes3, '');
    gateway.sandbox.clearCalls();
    await clock.pass(2 * hour + 1);
    const answer = await gateway.ask(page(shows.episodes3, ''));
    expect(answer.extensions.spotify?.stale).toEqual([]);
    expect(gateway.apiCalls()).toEqual([listPath(shows.episodes3, 0)]);
  });

  test('serves the page that a show has brought if the quota of the lists is used up', async () => {
    const clock = startClock();
    const gateway = await inMode('development', { SPOTIFY_DAILY_LIMITS: 'shows/episodes=2' });
    await pageOf(gateway, shows.episodes3, '');
    await pageOf(gateway, shows.episodes130, 'first: 51'); // one of two calls, of which one stays unused
    await clock.pass(3 * hour);
    const answer = await gateway.ask<{ show: { episodes: EpisodesPage } }, unknown>(
      page(shows.episodes3, ''),
    );
    expect(answer.errors).toEqual([]);
    expect(idsOf(answer.data.show.episodes)).toHaveLength(usual);
    expect(answer.extensions.spotify?.stale).toEqual([
      { field: 'Show.episodes', path: ['show', 'episodes'], reason: 'QUOTA' },
    ]);
  });

  test('keeps an episode for a day, whether it was read alone or in a list', async () => {
    const clock = startClock();
    const gateway = await inMode('development');
    await gateway.ask(`{ episode(id: "${episodes.newest}") { name } }`);
    await pageOf(gateway, shows.episodes3, '');
    gateway.sandbox.clearCalls();
    await clock.pass(23 * hour);
    expect((await gateway.ask(`{ episode(id: "${episodes.newest}") { name } }`)).errors).toEqual([]);
    expect(gateway.apiCalls()).toEqual([]);
  });

  test('gives an episode that a list has shown without a call', async () => {
    const gateway = await inMode('development');
    await pageOf(gateway, shows.episodes130, 'first: 5');
    gateway.sandbox.clearCalls();
    const name = catalogue.episode(episodes.newest)?.name;
    expect(seen(await gateway.ask(`{ episode(id: "${episodes.newest}") { name } }`))).toEqual(
      fine({ episode: { name } }),
    );
    expect(gateway.apiCalls()).toEqual([]);
  });
});

describe('an app of which nothing is known', () => {
  test('is found out to have no batches, and its plan is not below the cost', async () => {
    const { ask, apiCalls } = await unknownApp('development');
    const answer = await ask(
      `{ shows(ids: ${quoted(inUS.slice(0, 4))}) { name episodes(first: 1) { nodes { id } } } }`,
    );
    expect(answer.errors).toEqual([]);
    expect(apiCalls()).toHaveLength(5);
    expect(answer.extensions.spotify?.plannedCalls).toBeGreaterThanOrEqual(5);
  });

  test('in extended mode reads shows together, and then the page of each list', async () => {
    const { ask, apiCalls } = await inMode('extended');
    const ids = inUS.slice(0, 4);
    const answer = await ask(`{ shows(ids: ${quoted(ids)}) { name episodes(first: 1) { nodes { id } } } }`);
    expect(answer.errors).toEqual([]);
    expect(apiCalls()).toHaveLength(1 + ids.length);
    expect(answer.extensions.spotify?.plannedCalls).toBe(1 + ids.length);
  });
});

test('a parent graph refers to shows and episodes by their keys', async () => {
  const { ask } = await inMode('development');
  const answer = await ask(
    `query ($all: [_Any!]!) { _entities(representations: $all) { ... on Show { name } ... on Episode { name } } }`,
    {
      all: [
        { __typename: 'Show', id: shows.episodes3 },
        { __typename: 'Episode', id: episodes.newest },
      ],
    },
  );
  const name = catalogue.episode(episodes.newest)?.name;
  expect(seen(answer)).toEqual(fine({ _entities: [{ name: 'Three Evenings' }, { name }] }));
});

test('a bare id is not looked up as a show, but its URI and its link are', async () => {
  const { ask, apiCalls } = await inMode('development');
  const nodes = (ids: string[]) => `{ nodes(ids: ${quoted(ids)}) { id __typename } }`;
  expect(seen(await ask(nodes([shows.episodes3])))).toEqual(fine({ nodes: [null] }));
  expect(apiCalls().map((path) => path.split('/')[1])).toEqual(['artists', 'albums', 'tracks']);
  const written = [
    `spotify:show:${shows.episodes3}`,
    `https://open.spotify.com/episode/${episodes.newest}?si=1`,
  ];
  expect(seen(await ask(nodes(written)))).toEqual(
    fine({
      nodes: [
        { id: shows.episodes3, __typename: 'Show' },
        { id: episodes.newest, __typename: 'Episode' },
      ],
    }),
  );
});
