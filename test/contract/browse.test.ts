import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { startClock } from '../support/clock.ts';
import { startGateway } from '../support/gateway.ts';
import { plainId, plainPage } from '../support/plain-objects.ts';
import {
  callsByOrigin,
  catalogue,
  dataAndErrorCodes,
  edit,
  errorResponse,
  playlists,
  startInMode,
  startWithUnknownApp,
  unavailableFields,
  withoutErrors,
} from '../support/schema-tests.ts';
import { startScriptedUpstream } from '../support/scripted-upstream.ts';
import { sharedPath } from '../support/shared.ts';

/** New releases, categories and the playlists of users: Spotify gives them to few apps. */

const userOf = (playlist: string) => catalogue.playlist(playlist)?.owner ?? expect.fail();
const [toplists, mood, party] = catalogue.categories();
if (!toplists || !mood || !party) throw new Error('the catalogue has three categories');

const allFields = `{
  newReleases(first: 3) { nodes { name } }
  categories(first: 3) { nodes { id name } }
  category(id: "party") { name }
  playlist(id: "${playlists.items3}") { owner { playlists(first: 3) { nodes { name } } } }
}`;

describe('for an app in extended mode', () => {
  test('the new releases are one list of at most 100 albums, newest first, with one call for fifty', async () => {
    const { execute, apiCalls } = await startInMode('extended');
    const newest = catalogue
      .albums()
      .toSorted((one, other) => other.releaseDate.localeCompare(one.releaseDate))
      .slice(0, 100)
      .map(({ id }) => id);
    const document = `query ($after: String) { newReleases(first: 50, after: $after) {
      totalCount nodes { id } pageInfo { hasNextPage endCursor }
    } }`;
    const first = await execute<NewReleases, object>(document, {});
    const second = await execute<NewReleases, object>(document, {
      after: first.data.newReleases.pageInfo.endCursor,
    });
    expect([...first.errors, ...second.errors]).toEqual([]);
    const pages = [first, second].map(({ data }) => data.newReleases);
    expect(pages.map(({ totalCount, pageInfo }) => [totalCount, pageInfo.hasNextPage])).toEqual([
      [100, true],
      [100, false],
    ]);
    const ids = pages.flatMap(({ nodes }) => nodes.map(({ id }) => id));
    expect(ids).toEqual(newest);
    expect(apiCalls()).toEqual([0, 50].map((offset) => `/browse/new-releases?limit=50&offset=${offset}`));
  });

  test('categories have their names, icons and ids, and a cursor leads to the next page', async () => {
    const { execute, apiCalls } = await startInMode('extended');
    const page = (args: string) =>
      `{ categories(${args}) { totalCount nodes { id name icons { url width height } } pageInfo { endCursor } } }`;
    const first = await execute<{ categories: Categories }, object>(page('first: 2'));
    expect(first.errors).toEqual([]);
    const { totalCount, nodes, pageInfo } = first.data.categories;
    expect(totalCount).toBe(catalogue.categories().length);
    expect(nodes.map(({ id, name }) => [id, name])).toEqual([
      [toplists.id, toplists.name],
      [mood.id, mood.name],
    ]);
    expect(nodes.map(({ icons }) => icons.map(({ width, height }) => [width, height]))).toEqual([
      [[300, 300]],
      [[300, 300]],
    ]);
    const next = await execute<{ categories: Categories }, object>(
      page(`first: 1, after: "${pageInfo.endCursor}"`),
    );
    expect(next.data.categories.nodes.map(({ id }) => id)).toEqual([party.id]);
    expect(apiCalls()).toEqual(['/browse/categories?limit=50&offset=0']);
  });

  test.each([null, ''])('a category without an id has no edge, and is no error: %j', async (id) => {
    const { execute, apiCalls, sandbox } = await startInMode('extended');
    const edits = [{ path: 'categories.items.1', set: { href: null, icons: [], id, name: null } }];
    sandbox.faults.add({ fault: { kind: 'edit', edits } });
    const response = await execute('{ categories(first: 3) { nodes { id } } }');
    expect(dataAndErrorCodes(response)).toEqual(
      withoutErrors({ categories: { nodes: [{ id: toplists.id }, { id: party.id }] } }),
    );
    expect(apiCalls()).toEqual(['/browse/categories?limit=50&offset=0']);
  });

  test('a category is read by its id, with the language of `locale`', async () => {
    const { execute, apiCalls } = await startInMode('extended');
    expect(
      dataAndErrorCodes(
        await execute(
          '{ plain: category(id: "party") { id name } swedish: category(id: "party", locale: "sv_SE") { name } }',
        ),
      ),
    ).toEqual(withoutErrors({ plain: { id: 'party', name: 'Party' }, swedish: { name: 'Party (sv)' } }));
    expect(apiCalls()).toEqual(['/browse/categories/party', '/browse/categories/party?locale=sv_SE']);
  });

  test('a category that a cached list of categories has costs no call, in the same language only', async () => {
    const { execute, apiCalls } = await startInMode('extended');
    await execute('{ categories(first: 1) { nodes { id } } }');
    const list = '/browse/categories?limit=50&offset=0';
    expect(apiCalls()).toEqual([list]);
    const response = await execute('{ category(id: "party") { id name icons { width } } }');
    expect(dataAndErrorCodes(response)).toEqual(
      withoutErrors({ category: { id: 'party', name: 'Party', icons: [{ width: 300 }] } }),
    );
    expect(callsByOrigin(response)).toEqual([`cache ${list}`]);
    await execute('{ category(id: "party", locale: "sv_SE") { name } }');
    await execute('{ category(id: "nonsense") { name } }');
    expect(apiCalls()).toEqual([
      list,
      '/browse/categories/party?locale=sv_SE',
      '/browse/categories/nonsense',
    ]);
  });

  test('a category of a stale list is served stale while Spotify cannot be called', async () => {
    const clock = startClock();
    const { execute, apiCalls, sandbox } = await startInMode('extended');
    await execute('{ categories(first: 1) { nodes { id } } }');
    await clock.pass(3 * 24 * 3_600); // the list is older than two days, so it is not served while it is refreshed
    sandbox.faults.add({ fault: { kind: 'answer', status: 429, headers: { 'retry-after': '30' } } });
    for (let time = 0; time < 2; time += 1) {
      const response = await execute('{ category(id: "party") { name } }');
      expect(dataAndErrorCodes(response)).toEqual(withoutErrors({ category: { name: 'Party' } }));
      expect(response.extensions.spotify?.stale).toEqual([
        { field: 'Query.category', path: ['category'], reason: 'UPSTREAM_RATE_LIMITED' },
      ]);
    }
    const unlisted = await execute('{ category(id: "nonsense") { name } }');
    expect(dataAndErrorCodes(unlisted).errors).toEqual([['category', 'UPSTREAM_RATE_LIMITED']]);
    expect(apiCalls()).toEqual(['/browse/categories?limit=50&offset=0', '/browse/categories/party']);
  });

  test('a category with a malformed part in the cached list is read by its id', async () => {
    const { execute, apiCalls, sandbox } = await startInMode('extended');
    sandbox.faults.add({ times: 1, fault: edit({ path: 'categories.items.2.icons', set: 'none' }) });
    await execute('{ categories(first: 1) { nodes { id } } }');
    const response = await execute('{ category(id: "party") { name icons { width } } }');
    expect(dataAndErrorCodes(response)).toEqual(
      withoutErrors({ category: { name: 'Party', icons: [{ width: 300 }] } }),
    );
    expect(apiCalls().at(-1)).toBe('/browse/categories/party');
  });

  test.each([
    ['has with a malformed part', { path: 'categories.items.2.icons', set: 'none' }],
    ['lacks', { path: 'categories.items.2', set: null }],
  ])('a category that a stale list %s is read by its id, and is not listed as stale', async (_, listEdit) => {
    const clock = startClock();
    const { execute, apiCalls, sandbox } = await startInMode('extended');
    sandbox.faults.add({ times: 1, fault: edit(listEdit) });
    await execute('{ categories(first: 1) { nodes { id } } }');
    await clock.pass(36 * 3_600); // the list is stale for half a day
    const response = await execute('{ category(id: "party") { name icons { width } } }');
    expect(dataAndErrorCodes(response)).toEqual(
      withoutErrors({ category: { name: 'Party', icons: [{ width: 300 }] } }),
    );
    expect(response.extensions.spotify?.stale).toEqual([]);
    expect(callsByOrigin(response).filter((call) => call.includes('/browse/'))).toEqual([
      'network /browse/categories/party',
    ]);
    expect(apiCalls()).toEqual(['/browse/categories?limit=50&offset=0', '/browse/categories/party']);
  });

  test('the playlists of a category come without its null slots', async () => {
    const { execute, apiCalls } = await startInMode('extended');
    const slots = catalogue.playlistsOf('party').slice(0, 20);
    expect(slots).toContain(null);
    expect(
      dataAndErrorCodes(
        await execute('{ category(id: "party") { playlists(first: 20) { totalCount nodes { id } } } }'),
      ),
    ).toEqual(
      withoutErrors({
        category: {
          playlists: {
            totalCount: catalogue.playlistsOf('party').length,
            nodes: slots.flatMap((playlist) => (playlist ? [{ id: playlist.id }] : [])),
          },
        },
      }),
    );
    expect(apiCalls()).toEqual([
      '/browse/categories/party',
      '/browse/categories/party/playlists?limit=50&offset=0',
    ]);
  });

  test('a user has the public playlists that the catalogue has', async () => {
    const { execute, apiCalls } = await startInMode('extended');
    const owner = userOf(playlists.bySpotify);
    const ofOwner = catalogue.playlists().filter((playlist) => playlist.owner.id === owner.id);
    expect(
      dataAndErrorCodes(
        await execute(
          `{ playlist(id: "${playlists.bySpotify}") { owner { playlists(first: 3) { totalCount nodes { id } } } } }`,
        ),
      ),
    ).toEqual(
      withoutErrors({
        playlist: {
          owner: {
            playlists: {
              totalCount: ofOwner.length,
              nodes: ofOwner.slice(0, 3).map(({ id }) => ({ id })),
            },
          },
        },
      }),
    );
    expect(apiCalls().at(-1)).toBe(`/users/${owner.id}/playlists?limit=50&offset=0`);
  });

  test('a user without playlists has an empty list, and the playlists of a deleted user are null without an entry in `unavailable`', async () => {
    const { execute } = await startInMode('extended');
    const document = `{ playlist(id: "${playlists.items3}") {
      items(first: 1) { nodes { addedBy { playlists { totalCount } } } }
    } }`;
    const withPlaylists = (found: unknown) =>
      withoutErrors({ playlist: { items: { nodes: [{ addedBy: { playlists: found } }] } } });
    expect(dataAndErrorCodes(await execute(document))).toEqual(withPlaylists({ totalCount: 0 }));

    const gone = await startInMode('extended');
    gone.sandbox.faults.add({ on: { route: 'users/playlists' }, fault: errorResponse(404, 'No such user') });
    for (const calls of [2, 2]) {
      const response = await gone.execute(document);
      expect(dataAndErrorCodes(response)).toEqual(withPlaylists(null));
      expect(unavailableFields(response)).toEqual([]);
      expect(gone.apiCalls()).toHaveLength(calls);
    }
  });

  test('a category that does not exist is null without an entry in `unavailable`', async () => {
    const { execute } = await startInMode('extended');
    const response = await execute('{ category(id: "nonsense") { name playlists { totalCount } } }');
    expect(dataAndErrorCodes(response)).toEqual(withoutErrors({ category: null }));
    expect(unavailableFields(response)).toEqual([]);
  });

  test.each(['Not found.', 'Not Found'])(
    'a 404 with `%s` for one category or one user is absence, and takes no list from the app',
    async (message) => {
      const { execute, apiCalls, sandbox } = await startWithUnknownApp('extended');
      const fault = errorResponse(404, message);
      sandbox.faults.add({ on: { path: '/browse/categories/nonsense' }, fault });
      sandbox.faults.add({ on: { route: 'users/playlists' }, fault });
      const absent = await execute(`{ category(id: "nonsense") { name }
        playlist(id: "${playlists.items3}") { owner { playlists { totalCount } } } }`);
      expect(dataAndErrorCodes(absent)).toEqual(
        withoutErrors({ category: null, playlist: { owner: { playlists: null } } }),
      );
      expect(unavailableFields(absent)).toEqual([]);
      const found = await execute('{ category(id: "party") { name } categories(first: 1) { nodes { id } } }');
      expect(dataAndErrorCodes(found)).toEqual(
        withoutErrors({ category: { name: 'Party' }, categories: { nodes: [{ id: 'toplists' }] } }),
      );
      expect(apiCalls().filter((path) => path.startsWith('/browse/'))).toHaveLength(3);
    },
  );

  test.each([
    [403, 'Forbidden'],
    [404, 'Resource not found'],
    [401, 'Valid user authentication required'],
  ])(
    'the playlists of a category are null with an entry in `unavailable` if Spotify rejects their list with %i `%s`',
    async (status, message) => {
      const { execute, sandbox } = await startInMode('extended');
      const fault = errorResponse(status, message);
      sandbox.faults.add({ on: { path: '/browse/categories/party/playlists' }, fault });
      const response = await execute('{ category(id: "party") { name playlists { totalCount } } }');
      expect(dataAndErrorCodes(response)).toEqual(
        withoutErrors({ category: { name: 'Party', playlists: null } }),
      );
      expect(unavailableFields(response)).toEqual(['Category.playlists at category.playlists: QUOTA_MODE']);
    },
  );

  test('the playlists of a user are null with an entry in `unavailable` if Spotify requires the token of a user', async () => {
    const { execute, sandbox } = await startInMode('extended');
    const fault = errorResponse(401, 'Valid user authentication required');
    sandbox.faults.add({ on: { route: 'users/playlists' }, fault });
    const response = await execute(
      `{ playlist(id: "${playlists.items3}") { owner { playlists { totalCount } } } }`,
    );
    expect(dataAndErrorCodes(response)).toEqual(withoutErrors({ playlist: { owner: { playlists: null } } }));
    expect(unavailableFields(response)).toEqual(['User.playlists at playlist.owner.playlists: QUOTA_MODE']);
  });
});

describe('for an app in development mode', () => {
  test('new releases, categories and playlists of users are null with an entry in `unavailable`, and cost no call', async () => {
    const { execute, apiCalls } = await startInMode('development');
    const response = await execute(allFields);
    expect(dataAndErrorCodes(response)).toEqual(
      withoutErrors({
        newReleases: null,
        categories: null,
        category: null,
        playlist: { owner: { playlists: null } },
      }),
    );
    expect(unavailableFields(response).toSorted()).toEqual([
      'Query.categories at categories: QUOTA_MODE',
      'Query.category at category: QUOTA_MODE',
      'Query.newReleases at newReleases: QUOTA_MODE',
      'User.playlists at playlist.owner.playlists: QUOTA_MODE',
    ]);
    expect(apiCalls()).toHaveLength(1);
    expect(apiCalls()[0]).toMatch(/^\/playlists\//);
  });

  test('an app of unknown quota mode calls each kind of endpoint once, and never again', async () => {
    const { execute, apiCalls } = await startWithUnknownApp('development');
    await execute(allFields);
    const calls = apiCalls().length;
    expect(apiCalls().filter((path) => path.startsWith('/browse/'))).toHaveLength(2);
    const again = await execute(allFields);
    expect(dataAndErrorCodes(again)).toEqual(
      withoutErrors({
        newReleases: null,
        categories: null,
        category: null,
        playlist: { owner: { playlists: null } },
      }),
    );
    expect(unavailableFields(again)).toHaveLength(4);
    expect(apiCalls()).toHaveLength(calls);
  });
});

test('a page of no items costs no call, so the gateway learns nothing about the permissions of the app from it', async () => {
  const { execute, apiCalls } = await startWithUnknownApp('development');
  const empty = '{ newReleases(first: 0) { edges { cursor } } }';
  expect(dataAndErrorCodes(await execute(empty))).toEqual(withoutErrors({ newReleases: { edges: [] } }));
  expect(apiCalls()).toEqual([]);
  const length = '{ newReleases(first: 0) { edges { cursor } totalCount } }';
  for (const calls of [1, 1]) {
    const response = await execute(length);
    expect(dataAndErrorCodes(response)).toEqual(withoutErrors({ newReleases: null }));
    expect(unavailableFields(response)).toEqual(['Query.newReleases at newReleases: QUOTA_MODE']);
    expect(apiCalls()).toHaveLength(calls);
  }
  expect(dataAndErrorCodes(await execute(empty))).toEqual(withoutErrors({ newReleases: { edges: [] } }));
});

test.each([
  ['{ category(id: "../me") { name } }', 'category'],
  ['{ category(id: "..") { name } }', 'category'],
  ['{ category(id: "..\\\\me") { name } }', 'category'],
  ['{ category(id: "a\\u0000") { name } }', 'category'],
  ['{ category(id: "") { name } }', 'category'],
  ['{ category(id: "party", locale: "Swedish") { name } }', 'category'],
  ['{ categories(locale: "sv-SE") { totalCount } }', 'categories'],
  ['{ newReleases(first: 101) { totalCount } }', 'newReleases'],
  ['{ categories(after: "nonsense") { totalCount } }', 'categories'],
])('invalid input is an error and costs no call: %s', async (document, field) => {
  const { execute, apiCalls } = await startInMode('extended');
  expect(dataAndErrorCodes(await execute(document))).toEqual({
    data: { [field]: null },
    errors: [[field, 'BAD_USER_INPUT']],
  });
  expect(apiCalls()).toEqual([]);
});

test.each(['a b', 'r&b', 'Überraschung', 'party?locale=x#y', '100%', '%2e%2e', '電子', `${'w'.repeat(100)}`])(
  'a category that the list has can be read by its id, whatever characters the id has: %s',
  async (id) => {
    const category = { id, name: 'A category', href: '', icons: [] };
    const upstream = await startScriptedUpstream([
      { path: '/categories$', body: { categories: plainPage([category]) } },
      { path: '/categories/', body: category },
    ]);
    const start = () => startGateway(upstream, { SPOTIFY_QUOTA_MODE: 'extended' });
    const listed = await start().execute('{ categories(first: 1) { nodes { id name } } }');
    expect(dataAndErrorCodes(listed)).toEqual(
      withoutErrors({ categories: { nodes: [{ id, name: 'A category' }] } }),
    );
    const found = await start().execute('query ($id: ID!) { category(id: $id) { id name } }', { id });
    expect(dataAndErrorCodes(found)).toEqual(withoutErrors({ category: { id, name: 'A category' } }));
    expect(upstream.calls().at(-1)?.path).toBe(`/browse/categories/${encodeURIComponent(id)}`);
  },
);

test.each(['a/b', '../me', '..', '.', 'a\\b', 'a\u0000'])(
  'a category whose id cannot be a part of a path is an error of its slot: %j',
  async (id) => {
    const items = [
      { id, name: 'Another path' },
      { id: 'party', name: 'Party' },
    ];
    const upstream = await startScriptedUpstream([
      { path: '/categories$', body: { categories: plainPage(items) } },
    ]);
    const { execute } = startGateway(upstream, { SPOTIFY_QUOTA_MODE: 'extended' });
    expect(dataAndErrorCodes(await execute('{ categories(first: 2) { nodes { id } } }'))).toEqual({
      data: { categories: { nodes: [null, { id: 'party' }] } },
      errors: [['categories.nodes.0', 'UPSTREAM_BAD_RESPONSE']],
    });
  },
);

test("a 404 for a later page of a user's playlists is an error once, and no absence of the list", async () => {
  const document = `{ playlist(id: "${plainId(1)}") { owner { playlists(first: 60) { nodes { name } } } } }`;
  const names = Array.from({ length: 60 }, (_, i) => `Playlist ${i}`);
  const items = names.map((name, i) => ({ id: plainId(100 + i), name, type: 'playlist' }));
  const pages = [0, 50].map((offset) => {
    const next = offset === 0 ? 'https://api.spotify.com/v1/next' : null;
    const body = plainPage(items.slice(offset, offset + 50), { offset, total: 60, next });
    return { path: '^/users/', query: { offset: `${offset}` }, body };
  });
  const error = { status: 404, message: "Specified id doesn't exist" };
  const upstream = await startScriptedUpstream([
    { path: '^/users/', query: { offset: '50' }, times: 1, status: 404, body: { error } },
    ...pages,
    { path: '^/playlists/', body: { id: plainId(1), name: 'Mine', owner: { id: 'someone' } } },
  ]);
  const { execute } = startGateway(upstream, { SPOTIFY_QUOTA_MODE: 'extended' });
  const first = await execute(document);
  expect(first.errors.map(({ extensions }) => extensions?.['code'])).toEqual(['UPSTREAM_BAD_RESPONSE']);
  expect(unavailableFields(first)).toEqual([]);
  const second = await execute(document);
  expect(second.errors).toEqual([]);
  expect(JSON.stringify(second.data).match(/Playlist \d+/g)).toEqual(names);
  expect(upstream.calls().map(({ status, query }) => [status, query.get('offset')])).toEqual([
    [200, null],
    [200, '0'],
    [404, '50'],
    [200, '50'],
  ]);
});

test('a category that the list repeats is in a window once, and a walk whose pages overlap has it once', async () => {
  const page = (ids: string[], offset: number) => ({
    categories: plainPage(
      ids.map((id) => ({ id, name: id, href: '', icons: [] })),
      { offset, total: 52, next: offset === 0 ? 'https://api.spotify.com/v1/next' : null },
    ),
  });
  const words = Array.from({ length: 48 }, (_, i) => `word${i}`);
  const upstream = await startScriptedUpstream([
    { path: '/categories$', query: { offset: '0' }, body: page(['party', 'party', ...words], 0) },
    { path: '/categories$', query: { offset: '50' }, body: page(['word47', 'mood'], 50) },
  ]);
  const { execute } = startGateway(upstream, { SPOTIFY_QUOTA_MODE: 'auto' });
  const document = `query ($after: String) { categories(first: 50, after: $after) {
    nodes { id } pageInfo { hasNextPage endCursor } } }`;
  const first = await execute<{ categories: Walked }, object>(document, {});
  const { endCursor } = first.data.categories.pageInfo;
  const second = await execute<{ categories: Walked }, object>(document, { after: endCursor });
  const ids = [first, second].flatMap(({ data }) => data.categories.nodes.map(({ id }) => id));
  expect(ids).toEqual(['party', ...words, 'mood']);
  expect(upstream.log()).toEqual([
    '200 /browse/categories?limit=50&offset=0',
    '200 /browse/categories?limit=50&offset=50',
  ]);
});

const folder = sharedPath('recordings');

describe.skipIf(folder === null)('recorded responses', () => {
  const recording = (name: string) => JSON.parse(readFileSync(join(folder ?? '', 'rspotify', name), 'utf8'));

  test.each([
    ['category_list.json', '{ categories(first: 20) { totalCount nodes { id name icons { url width } } } }'],
    ['category_find_party.json', '{ category(id: "party") { id name icons { url width } } }'],
    ['album_new_releases.json', '{ newReleases(first: 20) { totalCount nodes { id name albumType } } }'],
  ])('the values of the recorded response are unchanged: %s', async (name, document) => {
    const json = recording(name);
    const { execute, sandbox } = await startInMode('extended');
    sandbox.faults.add({ fault: { kind: 'answer', status: 200, json } });
    const { data, errors } = await execute<Record<string, Recorded>, object>(document);
    expect(errors).toEqual([]);
    const found = data['categories'] ?? data['newReleases'];
    const page = json.categories ?? json.albums;
    if (!found) {
      const { href: _, ...category } = json;
      const icons = category.icons.map(({ url, width }: { url: string; width: number }) => ({ url, width }));
      expect(data['category']).toEqual({ ...category, icons });
      return;
    }
    expect(found.totalCount).toBe(page.total);
    expect(found.nodes.map(({ id, name }) => [id, name])).toEqual(
      page.items.map(({ id, name }: { id: string; name: string }) => [id, name]),
    );
  });
});

type Walked = NewReleases['newReleases'];

interface Recorded {
  totalCount: number;
  nodes: { id: string; name: string }[];
}

interface NewReleases {
  newReleases: {
    totalCount: number;
    nodes: { id: string }[];
    pageInfo: { hasNextPage: boolean; endCursor: string | null };
  };
}

interface Categories {
  totalCount: number;
  nodes: { id: string; name: string; icons: { url: string; width: number; height: number }[] }[];
  pageInfo: { endCursor: string };
}
