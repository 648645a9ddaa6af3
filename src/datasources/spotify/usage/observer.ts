import type { Family } from '../quota/families.ts';
import type { Scope } from './field-context.ts';

/** Sees what the datasource does, for metrics and traces; it changes nothing and must not throw. */
export interface Observer {
  /** A call was sent; the returned function hears how it ended, null for without an answer. */
  sent(call: ObservedCall): (status: number | null) => void;
  /** A call has to wait at the gate; the returned function hears that it waits no more. */
  waiting(call: ObservedCall): () => void;
  /** A question was answered: from memory, from Redis, by a call, or by one that was on its way already. */
  answered(source: AnswerSource): void;
}

export interface ObservedCall {
  family: Family | 'token';
  method: 'GET' | 'POST';
  /** Relative to the base URL, without the query. */
  path: string;
  /** The operation that asked first, where one did. */
  scope: Scope | undefined;
}

export type AnswerSource = 'memory' | 'redis' | 'spotify' | 'shared';

export const unobserved: Observer = {
  sent: () => () => undefined,
  waiting: () => () => undefined,
  answered: () => undefined,
};

export function combine(observers: readonly Observer[]): Observer {
  return {
    sent(call) {
      const ends = observers.map((each) => each.sent(call));
      return (status) => {
        for (const end of ends) end(status);
      };
    },
    waiting(call) {
      const ends = observers.map((each) => each.waiting(call));
      return () => {
        for (const end of ends) end();
      };
    },
    answered(source) {
      for (const each of observers) each.answered(source);
    },
  };
}
