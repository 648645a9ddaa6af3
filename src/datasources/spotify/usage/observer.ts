import type { OperationContext } from './field-context.ts';

/** Endpoints that Spotify counts together: the path without its ids, single and batch reads alike. */
export type Family = string;

/** Receives the events of the datasource, for metrics and traces. Its methods must not throw. */
export interface Observer {
  /** A call was sent. @returns receives its outcome */
  onCall(call: ObservedCall): (outcome: CallOutcome) => void;
  /** A call waits in the request queue. @returns is called when the wait ends */
  onQueued(call: QueuedCall): () => void;
  /** A read of the cache ended: in memory, in the shared store, with a call, or with a call in flight. */
  onRead(source: ReadSource): void;
  /** Spotify rejected a call because the quota of its family is used up. */
  onQuotaRejected(family: Family): void;
}

export interface QueuedCall {
  family: Family | 'token';
  /** The operation that caused the call, if one did. */
  operation: OperationContext | undefined;
}

export interface ObservedCall extends QueuedCall {
  method: 'GET' | 'POST';
  url: string;
  /** Relative to the base URL, without the query. */
  path: string;
}

export interface CallOutcome {
  /** Null without a response. */
  status: number | null;
  /** Why there is no usable response, such as `timeout`; null if there is one. */
  fault: string | null;
}

/**
 * - `store`: the shared store, in Redis or on disk, or memory if another response has brought the entry meanwhile
 * - `shared`: the call of another field
 */
export type ReadSource = 'memory' | 'store' | 'spotify' | 'shared';

export const noopObserver: Observer = {
  onCall: () => () => undefined,
  onQueued: () => () => undefined,
  onRead: () => undefined,
  onQuotaRejected: () => undefined,
};

/** One observer that passes every event to all of these. */
export const combineObservers = (observers: readonly Observer[]): Observer => ({
  onCall(call) {
    const ends = observers.map((observer) => observer.onCall(call));
    return (outcome) => ends.forEach((end) => void end(outcome));
  },
  onQueued(call) {
    const ends = observers.map((observer) => observer.onQueued(call));
    return () => ends.forEach((end) => void end());
  },
  onRead: (source) => observers.forEach((observer) => void observer.onRead(source)),
  onQuotaRejected: (family) => observers.forEach((observer) => void observer.onQuotaRejected(family)),
});
