import cluster from 'node:cluster';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Log } from '../../src/observability/log.ts';
import { sendTo } from '../../src/process/worker-metrics.ts';
import { temporaryFolder } from '../support/temporary-files.ts';

test('messages to a worker that is killed meanwhile are logged, and do not end the primary process', async () => {
  const exec = join(temporaryFolder(), 'worker.mjs');
  writeFileSync(exec, 'setInterval(() => undefined, 1000);');
  cluster.setupPrimary({ exec, execArgv: [], silent: true });
  const worker = cluster.fork();
  const warnings: string[] = [];
  const log = { warn: (_: object, text: string) => warnings.push(text) } as unknown as Log;
  await once(worker, 'online');

  const exit = once(worker, 'exit');
  process.kill(Number(worker.process.pid), 'SIGKILL');
  const messages = 100; // the worker ends while they are sent
  for (let n = 0; n < messages; n++) {
    sendTo(worker, 'x'.repeat(10_000), log);
    await new Promise(setImmediate);
  }
  await exit;
  sendTo(worker, 'after the end', log);
  await new Promise(setImmediate);
  expect(new Set(warnings)).toEqual(new Set(['a worker could not be sent a message']));
});
