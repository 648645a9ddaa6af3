import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { setInterval } from 'node:timers';
import { stopwatchMs } from './clock.ts';

/**
 * Starts to measure how many times longer a process takes because others use the machine: 1 on an idle machine, 2 if its
 * threads wait for a processor as long as they run. Upper bounds on time are multiplied by the result. Work of the
 * process itself does not count, so that a slow program still exceeds its bound.
 * @param pid of the process. Default: this one
 */
export function measureMachineLoad(pid: number | 'self' = 'self'): () => number {
  const start = processorTimes(pid);
  return () => {
    const end = processorTimes(pid);
    // Only Linux counts waits.
    if (!start || !end) return Math.max(1, (loadavg()[0] ?? 0) / availableParallelism());
    const waitedMs = Math.max(0, end.waitedMs - start.waitedMs);
    return 1 + waitedMs / Math.max(minRunMs, end.ranMs - start.ranMs);
  };
}

const minRunMs = 1;

/** Added to an upper bound for one long pause of the scheduler or of the garbage collector, which no average shows. */
export const longPauseMs = 100;

/** The sums over all threads, because some of them compress and decompress. */
function processorTimes(pid: number | 'self'): { ranMs: number; waitedMs: number } | undefined {
  const times = { ranMs: 0, waitedMs: 0 };
  try {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      const [ran = 0, waited = 0] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8')
        .split(' ')
        .map(Number);
      times.ranMs += ran / 1e6;
      times.waitedMs += waited / 1e6;
    }
    return times;
  } catch {
    return undefined;
  }
}

/**
 * Starts to measure how long the event loop of this process does not serve its timers. Only for tests that run several
 * gateways in one process: a gateway that blocks the event loop by itself would go unnoticed.
 * @returns milliseconds since the start
 */
export function measureLoopPauses(): () => number {
  loop ??= watchLoop();
  const { pausedMs } = loop;
  const startMs = pausedMs();
  return () => pausedMs() - startMs;
}

const tickMs = 10;
let loop: { pausedMs: () => number } | undefined;

function watchLoop() {
  let sumMs = 0;
  let lastMs = stopwatchMs();
  const sinceLast = () => {
    const lateMs = stopwatchMs() - lastMs - tickMs;
    return lateMs > tickMs ? lateMs : 0;
  };
  const tick = () => {
    sumMs += sinceLast();
    lastMs = stopwatchMs();
  };
  setInterval(tick, tickMs).unref();
  return { pausedMs: () => sumMs + sinceLast() };
}
