import type { ExecutionResult, GraphQLError } from 'graphql';
import { createOperationContext, type Spotify } from '../datasources/spotify/index.ts';
import { QueryTooComplex } from '../errors.ts';
import { startOperation } from '../observability/tracing.ts';
import { type Context, createContext } from '../schema/context.ts';
import type { Plan } from '../schema/planning/plan.ts';
import { errorsToSend, formatted, stringify } from './answer-errors.ts';
import { startProcessorTime } from './client-budgets.ts';
import type { Document, Documents } from './documents.ts';
import { createExecutionLimiter } from './execution-limiter.ts';
import { Invalid } from './invalid.ts';
import { sizeAbove } from './json-bytes.ts';
import type { Operation } from './prepare.ts';
import { codesOf, type OperationReport, usageOf } from './report.ts';
import type { Client, OperationRequest, Run, Variables } from './request.ts';
import { withTrace } from './trace.ts';

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

export function createRun(options: RunOptions): Run {
  const { spotify, documents, timeoutMs, maxAnswerBytes, mask, report } = options;
  const started = spotify.started();
  const limiter = createExecutionLimiter();

  /**
   * The plan of an operation that may run.
   * @throws Invalid, GatewayError
   */
  function planned(operation: Operation, values: Variables): Plan {
    const plan = operation.plan(values, spotify.app);
    const { maxCalls, maxAnswerFields } = options;
    if (plan.calls > maxCalls) throw tooManyCalls(maxCalls, plan.calls);
    if (plan.answerFields > maxAnswerFields) throw tooManyFields(maxAnswerFields, plan.answerFields);
    return plan;
  }

  async function execute(
    operation: Operation,
    values: Variables,
    context: Context,
    plan: Plan,
    caller: Client,
  ) {
    const { errors, ...result } = await operation.execute(values, context);
    const answer = errors ? { errors: errorsToSend(errors, plan.outline, mask), ...result } : result;
    const whole = withTrace(answer, context, caller);
    const bytes = sizeAbove(maxAnswerBytes, { ...whole, errors: whole.errors?.map(formatted) });
    return bytes === null ? whole : { errors: [mask(tooLarge(maxAnswerBytes, bytes))] };
  }

  /** Runs one operation of a document, or says why not. */
  async function resultOf(document: Document, request: OperationRequest, context: Context, caller: Client) {
    const { operationName, variables } = request;
    const values = variables ?? {};
    const milliseconds = startProcessorTime();
    try {
      const operation = document.operation(operationName ?? null);
      context.operation = operation.name;
      context.plan = planned(operation, values);
      const release = await limiter.acquire(context.plan.answerFields, caller.clientKey);
      try {
        return await execute(operation, values, context, context.plan, caller);
      } finally {
        release();
      }
    } catch (error) {
      if (!context.plan) documents.chargeRejection(document, caller.clientKey, milliseconds());
      return { errors: error instanceof Invalid ? error.errors : [mask(error)] };
    }
  }

  return async (request, caller, carrier = {}) => {
    const { document: sent } = request;
    const startedMs = performance.now();
    await started;
    const operationContext = createOperationContext(timeoutMs);
    caller.whenGone(operationContext.end);
    const span = startOperation(caller);
    operationContext.traceContext = span.context;
    const document =
      typeof sent === 'string'
        ? documents.fromText(sent, caller.clientKey)
        : documents.fromAst(sent, caller.clientKey);
    const context = Object.assign(carrier, createContext(spotify, operationContext, document.hash));
    const result: ExecutionResult = await resultOf(document, request, context, caller);
    operationContext.end();
    empty(context.windows);
    const [usage, codes] = [usageOf(context), codesOf(result)];
    span.end(usage, { failed: codes.length > 0, calls: operationContext.usage.calls });
    report(usage, { milliseconds: performance.now() - startedMs, codes });
    return result.errors ? { ...result, stringify } : result;
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

const tooManyFields = (limit: number, actual: number) =>
  new QueryTooComplex('The response of this operation may have more fields than one response may have.', {
    limit,
    actual: Math.min(actual, Number.MAX_SAFE_INTEGER),
  });

const tooLarge = (limit: number, actual: number) =>
  new QueryTooComplex('The response is larger than one response may be: select less, or smaller pages.', {
    limit,
    actual,
  });
