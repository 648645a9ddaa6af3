import { describe, expect, test } from 'vitest';
import { audiobookTruth, chapterIds, listedChapterFields } from '../support/audiobooks.ts';
import { startClock } from '../support/clock.ts';
import {
  audiobooks,
  catalogue,
  chapters,
  dataAndErrorCodes,
  jsonList,
  modes,
  shows,
  startInMode,
  withoutErrors,
} from '../support/schema-tests.ts';

/** Audiobooks and chapters: promises that differ from those of shows and episodes, with the calls they cost. */

const audiobookPath = (id: string, market = 'US') => `/audiobooks/${id}?market=${market}`;
const listPath = (id: string, offset: number) =>
  `/audiobooks/${id}/chapters?market=US&limit=50&offset=${offset}`;

const hour = 3_600;

describe.each(modes)('for an app in %s mode', (mode) => {
  test('the chapters of a list have all fields of listed chapters and their audiobook, without another call', async () => {
    const { execute, apiCalls, sandbox } = await startInMode(mode);
    const response = await execute(
      `{ audiobook(id: "${audiobooks.chapters3}") {
        chapters(first: 3) { nodes { ${listedChapterFields} audiobook { name } } } } }`,
    );
    const { listedChapter } = audiobookTruth(mode, sandbox.imagesUrl);
    const nodes = chapterIds(audiobooks.chapters3).map((id) => {
      const chapter = catalogue.chapter(id);
      return chapter && { ...listedChapter(chapter), audiobook: { name: 'Three Corridors' } };
    });
    expect(dataAndErrorCodes(response)).toEqual(withoutErrors({ audiobook: { chapters: { nodes } } }));
    expect(apiCalls()).toEqual([audiobookPath(audiobooks.chapters3)]);
  });

  test('the fields of chapters that lists leave empty come from the full chapters, as the plan says', async () => {
    const { execute, apiCalls } = await startInMode(mode);
    const list = (fields: string) =>
      `{ audiobook(id: "${audiobooks.chapters3}") { chapters(first: 3) { nodes { ${fields} } } } }`;
    await execute(list('name'));
    const response = await execute(list('isPlayable languages htmlDescription'));
    const htmlDescription = catalogue.audiobook(audiobooks.chapters3)?.htmlDescription;
    const nodes = [false, true, true].map((isPlayable) => ({
      isPlayable,
      languages: ['en'],
      htmlDescription,
    }));
    expect(dataAndErrorCodes(response)).toEqual(withoutErrors({ audiobook: { chapters: { nodes } } }));
    const ids = chapterIds(audiobooks.chapters3);
    expect(apiCalls()).toEqual([
      audiobookPath(audiobooks.chapters3),
      ...(mode === 'extended'
        ? [`/chapters?ids=${ids.join('%2C')}&market=US`]
        : ids.map((id) => `/chapters/${id}?market=US`)),
    ]);
    expect(response.extensions.spotify?.plannedCalls).toBe(apiCalls().length);
  });

  test('audiobooks that one operation reads contain their first chapters, which cost no call', async () => {
    const { execute, apiCalls } = await startInMode(mode);
    const ids = [audiobooks.chapters3, audiobooks.chapters50, audiobooks.chapters130];
    const response = await execute(
      `{ audiobooks(ids: ${jsonList(ids)}) { chapters(first: 2) { nodes { id } } } }`,
    );
    const expected = ids.map((id) => ({
      chapters: {
        nodes: chapterIds(id)
          .slice(0, 2)
          .map((chapter) => ({ id: chapter })),
      },
    }));
    expect(dataAndErrorCodes(response)).toEqual(withoutErrors({ audiobooks: expected }));
    expect(apiCalls()).toEqual(
      mode === 'extended'
        ? [`/audiobooks?ids=${ids.join('%2C')}&market=US`]
        : ids.map((id) => audiobookPath(id)),
    );
  });

  test('one search call finds shows and audiobooks, and the full audiobooks contain the chapters', async () => {
    const { execute, apiCalls } = await startInMode(mode);
    const response = await execute<{ search: { audiobooks: { nodes: { id: string }[] } } }, unknown>(
      `{ search(q: "corridor", market: "US") { shows { totalCount }
        audiobooks(first: 2) { nodes { id publisher chapters(first: 1) { nodes { id } } } } } }`,
    );
    expect(response.errors).toEqual([]);
    const ids = response.data.search.audiobooks.nodes.map(({ id }) => id);
    expect(ids).toHaveLength(2);
    const [search, ...reads] = apiCalls();
    expect(search).toMatch(/^\/search\?q=corridor&market=US&.*&type=show%2Caudiobook$/);
    expect(reads).toEqual(
      mode === 'extended'
        ? [`/audiobooks?ids=${ids.join('%2C')}&market=US`]
        : ids.map((id) => audiobookPath(id)),
    );
    expect(response.extensions.spotify?.plannedCalls).toBeGreaterThanOrEqual(apiCalls().length);
  });
});

describe('the market of audiobooks', () => {
  test.each(['DE', 'FR'])(
    'audiobooks and chapters are null without an error in a market that has no audiobooks: %s',
    async (market) => {
      for (const mode of modes) {
        const { execute, apiCalls } = await startInMode(mode);
        const document = `{ audiobook(id: "${audiobooks.chapters3}", market: "${market}") { name }
        chapters(ids: ["${chapters.first}"], market: "${market}") { name }
        search(q: "corridor", market: "${market}") { audiobooks { totalCount } } }`;
        expect(dataAndErrorCodes(await execute(document))).toEqual(
          withoutErrors({ audiobook: null, chapters: [null], search: { audiobooks: { totalCount: 0 } } }),
        );
        expect(apiCalls()).toHaveLength(3);
      }
    },
  );

  test.each(['US', 'GB', 'CA', 'IE', 'NZ', 'AU'])(
    'an audiobook is found in a market that has audiobooks: %s',
    async (market) => {
      const { execute } = await startInMode('development');
      const document = `{ audiobook(id: "${audiobooks.chapters3}", market: "${market}") { name } }`;
      expect(dataAndErrorCodes(await execute(document))).toEqual(
        withoutErrors({ audiobook: { name: 'Three Corridors' } }),
      );
    },
  );
});

describe('URIs and links of audiobooks and chapters, which Spotify writes like those of shows and episodes', () => {
  test('the field `audiobooks` accepts URIs and links that say show or audiobook', async () => {
    for (const kind of ['show', 'audiobook']) {
      const { execute, apiCalls } = await startInMode('development');
      const ids = [
        `spotify:${kind}:${audiobooks.chapters3}`,
        `https://open.spotify.com/${kind}/${audiobooks.chapters3}?si=1`,
      ];
      expect(dataAndErrorCodes(await execute(`{ audiobooks(ids: ${jsonList(ids)}) { name } }`))).toEqual(
        withoutErrors({ audiobooks: ids.map(() => ({ name: 'Three Corridors' })) }),
      );
      expect(apiCalls()).toEqual([audiobookPath(audiobooks.chapters3)]);
    }
  });

  test('`node` finds audiobooks and chapters by URIs and links of shows and episodes, after it reads a show or an episode first', async () => {
    const { execute, apiCalls } = await startInMode('development');
    const node = async (id: string) =>
      dataAndErrorCodes(await execute(`{ node(id: "${id}") { id __typename } }`));
    expect(await node(`spotify:show:${audiobooks.chapters3}`)).toEqual(
      withoutErrors({ node: { id: audiobooks.chapters3, __typename: 'Audiobook' } }),
    );
    expect(await node(`https://open.spotify.com/episode/${chapters.first}`)).toEqual(
      withoutErrors({ node: { id: chapters.first, __typename: 'Chapter' } }),
    );
    expect(apiCalls()).toEqual([
      `/shows/${audiobooks.chapters3}?market=US`,
      audiobookPath(audiobooks.chapters3),
      `/episodes/${chapters.first}?market=US`,
      `/chapters/${chapters.first}?market=US`,
    ]);
    await node(`spotify:show:${audiobooks.chapters3}`);
    expect(apiCalls()).toHaveLength(4);
  });

  test('`node` finds audiobooks and chapters also if Spotify responds with them where a show or an episode is requested', async () => {
    const { execute, sandbox, apiCalls } = await startInMode('development');
    const respond = (route: string, object: { id: string; type: string }) =>
      sandbox.faults.add({
        on: { route },
        fault: { kind: 'answer', status: 200, json: { ...object, name: 'A name' } },
      });
    const [show, episode] = [audiobooks.chapters3, chapters.first];
    respond('shows', { id: show, type: 'audiobook' });
    respond('episodes', { id: episode, type: 'chapter' });
    const nodes = `{ node(id: "spotify:show:${show}") { __typename }
      nodes(ids: ["https://open.spotify.com/episode/${episode}"]) { __typename } }`;
    expect(dataAndErrorCodes(await execute(nodes))).toEqual(
      withoutErrors({ node: { __typename: 'Audiobook' }, nodes: [{ __typename: 'Chapter' }] }),
    );
    const document = `{ show(id: "${show}") { name } episode(id: "${episode}") { name } }`;
    expect(dataAndErrorCodes(await execute(document))).toEqual(withoutErrors({ show: null, episode: null }));
    expect(apiCalls().toSorted()).toEqual([
      audiobookPath(show),
      `/chapters/${episode}?market=US`,
      `/episodes/${episode}?market=US`,
      `/shows/${show}?market=US`,
    ]);
  });

  test('a batch of shows has null in the slot of an audiobook', async () => {
    const { execute, sandbox } = await startInMode('extended');
    const edits = [{ path: 'shows.1.type', set: 'audiobook' }];
    sandbox.faults.add({ on: { route: 'shows' }, fault: { kind: 'edit', edits } });
    const document = `{ shows(ids: ${jsonList([shows.episodes3, shows.gaps])}) { name } }`;
    expect(dataAndErrorCodes(await execute(document))).toEqual(
      withoutErrors({ shows: [{ name: 'Three Evenings' }, null] }),
    );
  });

  test('`nodes` makes one call for a show, and one call for an audiobook whose URI says audiobook', async () => {
    const { execute, apiCalls } = await startInMode('development');
    const ids = [`spotify:show:${shows.episodes3}`, `spotify:audiobook:${audiobooks.gaps}`];
    const response = await execute(`{ nodes(ids: ${jsonList(ids)}) { __typename } }`);
    expect(dataAndErrorCodes(response)).toEqual(
      withoutErrors({ nodes: [{ __typename: 'Show' }, { __typename: 'Audiobook' }] }),
    );
    expect(apiCalls()).toHaveLength(2);
    expect(response.extensions.spotify?.plannedCalls).toBe(3);
  });

  test('the fields of shows and episodes reject URIs only if the URIs say audiobook or chapter', async () => {
    const { execute, sandbox, apiCalls } = await startInMode('development');
    const document = (kind: string, part: string) =>
      `{ show(id: "spotify:${kind}:${audiobooks.gaps}") { id } episode(id: "spotify:${part}:${chapters.first}") { id } }`;
    expect(dataAndErrorCodes(await execute(document('audiobook', 'chapter')))).toEqual({
      data: { show: null, episode: null },
      errors: [
        ['show', 'BAD_USER_INPUT'],
        ['episode', 'BAD_USER_INPUT'],
      ],
    });
    expect(sandbox.calls()).toEqual([]);
    expect(dataAndErrorCodes(await execute(document('show', 'episode')))).toEqual(
      withoutErrors({ show: null, episode: null }),
    );
    expect(apiCalls()).toHaveLength(2);
  });
});

test.each(modes)(
  'the pages of chapters that cached audiobooks contain are read again after two hours, and the plan is not below these calls (%s)',
  async (mode) => {
    const clock = startClock();
    const gateway = await startInMode(mode);
    const ids = [audiobooks.chapters3, audiobooks.chapters50, audiobooks.escaped];
    const fields = 'name chapters(first: 1) { nodes { id } }';
    const document = `{ audiobooks(ids: ${jsonList(ids)}) { ${fields} } }`;
    expect((await gateway.execute(document)).errors).toEqual([]);
    gateway.sandbox.clearCalls();
    await clock.pass(2 * hour + 1);
    const entities = await gateway.execute(
      `query ($all: [_Any!]!) { _entities(representations: $all) { ... on Audiobook { ${fields} } } }`,
      { all: [{ __typename: 'Audiobook', id: audiobooks.escaped }] },
    );
    expect(entities.errors).toEqual([]);
    expect(gateway.apiCalls()).toEqual([listPath(audiobooks.escaped, 0)]);
    expect(entities.extensions.spotify?.plannedCalls).toBe(1);
    const response = await gateway.execute(document);
    expect(response.errors).toEqual([]);
    expect(gateway.apiCalls()).toHaveLength(3);
    expect(response.extensions.spotify?.plannedCalls).toBeGreaterThanOrEqual(2);
    await clock.pass(3 * hour);
    gateway.sandbox.clearCalls();
    const again = await gateway.execute(document);
    expect(gateway.apiCalls()).toHaveLength(3);
    expect(again.extensions.spotify?.plannedCalls).toBeGreaterThanOrEqual(3);
  },
);

test('the cache keeps an audiobook for six hours and a chapter for a day', async () => {
  const clock = startClock();
  const { execute, apiCalls, sandbox } = await startInMode('development');
  const audiobook = `{ audiobook(id: "${audiobooks.chapters3}") { name } }`;
  const chapter = `{ chapter(id: "${chapters.first}") { name } }`;
  await execute(audiobook);
  await execute(chapter);
  sandbox.clearCalls();
  await clock.pass(6 * hour - 1);
  expect((await execute(audiobook)).extensions.spotify?.stale).toEqual([]);
  await clock.pass(17 * hour);
  expect((await execute(chapter)).extensions.spotify?.stale).toEqual([]);
  expect(apiCalls()).toEqual([]);
  expect((await execute(audiobook)).extensions.spotify?.actualCalls).toBe(1);
});

test('a chapter whose type is episode, as the documentation of Spotify states, is a chapter', async () => {
  const { execute, sandbox } = await startInMode('development');
  sandbox.faults.add({
    on: { route: 'chapters' },
    fault: { kind: 'edit', edits: [{ path: 'type', set: 'episode' }] },
  });
  expect(dataAndErrorCodes(await execute(`{ chapter(id: "${chapters.first}") { name } }`))).toEqual(
    withoutErrors({ chapter: { name: 'Opening Credits' } }),
  );
});
