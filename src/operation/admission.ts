import { Overloaded } from '../errors.ts';
import { waitForIdleEventLoop } from '../observability/clock.ts';

/**
 * Spreads the work of operations over iterations of the event loop, so that `/health` responds in time. In one iteration
 * operations start or continue for 50 ms; later ones wait until the event loop has handled other events. Then
 * clients alternate: the operations of one client do not delay those of others.
 */
export interface OperationQueue {
  /** True if the operation may start; false, after 2 s in the queue, if the process has too much to do. */
  admit(clientKey: string): true | Promise<boolean>;
  /** For an operation that has started. */
  createResume(clientKey: string): Resume;
}

/**
 * To be called when the operation has waited: all that have waited for the same data would continue in one iteration.
 * Undefined if the operation may continue at once.
 */
export type Resume = () => Promise<void> | undefined;

const workMs = 50; // of the 200 ms within which `/health` responds; the last operation may take longer
const maxQueuedMs = 2_000;
const maxPendingMs = 20; // a busy event loop may never be idle

interface QueuedOperation {
  sinceMs: number;
  start(mayStart: boolean): void;
}

export function createOperationQueue(): OperationQueue {
  const queues = new Map<string, QueuedOperation[]>(); // by client, the client that is next first
  let iterationStartMs: number | null = null;
  let resumed: Resume | null = null; // the operation that continues in the microtasks that run now

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
      const { sinceMs, start } = next();
      start(performance.now() - sinceMs < maxQueuedMs);
      // After the microtasks, in which an operation runs whose data is cached.
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
    return new Promise((start) => {
      const queue = queues.get(clientKey) ?? [];
      queue.push({ sinceMs: performance.now(), start });
      queues.set(clientKey, queue);
    });
  }

  function isFree(): boolean {
    if (iterationStartMs === null) startIteration();
    return queues.size === 0 && hasTime();
  }

  return {
    admit: (clientKey) => isFree() || enqueue(clientKey),
    // Holds the key alone: anything of the request would stay in memory with an operation that has waited.
    createResume(clientKey) {
      return function resume() {
        if (resumed === null) {
          resumed = resume;
          process.nextTick(() => {
            resumed = null;
          });
        }
        if (isFree() && resumed === resume) return undefined;
        return enqueue(clientKey).then(() => undefined);
      };
    },
  };
}

/**
 * Bounds the fields of all responses that are made at the same time, because they are all in memory together: a hundred
 * of the largest would take more than the process has. Small operations always run; larger ones take turns, and no
 * client takes all of the room.
 */
export interface ExecutionLimiter {
  /**
   * Waits until the operation may run.
   * @param fields most leaves of its response
   * @returns to be called when its result is no longer needed
   * @throws Overloaded if there is no room within a second
   */
  acquire(fields: number, clientKey: string): Release | Promise<Release>;
}

export type Release = () => void;

const smallFields = 1_000; // a page of a list with all of its fields
const maxFields = 300_000; // three of the largest responses, some 30 MB
const maxFieldsOfClient = 200_000;
const maxWaitMs = 1_000;

interface Waiting {
  fields: number;
  clientKey: string;
  start(): void;
}

const releaseNothing: Release = () => undefined;

export function createExecutionLimiter(): ExecutionLimiter {
  const fieldsOfClients = new Map<string, number>();
  const queue = new Set<Waiting>(); // the longest waiting first
  let running = 0;
  let isScheduled = false;

  const fieldsOf = (clientKey: string): number => fieldsOfClients.get(clientKey) ?? 0;

  function hasRoom({ fields, clientKey }: Pick<Waiting, 'fields' | 'clientKey'>): boolean {
    const clientFields = fieldsOf(clientKey);
    // One operation of a client may always run next to those of others, however large the operator lets it be.
    const isWithinShare = clientFields === 0 || clientFields + fields <= maxFieldsOfClient;
    return isWithinShare && (running === 0 || running + fields <= maxFields);
  }

  function start(fields: number, clientKey: string): Release {
    running += fields;
    fieldsOfClients.set(clientKey, fieldsOf(clientKey) + fields);
    return () => {
      running -= fields;
      const left = fieldsOf(clientKey) - fields;
      if (left > 0) fieldsOfClients.set(clientKey, left);
      else fieldsOfClients.delete(clientKey);
      scheduleWaiting();
    };
  }

  /**
   * Of those that have room, the operation of the client that holds least comes first. One starts in an iteration of the
   * event loop, which has other requests to serve in between.
   */
  function startWaiting(): void {
    isScheduled = false;
    const candidates = Array.from(queue).filter(hasRoom);
    const next = candidates.sort((one, other) => fieldsOf(one.clientKey) - fieldsOf(other.clientKey))[0];
    if (!next) return;
    queue.delete(next);
    next.start();
    scheduleWaiting();
  }

  function scheduleWaiting(): void {
    if (isScheduled || queue.size === 0) return;
    isScheduled = true;
    setImmediate(startWaiting);
  }

  function wait(fields: number, clientKey: string): Promise<Release> {
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        fields,
        clientKey,
        start() {
          clearTimeout(timer);
          resolve(start(fields, clientKey));
        },
      };
      const timer = setTimeout(() => {
        queue.delete(waiting);
        reject(overloaded('Too many large responses are being made: ask again in 1 second.'));
      }, maxWaitMs);
      queue.add(waiting);
    });
  }

  return {
    acquire(fields, clientKey) {
      if (fields <= smallFields) return releaseNothing;
      const isNext = !Array.from(queue).some((waiting) => waiting.clientKey === clientKey);
      return isNext && hasRoom({ fields, clientKey }) ? start(fields, clientKey) : wait(fields, clientKey);
    },
  };
}
/** The error of an operation that is rejected because the process has too much to do, or is about to end. */
export const overloaded = (message = 'The gateway is overloaded: ask again in 1 second.'): Overloaded =>
  new Overloaded(message, { retryAfter: 1 });
