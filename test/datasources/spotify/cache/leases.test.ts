import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { UpstreamUnavailable } from '../../../../src/errors.ts';
import {
  band,
  bandId,
  bandJson,
  createScriptedSpotify,
  type ScriptedSpotify,
  startField,
  startSharedCaches,
} from '../../../support/cache.ts';

const spotifyAfter = (delayMs: number) =>
  createScriptedSpotify(async () => {
    await sleep(delayMs);
    return bandJson;
  });

/** The caches of several processes that share one store. */
function startProcesses(
  count: number,
  spotify: ScriptedSpotify,
  options: { freshMs?: number; staleMs?: number } = {},
) {
  const { shared, startProcess } = startSharedCaches(spotify);
  return { shared, processes: Array.from({ length: count }, () => startProcess(options)) };
}

describe('one process at a time reads a key from Spotify', () => {
  test.each([
    ['entries are fresh', {}],
    ['CACHE_TTL_SECONDS is 0', { freshMs: 0 }],
    ['CACHE_TTL_SECONDS and CACHE_STALE_SECONDS are 0', { freshMs: 0, staleMs: 0 }],
  ])('100 equal reads in each of 8 processes cost one call if %s', async (_, options) => {
    const spotify = spotifyAfter(100);
    const { processes } = startProcesses(8, spotify, options);
    const reads = processes.flatMap(({ cache }) =>
      Array.from({ length: 100 }, () => cache.get(band, startField())),
    );
    const names = (await Promise.all(reads)).map((value) => value?.name);
    expect(new Set(names)).toEqual(new Set(['BTS']));
    expect(spotify.calls).toEqual([`/artists/${bandId}`]);
  });

  test('a later read of the same object calls Spotify again if CACHE_TTL_SECONDS and CACHE_STALE_SECONDS are 0', async () => {
    const spotify = spotifyAfter(0);
    const { processes } = startProcesses(2, spotify, { freshMs: 0, staleMs: 0 });
    for (const { cache } of processes) await cache.get(band, startField());
    expect(spotify.calls).toHaveLength(2);
  });

  test('a process reads an entry from the store after another process has stored the entry', async () => {
    const spotify = spotifyAfter(0);
    const { processes } = startProcesses(2, spotify);
    for (const { cache } of processes) await cache.get(band, startField());
    expect(spotify.calls).toHaveLength(1);
  });

  test('a lease whose holder was killed costs one more call and at most 1.5 s', async () => {
    const spotify = spotifyAfter(0);
    const { shared, processes } = startProcesses(3, spotify);
    await shared.connect().acquireLeases([band.key]); // it never releases the lease
    const startMs = performance.now();
    const names = await Promise.all(processes.map(({ cache }) => cache.get(band, startField())));
    expect(names.map((value) => value?.name)).toEqual(['BTS', 'BTS', 'BTS']);
    expect(performance.now() - startMs).toBeLessThan(1_500);
    expect(spotify.calls).toHaveLength(1);
  });

  test('a read that fails is tried again by the next process, and ends its lease', async () => {
    let failures = 1;
    const spotify = createScriptedSpotify(async () => {
      await sleep(20);
      failures -= 1;
      if (failures >= 0) throw new UpstreamUnavailable('Spotify responded with status 503.');
      return bandJson;
    });
    const { processes } = startProcesses(2, spotify);
    const results = await Promise.allSettled(processes.map(({ cache }) => cache.get(band, startField())));
    expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(spotify.calls).toHaveLength(2);
    for (const { cache } of processes) cache.close();
    expect(await processes[0]?.leases.acquireLeases([band.key])).toEqual([true]);
  });

  test('a field waits for another process no longer than to its deadline', async () => {
    const { shared, processes } = startProcesses(1, spotifyAfter(0));
    await shared.connect().acquireLeases([band.key]);
    const read = processes[0]?.cache.get(band, startField(50));
    await expect(read).rejects.toMatchObject({ code: 'UPSTREAM_TIMEOUT' });
  });

  test('each process calls Spotify while the store does not respond', async () => {
    const spotify = spotifyAfter(20);
    const { shared, processes } = startProcesses(2, spotify);
    shared.setDown(true);
    const names = await Promise.all(processes.map(({ cache }) => cache.get(band, startField())));
    expect(names.map((value) => value?.name)).toEqual(['BTS', 'BTS']);
    expect(spotify.calls).toHaveLength(2);
  });

  test('a stale entry is refreshed once for all processes', async () => {
    const spotify = spotifyAfter(50);
    const { processes } = startProcesses(3, spotify, { freshMs: 200 });
    for (const { cache } of processes) await cache.get(band, startField());
    await sleep(210);
    const fields = processes.map(() => startField());
    await Promise.all(processes.map(({ cache }, i) => cache.get(band, fields[i] ?? startField())));
    expect(fields.map((field) => field.staleReasons())).toEqual(fields.map(() => ['REVALIDATING']));
    await sleep(150);
    expect(spotify.calls).toHaveLength(2);
    for (const { cache } of processes) expect(await cache.get(band, startField())).not.toBeNull();
    expect(spotify.calls).toHaveLength(2);
  });
});
