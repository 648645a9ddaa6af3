import { describe, expect, test } from 'vitest';
import { createPurges } from '../../../../src/datasources/spotify/cache/purges.ts';
import { createCapabilities } from '../../../../src/datasources/spotify/capabilities/capabilities.ts';
import {
  album,
  artist,
  artistAlbums,
  categories,
  categoryPlaylists,
  kinds,
  newReleases,
  playlistItems,
  relatedArtists,
  topTracks,
  track,
  userPlaylists,
} from '../../../../src/datasources/spotify/kinds/index.ts';
import type { KindRegistry } from '../../../../src/datasources/spotify/kinds/kind.ts';
import { parseMarket } from '../../../../src/datasources/spotify/kinds/markets.ts';
import { browseList } from '../../../../src/datasources/spotify/kinds/requests/browse.ts';
import { byId } from '../../../../src/datasources/spotify/kinds/requests/endpoint-request.ts';
import { pagedList, unpagedList } from '../../../../src/datasources/spotify/kinds/requests/lists.ts';
import { requestOfKey } from '../../../../src/datasources/spotify/kinds/requests/request-of-key.ts';
import { searchResults } from '../../../../src/datasources/spotify/kinds/requests/search.ts';
import type { SpotifyId } from '../../../../src/datasources/spotify/kinds/spotify-id.ts';
import type { SharedStore } from '../../../../src/datasources/spotify/shared-state/shared-store.ts';
import { UpstreamUnavailable } from '../../../../src/errors.ts';
import { epochMs } from '../../../../src/observability/clock.ts';
import {
  createScriptedSpotify,
  type ScriptedSpotify,
  startCache,
  startField,
} from '../../../support/cache.ts';
import { startClock } from '../../../support/clock.ts';
import { createFakeSharedStore } from '../../../support/fake-shared-store.ts';
import { fullTrack, plainId, shortAlbum } from '../../../support/plain-objects.ts';
import { silentLog } from '../../../support/silent-log.ts';

/** Reads of objects that the store has only inside the response to another request. */

const owner = plainId(1) as SpotifyId;
const albumId = plainId(101) as SpotifyId;
const page = pagedList(artistAlbums, owner, [], null).page(0, 50);
const albumRequest = byId(album, albumId, null);
const hour = 3_600;

/** An app that may read pages of 50. */
const extended = () => createCapabilities('extended', silentLog);

const json = (value: unknown) => JSON.parse(JSON.stringify(value)) as object;
const pageJson = (items: readonly object[]) =>
  json({ items, offset: 0, limit: 50, total: items.length, next: null });
const albums = Array.from({ length: 50 }, (_, i) => shortAlbum(plainId(101 + i)));

/** Processes that share one store, with a record of the operations on it. */
function startShared(spotify: ScriptedSpotify) {
  const shared = createFakeSharedStore();
  let reads = 0;
  const waiting = new Map<number, () => void>();
  const writes: { key: string; value: Buffer; lifeMs: number }[][] = [];
  const startProcess = () => {
    const connected = shared.connect();
    const store: SharedStore = {
      ...connected,
      getEntries(keys) {
        reads += 1;
        waiting.get(reads)?.();
        return connected.getEntries(keys);
      },
      setEntries(entries) {
        writes.push([...entries]);
        connected.setEntries(entries);
      },
    };
    const purges = createPurges(undefined, async () => undefined); // nothing is in memory yet
    const process = startCache(spotify, { store, capabilities: extended(), purges });
    return { ...process, purges };
  };
  const readsOf = async (action: () => Promise<unknown>) => {
    reads = 0;
    await action();
    return reads;
  };
  /** Resolves at the `number`th read of the store from now on. */
  const onRead = (number: number) => {
    reads = 0;
    return new Promise<void>((resolve) => void waiting.set(number, resolve));
  };
  return { shared, startProcess, writes, readsOf, onRead };
}

const respondWith = (pages: Readonly<Record<string, unknown>>) =>
  createScriptedSpotify(async (path) => {
    const found = Object.entries(pages).find(([start]) => path.startsWith(start));
    if (!found) throw new UpstreamUnavailable(`no response for ${path}`);
    return found[1];
  });

const withAlbums = () => respondWith({ [`/artists/${owner}/albums`]: pageJson(albums) });

describe('an object inside a stored response', () => {
  test('an embedded object is read with two round trips to the store, and so are the 50 embedded objects of a page', async () => {
    const spotify = withAlbums();
    const { startProcess, readsOf } = startShared(spotify);
    await startProcess().cache.get(page, startField());
    const [one, all] = [startProcess(), startProcess()];
    expect(await readsOf(() => one.cache.getAnyForm(albumRequest, startField()))).toBe(2);
    const requests = albums.map(({ id }) => byId(album, id as SpotifyId, null));
    const readAll = async () => {
      const found = await Promise.all(requests.map((request) => all.cache.getAnyForm(request, startField())));
      expect(found).toMatchObject(albums.map(({ id, name }) => ({ id, name })));
    };
    expect(await readsOf(readAll)).toBe(2);
    expect(spotify.calls).toHaveLength(1);
  });

  test('the step that stores a page of 50 stores a reference of under 100 bytes to each object, with the life of the page', async () => {
    const { startProcess, writes } = startShared(withAlbums());
    const { cache } = startProcess();
    await cache.get(page, startField());
    cache.close();
    expect(writes).toHaveLength(1);
    const [[response, ...others] = []] = writes;
    expect(others.length).toBeGreaterThanOrEqual(50);
    expect(new Set(others.map(({ lifeMs }) => lifeMs))).toEqual(new Set([response?.lifeMs]));
    for (const { value } of others) expect(value.byteLength).toBeLessThan(100);
  });

  test('a read of an object costs one round trip, both with a fresh entry of the object in the store and with an empty store', async () => {
    const spotify = createScriptedSpotify(async () => json(shortAlbum(albumId)));
    const { startProcess, readsOf } = startShared(spotify);
    expect(await readsOf(() => startProcess().cache.getAnyForm(albumRequest, startField()))).toBe(1);
    expect(await readsOf(() => startProcess().cache.getAnyForm(albumRequest, startField()))).toBe(1);
    expect(spotify.calls).toHaveLength(1);
  });

  test('an entry of the store does not replace a later entry that arrives in memory while the store is read', async () => {
    const clock = startClock();
    const { startProcess } = startShared(createScriptedSpotify(async () => json(shortAlbum(albumId))));
    const value = await startProcess().cache.get(albumRequest, startField());
    await clock.pass(2 * hour);
    const { cache, memory } = startProcess();
    const isFound = cache.findCachedOrInFlight([albumRequest]);
    const nowMs = epochMs();
    cache.put(albumRequest, value as NonNullable<typeof value>, nowMs);
    await isFound;
    expect(memory.get(albumRequest.key)?.freshUntilMs).toBe(nowMs + albumRequest.freshMs);
  });

  test('an entry of the store does not come back into memory if its id is removed while a response with the object is read', async () => {
    const spotify = createScriptedSpotify(async (path) =>
      path.startsWith('/artists/') ? pageJson(albums) : json(shortAlbum(albumId)),
    );
    const clock = startClock();
    const { startProcess, onRead } = startShared(spotify);
    const { cache: other } = startProcess();
    await other.get(albumRequest, startField());
    await clock.pass(25 * hour); // the album is stale
    await other.get(page, startField());
    other.close();
    const { cache, memory, purges } = startProcess();
    const isResponseRead = onRead(2);
    const search = cache.findCachedOrInFlight([albumRequest]);
    await isResponseRead;
    await purges.purge([albumId]);
    expect(await search).toBeUndefined();
    expect(memory.get(albumRequest.key)).toBeUndefined();
  });

  test('an object is read from a stored response that is later than the removal of its id, although its own stored entry is fresh', async () => {
    const spotify = createScriptedSpotify(async (path) =>
      path.startsWith('/artists/') ? pageJson(albums) : json(shortAlbum(albumId)),
    );
    const clock = startClock();
    const { startProcess } = startShared(spotify);
    const { cache: other } = startProcess();
    await other.get(albumRequest, startField());
    await clock.pass(1);
    const { cache, purges } = startProcess();
    await purges.purge([albumId]);
    await clock.pass(1);
    await other.get(page, startField());
    other.close();
    spotify.calls.length = 0;
    expect(await cache.getAnyForm(albumRequest, startField())).toMatchObject({ id: albumId });
    expect(spotify.calls).toEqual([]);
  });

  test('a read of a full object calls Spotify if the stored response has a simplified object', async () => {
    const spotify = respondWith({
      [`/artists/${owner}/albums`]: pageJson(albums),
      '/albums/': json({ ...shortAlbum(albumId), label: 'Label' }),
    });
    const { startProcess } = startShared(spotify);
    await startProcess().cache.get(page, startField());
    const { cache } = startProcess();
    expect(await cache.get(albumRequest, startField())).toMatchObject({ full: true, label: 'Label' });
    expect(spotify.calls.at(-1)).toBe(`/albums/${albumId}`);
  });

  test('a read of a full object returns the full object, also if a read of any form of the object started before', async () => {
    const spotify = respondWith({
      [`/artists/${owner}/albums`]: pageJson(albums),
      '/albums/': json({ ...shortAlbum(albumId), label: 'Label' }),
    });
    for (let ticks = 0; ticks < 40; ticks += 1) {
      const { startProcess, onRead } = startShared(spotify);
      await startProcess().cache.get(page, startField());
      spotify.calls.length = 0;
      const { cache } = startProcess();
      const isResponseRead = onRead(2);
      const any = cache.getAnyForm(albumRequest, startField());
      if (ticks > 0) await isResponseRead;
      for (let tick = 0; tick < ticks; tick += 1) await Promise.resolve();
      const full = cache.get(albumRequest, startField());
      expect(await any).toMatchObject({ name: albums[0]?.name });
      expect(await full).toMatchObject({ full: true, label: 'Label' });
      expect(spotify.calls).toEqual([`/albums/${albumId}`]);
    }
  });

  test.each([
    ['a short text', 'q'],
    ['the longest text', '音'.repeat(250)],
  ])(
    'a full object embedded in a stored response is enough for a read of the full object: a search for %s',
    async (_, q) => {
      const results = searchResults(track, q, null).page(0, 50);
      const spotify = respondWith({ '/search': { tracks: pageJson([fullTrack(plainId(7))]) } });
      const { startProcess } = startShared(spotify);
      await startProcess().cache.get(results, startField());
      const request = byId(track, plainId(7) as SpotifyId, null);
      expect(await startProcess().cache.get(request, startField())).toMatchObject({ full: true });
      expect(spotify.calls).toHaveLength(1);
    },
  );

  test('a stale object embedded in a stored response is served, and refreshed in the background', async () => {
    const clock = startClock();
    const spotify = respondWith({
      [`/artists/${owner}/albums`]: pageJson(albums),
      '/albums/': json(shortAlbum(albumId)),
    });
    const { startProcess } = startShared(spotify);
    await startProcess().cache.get(page, startField());
    await clock.pass(30 * hour);
    const field = startField();
    expect(await startProcess().cache.getAnyForm(albumRequest, field)).toMatchObject({ id: albumId });
    expect(field.staleReasons()).toEqual(['REVALIDATING']);
    await expect.poll(() => spotify.calls.slice(1)).toEqual([`/albums/${albumId}`]);
  });

  test('a stale object embedded in a stored response is served if Spotify cannot respond', async () => {
    const clock = startClock();
    const spotify = withAlbums();
    const { startProcess } = startShared(spotify);
    await startProcess().cache.get(page, startField());
    await clock.pass(100 * hour);
    const field = startField();
    expect(await startProcess().cache.getAnyForm(albumRequest, field)).toMatchObject({ id: albumId });
    expect(field.staleReasons()).toEqual(['UPSTREAM_UNAVAILABLE']);
  });

  test('a fresh object embedded in a stored response is used instead of a stale entry of the same object', async () => {
    const clock = startClock();
    const spotify = respondWith({
      [`/artists/${owner}/albums`]: pageJson(albums),
      '/albums/': json({ ...shortAlbum(albumId), name: 'Old' }),
    });
    const { startProcess } = startShared(spotify);
    await startProcess().cache.get(albumRequest, startField());
    await clock.pass(23 * hour);
    await startProcess().cache.get(page, startField());
    await clock.pass(2 * hour);
    const field = startField();
    expect(await startProcess().cache.getAnyForm(albumRequest, field)).toMatchObject({
      name: albums[0]?.name,
    });
    expect(field.staleReasons()).toEqual([]);
    expect(spotify.calls).toHaveLength(2);
  });

  test('an embedded track that replaces a relinked track is not used for a read of its own id', async () => {
    const [id, original] = [plainId(7) as SpotifyId, plainId(8)];
    const relinked = { ...fullTrack(id), linked_from: { id: original, type: 'track' } };
    const market = parseMarket('DE');
    const list = unpagedList(topTracks, owner, market);
    const spotify = respondWith({
      [`/artists/${owner}/top-tracks`]: json({ tracks: [relinked] }),
      '/tracks/': json(fullTrack(id)),
    });
    const { startProcess, writes } = startShared(spotify);
    await startProcess().cache.get(list, startField());
    expect(writes.flat().filter(({ key }) => key.includes(`in:track/${id}`))).toEqual([]);
    await startProcess().cache.getAnyForm(byId(track, id, market), startField());
    expect(spotify.calls.at(-1)).toBe(`/tracks/${id}?market=DE`);
  });
});

describe('a reference to a response', () => {
  const start = async (change: (text: string) => string | null) => {
    const spotify = respondWith({
      [`/artists/${owner}/albums`]: pageJson(albums),
      '/albums/': json(shortAlbum(albumId)),
    });
    const shared = createFakeSharedStore();
    const connect = () => {
      const connected = shared.connect();
      const getEntries = async (keys: readonly string[]) => {
        const values = await connected.getEntries(keys);
        return keys.map((key, i) => {
          const value = values[i] ?? null;
          const text = /^en:in:/.test(key) ? change(value?.toString() ?? '') : undefined;
          return text === undefined ? value : text === null ? null : Buffer.from(text);
        });
      };
      return startCache(spotify, { store: { ...connected, getEntries }, capabilities: extended() });
    };
    await connect().cache.get(page, startField());
    return { spotify, cache: connect().cache };
  };

  for (const [name, change] of [
    ['missing', () => null],
    ['empty', () => ''],
    ['no key', () => '\u0000\uFFFD{"'],
    ['a URL', () => 'https://example.com/artists'],
    ['too long', () => `/search?q=${'a'.repeat(4_000)}&type=track&limit=10&offset=0`],
    ['of a response that is not stored', () => `/artists/${plainId(2)}/albums?limit=50&offset=0`],
    ['of an object that is not stored', () => `album/${plainId(2)}`],
    ['of the object itself', () => `album/${albumId}`],
    ['of an unknown kind', () => `constructor/${plainId(2)}`],
    ['with an invalid page size', (text: string) => text.replace('limit=50', 'limit=x')],
    ['with an invalid market', (text: string) => `${text}&market=../..`],
  ] as const) {
    test(`an invalid reference to a response costs one call, for the object itself: ${name}`, async () => {
      const { spotify, cache } = await start(change);
      expect(await cache.getAnyForm(albumRequest, startField())).toMatchObject({ id: albumId });
      expect(spotify.calls.slice(1)).toEqual([`/albums/${albumId}`]);
    });
  }

  test('a reference to an older response in the store does not replace the later response in memory', async () => {
    const clock = startClock();
    let items = albums;
    const spotify = createScriptedSpotify(async (path) =>
      path.includes('/albums?') ? pageJson(items) : json(shortAlbum(albumId)),
    );
    const { startProcess, shared } = startShared(spotify);
    await startProcess().cache.get(page, startField());
    await clock.pass(3 * hour);
    items = albums.slice(1);
    shared.setDown(true);
    const { cache } = startProcess();
    await cache.get(page, startField());
    shared.setDown(false);
    await cache.getAnyForm(albumRequest, startField());
    spotify.calls.length = 0;
    expect(await cache.get(page, startField())).toMatchObject({ total: 49 });
    expect(spotify.calls).toEqual([]);
  });

  test('a reference to a response that no longer contains the object costs a call for the object', async () => {
    const clock = startClock();
    let items = albums;
    const spotify = createScriptedSpotify(async (path) =>
      path.includes('/albums?') ? pageJson(items) : json(shortAlbum(albumId)),
    );
    const { startProcess } = startShared(spotify);
    const first = startProcess();
    await first.cache.get(page, startField());
    await clock.pass(3 * hour);
    items = albums.slice(1);
    await first.cache.get(page, startField());
    expect(await startProcess().cache.getAnyForm(albumRequest, startField())).toMatchObject({ id: albumId });
    expect(spotify.calls.slice(2)).toEqual([`/albums/${albumId}`]);
  });
});

describe('the key of a request', () => {
  const market = parseMarket('DE');
  for (const [name, request] of [
    ['an artist', byId(artist, owner, null)],
    ['an album in a market', byId(album, albumId, market)],
    ["a page of an artist's albums", page],
    [
      "a page of an artist's singles in a market",
      pagedList(artistAlbums, owner, ['SINGLE'], market).page(20, 10),
    ],
    [
      'a page of three groups of albums',
      pagedList(artistAlbums, owner, ['APPEARS_ON', 'SINGLE', 'ALBUM'], null).page(20, 10),
    ],
    ['a page of a search', searchResults(album, 'a&b=c?d "e" é', market).page(990, 10)],
    ['top tracks', unpagedList(topTracks, owner, market)],
    ['related artists', unpagedList(relatedArtists, owner, null)],
    ['a page of the items of a playlist', pagedList(playlistItems, owner, undefined, market).page(50, 50)],
    ['a page of new releases', browseList(newReleases, undefined).page(0, 50)],
    [
      'a page of categories in a language',
      browseList(categories, undefined, { locale: 'de_DE' }).page(50, 50),
    ],
    [
      'a page of the playlists of a category',
      browseList(categoryPlaylists, { categoryId: 'k-pop & more' }).page(0, 20),
    ],
    ['a page of the playlists of a user', browseList(userPlaylists, { id: 'user/ä' }).page(0, 10)],
  ] as const) {
    test(`the key of a request is decoded to the same request: ${name}`, () => {
      const found = requestOfKey(request.key);
      expect(found?.key).toBe(request.key);
      expect(found?.apiRequest).toEqual(request.apiRequest);
      expect(found?.freshMs).toBe(request.freshMs);
    });
  }

  for (const key of [
    '/browse/categories/%/playlists?limit=50&offset=0',
    '/users/%2E%2E/playlists?limit=50&offset=0',
    '/users//playlists?limit=50&offset=0',
  ])
    test(`a key that no list has is not decoded: ${key}`, () => {
      expect(requestOfKey(key)).toBeNull();
    });

  test('the keys of all kinds of objects, and of all of their lists and searches, are decoded', () => {
    const keys = Object.values(kinds as KindRegistry).flatMap((kind) => [
      byId(kind, owner, market).key,
      ...kind.pagedLists.map(
        (list) => pagedList(list, owner, list.filterIn?.({}) as never, market).page(20, 20).key,
      ),
      ...kind.unpagedLists.map((list) => unpagedList(list, owner, market).key),
      ...(kind.isSearchable ? [searchResults(kind, 'q', market).page(0, 10).key] : []),
    ]);
    expect(keys.map((key) => requestOfKey(key)?.key)).toEqual(keys);
  });

  test('the key of a page of singles is decoded to a request whose albums have the group SINGLE', () => {
    const singles = pagedList(artistAlbums, owner, ['SINGLE'], null).page(0, 50);
    const decoded = requestOfKey(singles.key)?.decode(pageJson(albums.slice(0, 1))) as ReturnType<
      typeof singles.decode
    >;
    expect(decoded.items.at(0)).toMatchObject({ albumGroup: 'SINGLE' });
  });
});
