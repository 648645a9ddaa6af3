import { type DocumentNode, type ExecutionResult, GraphQLError } from 'graphql';
import type { ExecuteOperation } from './execute-operation.ts';
import { positionsOf } from './positions.ts';
import { inProcessClientKey } from './request.ts';

/**
 * Runs one operation without HTTP, as the executor of a stitching parent. The parent's documents need not be trusted
 * documents, because no stranger wrote them.
 * @throws the reason of `signal` once that is aborted, and nothing else
 */
export type Execute = (operation: {
  document: DocumentNode;
  variables?: Record<string, unknown> | undefined;
  operationName?: string | undefined;
  /** Aborts the operation: calls to Spotify that are not sent yet are dropped. */
  signal?: AbortSignal | undefined;
}) => Promise<ExecutionResult>;

export const createExecute =
  (executeOperation: ExecuteOperation): Execute =>
  async ({ signal, ...operation }) => {
    signal?.throwIfAborted();
    const client = { key: inProcessClientKey, header: () => null, signal };
    const { result } = await executeOperation({ ...operation, client });
    signal?.throwIfAborted();
    return withoutHttp(result);
  };

/** The `http` extensions are for a response over HTTP; they would become the status and headers of the parent's own. */
function withoutHttp({ errors, data, extensions }: ExecutionResult): ExecutionResult {
  return {
    ...(errors && { errors: errors.map(errorWithoutHttp) }),
    ...(data !== undefined && { data }),
    ...(extensions && { extensions }),
  };
}

// A copy: errors of validation are cached with their document and sent over HTTP as well.
function errorWithoutHttp(error: GraphQLError): GraphQLError {
  const { http, ...extensions } = error.extensions;
  const copy = new GraphQLError(error.message, { path: error.path ?? null, extensions });
  const locations = positionsOf(error);
  return Object.assign(copy, { locations: locations.length > 0 ? locations : undefined });
}
