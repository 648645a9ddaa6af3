import { performance as nodePerformance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

const sampleIntervalMs = 20;
const lateMs = 200; // the time within which `/health` has to respond
const lateSamplesOfOverload = 3; // in succession, so the loop has been late for at least 600 ms
const waitingOfOverload = 8; // operations; a client that sends its requests one by one has one

/**
 * Measures whether the process keeps up with its requests. One late iteration of the event loop is no overload: a start,
 * a garbage collection or one large response causes it. Overload is a loop that stays late while requests wait.
 */
export function watchEventLoop() {
  let lagMs = 0;
  let lateSamples = 0;
  let arrivals = 0; // since the last sample: requests that came while the loop was late arrive together
  let expectedAtMs = performance.now() + sampleIntervalMs;

  const timer = setInterval(() => {
    const nowMs = performance.now();
    lagMs = Math.max(0, nowMs - expectedAtMs);
    lateSamples = lagMs >= lateMs ? lateSamples + 1 : 0;
    arrivals = 0;
    expectedAtMs = nowMs + sampleIntervalMs;
  }, sampleIntervalMs).unref();

  return {
    /** How late the loop was at the last sample, in milliseconds. */
    lagMs: (): number => lagMs,
    /**
     * Counts an operation that has just arrived. Returns whether it may run.
     * @param running how many operations run or wait at this moment
     */
    admitOperation(running: number): boolean {
      arrivals += 1;
      return lateSamples < lateSamplesOfOverload || running + arrivals < waitingOfOverload;
    },
    dispose: (): void => clearInterval(timer),
  };
}

/**
 * Waits until the event loop has had nothing to do for a moment, so that everything that was pending is handled. The
 * loop accepts one connection in an iteration, so long iterations without a pause keep new clients waiting.
 */
export async function waitForIdleEventLoop(maxMs: number): Promise<void> {
  const startMs = nodePerformance.now();
  const { idle, active } = nodePerformance.eventLoopUtilization();
  const isMeasured = active > 0; // Bun and Deno report 0
  do await sleep(1);
  while (
    isMeasured &&
    nodePerformance.eventLoopUtilization().idle === idle &&
    nodePerformance.now() - startMs < maxMs
  );
}
