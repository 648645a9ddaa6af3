import type { OperationContext } from '../datasources/spotify/index.ts';
import { getOrCreate } from '../maps.ts';
import { waitForIdleEventLoop } from '../observability/event-loop.ts';

export type OperationQueue = ReturnType<typeof createOperationQueue>;

/**
 * Waits for the turn of an operation that has received data. Otherwise all operations that have waited for the same data would
 * continue in one iteration.
 */
type WaitForTurn = NonNullable<OperationContext['waitForTurn']>;

const workMs = 50; // of the 200 ms within which `/health` responds; the last operation may take longer
const maxQueuedMs = 2_000;
const maxPendingMs = 20; // a busy event loop may never be idle

interface QueuedOperation {
  sinceMs: number;
  /** Ends its wait. @param mayStart false if it has waited for too long */
  settle(mayStart: boolean): void;
}

/**
 * Spreads the work of requests and operations over iterations of the event loop, so that `/health` responds in time. In one
 * iteration they start or continue for 50 ms; later ones wait until the event loop has handled other events. Then
 * clients alternate: the operations of one client do not delay those of others.
 */
export function createOperationQueue() {
  const queues = new Map<string, QueuedOperation[]>(); // by client, the client that is next first
  let iterationStartMs: number | null = null;
  let continuing: WaitForTurn | null = null; // the operation that continues in the microtasks that run now

  function startIteration(): void {
    iterationStartMs = performance.now();
    setImmediate(endIteration);
  }

  async function endIteration(): Promise<void> {
    if (queues.size > 0 && !hasTime()) await waitForIdleEventLoop(maxPendingMs);
    iterationStartMs = null;
    if (queues.size === 0) return;
    startIteration();
    void startQueued();
  }

  async function startQueued(): Promise<void> {
    while (queues.size > 0 && hasTime()) {
      const { sinceMs, settle } = next();
      settle(performance.now() - sinceMs < maxQueuedMs);
      // After the microtasks: an operation whose data is cached runs in them.
      await new Promise<void>((resolve) => process.nextTick(resolve));
    }
  }

  const hasTime = (): boolean => iterationStartMs !== null && performance.now() - iterationStartMs < workMs;

  /** The operation that has waited longest, of the client that is next. */
  function next(): QueuedOperation {
    const [[clientKey, queue] = ['', []]] = queues;
    const operation = queue.shift() as QueuedOperation; // no empty queue is kept
    queues.delete(clientKey);
    if (queue.length > 0) queues.set(clientKey, queue);
    return operation;
  }

  function enqueue(clientKey: string): Promise<boolean> {
    return new Promise((settle) => {
      getOrCreate(queues, clientKey, () => []).push({ sinceMs: performance.now(), settle });
    });
  }

  function isFree(): boolean {
    if (iterationStartMs === null) startIteration();
    return queues.size === 0 && hasTime();
  }

  return {
    /** True if the request or operation may start; false, after 2 s in the queue, if the process has too much to do. */
    waitForTurn: (clientKey: string): true | Promise<boolean> => isFree() || enqueue(clientKey),
    /** Creates the function that an operation calls each time it has waited for data. */
    createWaitForTurn(clientKey: string): WaitForTurn {
      // The function references only the key: V8 may keep the function of an operation that has waited for long.
      return function waitForTurn() {
        if (continuing === null) {
          continuing = waitForTurn;
          process.nextTick(() => {
            continuing = null;
          });
        }
        if (isFree() && continuing === waitForTurn) return undefined;
        return enqueue(clientKey).then(() => undefined);
      };
    },
  };
}
