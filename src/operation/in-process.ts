import { type DocumentNode, type ExecutionResult, GraphQLError } from 'graphql';
import type { ExecuteOperation } from './request.ts';
import { formatted } from './response-errors.ts';
import { traceHeader } from './trace.ts';

/** The key of all operations that a parent in the same process runs. */
const inProcessClientKey = 'in-process';

/** A parsed document; one from a code generator, a `TypedDocumentNode`, states the type of its data. */
type TypedDocument<TData> = DocumentNode & { __apiType?: ((variables: never) => TData) | undefined };

/**
 * Runs one operation without HTTP, as the executor of a stitching parent (an `Executor` of `@graphql-tools/utils`). The
 * parent's documents need not be trusted documents, because they come from the same process.
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
  async <TData>({ signal, trace, variables, ...operation }: Parameters<Execute>[0]) => {
    signal?.throwIfAborted();
    const header = (name: string) => (name === traceHeader ? (trace ?? null) : null);
    const client = { key: inProcessClientKey, header, requestId: null, signal };
    // A variable that is undefined is left out, as JSON would leave it out.
    const definedVariables = Object.entries(variables ?? {}).filter(([, value]) => value !== undefined);
    const { result } = await executeOperation({
      ...operation,
      variables: Object.fromEntries(definedVariables),
      client,
    });
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
  const { message, path = null, extensions, locations } = formatted(error);
  return Object.assign(new GraphQLError(message, { path, extensions }), { locations });
}
