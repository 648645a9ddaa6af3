import { setImmediate as nextIteration } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createAgentPool } from '../../../../src/datasources/spotify/transport/agent-pool.ts';
import { watchUnhandled } from '../../../support/fault-traces.ts';

test('a request that times out while the pool closes opens no new agent and leaves no unhandled rejection', async () => {
  const unhandled = watchUnhandled();
  const pool = createAgentPool(1);
  const agent = pool.current();
  const closed = pool.close();
  pool.retireAgent(agent);
  expect(pool.current()).toBe(agent);
  await closed;
  await nextIteration();
  unhandled.end();
  expect(unhandled.seen).toEqual([]);
});
