/**
 * Lets operations take turns, so that the event loop comes round in between and `/health` responds in time. In one
 * iteration of the event loop operations start for 50 ms; those that arrive later wait for the next iteration, where
 * clients alternate: the queue of one client does not delay the others.
 */
export interface Turns {
  /** True if the operation may start; false, after a while, if the process has too much to do. */
  take(clientKey: string): true | Promise<boolean>;
}

const turnMs = 50; // of the 200 ms within which `/health` responds; the last operation of a turn may take longer
const maxWaitMs = 2_000;

interface Waiting {
  sinceMs: number;
  start(mayStart: boolean): void;
}

export function createTurns(): Turns {
  const queues = new Map<string, Waiting[]>(); // by client, the client whose turn it is first
  let turnStartMs: number | null = null;

  function startTurn(): void {
    turnStartMs = performance.now();
    setImmediate(endTurn);
  }

  function endTurn(): void {
    turnStartMs = null;
    if (queues.size === 0) return;
    startTurn();
    void startWaiting();
  }

  async function startWaiting(): Promise<void> {
    while (queues.size > 0 && hasTime()) {
      const { sinceMs, start } = next();
      start(performance.now() - sinceMs < maxWaitMs);
      // After the microtasks, in which an operation runs whose data is cached.
      await new Promise<void>((resolve) => process.nextTick(resolve));
    }
  }

  const hasTime = (): boolean => turnStartMs !== null && performance.now() - turnStartMs < turnMs;

  /** Of the client whose turn it is the operation that has waited longest. */
  function next(): Waiting {
    const [[clientKey, queue] = ['', []]] = queues;
    const waiting = queue.shift() as Waiting; // no empty queue is kept
    queues.delete(clientKey);
    if (queue.length > 0) queues.set(clientKey, queue);
    return waiting;
  }

  return {
    take(clientKey) {
      if (turnStartMs === null) startTurn();
      if (queues.size === 0 && hasTime()) return true;
      return new Promise((start) => {
        const queue = queues.get(clientKey) ?? [];
        queue.push({ sinceMs: performance.now(), start });
        queues.set(clientKey, queue);
      });
    },
  };
}
