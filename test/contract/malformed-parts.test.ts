import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'graphql';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Edit, FaultRule } from '../../src/sandbox/index.ts';
import { schema } from '../../src/schema/index.ts';
import { startGateway } from '../support/gateway.ts';
import { endAfterAll } from '../support/process.ts';
import { hasRedis, startRedis } from '../support/redis.ts';
import {
  albums,
  artists,
  catalogue,
  dataAndErrorCodes,
  startInMode,
  tracks,
  unavailableFields,
  withoutCache,
} from '../support/schema-tests.ts';
import { albumFields, artistFields, trackFields } from '../support/truth.ts';
import { unexplainedNulls } from '../support/unexplained-nulls.ts';

/** Parts of an object that Spotify does not send, or not as documented: each costs only itself. */

interface Part {
  /** The path of the part in the object of Spotify. */
  json: string;
  /** The path of the part in the object of the graph. */
  field: string;
  /** Values that are not as documented. */
  bad: readonly unknown[];
  /** Only full objects have it. */
  full?: true;
  /** If a simplified object lacks it, it comes from the full object. */
  filled?: true;
  /** Spotify leaves it out if the object has no such value, or withholds it from some apps, so its absence is no fault. */
  maybe?: true;
}

const numbers = ['12', -1, 1.5, 1e12, true, {}];
const texts = [7, {}, [], true];
const booleans = ['yes', 1, {}];
const objects = ['x', 7, []];
/** None of them names a track by its id, its URI or its link. */
const unnamedTracks = [
  {},
  ...objects,
  { id: null },
  { id: 7 },
  { id: null, uri: `spotify:episode:${artists.bts}` },
];
const addresses = [7, {}, '', 'javascript:alert(1)', '//i.scdn.co/x'];
const listValues = [{}, 'x', 7];

const image: Part[] = [
  { json: 'images', field: 'images', bad: listValues, filled: true },
  { json: 'images.1', field: 'images.1', bad: objects },
  { json: 'images.0.url', field: 'images.0.url', bad: addresses },
  { json: 'images.0.width', field: 'images.0.width', bad: numbers, maybe: true },
  { json: 'images.0.height', field: 'images.0.height', bad: numbers, maybe: true },
];

const link: Part[] = [
  { json: 'external_urls', field: 'externalUrl', bad: objects },
  { json: 'external_urls.spotify', field: 'externalUrl', bad: addresses },
];

const nestedArtists: Part[] = [
  { json: 'artists', field: 'artists', bad: listValues, filled: true },
  {
    json: 'artists.0',
    field: 'artists.0',
    bad: [...objects, { id: 7, name: 'x' }, { id: artists.bts, name: 7 }],
  },
  // In a list the link of the same artist may come from another item.
  { json: 'artists.0.external_urls', field: 'artists.0.externalUrl', bad: objects, full: true },
];

const availability: Part[] = [
  { json: 'is_playable', field: 'isPlayable', bad: booleans, maybe: true },
  { json: 'restrictions', field: 'restrictions', bad: objects, maybe: true },
];

const parts: Record<'artist' | 'album' | 'track', Part[]> = {
  artist: [
    ...link,
    ...image,
    { json: 'genres', field: 'genres', bad: listValues, maybe: true },
    { json: 'genres.0', field: 'genres.0', bad: texts },
    { json: 'followers', field: 'followers', bad: objects, maybe: true },
    { json: 'followers.total', field: 'followers.total', bad: numbers, maybe: true },
    { json: 'popularity', field: 'popularity', bad: numbers, maybe: true },
  ],
  album: [
    ...link,
    ...image,
    ...nestedArtists,
    ...availability,
    { json: 'total_tracks', field: 'totalTracks', bad: numbers, maybe: true },
    { json: 'release_date', field: 'releaseDate.date', bad: texts, maybe: true },
    { json: 'copyrights', field: 'copyrights', bad: listValues, full: true },
    { json: 'copyrights.0', field: 'copyrights.0', bad: objects, full: true },
    { json: 'copyrights.0.text', field: 'copyrights.0.text', bad: texts, full: true },
    { json: 'external_ids', field: 'externalIds', bad: objects, full: true },
    { json: 'external_ids.upc', field: 'externalIds.upc', bad: texts, full: true, maybe: true },
    { json: 'genres', field: 'genres', bad: listValues, full: true, maybe: true },
    { json: 'label', field: 'label', bad: texts, full: true, maybe: true },
    { json: 'popularity', field: 'popularity', bad: numbers, full: true, maybe: true },
  ],
  track: [
    ...link,
    ...nestedArtists,
    ...availability,
    { json: 'disc_number', field: 'discNumber', bad: numbers },
    { json: 'track_number', field: 'trackNumber', bad: numbers },
    { json: 'duration_ms', field: 'durationMs', bad: numbers },
    { json: 'explicit', field: 'explicit', bad: booleans },
    { json: 'is_local', field: 'isLocal', bad: booleans },
    { json: 'preview_url', field: 'previewUrl', bad: addresses, maybe: true },
    { json: 'linked_from', field: 'linkedFrom', bad: unnamedTracks, maybe: true },
    { json: 'external_ids', field: 'externalIds', bad: objects, full: true },
    { json: 'external_ids.isrc', field: 'externalIds.isrc', bad: texts, full: true, maybe: true },
    { json: 'popularity', field: 'popularity', bad: numbers, full: true, maybe: true },
    {
      json: 'album',
      field: 'album',
      bad: [...objects, { id: 7, name: 'x' }, { id: albums.tracks1 }],
      full: true,
    },
    { json: 'album.external_urls', field: 'album.externalUrl', bad: objects, full: true },
  ],
};

const simplifiedAlbumFields = `id name uri externalUrl albumType totalTracks releaseDate { date precision }
  images { url width height } artists { id name uri externalUrl } isPlayable restrictions { reason }`;
const simplifiedTrackFields = `id name uri externalUrl discNumber trackNumber durationMs explicit isLocal isPlayable
  restrictions { reason } linkedFrom { id uri externalUrl } previewUrl artists { id name externalUrl }`;
const fullTrackFields = trackFields
  .replace('artists { id name }', 'artists { id name externalUrl }')
  .replace('album { id name }', 'album { id name externalUrl }');

/** An artist with every part that may be malformed. */
const popular = catalogue.artists().find(({ images, genres }) => images.length > 1 && genres.length > 0);

interface Place {
  name: string;
  kind: keyof typeof parts;
  query: string;
  /** The request to Spotify, and the paths of the object in the responses of Spotify and of the gateway. */
  on: FaultRule['on'];
  inside: string;
  at: string;
  isSimplified?: true;
}

const places: Place[] = [
  {
    name: 'an artist that is read by its id',
    kind: 'artist',
    query: `{ artist(id: "${popular?.id}") { ${artistFields} } }`,
    on: { route: 'artists' },
    inside: '',
    at: 'artist.',
  },
  {
    name: 'one of several artists that are read together',
    kind: 'artist',
    query: `{ artists(ids: ["${artists.albums9}", "${popular?.id}"]) { ${artistFields} } }`,
    on: { route: 'artists' },
    inside: 'artists.1.',
    at: 'artists.1.',
  },
  {
    name: 'an album that is read by its id',
    kind: 'album',
    query: `{ album(id: "${albums.tracks20}") { ${albumFields} } }`,
    on: { route: 'albums' },
    inside: '',
    at: 'album.',
  },
  {
    name: "an album in an artist's list",
    kind: 'album',
    query: `{ artist(id: "${artists.albums9}") { albums(first: 3) { nodes { ${simplifiedAlbumFields} } } } }`,
    on: { route: 'artists/albums' },
    inside: 'items.1.',
    at: 'artist.albums.nodes.1.',
    isSimplified: true,
  },
  {
    name: 'an album that a search finds',
    kind: 'album',
    query: `{ search(q: "rooms") { albums(first: 3) { nodes { ${simplifiedAlbumFields} } } } }`,
    on: { route: 'search' },
    inside: 'albums.items.1.',
    at: 'search.albums.nodes.1.',
    isSimplified: true,
  },
  {
    name: 'a track that is read by its id',
    kind: 'track',
    query: `{ track(id: "${tracks.severalArtists}") { ${fullTrackFields} } }`,
    on: { route: 'tracks' },
    inside: '',
    at: 'track.',
  },
  {
    name: 'a track in its album',
    kind: 'track',
    query: `{ album(id: "${albums.tracks20}") { tracks(first: 3) { nodes { ${simplifiedTrackFields} } } } }`,
    on: { route: 'albums' },
    inside: 'tracks.items.1.',
    at: 'album.tracks.nodes.1.',
    isSimplified: true,
  },
  {
    name: "a track in a page of its album's tracks",
    kind: 'track',
    query: `{ album(id: "${albums.tracks55}") { tracks(last: 3) { nodes { ${simplifiedTrackFields} } } } }`,
    on: { route: 'albums/tracks' },
    inside: 'items.2.',
    at: 'album.tracks.nodes.0.',
    isSimplified: true,
  },
];

/** The same data with null at one path. */
function withNull<T>(data: T, path: string): T {
  const changed = structuredClone(data);
  const keys = path.split('.');
  let parent = changed as Record<string, unknown>;
  for (const key of keys.slice(0, -1)) parent = parent[key] as Record<string, unknown>;
  parent[keys.at(-1) ?? ''] = null;
  return changed;
}

async function executeWith(edits: readonly Edit[], { query, on }: Place, gateway: Gateway) {
  const { execute, sandbox, apiCalls } = gateway;
  sandbox.faults.clear();
  sandbox.clearCalls();
  if (edits.length > 0) sandbox.faults.add({ ...(on && { on }), fault: { kind: 'edit', edits } });
  const response = await execute<object, object>(query);
  expect(unexplainedNulls(schema, parse(query), {}, response)).toEqual([]);
  return { response, calls: apiCalls() };
}

type Gateway = Awaited<ReturnType<typeof startInMode>>;

describe.each(places)('a part of $name', (place) => {
  const { kind, inside, at, isSimplified } = place;
  const expectedParts = parts[kind].filter(({ full }) => !isSimplified || !full);
  const onEnd = endAfterAll();
  let gateway: Gateway;
  let valid: Awaited<ReturnType<typeof executeWith>>;

  beforeAll(async () => {
    gateway = await startInMode('extended', withoutCache, { onEnd });
    valid = await executeWith([], place, gateway);
    expect(valid.response.errors).toEqual([]);
  });

  test.each(expectedParts)(
    'an undocumented value of $json is an error at $field and nowhere else',
    async (part) => {
      for (const bad of isSimplified ? part.bad.slice(0, 2) : part.bad) {
        const { response, calls } = await executeWith(
          [{ path: inside + part.json, set: bad }],
          place,
          gateway,
        );
        const path = at + part.field;
        expect(dataAndErrorCodes(response), JSON.stringify(bad)).toEqual({
          data: withNull(valid.response.data, path),
          errors: [[path, 'UPSTREAM_BAD_RESPONSE']],
        });
        const reasons = unavailableFields(response).filter((line) => line.includes(` at ${path}:`));
        expect(reasons).toEqual([expect.stringMatching(/: MALFORMED$/)]);
        expect(calls).toEqual(valid.calls);
      }
    },
  );

  test.each(
    expectedParts.filter(({ maybe, filled }) => !maybe && !(filled && isSimplified && kind === 'album')),
  )(
    'a missing $json is null at $field, with an entry in `unavailable` and without an error',
    async ({ json, field }) => {
      const isElement = /\.\d+$/.test(json);
      const absences: Edit[] = [{ path: inside + json, set: null }];
      if (!isElement) absences.push({ path: inside + json, remove: true });
      for (const edit of absences) {
        const { response, calls } = await executeWith([edit], place, gateway);
        const path = at + field;
        expect(dataAndErrorCodes(response)).toEqual({
          data: withNull(valid.response.data, path),
          errors: [],
        });
        const reasons = unavailableFields(response).filter((line) => line.includes(` at ${path}:`));
        expect(reasons).toEqual([expect.stringMatching(/: NOT_SENT$/)]);
        expect(calls).toEqual(valid.calls);
      }
    },
  );
});

describe('a value that the object does not have', () => {
  test.each([
    ['restrictions { reason }', 'restrictions'],
    ['linkedFrom { id }', 'linked_from'],
    ['externalIds { isrc upc ean }', 'external_ids.isrc'],
  ])('a field without a value is null without an entry in `unavailable`: %s', async (field, path) => {
    const { execute, sandbox } = await startInMode('extended');
    sandbox.faults.add({ fault: { kind: 'edit', edits: [{ path, remove: true }] } });
    const response = await execute(`{ track(id: "${tracks.severalArtists}") { ${field} } }`);
    expect(response.errors).toEqual([]);
    expect(unavailableFields(response)).toEqual([]);
  });

  test('a followers object without a number is null as a whole', async () => {
    const { execute, sandbox } = await startInMode('extended');
    const edits: Edit[] = [{ path: 'followers', set: { href: null, total: null } }];
    sandbox.faults.add({ fault: { kind: 'edit', edits } });
    expect(
      dataAndErrorCodes(await execute(`{ artist(id: "${artists.bts}") { followers { total } } }`)),
    ).toEqual({
      data: { artist: { followers: null } },
      errors: [],
    });
  });
});

describe('an object without an id', () => {
  const emptyObject = { id: null, name: null, uri: null, type: 'album', images: [] };
  const local = {
    id: null,
    name: 'Home recording',
    uri: 'spotify:local:::Home+recording:60',
    is_local: true,
  };

  test.each([emptyObject, local, { ...local, id: undefined }, { ...local, id: '' }])(
    'an object without an id in a list is an empty slot',
    async (item) => {
      const lists: [rule: FaultRule['on'], path: string, query: string][] = [
        [
          { route: 'artists/albums' },
          'items.1',
          `{ artist(id: "${artists.albums9}") { list: albums(first: 3) { nodes { id } pageInfo { hasNextPage } } } }`,
        ],
        [
          { route: 'albums' },
          'tracks.items.1',
          `{ album(id: "${albums.tracks20}") { list: tracks(first: 3) { nodes { id } pageInfo { hasNextPage } } } }`,
        ],
        [
          { route: 'search' },
          'tracks.items.1',
          '{ search(q: "amber") { list: tracks(first: 3) { nodes { id } pageInfo { hasNextPage } } } }',
        ],
      ];
      for (const [on, path, query] of lists) {
        const { execute, sandbox } = await startInMode('extended');
        sandbox.faults.add({ ...(on && { on }), fault: { kind: 'edit', edits: [{ path, set: item }] } });
        const { data, errors } = await execute<Record<string, { list: { nodes: object[] } }>, object>(query);
        expect(errors).toEqual([]);
        const [parent] = Object.values(data);
        expect(parent?.list).toMatchObject({ pageInfo: { hasNextPage: true } });
        expect(parent?.list.nodes).toHaveLength(2);
      }
    },
  );

  test.each([{ id: undefined }, { id: null }, { id: '' }])(
    'an album and an artist without an id are null in a track: %j',
    async (noId) => {
      const { execute, sandbox, apiCalls } = await startInMode('extended');
      const edits: Edit[] = [
        { path: 'album', set: { ...emptyObject, name: '', ...noId } },
        { path: 'artists.0', set: { name: 'Somebody', external_urls: {}, ...noId } },
      ];
      sandbox.faults.add({ fault: { kind: 'edit', edits } });
      const response = await execute(
        `{ track(id: "${tracks.explicit}") { id album { id } artists { id } } }`,
      );
      expect(response.errors).toEqual([]);
      expect(response.data).toMatchObject({ track: { id: tracks.explicit, album: null, artists: [null] } });
      expect(unavailableFields(response).toSorted()).toEqual([
        'Track.album at track.album: NOT_SENT',
        'Track.artists at track.artists.0: NOT_SENT',
      ]);
      expect(apiCalls()).toEqual([`/tracks/${tracks.explicit}`]);
    },
  );
});

test.each([
  [
    'a connection',
    { route: 'artists/albums' },
    'items.1',
    `{ artist(id: "${artists.bts}") { list: albums(first: 3) { nodes { name } edges { node { name } } } } }`,
    [
      'ArtistAlbumsConnection.nodes at artist.list.nodes.1',
      'ArtistAlbumsEdge.node at artist.list.edges.1.node',
    ],
  ],
  [
    'a list without pages',
    { route: 'artists/top-tracks' },
    'tracks.1',
    `{ artist(id: "${artists.bts}") { list: topTracks { name } } }`,
    ['Artist.topTracks at artist.list.1'],
  ],
] as const)(
  'an item of %s that is not as documented is null with an error and an entry in `unavailable` at its place',
  async (_, on, path, query, places) => {
    const { execute, sandbox } = await startInMode('extended');
    sandbox.faults.add({ on, fault: { kind: 'edit', edits: [{ path, set: 7 }] } });
    const response = await execute<object, object>(query);
    expect(dataAndErrorCodes(response).errors).toEqual(
      places.map((place) => [place.replace(/^.* at /, ''), 'UPSTREAM_BAD_RESPONSE']),
    );
    expect(unavailableFields(response)).toEqual(places.map((place) => `${place}: MALFORMED`));
  },
);

test.each([7, [], { items: 7 }, { items: [], offset: 3, limit: 50, total: 20 }])(
  'the tracks of an album are read by a separate call if the page in the album is malformed: %j',
  async (page) => {
    const { execute, sandbox, apiCalls } = await startInMode('extended');
    sandbox.faults.add({
      on: { route: 'albums' },
      fault: { kind: 'edit', edits: [{ path: 'tracks', set: page }] },
    });
    const response = await execute(
      `{ album(id: "${albums.tracks20}") { name tracks(first: 1) { nodes { id } } } }`,
    );
    expect(dataAndErrorCodes(response)).toEqual({
      data: {
        album: {
          name: 'Twenty Rooms',
          tracks: { nodes: [{ id: catalogue.tracksOf(albums.tracks20)[0]?.id }] },
        },
      },
      errors: [],
    });
    expect(apiCalls()).toHaveLength(2);
  },
);

describe.skipIf(!hasRedis())('a response that another gateway has read', () => {
  test('a response that another gateway has read has the same missing parts and the same linked track, for no call', async () => {
    const redis = await startRedis();
    const { sandbox } = await startInMode('extended');
    const edits: Edit[] = [
      { path: 'track_number', remove: true },
      { path: 'artists.0.id', set: null },
      { path: 'linked_from', set: { id: null, uri: `spotify:track:${tracks.explicit}` } },
    ];
    sandbox.faults.add({ fault: { kind: 'edit', edits } });
    const query = `{ track(id: "${tracks.severalArtists}") {
      durationMs trackNumber artists { id } linkedFrom { id uri externalUrl }
    } }`;
    const environment = { REDIS_URL: redis.url, SPOTIFY_QUOTA_MODE: 'extended' };
    const connected = async () => {
      const others = await redis.connections();
      const gateway = startGateway(sandbox, environment);
      await gateway.fetch('/ready');
      while ((await redis.connections()) < others + 2) await sleep(5); // one for commands, one for messages
      return gateway;
    };
    const [one, other] = [await connected(), await connected()];
    const first = await one.execute(query);
    expect(first.data).toMatchObject({ track: { trackNumber: null, linkedFrom: { id: tracks.explicit } } });
    while ((await redis.client.keys('*track*')).length === 0) await sleep(5);

    sandbox.clearCalls();
    const second = await other.execute(query);
    expect(dataAndErrorCodes(second)).toEqual(dataAndErrorCodes(first));
    expect(unavailableFields(second)).toEqual(unavailableFields(first));
    expect(sandbox.calls().filter(({ kind }) => kind === 'api')).toEqual([]);
  });
});
