import { writeFileSync } from 'node:fs';
import { performance as nodePerformance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { measureMachineLoad } from './machine-load.ts';
import type { Server } from './process.ts';

/** What any request may cost a process: its own time, the time of a request for `/health` beside it, and memory. */
const bounds = { answerMs: 1_000, healthMs: 200, peakMb: 300 };
const healthEveryMs = 20;
const leastHealthRequests = 3;

/**
 * Runs `act`, which sends requests to the process, and asserts that it takes at most `answerMs` (null: as long as it
 * takes), that `/health` responds within 200 ms all the while, and that the process never has more than 300 MB. Bounds
 * on time are multiplied by the load of the machine at that time.
 */
export async function expectBounded<T>(
  server: Pick<Server, 'pid' | 'peakMb' | 'get'>,
  act: () => Promise<T>,
  { answerMs = bounds.answerMs }: { answerMs?: number | null } = {},
): Promise<T> {
  resetPeakMemory(server.pid);
  const loads = [measureMachineLoad(), measureMachineLoad(server.pid)];
  // A request waits for both processes.
  const machineLoad = () => loads.reduce((sum, load) => sum + load() - 1, 1);
  const startedMs = performance.now();
  let tookMs: number | undefined;
  const acted = act().finally(() => {
    tookMs = performance.now() - startedMs;
  });
  acted.catch(() => undefined); // awaited below
  let slowestHealthMs = 0;
  for (let n = 0; tookMs === undefined || n < leastHealthRequests; n++) {
    const elapsedMs = measureOthersTime();
    expect((await server.get('/health')).status).toBe(200);
    slowestHealthMs = Math.max(slowestHealthMs, elapsedMs());
    await sleep(healthEveryMs);
  }
  const result = await acted;
  expect(slowestHealthMs, 'ms until /health responded').toBeLessThan(bounds.healthMs * machineLoad());
  if (answerMs !== null) expect(tookMs, 'ms of the whole').toBeLessThan(answerMs * machineLoad());
  expect(server.peakMb(), 'MB of the process').toBeLessThan(bounds.peakMb);
  return result;
}

/** Milliseconds without those in which this process was busy, as with the requests of other tests of the same file. */
function measureOthersTime(): () => number {
  const startMs = performance.now();
  const start = nodePerformance.eventLoopUtilization();
  return () => performance.now() - startMs - nodePerformance.eventLoopUtilization(start).active;
}

/** Makes the kernel forget the peak so far, so that each test has its own; where it does not, the peak is of all. */
function resetPeakMemory(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5');
  } catch {
    // Only Linux has this file.
  }
}
