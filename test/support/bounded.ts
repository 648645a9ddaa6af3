import { writeFileSync } from 'node:fs';
import { performance as nodePerformance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { measureMachineLoad } from './machine-load.ts';
import type { Server } from './process.ts';

/** Bounds for any request: its own time, the time of a concurrent request for `/health`, and the memory of the process. */
const bounds = { responseMs: 1_000, healthMs: 200, peakMb: 300 };
const healthEveryMs = 20;
const minHealthRequests = 3;

/**
 * Runs `act`, which sends requests to the process, and asserts that it takes at most `responseMs` (null: no limit), that
 * `/health` responds within 200 ms meanwhile, and that the process never has more than 300 MB. Bounds on time are
 * multiplied by the load of the machine at that time.
 */
export async function expectBounded<T>(
  server: Pick<Server, 'pid' | 'peakMb' | 'get'>,
  act: () => Promise<T>,
  { responseMs = bounds.responseMs }: { responseMs?: number | null } = {},
): Promise<T> {
  resetPeakMemory(server.pid);
  const loads = [measureMachineLoad(), measureMachineLoad(server.pid)];
  // A request waits for the test process and for the gateway.
  const machineLoad = () => loads.reduce((sum, load) => sum + load() - 1, 1);
  const startedMs = performance.now();
  let tookMs: number | undefined;
  const acted = act().finally(() => {
    tookMs = performance.now() - startedMs;
  });
  acted.catch(() => undefined); // awaited below
  let slowestHealthMs = 0;
  for (let n = 0; tookMs === undefined || n < minHealthRequests; n++) {
    const elapsedMs = measureIdleTime();
    expect((await server.get('/health')).status).toBe(200);
    slowestHealthMs = Math.max(slowestHealthMs, elapsedMs());
    await sleep(healthEveryMs);
  }
  const result = await acted;
  expect(slowestHealthMs, 'ms until /health responded').toBeLessThan(bounds.healthMs * machineLoad());
  if (responseMs !== null) expect(tookMs, 'ms of the whole').toBeLessThan(responseMs * machineLoad());
  expect(server.peakMb(), 'MB of the process').toBeLessThan(bounds.peakMb);
  return result;
}

/** Measures milliseconds, without those in which this process itself was busy, as with other tests of the same file. */
function measureIdleTime(): () => number {
  const startMs = performance.now();
  const start = nodePerformance.eventLoopUtilization();
  return () => performance.now() - startMs - nodePerformance.eventLoopUtilization(start).active;
}

/** Resets the kernel's peak, so that each test has its own. If the kernel cannot, the peak is that of all tests so far. */
export function resetPeakMemory(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5');
  } catch {
    // Only Linux has this file.
  }
}
