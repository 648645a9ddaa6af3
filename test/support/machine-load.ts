import { readFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';

/**
 * Starts to measure how many times longer this thread takes because others use the machine: 1 on an idle machine, 2 if
 * the thread waits for a processor as long as it runs. Upper bounds on time are multiplied by the result. Work of the
 * thread itself does not count, so that a slow program still exceeds its bound.
 * @param thread of which the time is measured, below `/proc`. Default: the calling one
 */
export function measureMachineLoad(thread = 'thread-self'): () => number {
  const start = processorTimes(thread);
  return () => {
    const end = processorTimes(thread);
    // Only Linux counts the waits.
    if (!start || !end) return Math.max(1, (loadavg()[0] ?? 0) / availableParallelism());
    return 1 + (end.waitedMs - start.waitedMs) / Math.max(leastRunMs, end.ranMs - start.ranMs);
  };
}

const leastRunMs = 1;

function processorTimes(thread: string): { ranMs: number; waitedMs: number } | undefined {
  try {
    const [ran = 0, waited = 0] = readFileSync(`/proc/${thread}/schedstat`, 'utf8').split(' ').map(Number);
    return { ranMs: ran / 1e6, waitedMs: waited / 1e6 };
  } catch {
    return undefined;
  }
}
