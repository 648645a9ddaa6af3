import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { startClock } from '../support/clock.ts';
import type { TestGateway } from '../support/gateway.ts';
import { postJson } from '../support/post-json.ts';
import { openSocket, until } from '../support/process.ts';
import {
  albums,
  artists,
  dataAndErrorCodes,
  playlists,
  shows,
  startInMode,
  tracks,
} from '../support/schema-tests.ts';
import { type StoreKind, startStore, stores } from '../support/shared-gateways.ts';
import { portOf } from '../support/test-server.ts';

/** `POST /purge`: an operator removes ids from the cache. */

const PURGE_TOKEN = 'aToken';
const authorization = `Bearer ${PURGE_TOKEN}`;
const withToken = (environment: Record<string, string> = {}) =>
  startInMode('extended', { PURGE_TOKEN, ...environment });

const send = ({ fetch }: TestGateway, body: unknown, headers: Record<string, string> = { authorization }) =>
  fetch('/purge', { method: 'POST', headers, body: typeof body === 'string' ? body : JSON.stringify(body) });

async function purge(gateway: TestGateway, ...ids: string[]): Promise<void> {
  const response = await send(gateway, { ids });
  expect([response.status, await response.json()]).toEqual([200, { purged: ids.length }]);
}

/** Executes the document twice, and expects this number of calls in all after each time: the second one sends none. */
async function executeTwice(gateway: Awaited<ReturnType<typeof withToken>>, document: string, calls: number) {
  for (let run = 1; run <= 2; run++) {
    expect((await gateway.execute(document)).errors).toEqual([]);
    expect(gateway.apiCalls()).toHaveLength(calls);
  }
}

const album = `{ album(id: "${albums.tracks20}") { name label } }`;
const list = `{ artist(id: "${artists.bts}") { albums(first: 3) { nodes { id name } } } }`;
const track = `{ album(id: "${albums.tracks20}") { tracks(first: 1) { nodes { id name } } } }`;

describe('the removal of an id', () => {
  test.each([
    ['as an id', albums.tracks20],
    ['as a URI', `spotify:album:${albums.tracks20}`],
    ['as a link', `https://open.spotify.com/album/${albums.tracks20}?si=1`],
  ])('the next operation reads an album again after a removal that names the album %s', async (_, id) => {
    const gateway = await withToken();
    await executeTwice(gateway, album, 1);
    await purge(gateway, id);
    await executeTwice(gateway, album, 2);
  });

  test('the removal of an artist also removes the lists of the artist, and no other object', async () => {
    const gateway = await withToken();
    await gateway.execute(list);
    await gateway.execute(album);
    const calls = gateway.apiCalls().length;
    await purge(gateway, artists.bts);
    await gateway.execute(album);
    expect(gateway.apiCalls()).toHaveLength(calls);
    await gateway.execute(list);
    expect(gateway.apiCalls().slice(calls)).toContain(`/artists/${artists.bts}/albums?limit=50&offset=0`);
  });

  test('the removal of an artist also removes the lengths of the lists of the artist', async () => {
    const gateway = await withToken();
    const length = `{ artist(id: "${artists.bts}") { albums { totalCount } } }`;
    await gateway.execute(length);
    const calls = gateway.apiCalls().length;
    await purge(gateway, artists.bts);
    expect(dataAndErrorCodes(await gateway.execute(length))).toEqual({
      data: { artist: { albums: { totalCount: 104 } } },
      errors: [],
    });
    expect(gateway.apiCalls().slice(calls)).toContain(`/artists/${artists.bts}/albums?limit=50&offset=0`);
  });

  test.each([
    ['a page of a list', list],
    ['a page that an object contains', track],
    ['a search', '{ search(q: "the") { albums(first: 3) { nodes { id } } } }'],
  ])('the removal of an id removes each response that contains the id: %s', async (_, document) => {
    const gateway = await withToken();
    const { data } = await gateway.execute(document);
    const calls = gateway.apiCalls().length;
    const [, firstId] = /"id":"(\w{22})"/.exec(JSON.stringify(data)) ?? [];
    await purge(gateway, firstId ?? expect.fail());
    expect(dataAndErrorCodes(await gateway.execute(document))).toEqual({ data, errors: [] });
    expect(gateway.apiCalls().length).toBeGreaterThan(calls);
  });

  const content =
    '... on Track { id album { id artists { id } } artists { id } } ... on Episode { id show { id } }';
  test.each([
    ['a playlist', `playlist(id: "${playlists.gaps}") { id items(first: 5) { nodes { item { CONTENT } } } }`],
    [
      'a later page of a playlist',
      `playlist(id: "${playlists.items230}") { items(last: 3) { nodes { item { CONTENT } } } }`,
    ],
    ['an album', `album(id: "${albums.tracks20}") { artists { id } tracks(first: 3) { nodes { id } } }`],
    ['a show', `show(id: "${shows.episodes130}") { id episodes(first: 3) { nodes { id } } }`],
  ])('the removal of any id that a response shows removes the response: %s', async (_, selection) => {
    const gateway = await withToken();
    const document = `{ ${selection.replace('CONTENT', content)} }`;
    const { data } = await gateway.execute(document);
    const ids = new Set(JSON.stringify(data).match(/\b[0-9A-Za-z]{22}\b/g) ?? []);
    expect(ids.size).toBeGreaterThan(2);
    for (const id of ids) {
      await gateway.execute(document);
      const calls = gateway.apiCalls().length;
      await purge(gateway, id);
      expect(dataAndErrorCodes(await gateway.execute(document)), id).toEqual({ data, errors: [] });
      expect(gateway.apiCalls().length, id).toBeGreaterThan(calls);
    }
  });

  test('the removal of a track removes the pages in which another track replaces it, before an item is decoded', async () => {
    const gateway = await withToken();
    const document = (fields: string) =>
      `{ album(id: "${albums.relinked}", market: "ES") { tracks(first: 1) { ${fields} } } }`;
    await gateway.execute(document('totalCount'));
    const calls = gateway.apiCalls().length;
    await purge(gateway, tracks.relinked);
    await gateway.execute(document('nodes { id linkedFrom { id } }'));
    expect(gateway.apiCalls().length).toBeGreaterThan(calls);
  });

  test('an album that is removed is not served from the cache of whole responses', async () => {
    const gateway = await withToken();
    const port = await portOf(gateway.gateway.listener);
    const execute = async () => {
      const response = await fetch(
        `http://127.0.0.1:${port}/graphql`,
        postJson({ query: album }, { connection: 'close' }),
      );
      expect(response.status).toBe(200);
      await response.text();
    };
    for (let i = 0; i < 3; i++) await execute();
    await purge(gateway, albums.tracks20);
    await execute();
    expect(gateway.apiCalls()).toHaveLength(2);
  });

  test.each<StoreKind>([...stores])(
    'an id is removed in all processes that share %s, and in later ones, which need no further call',
    async (kind) => {
      const { start, sandbox, apiCalls } = await startStore(kind, { PURGE_TOKEN });
      const [one, other] = [await start(), await start()];
      await one.execute(album);
      await other.execute(album);
      await expect.poll(() => other.execute(album).then(() => apiCalls().length)).toBe(1);
      const edits = [{ path: 'name', set: 'A later name' }];
      sandbox.faults.add({ fault: { kind: 'edit', edits } });
      await purge(one, albums.tracks20);
      await expect.poll(() => other.execute(album).then(() => apiCalls().length)).toBe(2);
      const later = await start();
      for (const { execute } of [one, other, later])
        expect((await execute(album)).data).toMatchObject({ album: { name: 'A later name' } });
      expect(apiCalls()).toHaveLength(2);
    },
  );

  test.each<StoreKind>([...stores])(
    'a process that starts after the removal of an id does not read the removed entry from %s',
    async (kind) => {
      const { start, apiCalls } = await startStore(kind, { PURGE_TOKEN });
      const one = await start();
      await one.execute(album);
      await purge(one, albums.tracks20);
      const later = await start();
      await later.execute(album);
      expect(apiCalls()).toHaveLength(2);
    },
  );
});

describe('a call that was sent before the removal of an id in its response', () => {
  const delayOne = { times: 1, fault: { kind: 'delay', ms: 300 } } as const;

  test.each([
    ['an object', album, 1, 'albums', 'name'],
    ['a page of a list', list, 2, 'artists/albums', 'items.0.name'],
    ['a page that an object contains', track, 1, 'albums', 'tracks.items.0.name'],
  ])(
    'a later operation does not share a call that was sent before a removal, whose response is not cached: %s',
    async (_, document, calls, route, path) => {
      const gateway = await withToken();
      gateway.sandbox.faults.add({ ...delayOne, on: { route } });
      const first = gateway.execute(document);
      await expect.poll(() => gateway.apiCalls().length).toBe(calls);
      await purge(gateway, document === list ? artists.bts : albums.tracks20);
      const edits = [{ path, set: 'A later name' }];
      gateway.sandbox.faults.add({ on: { route }, fault: { kind: 'edit', edits } });
      const second = await gateway.execute(document);
      expect(gateway.apiCalls()).toHaveLength(2 * calls);
      expect(JSON.stringify(second.data)).toContain('A later name');
      expect(JSON.stringify((await first).data)).not.toContain('A later name');
      expect((await gateway.execute(document)).data).toEqual(second.data);
      expect(gateway.apiCalls()).toHaveLength(2 * calls);
    },
  );

  test.each([
    ['an object', album],
    ['a page that an object contains', track],
  ])(
    'the response to a call that was sent before a removal is not cached, even if no operation began meanwhile: %s',
    async (_, document) => {
      const gateway = await withToken();
      gateway.sandbox.faults.add(delayOne);
      const first = gateway.execute(document);
      await expect.poll(() => gateway.apiCalls().length).toBe(1);
      await purge(gateway, albums.tracks20);
      await first;
      await executeTwice(gateway, document, 2);
    },
  );

  test('a later operation gets no length of a list from a call that was sent before a removal', async () => {
    const gateway = await withToken();
    const length = `{ artist(id: "${artists.bts}") { albums { totalCount } } }`;
    gateway.sandbox.faults.add({ ...delayOne, times: 2 });
    const first = gateway.execute(length);
    await expect.poll(() => gateway.apiCalls().length).toBe(2);
    await purge(gateway, artists.bts);
    await first;
    for (const calls of [4, 4]) {
      expect((await gateway.execute(length)).data).toEqual({ artist: { albums: { totalCount: 104 } } });
      expect(gateway.apiCalls()).toHaveLength(calls);
    }
  });

  test('a response without the removed id is cached, also if its call was sent before the removal', async () => {
    const gateway = await withToken();
    gateway.sandbox.faults.add(delayOne);
    const first = gateway.execute(album);
    await expect.poll(() => gateway.apiCalls().length).toBe(1);
    await purge(gateway, artists.bts);
    await first;
    await gateway.execute(album);
    expect(gateway.apiCalls()).toHaveLength(1);
  });

  test('a call that was sent before a removal does not confirm the removed stale entry', async () => {
    const { pass } = startClock();
    const gateway = await withToken({ CACHE_TTL_SECONDS: '100' });
    await gateway.execute(album);
    await pass(101);
    gateway.sandbox.faults.add(delayOne);
    await gateway.execute(album); // is served stale, and refreshes it in the background
    await expect.poll(() => gateway.apiCalls().length).toBe(2);
    await purge(gateway, albums.tracks20);
    await sleep(400); // until the response has arrived
    await executeTwice(gateway, album, 3);
  });

  test.each<StoreKind>([...stores])(
    'a response is not read from %s if another process removed its id after the call was sent',
    async (kind) => {
      const { start, sandbox, apiCalls } = await startStore(kind, { PURGE_TOKEN });
      const [one, other] = [await start(), await start()];
      sandbox.faults.add({ times: 1, fault: { kind: 'delay', ms: 500 } });
      const first = one.execute(album);
      await expect.poll(() => apiCalls().length).toBe(1);
      await purge(other, albums.tracks20);
      await Promise.all([first, other.execute(album)]);
      expect(apiCalls()).toHaveLength(2);
      await Promise.all([one.execute(album), other.execute(album)]);
      expect(apiCalls()).toHaveLength(2);
    },
  );
});

test('a removal request may have a hundred ids', async () => {
  const response = await send(
    await withToken(),
    { ids: Array(100).fill(albums.tracks20) },
    { authorization },
  );
  expect([response.status, await response.json()]).toEqual([200, { purged: 100 }]);
});

describe('a removal request that is rejected', () => {
  test.each([
    ['without a token', { ids: [albums.tracks20] }, {}, 401, 'UNAUTHORIZED'],
    ['with another token', { ids: [albums.tracks20] }, { authorization: 'Bearer no' }, 401, 'UNAUTHORIZED'],
    ['with an invalid id', { ids: [albums.tracks20, 'none'] }, { authorization }, 400, 'BAD_REQUEST'],
    ['without ids', {}, { authorization }, 400, 'BAD_REQUEST'],
    ['with text that is not JSON', 'ids', { authorization }, 400, 'BAD_REQUEST'],
    ['with 101 ids', { ids: Array(101).fill(albums.tracks20) }, { authorization }, 400, 'BAD_REQUEST'],
    ['with a body that is too large', ' '.repeat(64_001), { authorization }, 413, 'BAD_REQUEST'],
  ])(
    'a removal request %s is rejected and removes nothing',
    async (_, body, headers: Record<string, string>, status, code) => {
      const gateway = await withToken();
      await gateway.execute(album);
      const response = await send(gateway, body, headers);
      const { errors } = (await response.json()) as { errors: { message: string; extensions: object }[] };
      expect([response.status, errors[0]?.extensions]).toEqual([status, { code }]);
      await gateway.execute(album);
      expect(gateway.apiCalls()).toHaveLength(1);
    },
  );

  const tooLarge = ' '.repeat(400_000); // more than the buffers of the server take
  test.each([
    ['states its length', `content-length: ${tooLarge.length}\r\n\r\n${tooLarge}`],
    [
      'comes in chunks',
      `transfer-encoding: chunked\r\n\r\n${tooLarge.length.toString(16)}\r\n${tooLarge}\r\n0\r\n\r\n`,
    ],
  ])('a removal request whose body %s and is too large gets the 413 on its connection', async (_, end) => {
    const gateway = await withToken();
    const port = await portOf(gateway.gateway.listener);
    const head = `POST /purge HTTP/1.1\r\nhost: gateway\r\nauthorization: ${authorization}\r\n`;
    const socket = await openSocket(port, head + end);
    await Promise.race([until(() => socket.received().includes(']}'), 5_000), socket.closed]);
    expect(socket.received()).toMatch(/^HTTP\/1\.1 413 [\s\S]*Send a body of at most 64000 bytes/);
  });

  const notAnId = 'Not a Spotify id: give its 22 characters, a spotify: URI or an open.spotify.com link.';
  test.each([
    ['text', 'none', `ids[1] is "none". ${notAnId}`],
    [
      'a URI of an unknown kind',
      'spotify:concert:4aawyAB9vmqN3uQ7FjRGTy',
      /^ids\[1\] is "spotify:concert:4aa/,
    ],
    ['a long text', 'x'.repeat(1_000), `ids[1] is "${'x'.repeat(100)}…". ${notAnId}`],
  ])(
    'the rejection of a removal request names the invalid one of several ids, and its position: %s',
    async (_, id, expected) => {
      const response = await send(await withToken(), { ids: [albums.tracks20, id, albums.tracks20] });
      const { errors } = (await response.json()) as { errors: { message: string }[] };
      expect(response.status).toBe(400);
      expect(errors.map(({ message }) => message)).toEqual([
        typeof expected === 'string' ? expected : expect.stringMatching(expected),
      ]);
    },
  );

  test('a GET of /purge is 405, and the response names the method POST', async () => {
    const response = await (await withToken()).fetch('/purge');
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
  });
});

test('the authorization scheme of a removal request may be in lower case', async () => {
  const gateway = await withToken();
  const response = await send(
    gateway,
    { ids: [albums.tracks20] },
    { authorization: `bearer ${PURGE_TOKEN}` },
  );
  expect(response.status).toBe(200);
});

test('without PURGE_TOKEN the route /purge does not exist', async () => {
  expect((await send(await startInMode('extended'), { ids: [albums.tracks20] })).status).toBe(404);
});
