import type { Family } from '../usage/observer.ts';

/** Counts the calls that wait for their turn: the daily quota does not count them yet. */
export interface QueuedCalls {
  /** How many calls of a family wait. */
  of(family: Family): number;
  /** Counts a call. Returns the function that ends its wait, which may be called more than once. */
  add(family: Family): () => void;
}

export function createQueuedCalls(): QueuedCalls {
  const counts = new Map<Family, number>();
  const of = (family: Family): number => counts.get(family) ?? 0;
  return {
    of,
    add(family) {
      let isWaiting = true;
      counts.set(family, of(family) + 1);
      return () => {
        if (isWaiting) counts.set(family, of(family) - 1);
        isWaiting = false;
      };
    },
  };
}
