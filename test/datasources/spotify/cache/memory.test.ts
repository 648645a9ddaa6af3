import { once } from 'node:events';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { createMemory } from '../../../../src/datasources/spotify/cache/memory.ts';
import { createCapabilities } from '../../../../src/datasources/spotify/capabilities/capabilities.ts';
import { artistAlbums } from '../../../../src/datasources/spotify/kinds/index.ts';
import { pagedList } from '../../../../src/datasources/spotify/kinds/requests/lists.ts';
import type { SpotifyId } from '../../../../src/datasources/spotify/kinds/spotify-id.ts';
import { createListLengths } from '../../../../src/datasources/spotify/pagination/lengths.ts';
import { epochMs } from '../../../../src/observability/clock.ts';
import { createScriptedSpotify, lastingEntry, startCache, startField } from '../../../support/cache.ts';
import { isFull } from '../../../support/clock.ts';
import type { MemoryRun } from '../../../support/memory-run.ts';
import { noPurges } from '../../../support/no-purges.ts';
import { plainId, shortAlbum } from '../../../support/plain-objects.ts';
import { runScript } from '../../../support/process.ts';
import { silentLog } from '../../../support/silent-log.ts';

/** The memory of a process has an upper bound. */

describe('the memory of a process', () => {
  const albums = isFull ? 100_000 : 12_000; // more than the cache can have

  test(`the memory of a process that has read ${albums} different albums stays below 400 MB`, async () => {
    // Without a limit V8 collects garbage late on a machine with much memory.
    const limit = '--max-old-space-size=270';
    const child = await runScript('test/support/memory-run.ts', ['--expose-gc', limit], [`${albums}`]);
    let printed = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
    });
    const [code] = await once(child, 'close');
    expect(code).toBe(0);
    process.stdout.write(printed);
    const run = JSON.parse(printed) as MemoryRun;
    expect(run.isNewestCached).toBe(true);
    expect(run.cachedAlbums).toBeGreaterThan(1_000); // the cache is not almost empty
    expect(run.cachedEntries).toBeLessThanOrEqual(200_000);
    expect(run.cachedMb).toBeLessThanOrEqual(48);
    expect(run.heapMb).toBeLessThan(78); // 66, and 80 if lists of evicted entries stay
    expect(run.rssMb).toBeLessThan(400);
    expect(run.peakMb).toBeLessThan(400);
  }, 120_000);

  test('the memory of a process has at most 200,000 entries, even if the entries are small', () => {
    const memory = createMemory({ freshMs: null, staleMs: 0 });
    const keys = Array.from({ length: 250_000 }, (_, i) => `artist/${i}`);
    for (const key of keys) memory.set(key, lastingEntry(1));
    const isCached = keys.map((key) => memory.get(key) !== undefined);
    const count = isCached.filter(Boolean).length;
    expect(count).toBeGreaterThan(190_000);
    expect(count).toBeLessThanOrEqual(200_000);
    expect(isCached.slice(-count).every(Boolean)).toBe(true);
  });

  test('the memory of a process has at most 48 MB of entries, even if the entries are large', () => {
    const memory = createMemory({ freshMs: null, staleMs: 0 });
    const keys = Array.from({ length: 300 }, (_, i) => `album/${i}`);
    for (const key of keys) memory.set(key, lastingEntry(1_000_000));
    const cachedKeys = keys.filter((key) => memory.get(key));
    expect(cachedKeys.length * 1_000_200).toBeLessThanOrEqual(48_000_000);
    expect(cachedKeys.length).toBeGreaterThan(45);
    expect(cachedKeys.at(-1)).toBe(keys.at(-1));
  });

  test('the memory of a process has at most 48 MB of pages that are stored under another key than that of their response', async () => {
    const items = Array.from({ length: 50 }, (_, i) => shortAlbum(plainId(i)));
    const pageJson = { items, offset: 0, limit: 50, total: 50, next: null };
    const { cache, memory } = startCache(
      createScriptedSpotify(async () => pageJson),
      { capabilities: createCapabilities('extended', silentLog) },
    );
    const requestOf = (owner: number) =>
      pagedList(artistAlbums, plainId(owner) as SpotifyId, [], null).page(0, 50);
    const page = (await cache.get(requestOf(0), startField())) ?? expect.fail();
    for (let owner = 1; owner <= 3_000; owner += 1)
      cache.put(requestOf(owner), page, page.asOfMs, items.length);
    const simplifiedAlbumBytes = 600;
    expect(memory.size() * items.length * simplifiedAlbumBytes).toBeLessThanOrEqual(48_000_000);
    expect(memory.size()).toBeGreaterThan(1_000);
  });

  test('the memory of a process keeps entries that are read, and evicts the least recently read entries', () => {
    const memory = createMemory({ freshMs: null, staleMs: 0 });
    const keys = Array.from({ length: 250_000 }, (_, i) => `artist/${i}`);
    for (const key of keys) {
      memory.set(key, lastingEntry(1));
      memory.get('artist/7');
    }
    expect(memory.get('artist/7')).toBeDefined();
    expect(memory.get('artist/8')).toBeUndefined();
  });

  test('an entry that may no longer be used is not returned from memory, and is deleted within a minute', () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const memory = createMemory({ freshMs: null, staleMs: 0 });
    memory.set('artist/1', {
      ...lastingEntry(1),
      usableUntilMs: epochMs() + 500,
    });
    memory.set('artist/2', lastingEntry(1));
    expect(memory.get('artist/1')).toBeDefined();
    vi.advanceTimersByTime(501);
    expect(memory.get('artist/1')).toBeUndefined();
    expect(memory.size()).toBe(2);
    vi.advanceTimersByTime(60_000);
    expect(memory.size()).toBe(1);
    memory.close();
  });

  test('the memory of a process has the lengths of at most 5,000 lists', () => {
    const lengths = createListLengths(60_000, () => undefined, noPurges.isPurged);
    const asOfMs = epochMs();
    const rest = { hasStableTotal: true, freshMs: 60_000, maxOffset: Number.POSITIVE_INFINITY };
    const list = (i: number) => ({ key: `/artists/${i}/albums?`, ...rest });
    const page = { offset: 0, limit: 10, totalSource: 'sent' as const, hasNext: false, items: [], asOfMs };
    const pages = Array.from({ length: 30_000 }, (_, i) => i);
    for (const i of pages) lengths.record(list(i), { ...page, total: i }, asOfMs);
    expect(pages.filter((i) => lengths.of(list(i)) !== null)).toHaveLength(5_000);
  });

  test('the memory of a process has the lengths of fewer lists if the lists have many pages', () => {
    const lengths = createListLengths(60_000, () => undefined, noPurges.isPurged);
    const asOfMs = epochMs();
    const rest = { hasStableTotal: true, freshMs: 60_000, maxOffset: Number.POSITIVE_INFINITY };
    const list = (i: number) => ({ key: `/artists/${i}/albums?`, ...rest });
    const page = { limit: 10, total: 1_000, totalSource: 'sent' as const, hasNext: true, items: [], asOfMs };
    const numbers = Array.from({ length: 300 }, (_, i) => i);
    for (const i of numbers) {
      for (let offset = 0; offset < 1_000; offset += 10) lengths.record(list(i), { ...page, offset }, asOfMs);
    }
    expect(numbers.filter((i) => lengths.of(list(i)) !== null)).toEqual(numbers.slice(100));
  });
});
