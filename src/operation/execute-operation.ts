import type { ExecutionResult } from 'graphql';
import { createOperationContext, type Spotify } from '../datasources/spotify/index.ts';
import { deadlinePassed, type ErrorCode, overloaded, shuttingDown } from '../errors.ts';
import { startStopwatch } from '../observability/clock.ts';
import type { OperationLogEntry } from '../observability/log.ts';
import { startOperation } from '../observability/tracing.ts';
import { type Context, createContext } from '../schema/context.ts';
import type { Plan } from '../schema/planning/plan.ts';
import type { Document, Documents } from './documents.ts';
import { createExecutionLimiter } from './execution-limiter.ts';
import { sizeAbove } from './json-bytes.ts';
import type { Operation } from './operation.ts';
import { codesOf, logEntryOf, type ReportOperation } from './operation-log.ts';
import { createOperationQueue, type OperationQueue } from './operation-queue.ts';
import { freshnessOf, type OperationResponse, rejectedResponse } from './operation-response.ts';
import type { ExecuteOperation, GraphQLRequest, Variables } from './request.ts';
import {
  bugCode,
  errorsToSend,
  formatted,
  type MaskError,
  tooLarge,
  tooManyCalls,
  tooManyFields,
} from './response-errors.ts';
import { dryRunReport, requestsDryRun, withTrace } from './trace.ts';
import { InvalidRequest } from './validation.ts';

export interface ExecuteOperationOptions {
  spotify: Spotify;
  documents: Documents;
  /** Deadline of one operation, in milliseconds. */
  requestTimeoutMs: number;
  /** Maximum Spotify calls that one operation may plan; an operation that plans more does not run. */
  maxUpstreamCalls: number;
  /** Maximum fields of one response, counted before the operation runs. */
  maxAnswerFields: number;
  /** Maximum size of one response as JSON, in bytes. */
  maxAnswerBytes: number;
  /** How long data may be used after its freshness, in milliseconds. */
  staleMs: number;
  /** Whether clients may see the daily quota. */
  exposeQuota: boolean;
  mask: MaskError;
  report: ReportOperation;
  /** See `Metrics.recordRejection`. */
  onRejected(code: ErrorCode): void;
}

/**
 * The only execution path; all entry points share one instance. An operation waits for its turn, is measured and reported,
 * and is planned and executed.
 */
export function createOperationRunner(options: ExecuteOperationOptions) {
  const { mask, onRejected } = options;
  const queue = createOperationQueue();
  const runAndReport = createRunAndReport(options, queue);
  let runningCount = 0;
  let isClosed = false;

  async function executeOperation(request: GraphQLRequest): Promise<OperationResponse> {
    runningCount += 1;
    try {
      const { client } = request;
      const hasTurn = client.hasWaitedForTurn || (await queue.waitForTurn(client.key));
      if (hasTurn && !isClosed) return await runAndReport(request);
      const error = isClosed ? shuttingDown() : overloaded();
      onRejected(error.code);
      return rejectedResponse(mask(error));
    } catch (error) {
      return rejectedResponse(mask(error, request.client.requestId));
    } finally {
      runningCount -= 1;
    }
  }

  return {
    executeOperation,
    /** For the work of a request before its operation, such as parsing its body. See `Client.hasWaitedForTurn`. */
    waitForTurn: queue.waitForTurn,
    /** How many operations run or wait at this moment. */
    runningCount: () => runningCount,
    /** From now on every new operation is rejected. */
    close(): void {
      isClosed = true;
    },
  };
}

/** @returns a function that runs an operation whose turn it is, and reports it */
function createRunAndReport(options: ExecuteOperationOptions, queue: OperationQueue): ExecuteOperation {
  const { spotify, documents, requestTimeoutMs, staleMs, exposeQuota, report } = options;
  const synced = spotify.whenSynced();
  const planAndExecute = createPlanAndExecute(options);

  return async (request) => {
    const { document: textOrAst, client } = request;
    const startMs = performance.now();
    await synced;
    const operationContext = createOperationContext(requestTimeoutMs);
    operationContext.waitForTurn = queue.createWaitForTurn(client.key);
    client.signal?.addEventListener('abort', operationContext.end, { once: true });
    const span = startOperation(client);
    operationContext.traceContext = span.context;
    const context = createContext(spotify, operationContext, { exposeQuota });
    let result: ExecutionResult | null = null;
    let logEntry: OperationLogEntry;
    try {
      const document =
        typeof textOrAst === 'string'
          ? documents.fromText(textOrAst, client.key)
          : documents.fromAst(textOrAst, client.key);
      context.documentHash = document.hash;
      result = await planAndExecute(document, request, context);
    } finally {
      operationContext.end();
      client.signal?.removeEventListener('abort', operationContext.end);
      const isDisconnected = client.signal?.aborted ?? false;
      const codes = result ? codesOf(result, isDisconnected) : [bugCode];
      logEntry = logEntryOf(context);
      const type = context.operation && 'query';
      span.end(logEntry, { type, codes, calls: operationContext.usage.calls });
      const milliseconds = performance.now() - startMs;
      report(logEntry, { milliseconds, codes, requestId: client.requestId, isDisconnected });
    }
    return { result, logEntry, freshness: freshnessOf(operationContext, result, staleMs) };
  };
}

/** @returns a function that executes an operation; if it may not run, the result has only errors */
function createPlanAndExecute({
  spotify,
  documents,
  maxUpstreamCalls: maxCalls,
  maxAnswerFields,
  maxAnswerBytes,
  mask,
}: ExecuteOperationOptions) {
  const limiter = createExecutionLimiter();
  const sizeAboveMaximum = (result: ExecutionResult) =>
    sizeAbove(maxAnswerBytes, { ...result, errors: result.errors?.map(formatted) });

  /** @throws InvalidRequest, GatewayError if the operation may not run */
  function checkedPlan(operation: Operation, variables: Variables, isDryRun: boolean): Plan {
    const plan = operation.plan(variables, { spotify, maxCalls });
    if (plan.calls > maxCalls && !isDryRun) throw tooManyCalls(maxCalls, plan);
    if (plan.responseFields > maxAnswerFields) throw tooManyFields(maxAnswerFields, plan.responseFields);
    return plan;
  }

  async function executePlanned(
    operation: Operation,
    { variables, client }: GraphQLRequest,
    context: Context,
    plan: Plan,
  ) {
    // The client may have disconnected while its operation waited.
    if (client.signal?.aborted) throw deadlinePassed();
    const { errors, ...rest } = await operation.execute(variables ?? {}, context);
    const maskError = (error: unknown) => mask(error, client.requestId);
    const sent = errors ? { errors: errorsToSend(errors, plan.selectionTree, maskError), ...rest } : rest;
    const result = withTrace(sent, context, client);
    const bytes = sizeAboveMaximum(result);
    if (bytes === null) return result;
    const replacement = { errors: [mask(tooLarge(maxAnswerBytes, bytes))] };
    const withCost = withTrace(replacement, context, client); // its calls are spent all the same
    return sizeAboveMaximum(withCost) === null ? withCost : replacement;
  }

  return async (document: Document, request: GraphQLRequest, context: Context): Promise<ExecutionResult> => {
    const { operationName, variables, client } = request;
    const elapsedMs = startStopwatch();
    try {
      const operation = document.operation(operationName ?? null);
      context.operation = operation;
      const isDryRun = requestsDryRun(client);
      context.plan = checkedPlan(operation, variables ?? {}, isDryRun);
      if (isDryRun) {
        const remainingPlan = operation.plan(variables ?? {}, { spotify, maxCalls, usesCache: true });
        return { extensions: { spotify: dryRunReport(context.plan, remainingPlan) } };
      }
      const acquired = limiter.acquire(context.plan.responseFields, client.key);
      const hasWaited = acquired instanceof Promise; // because other large responses were being created
      const release = await acquired;
      try {
        if (hasWaited) await context.operationContext.waitForTurn?.();
        return await executePlanned(operation, request, context, context.plan);
      } finally {
        release();
      }
    } catch (error) {
      if (!context.plan) documents.chargeRejection(document, client.key, elapsedMs());
      return { errors: error instanceof InvalidRequest ? error.errors : [mask(error, client.requestId)] };
    }
  };
}
