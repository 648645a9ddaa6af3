import type { Plugin } from 'graphql-yoga';
import { type ErrorCode, Overloaded } from '../../errors.ts';
import { type ClientKey, clientKeyOf } from '../client-key.ts';
import { refuse } from './refuse.ts';

/**
 * Rejects operations while the process is overloaded, as late responses to all help nobody; mistakes, while there are
 * too many of them; and all operations once the process is about to end, as other processes respond sooner.
 */

const retryAfterSeconds = 1;

export interface SheddingOptions {
  endpoint: string;
  /** Whether the process keeps up well enough to run another operation. */
  admits(): boolean;
  isDraining(): boolean;
  /** Whether there is time to read a document: mistakes in great number are left unread. */
  mayRead(document: string, clientKey: string): boolean;
  clientKey: ClientKey;
  /** Hears of every request that is rejected. */
  refused(code: ErrorCode): void;
}

const overloadMessage = 'The gateway is overloaded; retry after 1 second.';
const drainingMessage = 'This process is about to end; retry after 1 second.';

export const overloaded = (message = overloadMessage) =>
  new Overloaded(message, { retryAfter: retryAfterSeconds });

export function useShedding(options: SheddingOptions): Plugin {
  const { endpoint, admits, isDraining, mayRead, clientKey, refused } = options;

  const reason = (): string | null => {
    if (isDraining()) return drainingMessage;
    return admits() ? null : overloadMessage;
  };

  return {
    onRequest({ url, endResponse, fetchAPI }) {
      if (url.pathname !== endpoint) return;
      const message = reason();
      if (message === null) return;
      const error = overloaded(message);
      refused(error.code);
      endResponse(refuse(fetchAPI, 503, error));
    },
    onParams({ params: { query }, request, context }) {
      if (typeof query !== 'string' || mayRead(query, clientKeyOf(request, context, clientKey))) return;
      const error = overloaded();
      refused(error.code);
      throw error;
    },
  };
}
