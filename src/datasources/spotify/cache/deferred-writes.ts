import type { Log } from '../../../observability/log.ts';

export type DeferredWrites = ReturnType<typeof createDeferredWrites>;

const maxQueued = 64; // each holds a response in memory: beyond that the oldest write runs at once

/**
 * Writes to the store, which wait until the responses that have just arrived are served: encoding and storing a page takes
 * longer than serving it. They run in order, one in each iteration of the event loop: 20 pages of 50 tracks in one iteration
 * would block it for 90 ms (Node 20.20.2).
 */
export function createDeferredWrites(log: Pick<Log, 'error'>) {
  const queue: (() => void)[] = [];
  let isScheduled = false;

  function runOldest(): void {
    try {
      queue.shift()?.();
    } catch (err) {
      log.error({ err }, 'bug in a write to the store');
    }
  }

  function schedule(): void {
    if (isScheduled || queue.length === 0) return;
    isScheduled = true;
    setImmediate(() => {
      isScheduled = false;
      runOldest();
      schedule();
    });
  }

  return {
    enqueue(write: () => void): void {
      queue.push(write);
      if (queue.length > maxQueued) runOldest();
      schedule();
    },
    /** Runs everything that is queued. */
    flush(): void {
      while (queue.length > 0) runOldest();
    },
  };
}
