import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { inject } from 'vitest';
import { onTestEnd } from './test-end.ts';

const modules = fileURLToPath(new URL('../../dist/datasources/spotify/shared-state/', import.meta.url));

const script = (dataDir: string, app: string, name: string) => `
  import { createDiskStore } from '${modules}disk-store.js';
  const store = createDiskStore({ dataDir: '${dataDir}', app: '${app}', log: { warn: (_, text) => console.error(text) } });
  await store.acquireLeases(['held-${name}']);
  const ownCounter = '100:${name}';
  for (let count = 1; ;) {
    const counters = { [ownCounter]: count };
    const reservation = { calls: 1, counters, ownCounter, oldestBucket: 0, currentBucket: 100, limit: null };
    if (await store.reserveCall('artists', reservation)) {
      store.setEntries([{ key: '${name}-' + count, value: Buffer.alloc(2_000), lifeMs: 60_000 }]);
      process.stdout.write(count + '\\n');
      count += 1;
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }`;

/**
 * A process that loads only the disk store, acquires the lease `held-NAME`, counts calls as fast as it can, and prints
 * each count that the store has confirmed.
 */
export function startStoreWriter(dataDir: string, app: string, name: string) {
  const buildFailure = inject('buildFailure');
  if (buildFailure !== null) throw new Error(buildFailure);
  const child = spawn(process.execPath, ['--input-type=module', '-e', script(dataDir, app, name)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestEnd(() => void child.kill('SIGKILL'));
  let confirmed = 0;
  const lines = createInterface(child.stdout).on('line', (line) => {
    confirmed = Number(line);
  });
  const ended = Promise.all([once(child, 'exit'), once(lines, 'close')]);
  return {
    firstCount: once(lines, 'line'),
    /** Kills the process at once. Returns the last count that was confirmed. */
    async kill(): Promise<number> {
      child.kill('SIGKILL');
      await ended;
      return confirmed;
    },
  };
}
