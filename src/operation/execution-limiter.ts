import { overloaded } from '../errors.ts';

/**
 * Bounds the fields of all responses that are created at the same time, because all of them are in memory: a hundred of
 * the largest would exceed the memory of the process. Small operations always run; larger ones take turns, and no client
 * takes all of the capacity.
 */
export interface ExecutionLimiter {
  /**
   * Waits until the operation may run.
   * @param fields maximum fields of its response
   * @returns a function to call when the result is no longer needed
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
    // One operation of each client may exceed the share: an operator may allow operations that are larger than the share.
    const isWithinShare = clientFields === 0 || clientFields + fields <= maxFieldsOfClient;
    return isWithinShare && (running === 0 || running + fields <= maxFields);
  }

  function start(fields: number, clientKey: string): Release {
    running += fields;
    fieldsOfClients.set(clientKey, fieldsOf(clientKey) + fields);
    return () => {
      running -= fields;
      const remainingFields = fieldsOf(clientKey) - fields;
      if (remainingFields > 0) fieldsOfClients.set(clientKey, remainingFields);
      else fieldsOfClients.delete(clientKey);
      scheduleWaiting();
    };
  }

  /**
   * Starts one of the operations for which there is room: of the client whose running operations have the fewest fields.
   * Only one starts in an iteration of the event loop, so that other requests are served in between.
   */
  function startWaiting(): void {
    isScheduled = false;
    const candidates = Array.from(queue).filter(hasRoom);
    const nextOperation = candidates.sort(
      (one, other) => fieldsOf(one.clientKey) - fieldsOf(other.clientKey),
    )[0];
    if (!nextOperation) return;
    queue.delete(nextOperation);
    nextOperation.start();
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
        reject(overloaded('Too many large responses are being created: retry after 1 second.'));
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
