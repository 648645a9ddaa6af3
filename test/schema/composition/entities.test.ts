import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { startClock } from '../../support/clock.ts';
import {
  artists,
  audiobooks,
  catalogue,
  chapters,
  playlists,
  startInMode,
} from '../../support/schema-tests.ts';

/** A federation router reads up to 1,000 entities. Cached entities cost no call, and those beyond the limit are null. */

const ids = catalogue.artists().map(({ id }) => id);
const { bts } = artists;
const name = 'query ($of: [_Any!]!) { _entities(representations: $of) { ... on Artist { name } } }';
const artist = (id: string) => ({ __typename: 'Artist', id });
const representations = (count: number) => ids.slice(0, count).map(artist);

type Entities = { _entities: ({ name: string } | null)[] };

describe('entities that are not cached', () => {
  test('entities beyond MAX_UPSTREAM_CALLS are null, each with QUERY_TOO_COMPLEX at its own path', async () => {
    const { execute, apiCalls } = await startInMode('development', { MAX_UPSTREAM_CALLS: '3' });
    const { status, data, errors } = await execute<Entities, unknown>(name, { of: representations(5) });
    expect(status).toBe(200);
    expect(data._entities.map((entity) => entity !== null)).toEqual([true, true, true, false, false]);
    expect(errors).toEqual(
      [3, 4].map((index) => ({
        message: expect.any(String),
        locations: expect.any(Array),
        path: ['_entities', index],
        extensions: { code: 'QUERY_TOO_COMPLEX', limit: 3, actual: 5 },
      })),
    );
    expect(apiCalls().toSorted()).toEqual(
      ids
        .slice(0, 3)
        .map((id) => `/artists/${id}`)
        .toSorted(),
    );
  });

  test('entities share the limit of calls with their lists and with other fields', async () => {
    const { execute, apiCalls } = await startInMode('development', { MAX_UPSTREAM_CALLS: '5' });
    const { data, errors, extensions } = await execute<Entities, unknown>(
      `query ($of: [_Any!]!) {
        artist(id: "${bts}") { name }
        _entities(representations: $of) { ... on Artist { name albums(first: 5) { nodes { name } } } }
      }`,
      { of: ids.slice(10, 14).map(artist) },
    );
    expect(data._entities.map((entity) => entity !== null)).toEqual([true, true, false, false]);
    expect(errors.map(({ path }) => path)).toEqual([
      ['_entities', 2],
      ['_entities', 3],
    ]);
    expect(extensions.spotify?.plannedCalls).toBe(5);
    expect(apiCalls()).toHaveLength(5);
  });

  test('entities are read in batches for an app with batch reads: 50 entities are one call', async () => {
    const { execute, apiCalls } = await startInMode('extended', { MAX_UPSTREAM_CALLS: '1' });
    const { data, errors } = await execute<Entities, unknown>(name, { of: representations(52) });
    expect(data._entities.filter(Boolean)).toHaveLength(50);
    expect(errors.map(({ path }) => path)).toEqual([
      ['_entities', 50],
      ['_entities', 51],
    ]);
    expect(apiCalls()).toHaveLength(1);
  });

  test('an operation with entities is rejected if its other fields exceed the limit', async () => {
    const { execute, sandbox } = await startInMode('development', { MAX_UPSTREAM_CALLS: '1' });
    const { status, errors } = await execute(
      `query ($of: [_Any!]!) {
        artists(ids: ${JSON.stringify(ids.slice(0, 2))}) { name }
        _entities(representations: $of) { ... on Artist { name } }
      }`,
      { of: representations(3) },
    );
    expect(status).toBe(400);
    expect(errors).toMatchObject([{ extensions: { code: 'QUERY_TOO_COMPLEX', limit: 1 } }]);
    expect(sandbox.calls()).toEqual([]);
  });
});

describe('entities that are cached', () => {
  test('an operation refreshes at most 100 stale entities in the background, and the next operation refreshes the others', async () => {
    const clock = startClock();
    const { execute, apiCalls, sandbox } = await startInMode('development', { MAX_UPSTREAM_CALLS: '200' });
    const of = catalogue
      .albums()
      .slice(0, 150)
      .map(({ id }) => ({ __typename: 'Album', id }));
    const read = () =>
      execute<Entities, unknown>(
        'query ($of: [_Any!]!) { _entities(representations: $of) { ... on Album { id } } }',
        { of },
      );
    await read();
    await clock.pass(25 * 3_600); // albums are fresh for a day
    sandbox.clearCalls();
    // Without the batch call that finds out once a day whether the app may still send none.
    const refreshes = () => apiCalls().filter((path) => !path.includes('ids='));
    for (const refreshed of [100, 150]) {
      const { data, errors } = await read();
      expect([data._entities.filter(Boolean).length, errors]).toEqual([150, []]);
      await expect.poll(() => refreshes().length, { timeout: 5_000 }).toBe(refreshed);
      await sleep(100); // no further call follows
      expect(refreshes()).toHaveLength(refreshed);
    }
  });

  test('cached entities add no planned calls, so that other entities are read', async () => {
    const { execute, apiCalls, sandbox } = await startInMode('development', { MAX_UPSTREAM_CALLS: '3' });
    await execute(name, { of: representations(3) });
    sandbox.clearCalls();
    const { data, errors, extensions } = await execute<Entities, unknown>(name, { of: representations(7) });
    expect(data._entities.map((entity) => entity !== null)).toEqual([...Array(6).fill(true), false]);
    expect(errors.map(({ path }) => path)).toEqual([['_entities', 6]]);
    expect(extensions.spotify).toMatchObject({ plannedCalls: 3, actualCalls: 3, cacheHits: 3 });
    expect(apiCalls()).toHaveLength(3);
  });

  test('an entity costs a call if a selected field needs more than the cached simplified object', async () => {
    const { execute, apiCalls, sandbox } = await startInMode('development', { MAX_UPSTREAM_CALLS: '3' });
    const list = await execute<{ artist: { albums: { nodes: { id: string }[] } } }, unknown>(
      `{ artist(id: "${bts}") { albums(first: 10) { nodes { id } } } }`,
    );
    const of = list.data.artist.albums.nodes.slice(0, 5).map(({ id }) => ({ __typename: 'Album', id }));
    sandbox.clearCalls();
    const entities = (field: string) =>
      execute<Entities, unknown>(
        `query ($of: [_Any!]!) { _entities(representations: $of) { ... on Album { ${field} } } }`,
        { of },
      );
    expect((await entities('name')).extensions.spotify).toMatchObject({ plannedCalls: 0, actualCalls: 0 });
    const full = await entities('copyrights { text }');
    expect(full.errors.map(({ path }) => path)).toEqual([
      ['_entities', 3],
      ['_entities', 4],
    ]);
    expect(full.extensions.spotify).toMatchObject({ plannedCalls: 3, actualCalls: 3 });
    expect(apiCalls()).toHaveLength(3);
  });
});

test('1,000 representations are read at a time, and more representations are BAD_USER_INPUT without a call', async () => {
  const { execute, sandbox } = await startInMode('development');
  const of = (count: number) => Array.from({ length: count }, () => artist(bts));
  const most = await execute<Entities, unknown>(name, { of: of(1_000) });
  expect(most.data._entities.filter(Boolean)).toHaveLength(1_000);
  sandbox.clearCalls();
  const more = await execute(name, { of: of(1_001) });
  expect({ data: more.data, codes: more.errors.map(({ extensions }) => extensions?.['code']) }).toEqual({
    data: null,
    codes: ['BAD_USER_INPUT'],
  });
  expect(sandbox.calls()).toEqual([]);
});

test('representations by URI and by id share one call, and a later representation costs no call', async () => {
  const { execute, apiCalls } = await startInMode('development');
  const byUri = { __typename: 'Artist', uri: `spotify:artist:${bts}` };
  const { data, errors } = await execute<Entities, unknown>(name, { of: [byUri, artist(bts), byUri] });
  expect(errors).toEqual([]);
  expect(data._entities).toEqual([{ name: 'BTS' }, { name: 'BTS' }, { name: 'BTS' }]);
  await execute(name, { of: [byUri] });
  expect(apiCalls()).toEqual([`/artists/${bts}`]);
});

test.each([
  ['Audiobook', `spotify:show:${audiobooks.chapters3}`, 'Three Corridors'],
  ['Audiobook', `spotify:audiobook:${audiobooks.chapters3}`, 'Three Corridors'],
  ['Chapter', `spotify:episode:${chapters.first}`, 'Opening Credits'],
  ['Playlist', `spotify:playlist:${playlists.items3}`, 'Three of a Kind'],
])('a representation of the type %s by the URI %s is read with one call', async (type, uri, title) => {
  const { execute, apiCalls } = await startInMode('development');
  const document = `query ($of: [_Any!]!) { _entities(representations: $of) { ... on ${type} { name } } }`;
  const { data, errors } = await execute<Entities, unknown>(document, { of: [{ __typename: type, uri }] });
  expect({ data, errors }).toEqual({ data: { _entities: [{ name: title }] }, errors: [] });
  expect(apiCalls()).toHaveLength(1);
});

test('a representation by a URI of another kind is BAD_USER_INPUT without a call', async () => {
  const { execute, apiCalls } = await startInMode('development');
  const { data, errors } = await execute(name, {
    of: [{ __typename: 'Artist', uri: `spotify:album:${bts}` }],
  });
  expect(data).toEqual({ _entities: [null] });
  expect(errors.map(({ extensions }) => extensions?.['code'])).toEqual(['BAD_USER_INPUT']);
  expect(apiCalls()).toEqual([]);
});

describe('representations in the document', () => {
  const document = `query ($id: ID, $type: String = "Artist") {
    _entities(representations: [{ __typename: $type, id: $id }, { __typename: "Artist", uri: "spotify:artist:${bts}" }]) {
      ... on Artist { id name }
    }
  }`;

  test('representations in the document may contain variables, in each run of the operation', async () => {
    const { execute, apiCalls } = await startInMode('development');
    for (const id of [ids[3], ids[4], bts, `spotify:artist:${ids[3]}`, ids[4]]) {
      const { data, errors } = await execute<{ _entities: { id: string }[] }, object>(document, { id });
      expect(errors).toEqual([]);
      expect(data._entities.map((entity) => entity.id)).toEqual([id?.slice(-22), bts]);
    }
    expect(apiCalls().sort()).toEqual([bts, ids[3], ids[4]].map((id) => `/artists/${id}`).sort());
  });

  test.each([null, undefined])(
    'the value %s of a variable in a representation is an error of its own entity, and costs no call',
    async (id) => {
      const { execute, apiCalls } = await startInMode('development');
      await execute(document, { id: bts });
      for (let run = 0; run < 3; run++) {
        const { data, errors, extensions } = await execute<{ _entities: unknown[] }, object>(document, {
          id,
        });
        expect(data._entities).toEqual([null, { id: bts, name: 'BTS' }]);
        expect(errors.map(({ path, extensions }) => [path, extensions?.['code']])).toEqual([
          [['_entities', 0], 'BAD_USER_INPUT'],
        ]);
        expect(extensions.spotify?.plannedCalls).toBe(0);
      }
      expect(apiCalls()).toEqual([`/artists/${bts}`]);
    },
  );
});
