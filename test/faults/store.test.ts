import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { expect } from 'vitest';
import type { FaultCase, Step } from '../support/fault-case.ts';
import { hostOf, type Services, type TestEnvironment } from '../support/fault-environment.ts';
import { album, range } from '../support/fault-operations.ts';
import { faultSuite } from '../support/fault-runner.ts';
import type { Environment } from '../support/process.ts';

/** An environment whose DATA_DIR is a new folder, which `prepare` makes unusable. */
const withFolder =
  (prepare: (folder: string, appFolder: string, services: Services) => string | undefined) =>
  async (services: Services): Promise<Environment> => {
    const folder = mkdtempSync(join(tmpdir(), 'gateway-data-'));
    const app = createHash('sha256').update(services.sandbox.clientId).digest('hex').slice(0, 12);
    const dataDir = prepare(folder, join(folder, app), services) ?? folder;
    services.defer(() => rmSync(folder, { recursive: true, force: true }));
    return { DATA_DIR: dataDir };
  };

const mountSmall = (folder: string) =>
  spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder]).status === 0;
const unmount = (folder: string) => spawnSync('umount', ['-l', folder]);

/** Whether this process may mount a file system. */
function canMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-mount-'));
  const isMounted = mountSmall(folder);
  if (isMounted) unmount(folder);
  rmSync(folder, { recursive: true, force: true });
  return isMounted;
}

/** Mounts a file system of 64 KB, which is full at once. */
function fullDisk(folder: string, { defer }: Services): string {
  expect(mountSmall(folder)).toBe(true);
  defer(() => unmount(folder));
  return folder;
}

function belowFile(folder: string): string {
  writeFileSync(join(folder, 'file'), '');
  return join(folder, 'file', 'data');
}

function writeFiles(folder: string, content: () => Buffer | string): undefined {
  mkdirSync(folder, { recursive: true });
  for (const name of ['store.sqlite', 'store.sqlite-wal']) writeFileSync(join(folder, name), content());
}

const warnings = (testEnvironment: TestEnvironment) =>
  testEnvironment.log().filter((line) => line.includes('"problem"'));

/** Reads 20 albums, reads them again, and reads them with another gateway on the same store. */
const steps = (calls: { afterRestart: number; warnings: number }): Step[] => [
  { execute: range(20).map((n) => album(n)), client: 'ok', api: 20 },
  { execute: range(20).map((n) => album(n)), client: 'ok', api: 0 },
  {
    arrange: (testEnvironment) => testEnvironment.restart(),
    execute: range(20).map((n) => album(n)),
    client: 'ok',
    api: calls.afterRestart,
    check: ({ testEnvironment }) =>
      expect(warnings(testEnvironment).length).toBeLessThanOrEqual(calls.warnings),
  },
];

const cases: FaultCase[] = [
  {
    id: 'K1',
    isSkipped: !canMount(),
    fault: 'the disk of DATA_DIR is full',
    promise: 'a full disk loses the cache at a restart and nothing else',
    environment: withFolder((folder, _, services) => fullDisk(folder, services)),
    steps: steps({ afterRestart: 20, warnings: 2 }),
  },
  {
    id: 'K2',
    fault: 'DATA_DIR cannot be written',
    promise: 'a directory that cannot be written causes one warning for each start',
    environment: withFolder(belowFile),
    steps: steps({ afterRestart: 20, warnings: 2 }),
  },
  {
    id: 'K3',
    fault: 'the files in DATA_DIR are random bytes',
    promise: 'damaged files are replaced, and the data survives a restart from then on',
    environment: withFolder((_, appFolder) => writeFiles(join(appFolder, 'v5'), () => randomBytes(50_000))),
    steps: steps({ afterRestart: 0, warnings: 1 }),
  },
  {
    id: 'K4',
    fault: 'the files in DATA_DIR are of another version',
    promise: 'files of another version are removed and not read',
    environment: withFolder((_, appFolder) => writeFiles(join(appFolder, 'v4'), () => 'of another version')),
    steps: steps({ afterRestart: 0, warnings: 0 }),
  },
  {
    id: 'K5',
    fault: 'Redis loses all data in the middle of a day; the limit of albums is 30',
    promise: 'the count of a process continues from its last value',
    redis: true,
    environment: { SPOTIFY_DAILY_LIMITS: 'albums=30' },
    recovery: false,
    steps: [
      { execute: range(20).map((n) => album(n)), manner: 'in turn', client: 'ok', api: 20 },
      {
        arrange: async ({ redisUrl, allowed }) => {
          const client = new Redis(redisUrl ?? '');
          allowed.add(hostOf(redisUrl ?? ''));
          await client.flushall();
          client.disconnect();
        },
        execute: range(9, 20).map((n) => album(n)),
        manner: 'in turn',
        client: 'ok',
        api: 9,
      },
      {
        execute: range(5, 29).map((n) => album(n)),
        manner: 'in turn',
        client: { code: 'UPSTREAM_QUOTA_EXCEEDED', retryAfter: [80_000, 88_000] },
        api: 0,
      },
    ],
  },
];

faultSuite('K', 'The store of shared data', cases);
