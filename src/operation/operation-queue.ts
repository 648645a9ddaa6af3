/**
 * Spreads the starts of operations over iterations of the event loop, so that `/health` responds in time. In one
 * iteration operations start for 50 ms; later ones wait for the next iteration, where clients alternate: the operations
 * of one client do not delay those of others.
 */
export interface OperationQueue {
  /** True if the operation may start; false, after 2 s in the queue, if the process has too much to do. */
  admit(clientKey: string): true | Promise<boolean>;
}

const startingMs = 50; // of the 200 ms within which `/health` responds; the last operation may take longer
const maxWaitMs = 2_000;

interface QueuedOperation {
  sinceMs: number;
  start(mayStart: boolean): void;
}

export function createOperationQueue(): OperationQueue {
  const queues = new Map<string, QueuedOperation[]>(); // by client, the client that is next first
  let iterationStartMs: number | null = null;

  function startIteration(): void {
    iterationStartMs = performance.now();
    setImmediate(endIteration);
  }

  function endIteration(): void {
    iterationStartMs = null;
    if (queues.size === 0) return;
    startIteration();
    void startQueued();
  }

  async function startQueued(): Promise<void> {
    while (queues.size > 0 && hasTime()) {
      const { sinceMs, start } = next();
      start(performance.now() - sinceMs < maxWaitMs);
      // After the microtasks, in which an operation runs whose data is cached.
      await new Promise<void>((resolve) => process.nextTick(resolve));
    }
  }

  const hasTime = (): boolean =>
    iterationStartMs !== null && performance.now() - iterationStartMs < startingMs;

  /** The operation that has waited longest, of the client that is next. */
  function next(): QueuedOperation {
    const [[clientKey, queue] = ['', []]] = queues;
    const operation = queue.shift() as QueuedOperation; // no empty queue is kept
    queues.delete(clientKey);
    if (queue.length > 0) queues.set(clientKey, queue);
    return operation;
  }

  return {
    admit(clientKey) {
      if (iterationStartMs === null) startIteration();
      if (queues.size === 0 && hasTime()) return true;
      return new Promise((start) => {
        const queue = queues.get(clientKey) ?? [];
        queue.push({ sinceMs: performance.now(), start });
        queues.set(clientKey, queue);
      });
    },
  };
}
