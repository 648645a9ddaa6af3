import { type DocumentNode, type ExecutionResult, GraphQLError } from 'graphql';
import { positionsOf } from './positions.ts';
import type { Run } from './request.ts';
import { inProcessClient } from './request.ts';

/**
 * One operation without HTTP, as the executors of a stitching parent ask for it.
 * @throws the reason of `signal` once that is aborted, and nothing else
 */
export type Execute = (operation: {
  document: DocumentNode;
  variables?: Record<string, unknown> | undefined;
  operationName?: string | undefined;
  /** Ends the waiting of whoever asks: calls to Spotify that are not sent yet are dropped. */
  signal?: AbortSignal | undefined;
}) => Promise<ExecutionResult>;

export const createExecute =
  (run: Run): Execute =>
  async ({ signal, ...asked }) => {
    signal?.throwIfAborted();
    const done = new AbortController(); // one signal may be that of many operations, and outlive them all
    const whenGone = (callback: () => void) =>
      signal?.addEventListener('abort', callback, { once: true, signal: done.signal });
    try {
      return withoutHttp(await run(asked, { clientKey: inProcessClient, header: () => null, whenGone }));
    } finally {
      done.abort();
      signal?.throwIfAborted();
    }
  };

/** What is meant for an answer over HTTP would become the status and the headers of the parent's own. */
function withoutHttp({ errors, data, extensions }: ExecutionResult): ExecutionResult {
  const others = without(extensions ?? {});
  return {
    ...(errors && { errors: errors.map(plain) }),
    ...(data !== undefined && { data }),
    ...(Object.keys(others).length > 0 && { extensions: others }),
  };
}

// A copy: errors of validation are kept with their document, and answer HTTP requests as well.
function plain(error: GraphQLError): GraphQLError {
  const { message, path, extensions } = error;
  const copy = new GraphQLError(message, { path: path ?? null, extensions: without(extensions) });
  const locations = positionsOf(error);
  return Object.assign(copy, { locations: locations.length > 0 ? locations : undefined });
}

const without = ({ http, ...others }: Record<string, unknown>): Record<string, unknown> => others;
