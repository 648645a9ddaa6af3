import type { Family } from '../quota/families.ts';
import type { OperationContext } from './field-context.ts';

/** Sees what the datasource does, for metrics and traces; it changes nothing and must not throw. */
export interface Observer {
  /** A call was sent; the returned function hears how it ended, null for without an answer. */
  onCall(call: ObservedCall): (status: number | null) => void;
  /** A call has to wait at the gate; the returned function hears that it waits no more. */
  onQueued(call: ObservedCall): () => void;
  /** A question was answered: from memory, from Redis, by a call, or by one that was on its way already. */
  onRead(source: ReadSource): void;
}

export interface ObservedCall {
  family: Family | 'token';
  method: 'GET' | 'POST';
  /** Relative to the base URL, without the query. */
  path: string;
  /** The operation that asked first, where one did. */
  operation: OperationContext | undefined;
}

export type ReadSource = 'memory' | 'redis' | 'spotify' | 'shared';

export const noopObserver: Observer = {
  onCall: () => () => undefined,
  onQueued: () => () => undefined,
  onRead: () => undefined,
};

export function combine(observers: readonly Observer[]): Observer {
  return {
    onCall(call) {
      const ends = observers.map((each) => each.onCall(call));
      return (status) => {
        for (const end of ends) end(status);
      };
    },
    onQueued(call) {
      const ends = observers.map((each) => each.onQueued(call));
      return () => {
        for (const end of ends) end();
      };
    },
    onRead(source) {
      for (const each of observers) each.onRead(source);
    },
  };
}
