import { describe, expect, test } from 'vitest';
import { createEntryStore } from '../../../../src/datasources/spotify/cache/shared-entry.ts';
import { createCapabilities } from '../../../../src/datasources/spotify/capabilities/capabilities.ts';
import { album, artistAlbums } from '../../../../src/datasources/spotify/kinds/index.ts';
import { byId } from '../../../../src/datasources/spotify/kinds/requests/endpoint-request.ts';
import { pagedList } from '../../../../src/datasources/spotify/kinds/requests/lists.ts';
import type { SpotifyId } from '../../../../src/datasources/spotify/kinds/spotify-id.ts';
import { UpstreamUnavailable } from '../../../../src/errors.ts';
import { epochMs } from '../../../../src/observability/clock.ts';
import {
  band,
  bandId,
  bandJson,
  createScriptedSpotify,
  startCache,
  startField,
  startSharedCaches,
} from '../../../support/cache.ts';
import { startClock } from '../../../support/clock.ts';
import { fullAlbum, plainId } from '../../../support/plain-objects.ts';
import { silentLog } from '../../../support/silent-log.ts';

const page = pagedList(artistAlbums, bandId, [], null).page(0, 10);
const pageJson = (total: number) => ({ items: [], offset: 0, limit: 10, total, next: null });
const day = 24 * 3_600;

describe('a 304', () => {
  test.each([
    ['the process that read the response from Spotify', 0],
    ['a process that read it from the store', 1],
  ])(
    'a 304 to %s is one call for all processes and for processes that start later',
    async (_, confirming) => {
      const clock = startClock();
      const spotify = createScriptedSpotify(async () => bandJson);
      spotify.etag = '"v1"';
      const { startProcess } = startSharedCaches(spotify);
      const processes = [startProcess(), startProcess()];
      for (const { cache } of processes) await cache.get(band, startField());
      expect(spotify.calls).toHaveLength(1);

      await clock.pass(day);
      await processes[confirming]?.cache.get(band, startField());
      expect(spotify.calls).toHaveLength(2);
      for (const { cache } of [...processes, startProcess()]) {
        const field = startField();
        expect(await cache.get(band, field)).toMatchObject({ name: 'BTS' });
        expect(field.staleReasons()).toEqual([]);
      }
      expect(spotify.calls).toHaveLength(2);
    },
  );
});

describe('a stored entry in a process with shorter times', () => {
  const second = 1_000;
  const long = { freshMs: 3_600 * second, staleMs: 3_600 * second };

  test.each([
    ['fresh', 1, { freshMs: 2 * second, staleMs: 0 }, { calls: 1, staleReasons: [] }],
    [
      'served stale and refreshed',
      3,
      { freshMs: 2 * second, staleMs: 60 * second },
      { calls: 2, staleReasons: ['REVALIDATING'] },
    ],
    ['not used', 3, { freshMs: 2 * second, staleMs: 0 }, { calls: 2, staleReasons: [] }],
    ['not used', 5, { freshMs: 2 * second, staleMs: 60 * second }, { calls: 2, staleReasons: [] }],
  ])(
    'a stored entry is %s %i s after Spotify sent it, in a process with %j',
    async (_, seconds, short, { calls, staleReasons }) => {
      const clock = startClock();
      const spotify = createScriptedSpotify(async () => bandJson);
      const { startProcess } = startSharedCaches(spotify);
      await startProcess(long).cache.get(band, startField());
      await clock.pass(seconds);
      const field = startField();
      expect(await startProcess(short).cache.get(band, field)).toMatchObject({ name: 'BTS' });
      expect(field.staleReasons()).toEqual(staleReasons);
      await expect.poll(() => spotify.calls).toHaveLength(calls);
    },
  );

  test('a stored absence is used for at most 24 minutes, however long the other process would use it', async () => {
    const clock = startClock();
    const spotify = createScriptedSpotify(async () => ({ id: null, name: null }));
    const { startProcess } = startSharedCaches(spotify);
    const read = (options?: typeof long) => startProcess(options).cache.get(band, startField());
    expect(await read(long)).toBeNull();
    await clock.pass(23 * 60);
    expect(await read()).toBeNull();
    expect(spotify.calls).toHaveLength(1);
    await clock.pass(2 * 60);
    expect(await read()).toBeNull();
    expect(spotify.calls).toHaveLength(2);
  });

  test('a process uses a stored entry no longer than its own times allow, even if the clock of the other process was ahead', async () => {
    const clock = startClock();
    const spotify = createScriptedSpotify(async () => bandJson);
    const { shared, startProcess } = startSharedCaches(spotify);
    const aheadMs = epochMs() + 3_600 * second;
    createEntryStore(shared.connect()).set(band.key, {
      body: bandJson,
      etag: null,
      asOfMs: aheadMs,
      startedMs: aheadMs,
      freshUntilMs: aheadMs + long.freshMs,
      usableUntilMs: aheadMs + long.freshMs,
      hasMalformedParts: false,
      isRepeated: false,
    });
    const { cache, memory } = startProcess({ freshMs: 2 * second, staleMs: 0 });
    await cache.get(band, startField());
    expect(spotify.calls).toHaveLength(0);
    await clock.pass(1);
    expect(memory.get(band.key)).toBeDefined();
    await clock.pass(2);
    expect(memory.get(band.key)).toBeUndefined();
  });
});

describe('an entry that a process expires', () => {
  test('an entry that a process expires is read from Spotify again by this process, and replaced in the store', async () => {
    let total = 5;
    const spotify = createScriptedSpotify(async () => pageJson(total));
    const { startProcess } = startSharedCaches(spotify);
    const [one, other] = [startProcess(), startProcess()];
    for (const { cache } of [one, other]) await cache.get(page, startField());
    total = 6;
    other.cache.expire(page.key);
    expect(await other.cache.get(page, startField())).toMatchObject({ total: 6 });
    expect(await startProcess().cache.get(page, startField())).toMatchObject({ total: 6 });
    expect(spotify.calls).toHaveLength(2);
  });

  test('an entry that a process expires stays in the store for other processes while Spotify cannot respond', async () => {
    const spotify = createScriptedSpotify(async () => pageJson(5));
    const { startProcess } = startSharedCaches(spotify);
    const { cache } = startProcess();
    await cache.get(page, startField());
    spotify.respond = () => Promise.reject(new UpstreamUnavailable('Spotify responded with status 503.'));
    cache.expire(page.key);
    const field = startField();
    expect(await cache.get(page, field)).toMatchObject({ total: 5 });
    expect(field.staleReasons()).toEqual(['UPSTREAM_UNAVAILABLE']);
    expect(await startProcess().cache.get(page, startField())).toMatchObject({ total: 5 });
  });

  test('an entry that a process expires is replaced without a call by a later entry of another process', async () => {
    let total = 5;
    const spotify = createScriptedSpotify(async () => pageJson(total));
    const { startProcess } = startSharedCaches(spotify);
    const [one, other] = [startProcess(), startProcess()];
    for (const { cache } of [one, other]) await cache.get(page, startField());
    total = 6;
    for (const { cache } of [one, other]) {
      cache.expire(page.key);
      expect(await cache.get(page, startField())).toMatchObject({ total: 6 });
    }
    expect(spotify.calls).toHaveLength(2);
  });

  test('an entry that a process expires still has its embedded objects', async () => {
    const albumId = '2Nrfpe0tUJi4K4DXYWgMUX' as SpotifyId;
    const album = { id: albumId, name: 'Proof', type: 'album', external_urls: {}, artists: [bandJson] };
    const spotify = createScriptedSpotify(async () => ({ ...pageJson(1), items: [album] }));
    const { cache } = startSharedCaches(spotify).startProcess();
    await cache.get(page, startField());
    cache.expire(page.key);
    expect(await cache.getAnyForm(band, startField())).toMatchObject({ name: 'BTS' });
    expect(spotify.calls).toHaveLength(1);
  });
});

describe('an error of the gateway itself', () => {
  test('an error of the gateway while a stored entry is decoded is a cache miss', async () => {
    const spotify = createScriptedSpotify(async () => bandJson);
    const { startProcess } = startSharedCaches(spotify);
    const { cache } = startProcess();
    await cache.get(band, startField());
    cache.close();
    let decodings = 0;
    const decode = (body: unknown) => {
      decodings += 1;
      if (decodings === 1) throw new TypeError('an unknown form');
      return band.decode(body);
    };
    const value = await startProcess().cache.get({ ...band, decode }, startField());
    expect(value).toMatchObject({ name: 'BTS' });
    expect(spotify.calls).toHaveLength(2);
  });

  test('an error of the gateway while a call is sent ends the lease of its key', async () => {
    const { shared } = startSharedCaches(createScriptedSpotify(async () => bandJson));
    const leases = shared.connect();
    const batchFetcher = () => {
      throw new TypeError('no request was sent');
    };
    const { cache } = startCache(
      createScriptedSpotify(async () => bandJson),
      { store: leases, batchFetcher },
    );
    await expect(cache.get(band, startField())).rejects.toThrow(TypeError);
    cache.close();
    expect(await shared.connect().acquireLeases([band.key])).toEqual([true]);
  });
});

describe('the capabilities of an app', () => {
  const { label, popularity, ...albumInDevelopmentMode } = fullAlbum(plainId(1));
  const request = byId(album, plainId(1) as SpotifyId, null);

  test.each([
    ['with', fullAlbum(plainId(1))],
    ['without', albumInDevelopmentMode],
  ])(
    'the capabilities of an app are learned from a response that Spotify sends now, not from an older one in the store: an album %s a label',
    async (word, json) => {
      const clock = startClock();
      const { startProcess } = startSharedCaches(createScriptedSpotify(async () => json));
      const start = () => {
        const capabilities = createCapabilities('auto', silentLog);
        return { capabilities, ...startProcess({ capabilities }) };
      };
      const [first, second] = [start(), start()];
      await first.cache.get(request, startField());
      expect(first.capabilities.has('Album.label')).toBe(word === 'with');
      first.cache.close();
      await clock.pass(3 * day);
      await second.cache.load(request);
      expect(second.cache.peek(request)).toMatchObject({ name: json.name });
      expect(second.capabilities.has('Album.label')).toBeNull();
    },
  );
});
