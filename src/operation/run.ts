import type { DocumentNode, ExecutionResult, GraphQLError } from 'graphql';
import { type Context, createContext } from '../context.ts';
import { createScope, type Spotify } from '../datasources/spotify/index.ts';
import { QueryTooComplex } from '../errors.ts';
import { startOperation } from '../telemetry.ts';
import type { Documents } from './documents.ts';
import { Invalid } from './invalid.ts';
import type { Operation, Values } from './prepare.ts';
import { codesOf, type OperationReport, usageOf } from './report.ts';
import { withTrace } from './trace.ts';

/**
 * One operation from its document to its answer, whichever way it came. Nothing is thrown: what goes wrong is in
 * the answer.
 * @param carrier becomes the operation's context, for whoever wants to look into it afterwards
 */
export type Run = (asked: Asked, caller: Caller, carrier?: object) => Promise<ExecutionResult>;

export interface Asked {
  /** As text, or as a parent in the same process has parsed it. */
  document: string | DocumentNode;
  operationName?: string | null | undefined;
  variables?: Values | null | undefined;
}

/** Who asks. */
export interface Caller {
  /** The client that sent the operation, for fairness between clients: its address, or the value of a header. */
  clientKey: string;
  header(name: string): string | null;
  /** Calls back when nobody waits for the answer any more. */
  whenGone(callback: () => void): void;
}

export interface RunOptions {
  spotify: Spotify;
  documents: Documents;
  /** Deadline of one operation, in milliseconds. */
  timeoutMs: number;
  /** Most Spotify calls that one operation may plan; one that plans more is refused whole. */
  maxCalls: number;
  /** Most leaves of one response, counted before the operation runs. */
  maxAnswerFields: number;
  /** Most bytes of one response as JSON. */
  maxAnswerBytes: number;
  mask(error: unknown): GraphQLError;
  report: OperationReport;
}

export function createRun({ spotify, documents, timeoutMs, maxCalls, mask, report }: RunOptions): Run {
  const started = spotify.started();

  /** @throws Invalid, GatewayError before anything has run */
  async function execute(operation: Operation, values: Values, context: Context, caller: Caller) {
    context.operation = operation.name;
    const plan = operation.plan(values, spotify.app);
    if (plan.calls > maxCalls) throw tooManyCalls(maxCalls, plan.calls);
    context.plan = plan;
    const { errors, ...result } = await operation.execute(values, context);
    const answer = errors ? { errors: errors.map(mask), ...result } : result;
    return withTrace(answer, context, caller);
  }

  return async ({ document, operationName, variables }, caller, carrier = {}) => {
    const startedMs = performance.now();
    await started;
    const scope = createScope(timeoutMs);
    caller.whenGone(scope.end);
    const span = startOperation(caller);
    scope.observed = span.context;
    const read = typeof document === 'string' ? documents.fromText(document) : documents.fromAst(document);
    const context = Object.assign(carrier, createContext(spotify, scope, read.hash));
    let result: ExecutionResult;
    try {
      result = await execute(read.operation(operationName ?? null), variables ?? {}, context, caller);
    } catch (error) {
      result = { errors: error instanceof Invalid ? error.errors : [mask(error)] };
    }
    scope.end();
    empty(context.windows);
    const [usage, codes] = [usageOf(context), codesOf(result)];
    span.end(usage, { failed: codes.length > 0, calls: scope.usage.calls });
    report(usage, { milliseconds: performance.now() - startedMs, codes });
    return result;
  };
}

/**
 * What has waited for Spotify counts as old to V8, and through it all that a window has shown would stay until the next
 * major collection: 100 albums took a tenth longer (docs/decisions/garbage.md).
 */
function empty(windows: Context['windows']): void {
  for (const window of windows) window.slots = [];
}

const tooManyCalls = (limit: number, actual: number) =>
  new QueryTooComplex('This operation may cost more Spotify calls than one is allowed.', { limit, actual });
