import { describe, expect, test } from 'vitest';
import {
  albums,
  artists,
  callsByOrigin,
  dataAndErrorCodes,
  dataOf,
  errorResponse,
  jsonList,
  startInMode,
  tracks,
  unknownId,
  withoutErrors,
} from '../../support/schema-tests.ts';

const document = `query ($id: ID!) { node(id: $id) {
  __typename id ... on Artist { name } ... on Album { name } ... on Track { name }
} }`;
const bts = { __typename: 'Artist', id: artists.bts, name: 'BTS' };
const rooms = { __typename: 'Album', id: albums.tracks20, name: 'Twenty Rooms' };
const track = { __typename: 'Track', id: tracks.explicit, name: expect.any(String) };

describe('a node', () => {
  test.each([
    [`spotify:artist:${bts.id}`, bts, [`/artists/${bts.id}`]],
    [`spotify:album:${rooms.id}`, rooms, [`/albums/${rooms.id}`]],
    [`https://open.spotify.com/intl-es/track/${track.id}?si=1`, track, [`/tracks/${track.id}`]],
    [bts.id, bts, [`/artists/${bts.id}`]],
    [rooms.id, rooms, [`/artists/${rooms.id}`, `/albums/${rooms.id}`]],
    [track.id, track, [`/artists/${track.id}`, `/albums/${track.id}`, `/tracks/${track.id}`]],
    [unknownId, null, [`/artists/${unknownId}`, `/albums/${unknownId}`, `/tracks/${unknownId}`]],
    [`spotify:track:${unknownId}`, null, [`/tracks/${unknownId}`]],
  ])(
    'a node by %s costs one call if the id states its kind, else artist, album and track are read in this order',
    async (id, node, calls) => {
      const { execute, apiCalls } = await startInMode('development');
      for (let time = 0; time < 2; time++) {
        expect(await dataOf({ execute }, document, { id })).toEqual({ node });
      }
      expect(apiCalls()).toEqual(calls);
    },
  );

  test('a node that is cached in any form is found without a call', async () => {
    const { execute, apiCalls, sandbox } = await startInMode('development');
    await execute(`{ artist(id: "${artists.edgeCases}") { albums(first: 30) { nodes { name } } }
      track(id: "${tracks.explicit}") { name } }`);
    sandbox.clearCalls();
    for (const [id, node] of [
      [rooms.id, rooms],
      [track.id, track],
      [artists.edgeCases, { __typename: 'Artist', id: artists.edgeCases, name: 'Cabinet of Oddities' }],
    ] as const) {
      const response = await execute(document, { id });
      expect(dataAndErrorCodes(response)).toEqual(withoutErrors({ node }));
      expect(callsByOrigin(response)).toEqual([expect.stringContaining('cache ')]);
    }
    expect(apiCalls()).toEqual([]);
  });

  test.each([
    `{ node(id: "${track.id}") { id } track(id: "${track.id}") { name } }`,
    `{ track(id: "${track.id}") { name } node(id: "${track.id}") { id } }`,
    `{ nodes(ids: ["${track.id}", "spotify:track:${track.id}"]) { id } }`,
  ])('a node by a bare id costs no call if another field reads the object: %s', async (operation) => {
    const { execute, apiCalls } = await startInMode('development');
    const { errors, data } = await execute(operation);
    expect([errors, JSON.stringify(data)]).toEqual([[], expect.stringContaining(track.id)]);
    expect(apiCalls()).toEqual([`/tracks/${track.id}`]);
  });

  test('a node by a bare id is found although another field fails to read it as an object of another kind', async () => {
    const { execute, apiCalls, sandbox } = await startInMode('development');
    sandbox.faults.add({ on: { route: 'albums' }, fault: errorResponse(403) });
    const operation = `{ album(id: "${bts.id}") { id } node(id: "${bts.id}") { id } }`;
    expect(dataAndErrorCodes(await execute(operation))).toEqual({
      data: { album: null, node: { id: bts.id } },
      errors: [['album', 'UPSTREAM_FORBIDDEN']],
    });
    expect(apiCalls()).toEqual([`/albums/${bts.id}`, `/artists/${bts.id}`]);
  });

  test('a node of a known kind is requested together with its list, and a node that does not exist is null without an error', async () => {
    const latencyMs = 60;
    const { execute, sandbox } = await startInMode('development', {}, { latencyMs });
    const withAlbums = (id: string) => `{ node(id: "spotify:artist:${id}") {
      id ... on Artist { albums(first: 1) { totalCount } }
    } }`;
    expect(await dataOf({ execute }, withAlbums(bts.id))).toEqual({
      node: { id: bts.id, albums: { totalCount: 104 } },
    });
    const [first, second] = sandbox.calls().filter(({ kind }) => kind === 'api');
    expect([first?.route, second?.route].toSorted()).toEqual(['artists', 'artists/albums']);
    expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeLessThan(latencyMs);
    expect(await dataOf({ execute }, withAlbums(unknownId))).toEqual({ node: null });
  });
});

describe('many nodes', () => {
  const ids = [track.id, `spotify:album:${rooms.id}`, unknownId, bts.id, rooms.id, bts.id];
  const nodesDocument = `query ($ids: [ID!]!) { nodes(ids: $ids) {
    __typename id ... on Artist { name } ... on Album { name } ... on Track { name }
  } }`;
  const nodes = [track, rooms, null, bts, rooms, bts];

  test('nodes of all kinds are in the order of their ids', async () => {
    const { execute, apiCalls } = await startInMode('development');
    expect(await dataOf({ execute }, nodesDocument, { ids })).toEqual({ nodes });
    const bareIds = [track.id, unknownId, bts.id]; // and that of an album which its URI reads
    expect(
      apiCalls()
        .filter((path) => path.startsWith('/artists/'))
        .toSorted(),
    ).toEqual(bareIds.map((id) => `/artists/${id}`).toSorted());
    expect(
      apiCalls()
        .filter((path) => path.startsWith('/tracks/'))
        .toSorted(),
    ).toEqual([track.id, unknownId].map((id) => `/tracks/${id}`).toSorted());
    expect(new Set(apiCalls()).size).toBe(apiCalls().length);
  });

  test('nodes by bare ids cost one call for each kind if the app has batch reads', async () => {
    const { execute, apiCalls } = await startInMode('extended');
    const bareIds = ids.filter((id) => !id.includes(':'));
    expect(await dataOf({ execute }, nodesDocument, { ids: bareIds })).toEqual({
      nodes: [track, null, bts, rooms, bts],
    });
    const joined = (...all: string[]) => all.join('%2C');
    expect(apiCalls()).toEqual([
      `/artists?ids=${joined(track.id, unknownId, bts.id, rooms.id)}`,
      `/albums?ids=${joined(track.id, unknownId, rooms.id)}`,
      `/tracks?ids=${joined(track.id, unknownId)}`,
    ]);
  });

  test('nodes fail one by one, each with its own path', async () => {
    const { execute, sandbox } = await startInMode('development');
    sandbox.faults.add({ on: { path: `/albums/${rooms.id}` }, fault: { kind: 'premium-lapsed' } });
    const uris = [`spotify:artist:${bts.id}`, `spotify:album:${rooms.id}`, 'nonsense'];
    expect(dataAndErrorCodes(await execute(`{ nodes(ids: ${jsonList(uris)}) { id } }`))).toEqual({
      data: { nodes: [{ id: bts.id }, null, null] },
      errors: [
        ['nodes.2', 'BAD_USER_INPUT'],
        ['nodes.1', 'UPSTREAM_FORBIDDEN'],
      ],
    });
  });
});
