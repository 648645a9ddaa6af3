import { expect, test, vi } from 'vitest';
import { startClock } from '../support/clock.ts';
import {
  albums,
  artists,
  catalogue,
  dataAndErrorCodes,
  startInMode,
  withoutErrors,
} from '../support/schema-tests.ts';

/** Stale cache entries in responses, and the calls to Spotify that refresh them. */

const hour = 3_600;
const everyArtist = catalogue.artists().map(({ id }) => id);
const artist = (id: string) => `{ artist(id: "${id}") { name } }`;
const nameOf = (id: string) => withoutErrors({ artist: { name: catalogue.artist(id)?.name } });

test('a stale cache entry is served at once and listed in `stale`, is refreshed once, and is then fresh for six hours', async () => {
  const clock = startClock();
  const { execute, fetch, apiCalls, sandbox } = await startInMode('development');
  await execute(artist(artists.bts));
  await clock.pass(6 * hour + 1);
  sandbox.clearCalls();
  const stale = await execute(artist(artists.bts));
  expect(dataAndErrorCodes(stale)).toEqual(nameOf(artists.bts));
  expect(stale.extensions.spotify?.stale).toEqual([
    { field: 'Query.artist', path: ['artist'], reason: 'REVALIDATING' },
  ]);
  await vi.waitFor(() => expect(apiCalls()).toEqual([`/artists/${artists.bts}`]));
  await vi.waitFor(async () => {
    const fresh = await execute(artist(artists.bts));
    expect(fresh.extensions.spotify?.stale).toEqual([]);
  });
  expect(apiCalls()).toHaveLength(1);
  const response = await fetch(`/graphql?query=${encodeURIComponent(artist(artists.bts))}`);
  expect(response.headers.get('cache-control')).toMatch(/max-age=2\d{4}/); // 6 hours
});

test.each([
  ['artists', (ids: string) => `artists(ids: [${ids}]) { id }`, artists.bts, artists.albums120, 6],
  ['albums', (ids: string) => `albums(ids: [${ids}]) { id }`, albums.tracks1, albums.tracks55, 24],
  ['nodes', (ids: string) => `nodes(ids: [${ids}]) { id }`, artists.bts, albums.tracks1, 6],
  [
    '_entities',
    (ids: string) => `_entities(representations: [${ids}]) { ... on Artist { id } }`,
    artists.bts,
    artists.albums120,
    6,
  ],
])(
  '`stale` lists the stale objects of %s by their places',
  async (field, documentOf, older, newer, freshHours) => {
    const clock = startClock();
    const { execute } = await startInMode('development');
    const key = (id: string) => (field === '_entities' ? `{ __typename: "Artist", id: "${id}" }` : `"${id}"`);
    const read = (...ids: string[]) => execute(`{ list: ${documentOf(ids.map(key).join())} }`);
    await read(older);
    await clock.pass(freshHours * hour - 10);
    await read(newer);
    await clock.pass(20);
    const { errors, extensions } = await read(newer, older);
    expect(errors).toEqual([]);
    expect(extensions.spotify?.stale).toEqual([
      { field: `Query.${field}`, path: ['list', 1], reason: 'REVALIDATING' },
    ]);
  },
);

test('a daily limit that is more than half used extends the freshness of a list, without a call and without an item in `stale`', async () => {
  const clock = startClock();
  const { execute, apiCalls, sandbox } = await startInMode('development', {
    SPOTIFY_DAILY_LIMITS: 'artists/albums=10',
  });
  const list = (id: string) => `{ artist(id: "${id}") { albums(first: 5) { nodes { name } } } }`;
  const ids = everyArtist.slice(0, 8);
  for (const id of ids) await execute(list(id));
  const lists = () => apiCalls().filter((path) => path.includes('/albums'));
  expect(lists()).toHaveLength(8);
  sandbox.clearCalls();
  await clock.pass(5 * hour); // of 1 hour of freshness, which 8 calls of 10 extend to 10.8 hours
  const { extensions } = await execute(list(ids[0] ?? ''));
  expect(extensions.spotify?.stale).toEqual([]);
  expect(lists()).toEqual([]);
});

test('a client that sends the ETag of a response to GET gets 304, also with the weak ETag of a compressing proxy', async () => {
  const { fetch, apiCalls } = await startInMode('development');
  const get = (headers: Record<string, string> = {}) =>
    fetch(`/graphql?query=${encodeURIComponent(artist(artists.bts))}`, { headers });
  const etag = (await get()).headers.get('etag') ?? expect.fail();
  for (const sent of [etag, `W/${etag}`, `"another", W/${etag}`]) {
    const response = await get({ 'if-none-match': sent });
    expect([response.status, await response.text(), response.headers.get('etag')]).toEqual([304, '', etag]);
    expect(response.headers.get('content-length')).toBeNull();
  }
  expect((await get({ 'if-none-match': '"another"' })).status).toBe(200);
  expect(apiCalls()).toHaveLength(1);
});
