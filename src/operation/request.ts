import { type DocumentNode, type ExecutionResult, GraphQLError } from 'graphql';
import type { OperationUsage } from '../observability/log.ts';
import { positionsOf } from './positions.ts';
import { traceHeader } from './usage.ts';

/** One operation to execute, from any entry point. */
export interface GraphQLRequest {
  /** As text, or as a parent in the same process has parsed it. */
  document: string | DocumentNode;
  operationName?: string | null | undefined;
  variables?: Variables | null | undefined;
  client: Client;
}

/** Runs one operation. It never rejects: every failure is an error in the result. */
export type ExecuteOperation = (request: GraphQLRequest) => Promise<OperationResponse>;

export interface OperationResponse {
  result: ExecutionResult;
  usage: OperationUsage;
  /** Null if the result must not be reused: it has an error, a stale part, or a part whose freshness is not known. */
  freshness: ResultFreshness | null;
}

/** How long an equal request may get the same result, in milliseconds of the epoch. */
export interface ResultFreshness {
  freshUntilMs: number;
  /** Until when it may be used stale, in place of an error. */
  usableUntilMs: number;
}

/** The client that sent an operation. */
export interface Client {
  /** Tells clients apart, for fairness between them: the client's address, or the value of a header. */
  key: string;
  /** The value of a request header; null if the request has no such header. */
  header(name: string): string | null;
  /** The id of the HTTP request; null for an operation of the same process. */
  requestId: string | null;
  /** Aborted when the client no longer waits for the response. */
  signal?: AbortSignal | undefined;
}

/** Variables as they were sent. */
export type Variables = Readonly<Record<string, unknown>>;

/** The key of all operations that a parent in the same process runs. */
export const inProcessClientKey = 'in-process';

/** A parsed document; one from a code generator, a `TypedDocumentNode`, states the type of its data. */
type TypedDocument<TData> = DocumentNode & { __apiType?: ((variables: never) => TData) | undefined };

/**
 * Runs one operation without HTTP, as the executor of a stitching parent (an `Executor` of `@graphql-tools/utils`). The
 * parent's documents need not be trusted documents, because no stranger wrote them.
 * @throws the reason of `signal` once that is aborted, and nothing else
 */
export type Execute = <TData = Record<string, unknown>>(operation: {
  document: TypedDocument<TData>;
  variables?: Record<string, unknown> | undefined;
  operationName?: string | undefined;
  /** Aborts the operation: calls to Spotify that are not sent yet are dropped. */
  signal?: AbortSignal | undefined;
  /** `1` adds the cost as `extensions.spotify`; `plan` returns the planned cost alone, without a call and without data. */
  trace?: '1' | 'plan' | undefined;
}) => Promise<ExecutionResult<TData>>;

export const createExecute =
  (executeOperation: ExecuteOperation): Execute =>
  async <TData>({ signal, trace, ...operation }: Parameters<Execute>[0]) => {
    signal?.throwIfAborted();
    const header = (name: string) => (name === traceHeader ? (trace ?? null) : null);
    const client = { key: inProcessClientKey, header, requestId: null, signal };
    const { result } = await executeOperation({ ...operation, client });
    signal?.throwIfAborted();
    return withoutHttp(result) as ExecutionResult<TData>;
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
