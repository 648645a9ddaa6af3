import { describe, expect, test } from 'vitest';
import type { WrittenRule } from '../support/case-format.ts';
import { startGateway } from '../support/gateway.ts';
import { fullTrack, plainId } from '../support/plain-objects.ts';
import {
  catalogue,
  dataAndErrorCodes,
  episodes,
  errorResponse,
  modes,
  playlists,
  startInMode,
  startWithUnknownApp,
  unavailableFields,
  unknownId,
  withoutErrors,
} from '../support/schema-tests.ts';
import { startScriptedUpstream } from '../support/scripted-upstream.ts';
import { imagesAt } from '../support/truth.ts';

/** Playlists: their fields, their items, the peculiarities of Spotify's responses, and the calls they cost. */

const parameters = 'additional_types=track%2Cepisode&market=US';
const playlistPath = (id: string) => `/playlists/${id}?${parameters}`;
const itemsPath = (id: string, offset: number) =>
  `/playlists/${id}/items?${parameters}&limit=50&offset=${offset}`;

const userFields = 'id displayName uri externalUrl';
const playlistFields = `id name uri externalUrl description collaborative public snapshotId
  images { url width height } followers { total } owner { ${userFields} }`;
const itemFields = `addedAt isLocal addedBy { id } item {
  __typename
  ... on Track { id name externalIds { isrc } album { name } artists { name } }
  ... on Episode { id name show { name } }
}`;

interface ItemsPage {
  totalCount: number | null;
  nodes: { addedAt: string; isLocal: boolean; addedBy: { id: string }; item: { id: string } | null }[];
  edges: { cursor: string }[];
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; endCursor: string | null };
}

const page = (id: string, args: string) => `{ playlist(id: "${id}") {
  items(${args}) {
    totalCount edges { cursor } nodes { ${itemFields} } pageInfo { hasNextPage hasPreviousPage endCursor }
  }
} }`;

type Gateway = Awaited<ReturnType<typeof startInMode>>;

async function pageOf(gateway: Gateway, id: string, args: string): Promise<ItemsPage> {
  const response = await gateway.execute<{ playlist: { items: ItemsPage } }, unknown>(page(id, args));
  expect(response.errors).toEqual([]);
  return response.data.playlist.items;
}

/** The item of each slot that Spotify sends: an id, or null. */
const sentItems = (id: string): (string | null)[] =>
  catalogue.itemsOf(id).flatMap((slot) => {
    if (slot.shows === 'nothing') return [];
    if (slot.shows === 'track') return [slot.trackId];
    return [slot.shows === 'episode' ? slot.episodeId : null];
  });

const idsOf = ({ nodes }: ItemsPage) => nodes.map(({ item }) => item?.id ?? null);

describe.each(modes)('a playlist for an app in %s mode', (mode) => {
  test('a playlist has every field of the catalogue and its owner, for one call', async () => {
    const { execute, apiCalls, sandbox } = await startInMode(mode);
    const id = playlists.items3;
    const { owner, images, followers, ...truth } = catalogue.playlist(id) ?? expect.fail();
    const response = await execute(`{ playlist(id: "${id}") { ${playlistFields} } }`);
    expect(dataAndErrorCodes(response)).toEqual(
      withoutErrors({
        playlist: {
          id,
          name: truth.name,
          uri: `spotify:playlist:${id}`,
          externalUrl: `https://open.spotify.com/playlist/${id}`,
          description: truth.description,
          collaborative: truth.collaborative,
          public: true,
          snapshotId: truth.snapshotId,
          images: imagesAt(sandbox.imagesUrl, images).map(({ url }) => ({ url, width: null, height: null })),
          followers: { total: followers },
          owner: {
            ...owner,
            uri: `spotify:user:${owner.id}`,
            externalUrl: `https://open.spotify.com/user/${owner.id}`,
          },
        },
      }),
    );
    expect(unavailableFields(response)).toEqual([]);
    expect(apiCalls()).toEqual([playlistPath(id)]);
  });

  test('the description of a playlist is plain text, and a playlist without items has no picture', async () => {
    const { execute } = await startInMode(mode);
    const response = await execute(`{
      escaped: playlist(id: "${playlists.escaped}") { description }
      empty: playlist(id: "${playlists.empty}") { images { url } }
    }`);
    expect(dataAndErrorCodes(response)).toEqual(
      withoutErrors({ escaped: { description: "Rock & roll: it's <loud>" }, empty: { images: [] } }),
    );
  });

  test('a playlist with an unknown id is null, and costs one call', async () => {
    const { execute, apiCalls } = await startInMode(mode);
    const response = await execute(`{ playlist(id: "${unknownId}") { name items { totalCount } } }`);
    expect(dataAndErrorCodes(response)).toEqual(withoutErrors({ playlist: null }));
    expect(unavailableFields(response)).toEqual([]);
    expect(apiCalls()).toEqual([playlistPath(unknownId)]);
  });

  test('a playlist by Spotify is null only for an app that may not see the playlist', async () => {
    const { execute } = await startInMode(mode);
    const response = await execute(`{ playlist(id: "${playlists.bySpotify}") { owner { id } } }`);
    expect(dataAndErrorCodes(response)).toEqual(
      withoutErrors({ playlist: mode === 'extended' ? { owner: { id: 'spotify' } } : null }),
    );
  });

  test('a search finds playlists for one call, and its null items have no edge', async () => {
    const { execute, apiCalls } = await startInMode(mode);
    const response = await execute<
      { search: { playlists: { nodes: { name: string; public: null }[]; edges: { cursor: string }[] } } },
      unknown
    >('{ search(q: "of") { playlists(first: 10) { edges { cursor } nodes { name public owner { id } } } } }');
    expect(response.errors).toEqual([]);
    const visible = catalogue
      .find('playlist', 'of')
      .slice(0, 10)
      .filter(({ owner }) => mode === 'extended' || owner.id !== 'spotify');
    const { nodes, edges } = response.data.search.playlists;
    expect(nodes).toEqual(
      visible.map(({ name, owner }) => ({ name, public: null, owner: { id: owner.id } })),
    );
    expect(edges.length).toBe(visible.length);
    expect(apiCalls().length).toBe(1);
  });

  test('`node` and `_entities` find a playlist', async () => {
    const { execute, apiCalls } = await startInMode(mode);
    const id = playlists.items3;
    const response = await execute(`{
      node(id: "https://open.spotify.com/playlist/${id}?si=1") { __typename id }
      _entities(representations: [{ __typename: "Playlist", id: "${id}" }]) { ... on Playlist { name } }
    }`);
    expect(dataAndErrorCodes(response)).toEqual(
      withoutErrors({ node: { __typename: 'Playlist', id }, _entities: [{ name: 'Three of a Kind' }] }),
    );
    expect(apiCalls()).toEqual([playlistPath(id)]);
  });
});

describe('the items of a playlist', () => {
  test('the first hundred items of a playlist come with the playlist, and each further page of fifty is one call', async () => {
    const gateway = await startInMode('extended');
    const all = sentItems(playlists.items230);
    const first = await pageOf(gateway, playlists.items230, 'first: 80');
    expect(idsOf(first)).toEqual(all.slice(0, 80));
    expect(first.totalCount).toBe(230);
    const second = await pageOf(
      gateway,
      playlists.items230,
      `first: 20, after: "${first.pageInfo.endCursor}"`,
    );
    expect(idsOf(second)).toEqual(all.slice(80, 100));
    expect(gateway.apiCalls()).toEqual([playlistPath(playlists.items230)]);
    gateway.sandbox.clearCalls();
    const third = await pageOf(
      gateway,
      playlists.items230,
      `first: 100, after: "${second.pageInfo.endCursor}"`,
    );
    expect(idsOf(third)).toEqual(all.slice(100, 200));
    expect(third.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: true });
    expect(gateway.apiCalls().toSorted()).toEqual(
      [100, 150].map((offset) => itemsPath(playlists.items230, offset)).toSorted(),
    );
  });

  test('the items of a playlist are full tracks and episodes, which cost no call when they are read by their ids', async () => {
    const { execute, apiCalls } = await startInMode('extended');
    const [trackId, episodeId] = sentItems(playlists.gaps);
    const response = await execute(page(playlists.gaps, 'first: 2'));
    expect(response.extensions.spotify?.plannedCalls).toBe(1);
    const again = await execute(
      `{ track(id: "${trackId}", market: US) { externalIds { isrc } } episode(id: "${episodeId}") { name } }`,
    );
    expect(dataAndErrorCodes(again)).toEqual(
      withoutErrors({
        track: { externalIds: { isrc: catalogue.track(trackId ?? '')?.isrc } },
        episode: { name: catalogue.episode(episodeId ?? '')?.name },
      }),
    );
    expect(apiCalls()).toEqual([playlistPath(playlists.gaps)]);
  });

  test('the items of a playlist include slots of local files, removed items and repetitions, and every walk reaches the end', async () => {
    for (const size of [1, 7, 50, 100]) {
      const gateway = await startInMode('extended');
      const found: ItemsPage['nodes'] = [];
      let after = '';
      for (let more = true; more; ) {
        const window = await pageOf(gateway, playlists.gaps, `first: ${size}${after}`);
        expect(window.totalCount).toBe(120);
        found.push(...window.nodes);
        more = window.pageInfo.hasNextPage;
        after = `, after: "${window.pageInfo.endCursor}"`;
      }
      expect(found.map(({ item }) => item?.id ?? null)).toEqual(sentItems(playlists.gaps));
      const local = catalogue.itemsOf(playlists.gaps).filter(({ shows }) => shows === 'local').length;
      expect(found.filter(({ isLocal, item }) => isLocal && item === null).length).toBe(local);
    }
  });

  test.each([null, ''])(
    'a user without an id is null in a playlist and in its items, without an error: %j',
    async (id) => {
      const { execute, sandbox, apiCalls } = await startInMode('extended');
      const nobody = { ...{ id, type: 'user', uri: 'spotify:user:' }, external_urls: {} };
      const edits = ['owner', 'items.items.0.added_by'].map((path) => ({ path, set: nobody }));
      sandbox.faults.add({ fault: { kind: 'edit', edits } });
      const document = `{ playlist(id: "${playlists.items3}") { owner { id } items(first: 1) { nodes { addedBy { id } } } } }`;
      const response = await execute(document);
      expect(dataAndErrorCodes(response)).toEqual(
        withoutErrors({ playlist: { owner: null, items: { nodes: [{ addedBy: null }] } } }),
      );
      expect(unavailableFields(response)).toEqual(['Playlist.owner at playlist.owner: NOT_SENT']);
      expect(apiCalls()).toEqual([playlistPath(playlists.items3)]);
    },
  );

  test.each([
    ['jörg meier', 'j%C3%B6rg%20meier'],
    ['a:b/c?d#e', 'a%3Ab%2Fc%3Fd%23e'],
    ['100%', '100%25'],
    ['some.body_1-2', 'some.body_1-2'],
  ])('the URI of a user has the id in percent-encoding: %s', async (id, encoded) => {
    const { execute, sandbox } = await startInMode('extended');
    sandbox.faults.add({ fault: { kind: 'edit', edits: [{ path: 'owner.id', set: id }] } });
    const response = await execute(`{ playlist(id: "${playlists.items3}") { owner { id uri } } }`);
    expect(dataAndErrorCodes(response)).toEqual(
      withoutErrors({ playlist: { owner: { id, uri: `spotify:user:${encoded}` } } }),
    );
  });

  test('an episode without a type is known by its URI, and is no track', async () => {
    const gateway = await startInMode('extended');
    const slot = catalogue.itemsOf(playlists.gaps).findIndex(({ shows }) => shows === 'episode');
    const edits = ['item', 'track'].map((name) => ({
      path: `items.items.${slot}.${name}.type`,
      remove: true as const,
    }));
    gateway.sandbox.faults.add({ on: { route: 'playlists' }, fault: { kind: 'edit', edits } });
    const document = page(playlists.gaps, `first: ${slot + 1}, market: DE`);
    const { data, errors } = await gateway.execute<{ playlist: { items: ItemsPage } }, object>(document);
    expect(errors).toEqual([]);
    const id = sentItems(playlists.gaps)[slot];
    expect(data.playlist.items.nodes.at(-1)?.item).toMatchObject({ __typename: 'Episode', id });
    expect(gateway.apiCalls().at(-1)).toBe(playlistPath(playlists.gaps).replace('US', 'DE'));
  });

  test.each([[[]], [[1]], ['x'], [7]])(
    'a value that is no page in place of the items of a playlist costs one call more, and is not taken for withheld items: %j',
    async (set) => {
      const gateway = await startInMode('extended');
      const edits = ['items', 'tracks'].map((path) => ({ path, set }));
      gateway.sandbox.faults.add({ on: { route: 'playlists' }, fault: { kind: 'edit', edits } });
      expect(idsOf(await pageOf(gateway, playlists.items3, 'first: 3'))).toEqual(sentItems(playlists.items3));
      expect(gateway.apiCalls()).toEqual([playlistPath(playlists.items3), itemsPath(playlists.items3, 0)]);
    },
  );

  test.each([[[]], [[1]], ['x'], [7]])(
    'a value that is no object in place of an item of a playlist is an error at that item alone: %j',
    async (set) => {
      const { execute, sandbox, apiCalls } = await startInMode('extended');
      const edits = [{ path: 'items.items.1', set }];
      sandbox.faults.add({ on: { route: 'playlists' }, fault: { kind: 'edit', edits } });
      const document = `{ playlist(id: "${playlists.items3}") { items(first: 3) { nodes { isLocal } } } }`;
      expect(dataAndErrorCodes(await execute(document))).toEqual({
        data: { playlist: { items: { nodes: [{ isLocal: false }, null, { isLocal: false }] } } },
        errors: [['playlist.items.nodes.1', 'UPSTREAM_BAD_RESPONSE']],
      });
      expect(apiCalls()).toEqual([playlistPath(playlists.items3)]);
    },
  );

  test('the items of a playlist can be read from the end, and before a cursor', async () => {
    const gateway = await startInMode('extended');
    const all = sentItems(playlists.items230);
    const last = await pageOf(gateway, playlists.items230, 'last: 5');
    expect(idsOf(last)).toEqual(all.slice(-5));
    const before = await pageOf(gateway, playlists.items230, `last: 5, before: "${last.edges[0]?.cursor}"`);
    expect(idsOf(before)).toEqual(all.slice(-10, -5));
  });

  test.each(['items', 'tracks'] as const)(
    'the items of a playlist are read from the key `%s` alone, and from both keys of an entry',
    async (name) => {
      const gateway = await startInMode('extended');
      const other = name === 'items' ? 'tracks' : 'items';
      const entries = [0, 1, 2].map((slot) => `${name}.items.${slot}.${name === 'items' ? 'track' : 'item'}`);
      const edits = [other, ...entries].map((path) => ({ path, remove: true as const }));
      gateway.sandbox.faults.add({ on: { route: 'playlists' }, fault: { kind: 'edit', edits } });
      expect(idsOf(await pageOf(gateway, playlists.items3, 'first: 3'))).toEqual(sentItems(playlists.items3));
    },
  );

  test('the items of a playlist are read from the key that has them, if the other key has their number alone', async () => {
    const gateway = await startInMode('extended');
    for (const name of ['items', 'tracks']) {
      const short = { href: 'https://api.spotify.com/v1/playlists/1/items', total: 3 };
      const edits = [{ path: name, set: short }];
      gateway.sandbox.faults.add({ on: { route: 'playlists' }, times: 1, fault: { kind: 'edit', edits } });
      const id = name === 'items' ? playlists.items3 : playlists.items230;
      expect(idsOf(await pageOf(gateway, id, 'first: 3'))).toEqual(sentItems(id).slice(0, 3));
      expect(gateway.apiCalls().at(-1)).toBe(playlistPath(id));
    }
  });
});

describe('the items of a playlist for an app that may not read them', () => {
  const document = page(playlists.items230, 'first: 1');

  test('withheld items of a playlist are null with an entry in `unavailable`, and cost no call after the first playlist', async () => {
    const { execute, apiCalls, sandbox } = await startWithUnknownApp('development');
    const response = await execute(document);
    expect(dataAndErrorCodes(response)).toEqual(withoutErrors({ playlist: { items: null } }));
    expect(unavailableFields(response)).toEqual(['Playlist.items at playlist.items: QUOTA_MODE']);
    expect(apiCalls()).toEqual([playlistPath(playlists.items230)]);
    sandbox.clearCalls();
    const found = await execute(
      '{ search(q: "of") { playlists(first: 3) { nodes { items { totalCount } } } } }',
    );
    expect(found.errors).toEqual([]);
    expect(unavailableFields(found).length).toBeGreaterThan(0);
    expect(apiCalls().filter((path) => !path.startsWith('/search'))).toEqual([]);
    expect(found.extensions.spotify?.plannedCalls).toBeLessThanOrEqual(2);
  });

  test.each([
    ['401', errorResponse(401, 'Valid user authentication required')],
    ['403', errorResponse(403, 'Forbidden')],
    ['403 without a body', { kind: 'answer', status: 403 } as const],
  ])(
    'the items of a playlist are null with an entry in `unavailable` if the page is rejected with %s, and no token is renewed',
    async (_, fault) => {
      const gateway = await startInMode('extended');
      const { endCursor } = (await pageOf(gateway, playlists.items230, 'first: 100')).pageInfo;
      gateway.sandbox.clearCalls();
      gateway.sandbox.faults.add({ on: { route: 'playlists/items' }, fault });
      const response = await gateway.execute(page(playlists.items230, `first: 50, after: "${endCursor}"`));
      expect(dataAndErrorCodes(response)).toEqual(withoutErrors({ playlist: { items: null } }));
      expect(unavailableFields(response)).toEqual(['Playlist.items at playlist.items: QUOTA_MODE']);
      expect(gateway.sandbox.calls().map(({ path }) => path)).toEqual([itemsPath(playlists.items230, 100)]);
    },
  );
});

test('an episode inside a playlist is found in the market of the playlist', async () => {
  expect(catalogue.episode(episodes.newest)).toBeDefined();
  const gateway = await startInMode('extended');
  const response = await gateway.execute(page(playlists.gaps, 'first: 2, market: DE'));
  expect(response.errors).toEqual([]);
  expect(gateway.apiCalls()).toEqual([
    playlistPath(playlists.gaps),
    playlistPath(playlists.gaps).replace('US', 'DE'),
  ]);
});

const scriptedId = plainId(9);

/** A page of a playlist in which some entries are what is left of removed items. @param total null if it is not sent */
const scriptedPage = (
  { offset, limit }: { offset: number; limit: number },
  length: number,
  total: number | null,
  isRemoved: (slot: number) => boolean = () => false,
) => ({
  ...{ offset, limit, total, next: offset + limit < length ? 'https://api.spotify.com/v1/next' : null },
  items: Array.from({ length: Math.max(0, Math.min(limit, length - offset)) }, (_, i) => ({
    added_at: '2020-01-02T03:04:05Z',
    item: isRemoved(offset + i) ? null : fullTrack(plainId(1000 + offset + i)),
  })),
});

type ScriptedPage = ReturnType<typeof scriptedPage>;

async function startWithPages(
  embedded: ScriptedPage,
  pageAt: (offset: number) => ScriptedPage,
  first: readonly WrittenRule[] = [],
) {
  const playlist = { id: scriptedId, name: 'Playlist', type: 'playlist' };
  const upstream = await startScriptedUpstream([
    ...first,
    { path: `^/playlists/${scriptedId}$`, body: { ...playlist, items: embedded } },
    ...[0, 50, 100].map((offset) => ({
      path: '/items$',
      query: { offset: `${offset}` },
      body: pageAt(offset),
    })),
  ]);
  const { execute } = startGateway(upstream, { SPOTIFY_QUOTA_MODE: 'extended' });
  return {
    offsets: () => upstream.calls().map(({ query }) => query.get('offset')),
    async window(args: string): Promise<ItemsPage> {
      const response = await execute<{ playlist: { items: ItemsPage } }, unknown>(page(scriptedId, args));
      expect(response.errors).toEqual([]);
      return response.data.playlist.items;
    },
  };
}

test('the last items of a playlist that shrank below its cached first hundred items are those of the shorter playlist', async () => {
  const { window, offsets } = await startWithPages(
    scriptedPage({ offset: 0, limit: 100 }, 120, 120),
    (offset) => scriptedPage({ offset, limit: 50 }, 90, 90),
  );
  const { endCursor } = (await window('first: 100')).pageInfo;
  await window(`first: 20, after: "${endCursor}"`);
  const last = await window('last: 4');
  expect(idsOf(last)).toEqual([1086, 1087, 1088, 1089].map(plainId));
  expect([last.totalCount, last.pageInfo.hasNextPage]).toEqual([90, false]);
  expect(offsets()).toEqual([null, '100', '50']);
});

test.each([
  ['grew', 2],
  ['shrank', -2],
])(
  'a window beyond the first hundred items of a playlist that %s at its front repeats and misses no item',
  async (_, inserted) => {
    const { window, offsets } = await startWithPages(
      scriptedPage({ offset: 0, limit: 100 }, 150, 150),
      (offset) => ({
        ...scriptedPage({ offset: offset - inserted, limit: 50 }, 150, 150 + inserted),
        offset,
      }),
    );
    const edge = (await window('first: 60')).edges.at(-1);
    const next = await window(`first: 90, after: "${edge?.cursor}"`);
    expect(next.nodes.length).toBeGreaterThan(80);
    expect(idsOf(next)).toEqual(next.nodes.map((_node, i) => plainId(1060 + i)));
    expect(offsets()).toEqual([null, '100', '50']);
  },
);

/** A page of a playlist that has grown from 101 items by so many. */
const grownPage = (offset: number, inserted: number): ScriptedPage => ({
  ...scriptedPage({ offset: offset - inserted, limit: 50 }, 101, 101 + inserted),
  offset,
});

test('a client that pages through a playlist gets no item twice if another client has learned meanwhile that the playlist grew', async () => {
  const { window, offsets } = await startWithPages(
    scriptedPage({ offset: 0, limit: 100 }, 101, 101),
    (offset) => grownPage(offset, 1),
  );
  await window('first: 1');
  await window('last: 1');
  const front = await window('first: 81'); // of the page that came with the playlist
  const next = await window(`first: 20, after: "${front.pageInfo.endCursor}"`);
  expect(idsOf(next)).toEqual(Array.from({ length: idsOf(next).length }, (_, i) => plainId(1081 + i)));
  expect(next.nodes.length).toBeGreaterThan(17);
  expect(offsets()).toEqual([null, '100', '50']);
});

test('a window has no item twice if a page that is read again shows that the playlist has grown once more', async () => {
  const { window, offsets } = await startWithPages(
    scriptedPage({ offset: 0, limit: 100 }, 101, 101),
    (offset) => grownPage(offset, 2),
    [{ path: '/items$', query: { offset: '100' }, times: 1, body: grownPage(100, 1) }],
  );
  const front = await window('first: 81');
  await window('last: 1');
  const next = await window(`first: 20, after: "${front.pageInfo.endCursor}"`);
  const rest = await window(`first: 20, after: "${next.pageInfo.endCursor}"`);
  expect([...idsOf(next), ...idsOf(rest)]).toEqual(Array.from({ length: 20 }, (_, i) => plainId(1081 + i)));
  expect(offsets()).toEqual([null, '100', '50', '100']);
});

test('the length of a playlist is not below the items that are returned, although a later page has a smaller total', async () => {
  const { window, offsets } = await startWithPages(
    scriptedPage({ offset: 0, limit: 100 }, 120, 120),
    (offset) => scriptedPage({ offset, limit: 50 }, 90, 90),
  );
  const { endCursor } = (await window('first: 100')).pageInfo;
  expect((await window(`first: 20, after: "${endCursor}"`)).totalCount).toBe(90);
  const { nodes, totalCount } = await window('first: 100');
  expect([nodes.length, totalCount]).toEqual([100, 100]);
  expect(offsets()).toEqual([null, '100', '50']); // a smaller total may mean a shorter list: one call shows it
});

test('a walk from the end of a playlist without totals has every item once, although its removed items are equal', async () => {
  const isRemoved = (slot: number) => slot % 2 === 0;
  const { window, offsets } = await startWithPages(
    scriptedPage({ offset: 0, limit: 100 }, 130, null, isRemoved),
    (offset) => scriptedPage({ offset, limit: 50 }, 130, null, isRemoved),
  );
  const ids: (string | null)[] = [];
  let args = 'last: 20';
  for (let pages = 0; pages < 10; pages++) {
    const { nodes, edges, pageInfo } = await window(args);
    ids.unshift(...nodes.map(({ item }) => item?.id ?? null));
    if (!pageInfo.hasPreviousPage) break;
    args = `last: 20, before: "${edges[0]?.cursor}"`;
  }
  expect(ids).toEqual(Array.from({ length: 130 }, (_, i) => (isRemoved(i) ? null : plainId(1000 + i))));
  expect(offsets()).toEqual([null, '100']);
});

test('the last items of a playlist are found although its first page has a `next` and the page after the end has a total of 0', async () => {
  const next = 'https://api.spotify.com/v1/next';
  const pageAt = (offset: number, limit: number) => ({
    ...scriptedPage({ offset, limit }, 20, offset === 0 ? 20 : 0),
    next: offset === 0 ? next : null,
  });
  const { window, offsets } = await startWithPages(pageAt(0, 100), (offset) => pageAt(offset, 50));
  for (let time = 0; time < 2; time++) {
    const last = await window('last: 4');
    expect(idsOf(last)).toEqual([1016, 1017, 1018, 1019].map(plainId));
    expect(last.pageInfo.hasNextPage).toBe(false);
  }
  expect(offsets()).toEqual([null, '100', '0', '50']);
});

/** The first item of a playlist, if Spotify writes a track with these values in its place. */
async function firstItemWith(values: object) {
  const [item, other] = [{ ...fullTrack(plainId(1000)), ...values }, fullTrack(plainId(1001))];
  const items = [item, other].map((content) => ({ added_at: '2020-01-02T03:04:05Z', item: content }));
  const upstream = await startScriptedUpstream([
    {
      path: `^/playlists/${scriptedId}$`,
      body: {
        ...{ id: scriptedId, name: 'Playlist', type: 'playlist' },
        items: { offset: 0, limit: 100, total: 2, next: null, items },
      },
    },
  ]);
  const { execute } = startGateway(upstream, { SPOTIFY_QUOTA_MODE: 'extended' });
  const response = await execute<{ playlist: { items: ItemsPage } }, unknown>(page(scriptedId, 'first: 2'));
  const [first, second] = response.data.playlist.items.nodes;
  expect(second?.item?.id).toBe(plainId(1001));
  return { item: first?.item, errors: dataAndErrorCodes(response).errors };
}

test.each(['TRACK', 'Track', 7, null])(
  'a track in a playlist is read although its type is not in small letters or no text: %j',
  async (type) => {
    const { item, errors } = await firstItemWith({ type });
    expect(errors).toEqual([]);
    expect(item).toMatchObject({ __typename: 'Track', id: plainId(1000) });
  },
);

test('an episode in a playlist is read although its type is in capitals', async () => {
  const uri = `spotify:episode:${plainId(1000)}`;
  const { item, errors } = await firstItemWith({ type: 'EPISODE', uri });
  expect(errors).toEqual([]);
  expect(item).toMatchObject({ __typename: 'Episode', id: plainId(1000) });
});

test.each([
  ['a track with the URI of an episode', { type: 'track', uri: `spotify:episode:${plainId(1000)}` }],
  ['an episode with the URI of a track', { type: 'episode', uri: `spotify:track:${plainId(1000)}` }],
])('%s is an error at its place in the playlist, and no object of the other kind', async (_, values) => {
  const { item, errors } = await firstItemWith(values);
  expect(item).toBeNull();
  expect(errors).toEqual([['playlist.items.nodes.0.item', 'UPSTREAM_BAD_RESPONSE']]);
});
