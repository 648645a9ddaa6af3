import type { Plugin } from 'graphql-yoga';
import type { ErrorCode, Overloaded } from '../../errors.ts';
import { overloaded } from '../../operation/overloaded.ts';
import { type ClientKey, clientKeyOf } from '../client-key.ts';
import { refuse } from './refuse.ts';

/**
 * Rejects operations while the process is overloaded, as late responses to all help nobody; mistakes, while there are
 * too many of them; and all operations once the process is about to end, as other processes respond sooner.
 */

export interface SheddingOptions {
  endpoint: string;
  /** Whether the process keeps up well enough to run another operation. */
  admits(): boolean;
  isDraining(): boolean;
  /** Whether there is time to read a document: mistakes in great number are left unread. */
  mayRead(document: string, clientKey: string): boolean;
  clientKey: ClientKey;
  /** Counts each request that is rejected. */
  onRejected(code: ErrorCode): void;
}

const drainingMessage = 'This process is about to end; retry after 1 second.';

export function useShedding(options: SheddingOptions): Plugin {
  const { endpoint, admits, isDraining, mayRead, clientKey, onRejected } = options;

  const rejection = (): Overloaded | null => {
    if (isDraining()) return overloaded(drainingMessage);
    return admits() ? null : overloaded();
  };

  return {
    onRequest({ url, endResponse, fetchAPI }) {
      if (url.pathname !== endpoint) return;
      const error = rejection();
      if (error === null) return;
      onRejected(error.code);
      endResponse(refuse(fetchAPI, 503, error));
    },
    onParams({ params: { query }, request, context }) {
      if (typeof query !== 'string' || mayRead(query, clientKeyOf(request, context, clientKey))) return;
      const error = overloaded();
      onRejected(error.code);
      throw error;
    },
  };
}
