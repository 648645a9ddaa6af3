import { describe, expect, test } from 'vitest';
import { idsOf } from '../support/album-pages.ts';
import {
  audiobookFields,
  audiobookTruth,
  chapterFields,
  chapterIds,
  marketOf as marketOfAudiobook,
} from '../support/audiobooks.ts';
import { type PartPage, readPage } from '../support/part-pages.ts';
import {
  episodeFields,
  episodeSlots,
  marketOf as marketOfShow,
  podcastTruth,
  showFields,
} from '../support/podcasts.ts';
import {
  audiobooks,
  catalogue,
  chapters,
  dataAndErrorCodes,
  episodes,
  jsonList,
  modes,
  shows,
  startInMode,
  startWithUnknownApp,
  unavailableFields,
  unknownId,
  withoutErrors,
} from '../support/schema-tests.ts';

/** Promises that hold for shows with their episodes and for audiobooks with their chapters, with the calls they cost. */

const episodeIds = (id: string) => episodeSlots(id).map(({ id }) => id);

const ofShows = {
  parent: 'show',
  item: 'episode',
  parents: [shows.episodes3, shows.escaped, shows.onlyGermany],
  items: [episodes.newest, episodes.restricted, episodes.monthOnly],
  readable: { show: [shows.episodes3, shows.gaps, shows.escaped], episode: episodeIds(shows.episodes3) },
  long: shows.episodes130,
  gaps: shows.gaps,
  empty: shows.noEpisodes,
  elsewhere: { id: shows.onlyGermany, market: 'DE', name: 'Nur hier' },
  names: ['Three Evenings', catalogue.episode(episodes.newest)?.name],
  marketOf: marketOfShow,
  partsOf: episodeIds,
  expectedObjects(mode: (typeof modes)[number], imagesUrl: string) {
    const { show, episode } = podcastTruth(mode, imagesUrl);
    const parent = (id: string) => show(catalogue.show(id) as Parameters<typeof show>[0]);
    const item = (id: string) => {
      const found = catalogue.episode(id) as Parameters<typeof episode>[0];
      return { ...episode(found), show: parent(found.showId) };
    };
    return { parent, item };
  },
  parentFields: showFields,
  itemFields: episodeFields,
} as const;

const ofAudiobooks = {
  parent: 'audiobook',
  item: 'chapter',
  parents: [audiobooks.chapters3, audiobooks.escaped, audiobooks.onlyBritain],
  items: [chapters.first, chapters.restricted, chapters.monthOnly],
  readable: {
    audiobook: [audiobooks.chapters3, audiobooks.gaps, audiobooks.escaped],
    chapter: chapterIds(audiobooks.chapters3),
  },
  long: audiobooks.chapters130,
  gaps: audiobooks.gaps,
  empty: audiobooks.noChapters,
  elsewhere: { id: audiobooks.onlyBritain, market: 'GB', name: 'Mind the Corridor' },
  names: ['Three Corridors', 'Opening Credits'],
  marketOf: marketOfAudiobook,
  partsOf: chapterIds,
  expectedObjects(mode: (typeof modes)[number], imagesUrl: string) {
    const { audiobook, chapter } = audiobookTruth(mode, imagesUrl);
    const parent = (id: string) => audiobook(catalogue.audiobook(id) as Parameters<typeof audiobook>[0]);
    const item = (id: string) => {
      const found = catalogue.chapter(id) as Parameters<typeof chapter>[0];
      return { ...chapter(found), audiobook: parent(found.audiobookId) };
    };
    return { parent, item };
  },
  parentFields: audiobookFields,
  itemFields: chapterFields,
} as const;

describe.each([ofShows, ofAudiobooks])('a $parent with the list of each $item', (kinds) => {
  const { parent, item, long, gaps, elsewhere, partsOf, marketOf } = kinds;
  const list = `${item}s`;
  const type = (name: string) => name.charAt(0).toUpperCase() + name.slice(1);
  const path = (id: string, market = 'US') => `/${parent}s/${id}?market=${market}`;
  const listPath = (id: string, offset: number, market = 'US') =>
    `/${parent}s/${id}/${list}?market=${market}&limit=50&offset=${offset}`;
  const window = (gateway: Parameters<typeof readPage>[0], id: string, args: string): Promise<PartPage> =>
    readPage(gateway, { parent, list }, id, args);

  describe.each(modes)('for an app in %s mode', (mode) => {
    test(`one ${parent} has every field of the catalogue, for one call`, async () => {
      for (const id of kinds.parents) {
        const { execute, apiCalls, sandbox } = await startInMode(mode);
        const response = await execute(
          `{ ${parent}(id: "${id}", market: "${marketOf(id)}") { ${kinds.parentFields} } }`,
        );
        const truth = kinds.expectedObjects(mode, sandbox.imagesUrl).parent(id);
        expect(dataAndErrorCodes(response)).toEqual(withoutErrors({ [parent]: truth }));
        expect(unavailableFields(response)).toEqual(
          mode === 'development' ? [`${type(parent)}.publisher at ${parent}.publisher: QUOTA_MODE`] : [],
        );
        expect(apiCalls()).toEqual([path(id, marketOf(id))]);
      }
    });

    test(`one ${item} has every field of the catalogue, and its ${parent}, for one call`, async () => {
      for (const id of kinds.items) {
        const { execute, apiCalls, sandbox } = await startInMode(mode);
        const response = await execute(
          `{ ${item}(id: "${id}") { ${kinds.itemFields} ${parent} { ${kinds.parentFields} } } }`,
        );
        const truth = kinds.expectedObjects(mode, sandbox.imagesUrl).item(id);
        expect(dataAndErrorCodes(response)).toEqual(withoutErrors({ [item]: truth }));
        expect(apiCalls()).toEqual([`/${list}/${id}?market=US`]);
      }
    });

    test.each(Object.entries(kinds.readable))(
      'many %ss come in the order of their ids, and unknown ids are null',
      async (kind, readableIds) => {
        const { execute, apiCalls } = await startInMode(mode);
        const ids = [...readableIds, unknownId, ...readableIds.slice(1)];
        expect(dataAndErrorCodes(await execute(`{ ${kind}s(ids: ${jsonList(ids)}) { id } }`))).toEqual(
          withoutErrors({ [`${kind}s`]: ids.map((id) => (id === unknownId ? null : { id })) }),
        );
        const distinct = [...readableIds, unknownId];
        expect(apiCalls()).toEqual(
          mode === 'extended'
            ? [`/${kind}s?ids=${distinct.join('%2C')}&market=US`]
            : distinct.map((id) => `/${kind}s/${id}?market=US`),
        );
      },
    );

    test(`the first fifty ${item}s come with their ${parent}, and each further page of fifty is one call`, async () => {
      const gateway = await startInMode(mode);
      const all = partsOf(long);
      const first = await window(gateway, long, 'first: 50');
      expect(idsOf(first)).toEqual(all.slice(0, 50));
      expect(gateway.apiCalls()).toEqual([path(long)]);
      gateway.sandbox.clearCalls();
      const rest = await window(gateway, long, `first: 80, after: "${first.pageInfo.endCursor}"`);
      expect(idsOf(rest)).toEqual(all.slice(50));
      expect(rest.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
      expect(gateway.apiCalls().toSorted()).toEqual(
        [50, 100].map((offset) => listPath(long, offset)).toSorted(),
      );
    });

    test(`null ${item}s and slots without ${item}s have no edge, and every walk reaches the end`, async () => {
      for (const size of [1, 7, 20, 100]) {
        const gateway = await startInMode(mode);
        const ids: string[] = [];
        let after = '';
        for (let more = true; more; ) {
          const page = await window(gateway, gaps, `first: ${size}${after}`);
          expect(page.totalCount).toBe(60);
          ids.push(...idsOf(page));
          more = page.pageInfo.hasNextPage;
          after = `, after: "${page.pageInfo.endCursor}"`;
        }
        expect(ids).toEqual(partsOf(gaps));
        expect(gateway.apiCalls()).toEqual([path(gaps), listPath(gaps, 50)]);
      }
    });

    test(`one ${parent} without ${item}s has an empty list, for the call that reads the ${parent}`, async () => {
      const gateway = await startInMode(mode);
      expect(await window(gateway, kinds.empty, 'first: 5')).toMatchObject({
        totalCount: 0,
        nodes: [],
        pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
      });
      expect(gateway.apiCalls()).toEqual([path(kinds.empty)]);
    });
  });

  test(`a market is always sent for ${parent}s and ${item}s: the argument, the market of the object or the default market`, async () => {
    const { execute, apiCalls } = await startInMode('development', { SPOTIFY_MARKET: 'CA' });
    const response = await execute(
      `{ ${parent}(id: "${long}", market: "AU") { ${list}(first: 51) { nodes { id } } }
        ${item}(id: "${kinds.items[0]}") { name } }`,
    );
    expect(response.errors).toEqual([]);
    expect(apiCalls().toSorted()).toEqual(
      [path(long, 'AU'), listPath(long, 50, 'AU'), `/${list}/${kinds.items[0]}?market=CA`].toSorted(),
    );
  });

  test(`a market that lacks the ${parent} makes the list of its ${item}s null without an error`, async () => {
    const { execute } = await startInMode('development');
    const { id, market, name } = elsewhere;
    const document = `{ ${parent}(id: "${id}", market: "${market}") { name ${list}(market: "US") { totalCount } } }`;
    expect(dataAndErrorCodes(await execute(document))).toEqual(
      withoutErrors({ [parent]: { name, [list]: null } }),
    );
  });

  test(`one ${parent} that a search in another market finds has no ${item}s if the market of the list lacks the ${parent}`, async () => {
    const { execute, apiCalls } = await startInMode('development');
    const { id, name, market } = elsewhere;
    const document = `{ search(q: "${name}", market: "${market}") {
      ${parent}s { nodes { name ${list}(market: "US") { totalCount } } } } }`;
    expect(dataAndErrorCodes(await execute(document))).toEqual(
      withoutErrors({ search: { [`${parent}s`]: { nodes: [{ name, [list]: null }] } } }),
    );
    expect(apiCalls().at(-1)).toBe(path(id));
    expect(apiCalls()).toHaveLength(2);
  });

  test(`an unknown app without batch reads costs one more call for several ${parent}s, and the plan is not below the cost`, async () => {
    const { execute, apiCalls } = await startWithUnknownApp('development');
    const ids = kinds.readable[parent as keyof typeof kinds.readable] as readonly string[];
    const response = await execute(
      `{ ${parent}s(ids: ${jsonList(ids)}) { publisher ${list}(first: 1) { nodes { id } } } }`,
    );
    expect(response.errors).toEqual([]);
    expect(apiCalls()).toHaveLength(1 + ids.length);
    expect(response.extensions.spotify?.plannedCalls).toBeGreaterThanOrEqual(1 + ids.length);
  });

  test(`a federation router refers to ${parent}s and ${item}s by their keys`, async () => {
    const { execute } = await startInMode('development');
    const fields = [parent, item].map((name) => `... on ${type(name)} { name }`).join(' ');
    const response = await execute(
      `query ($all: [_Any!]!) { _entities(representations: $all) { ${fields} } }`,
      {
        all: [
          { __typename: type(parent), id: kinds.parents[0] },
          { __typename: type(item), id: kinds.items[0] },
        ],
      },
    );
    expect(dataAndErrorCodes(response)).toEqual(
      withoutErrors({ _entities: kinds.names.map((name) => ({ name })) }),
    );
  });
});
