import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextIteration, setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { openConnection } from '../../../../src/datasources/spotify/shared-state/disk-connection.ts';
import { createDiskFiles } from '../../../../src/datasources/spotify/shared-state/disk-files.ts';
import { createDiskStore } from '../../../../src/datasources/spotify/shared-state/disk-store.ts';
import * as tables from '../../../../src/datasources/spotify/shared-state/disk-tables.ts';
import type { SharedStore } from '../../../../src/datasources/spotify/shared-state/shared-store.ts';
import type { Log } from '../../../../src/observability/log.ts';
import { isFull } from '../../../support/clock.ts';
import { reservationOf } from '../../../support/shared-stores.ts';
import { startStoreWriter } from '../../../support/store-writer.ts';
import { temporaryFolder } from '../../../support/temporary-files.ts';
import { onTestEnd } from '../../../support/test-end.ts';

const app = 'a1b2c3';
const lifeMs = 60_000;
const unusable =
  'DATA_DIR cannot be used, so data stays in memory and is lost at a restart: choose a directory that this user may write';

/** A store in the folder, with the warnings and the good news that it has logged. */
function openStore(dataDir: string, maxBytes?: number) {
  const warnings: string[] = [];
  const recoveries: string[] = [];
  const log: Log = {
    info: (_, message) => void recoveries.push(message),
    warn: (_, message) => void warnings.push(message),
    error: (_, message) => void warnings.push(message),
  };
  const store = createDiskStore({ dataDir, app, log, ...(maxBytes ? { maxBytes } : {}) });
  onTestEnd(() => store.close());
  return { store, warnings, recoveries };
}

const diskStore = new URL('../../../../dist/datasources/spotify/shared-state/disk-store.js', import.meta.url);
const openBelowProc = `
  const { createDiskStore } = await import('${diskStore}');
  const log = { info() {}, warn: (_, message) => process.stdout.write(message), error() {} };
  const store = createDiskStore({ dataDir: '/proc/nope', app: '${app}', log });
  store.setEntries([{ key: 'a', value: Buffer.from('a'), lifeMs: ${lifeMs} }]);
  process.stdout.write(JSON.stringify(await store.getEntries(['a'])));
  await store.close();`;

const read = async (store: SharedStore, key: string) =>
  (await store.getEntries([key]))[0]?.toString() ?? null;

const countOne = (store: SharedStore, count = 1) => store.reserveCall('artists', reservationOf('p', count));

/** Calls every method once. @returns the results that show whether the store works */
async function useAll(store: SharedStore) {
  await store.whenSynced();
  store.setEntries([{ key: 'a', value: Buffer.from('a'), lifeMs }]);
  store.publish('topic', {});
  const entries = await store.getEntries(['a']);
  const leases = await store.acquireLeases(['a']);
  store.releaseLease('a');
  await store.whenLeaseEnds('a');
  const rateMs = await store.reserveRate(10, 1_000);
  return { entry: entries[0]?.toString() ?? null, leases, rateMs, counted: await countOne(store) };
}

const working = {
  entry: 'a',
  leases: [true],
  rateMs: 0,
  counted: { isWithinLimit: true, counters: { '100:p': 1 } },
};
const withoutStore = { entry: null, leases: [true], rateMs: 0, counted: null };

async function filledFolder(): Promise<string> {
  const dataDir = temporaryFolder();
  const { store } = openStore(dataDir);
  for (let i = 0; i < 300; i++) store.setEntries([{ key: `key${i}`, value: randomBytes(5_000), lifeMs }]);
  store.publish('topic', { value: 1 });
  await countOne(store, 7);
  await store.close();
  return dataDir;
}

const folderOf = (dataDir: string) => join(dataDir, app, 'v5');
const fileOf = (dataDir: string) => join(folderOf(dataDir), 'store.sqlite');

describe('disk store: files', () => {
  test('entries, messages and counts of a disk store survive a restart', async () => {
    const dataDir = temporaryFolder();
    const first = openStore(dataDir).store;
    first.setEntries([{ key: 'a', value: Buffer.from('kept'), lifeMs }]);
    first.publish('limit', { value: 5 });
    await countOne(first, 7);
    await first.close();
    expect(statSync(`${fileOf(dataDir)}-wal`, { throwIfNoEntry: false })?.size ?? 0).toBe(0); // everything is in the main file
    const { store, warnings } = openStore(dataDir);
    const received: unknown[] = [];
    store.subscribe((topic, message) => received.push([topic, message]));
    await store.whenSynced();
    expect(await read(store, 'a')).toBe('kept');
    expect(received).toEqual([['limit', { value: 5 }]]);
    expect((await countOne(store))?.counters).toEqual({ '100:p': 7 });
    expect(warnings).toEqual([]);
  });

  test('only the owner can read the files and list the folders of a disk store, also if their permissions were wider before', async () => {
    const dataDir = await filledFolder();
    chmodSync(join(dataDir, app), 0o755);
    chmodSync(fileOf(dataDir), 0o644);
    const { store } = openStore(dataDir);
    await useAll(store);
    const modes = readdirSync(join(dataDir, app), { recursive: true, encoding: 'utf8' }).map((name) => {
      const stats = statSync(join(dataDir, app, name));
      return [name, stats.mode & 0o777];
    });
    expect(statSync(join(dataDir, app)).mode & 0o777).toBe(0o700);
    expect(Object.fromEntries(modes)).toEqual({
      v5: 0o700,
      'v5/store.sqlite': 0o600,
      'v5/store.sqlite-wal': 0o600,
      'v5/store.sqlite-shm': 0o600,
    });
  });

  const damages: Record<string, (dataDir: string) => void> = {
    'random bytes': (dataDir) => writeFileSync(fileOf(dataDir), randomBytes(100_000)),
    'an empty file': (dataDir) => {
      rmSync(fileOf(dataDir)); // not truncated: this process has locked it until its garbage is collected
      writeFileSync(fileOf(dataDir), '');
    },
    'half of the file': (dataDir) => truncateSync(fileOf(dataDir), statSync(fileOf(dataDir)).size / 2),
    'a random byte in a thousand': (dataDir) => {
      const bytes = readFileSync(fileOf(dataDir));
      for (let at = 100; at < bytes.length; at += 1 + Math.floor(Math.random() * 2_000)) bytes[at] = at & 255;
      writeFileSync(fileOf(dataDir), bytes);
    },
    'random bytes after the first page': (dataDir) => {
      const bytes = readFileSync(fileOf(dataDir));
      randomBytes(bytes.length - 4_096).copy(bytes, 4_096);
      writeFileSync(fileOf(dataDir), bytes);
    },
    'a log of random bytes': (dataDir) => writeFileSync(`${fileOf(dataDir)}-wal`, randomBytes(50_000)),
    'text in place of every file': (dataDir) => {
      for (const end of ['', '-wal', '-shm']) writeFileSync(`${fileOf(dataDir)}${end}`, 'hello');
    },
  };

  test.each(Object.entries(damages))(
    'a disk store whose files are damaged works, and warns once at most: %s',
    async (_, damage) => {
      const dataDir = await filledFolder();
      damage(dataDir);
      const { store, warnings } = openStore(dataDir);
      for (let i = 0; i < 300; i++) await store.getEntries([`key${i}`]);
      for (let i = 0; i < 300; i++) store.setEntries([{ key: `key${i}`, value: randomBytes(3_000), lifeMs }]);
      await useAll(store); // finds the damage that no other step has found
      const counted = { isWithinLimit: true, counters: { '100:p': expect.any(Number) } };
      expect(await useAll(store)).toEqual({ ...working, counted });
      expect(warnings.length).toBeLessThanOrEqual(1);
      expect(await useAll(openStore(dataDir).store)).toEqual({ ...working, counted });
    },
  );

  test('a disk store with a folder in place of its log causes one warning, and responds as without a store', async () => {
    const dataDir = await filledFolder();
    rmSync(`${fileOf(dataDir)}-wal`, { force: true });
    mkdirSync(`${fileOf(dataDir)}-wal`);
    const { store, warnings } = openStore(dataDir);
    for (let i = 0; i < 3; i++) expect(await useAll(store)).toEqual(withoutStore);
    expect(warnings).toEqual([unusable]);
  });

  test.each([
    ['another version', 'PRAGMA user_version = 99'],
    ['other tables', 'DROP TABLE entry; CREATE TABLE entry (a, b)'],
    [
      'another version and other tables',
      'DROP TABLE entry; CREATE TABLE entry (a, b); PRAGMA user_version = 99',
    ],
    [
      'a view',
      "DROP TABLE message; CREATE VIEW message AS SELECT 1 AS id, 'a' AS topic, '{}' AS text, 9 AS until_ms",
    ],
    ['a further table', 'CREATE TABLE other (a)'],
    ['a generated column', 'ALTER TABLE entry ADD COLUMN large AS (hex(zeroblob(1000000000)))'],
    ['a trigger', 'CREATE TRIGGER removal AFTER INSERT ON entry BEGIN DELETE FROM entry; END'],
  ])('a database with %s is replaced, and folders of other versions are removed', async (_, change) => {
    const dataDir = await filledFolder();
    for (const version of ['v4', 'v6', 'removed-1']) {
      mkdirSync(join(dataDir, app, version), { recursive: true });
      writeFileSync(join(dataDir, app, version, 'store.sqlite'), 'of another version');
    }
    const { DatabaseSync } = await import('@photostructure/sqlite');
    const other = new DatabaseSync(fileOf(dataDir));
    other.exec(change);
    other.close();
    const { store, warnings } = openStore(dataDir);
    expect(await useAll(store)).toEqual(working);
    expect(warnings).toHaveLength(1);
    expect(readdirSync(join(dataDir, app))).toEqual(['v5']);
  });

  test('a database for which SQLite has created statistics keeps its data', async () => {
    const dataDir = await filledFolder();
    const { DatabaseSync } = await import('@photostructure/sqlite');
    const analyzed = new DatabaseSync(fileOf(dataDir));
    analyzed.exec('ANALYZE');
    analyzed.close();
    const { store, warnings } = openStore(dataDir);
    expect((await store.getEntries(['key7']))[0]).not.toBe(null);
    expect(warnings).toEqual([]);
  });

  test('values of a database that are too long or too many are not read', () => {
    const connection = openConnection(createDiskFiles(temporaryFolder(), app), 100_000_000);
    onTestFinished(connection.close);
    const { sql } = connection;
    const long = 'x'.repeat(1_000_000);
    tables.putMessage(sql, 'long', long, Date.now(), 'REPLACE');
    tables.putMessage(sql, long, '{}', Date.now(), 'REPLACE');
    tables.putMessage(sql, 'short', '{}', Date.now(), 'REPLACE');
    tables.putEntry(sql, 'long', Buffer.from(long), Date.now() + lifeMs);
    tables.putCounters(sql, 'artists', new Map(), { '100:p': 1, [long]: 1 });
    const many = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000) SELECT';
    connection.transaction(() => sql(`INSERT INTO counter ${many} 'albums', i || ':p', 1 FROM n`).run());
    expect(tables.messagesAfter(sql, 0).map(({ topic }) => topic)).toEqual(['short']);
    expect(tables.entry(sql, 'long', Date.now())).toBe(null);
    expect(Object.fromEntries(tables.counters(sql, 'artists'))).toEqual({ '100:p': 1 });
    expect(tables.counters(sql, 'albums').size).toBe(0);
  });

  test.concurrent('a process whose folder a later version removes while it runs leaves the folder of that version alone', async () => {
    const dataDir = temporaryFolder();
    const { store } = openStore(dataDir);
    await useAll(store);
    mkdirSync(join(dataDir, app, 'v6'));
    rmSync(folderOf(dataDir), { recursive: true });
    await sleep(1_100); // the file is checked once a second
    await countOne(store, 4);
    expect(readdirSync(join(dataDir, app)).sort()).toEqual(['v5', 'v6']);
  });

  test.concurrent('a process continues in the new files when its files are removed or replaced while it runs', async () => {
    const dataDir = temporaryFolder();
    const { store } = openStore(dataDir);
    await useAll(store);
    rmSync(join(dataDir, app), { recursive: true });
    const other = openStore(dataDir).store;
    await sleep(1_100); // the file is checked once a second
    await countOne(store, 4);
    expect((await countOne(other))?.counters).toEqual({ '100:p': 4 });
  });

  const losses: Record<string, (folder: string) => void> = {
    removed: () => undefined,
    'replaced by a file': (folder) => writeFileSync(folder, ''),
  };

  test.concurrent.each(Object.entries(losses))(
    'no method throws or rejects after the data directory of an open store was %s, and one warning is logged at most',
    async (how, replace) => {
      const dataDir = join(temporaryFolder(), 'data');
      const { store, warnings, recoveries } = openStore(dataDir);
      expect(await useAll(store)).toEqual(working);
      rmSync(dataDir, { recursive: true });
      replace(dataDir);
      await sleep(1_100); // the file is checked once a second, here by the timer for messages
      expect(await useAll(store)).toEqual(how === 'removed' ? working : withoutStore);
      expect(warnings).toEqual(how === 'removed' ? [] : [unusable]);
      expect(recoveries).toEqual([]);
      await store.close();
    },
  );

  // The system responds ENOENT below /proc although /proc exists. In a separate process, because an endless loop would block this one.
  test.runIf(existsSync('/proc/self'))(
    'a data directory below /proc causes one warning, and the process continues without a store',
    () => {
      const { status, stdout } = spawnSync(
        process.execPath,
        ['--input-type=module', '--eval', openBelowProc],
        { encoding: 'utf8', timeout: 30_000 },
      );
      expect({ status, stdout }).toEqual({ status: 0, stdout: `${unusable}[null]` });
    },
  );

  test('a data directory that cannot be written causes one warning, and every method responds as without a store', async () => {
    const dataDir = temporaryFolder();
    const file = join(dataDir, 'file');
    writeFileSync(file, '');
    const { store, warnings } = openStore(join(file, 'below'));
    for (let i = 0; i < 3; i++) expect(await useAll(store)).toEqual(withoutStore);
    expect(warnings).toEqual([unusable]);
  });

  test('a store that is full deletes the oldest entries and keeps counts, below its limit in bytes', async () => {
    const dataDir = temporaryFolder();
    const maxBytes = 1_000_000;
    const { store, warnings } = openStore(dataDir, maxBytes);
    await countOne(store, 9);
    for (let i = 0; i < 1_000; i++) {
      store.setEntries([{ key: `key${i}`, value: randomBytes(5_000), lifeMs }]);
      if (i % 10 === 0) await store.getEntries([]); // ten in one transaction
    }
    expect(await read(store, 'key999')).not.toBeNull();
    expect(await read(store, 'key0')).toBeNull();
    expect((await countOne(store))?.counters).toEqual({ '100:p': 9 });
    expect(warnings).toEqual([]);
    await store.close();
    expect(statSync(fileOf(dataDir)).size).toBeLessThanOrEqual(maxBytes);
  });

  test('a disk store deletes all expired entries within a minute, at most 1,000 in one iteration of the event loop', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'] });
    onTestFinished(() => void vi.useRealTimers());
    const dataDir = temporaryFolder();
    const { store } = openStore(dataDir);
    const value = Buffer.from('value');
    store.setEntries(Array.from({ length: 5_500 }, (_, i) => ({ key: `key${i}`, value, lifeMs: 1_000 })));
    store.setEntries([{ key: 'kept', value, lifeMs: 3_600_000 }]);
    await store.getEntries([]); // writes them
    const { DatabaseSync } = await import('@photostructure/sqlite');
    const database = new DatabaseSync(fileOf(dataDir));
    const count = () => Number(database.prepare('SELECT count(*) AS count FROM entry').get()?.['count']);
    const counts = [count()];
    vi.advanceTimersByTime(61_000);
    for (let iteration = 0; iteration < 7; iteration++) {
      counts.push(count());
      await nextIteration();
    }
    expect(counts).toEqual([5_501, 4_501, 3_501, 2_501, 1_501, 501, 1, 1]);
    database.close();
  });
});

const killedWriters = isFull ? 200 : 20;

describe('disk store: killed processes', () => {
  test('no confirmed count is lost when writers are killed at any point, again and again, and the store always opens', {
    timeout: 400_000,
  }, async () => {
    const dataDir = temporaryFolder();
    const expected = new Map<string, number>();
    const atOnce = 5;
    for (let round = 0; round < killedWriters / atOnce; round++) {
      const names = Array.from({ length: atOnce }, (_, i) => `p${round}-${i}`);
      const writers = names.map((name) => startStoreWriter(dataDir, app, name));
      await Promise.all(writers.map(({ firstCount }) => firstCount));
      const kills = writers.map(async ({ kill }) => {
        await sleep(Math.random() * 20);
        return kill();
      });
      for (const [i, count] of (await Promise.all(kills)).entries()) expected.set(`100:${names[i]}`, count);
    }
    const { store, warnings } = openStore(dataDir);
    const counters = (await countOne(store))?.counters ?? {};
    for (const [name, count] of expected) {
      expect(count).toBeGreaterThan(0);
      expect(counters[name], name).toBeGreaterThanOrEqual(count);
      expect(counters[name], name).toBeLessThanOrEqual(count + 1); // one call may be counted and not yet confirmed
    }
    expect(warnings).toEqual([]);
  });

  test('the lease of a process that was killed ends within 1.2 s', async () => {
    const dataDir = temporaryFolder();
    const { firstCount, kill } = startStoreWriter(dataDir, app, 'p');
    await firstCount;
    const { store } = openStore(dataDir);
    expect(await store.acquireLeases(['held-p'])).toEqual([false]);
    await kill();
    const killedMs = performance.now();
    await store.whenLeaseEnds('held-p');
    expect(performance.now() - killedMs).toBeLessThan(1_200);
    expect(await store.acquireLeases(['held-p'])).toEqual([true]);
  });

  test('a process that was stopped in the middle of a step does not block other processes', async () => {
    const dataDir = temporaryFolder();
    const { store, warnings, recoveries } = openStore(dataDir);
    await useAll(store);
    const { DatabaseSync } = await import('@photostructure/sqlite');
    const stopped = new DatabaseSync(fileOf(dataDir));
    stopped.exec('BEGIN IMMEDIATE');
    const startedMs = performance.now();
    for (let i = 0; i < 20; i++) expect(await useAll(store)).toMatchObject({ leases: [true], counted: null });
    expect(performance.now() - startedMs).toBeLessThan(500);
    expect(recoveries).toEqual([]);
    stopped.exec('ROLLBACK');
    await sleep(2_100);
    for (let i = 0; i < 3; i++) expect((await useAll(store)).counted?.isWithinLimit).toBe(true);
    expect(warnings).toEqual(['The data directory is locked by another process: continuing without it']);
    expect(recoveries).toEqual(['The data directory (DATA_DIR) can be written again, and is used']);
    stopped.close();
  });
});
