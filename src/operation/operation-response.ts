import type { ExecutionResult, GraphQLError } from 'graphql';
import type { OperationContext } from '../datasources/spotify/index.ts';
import type { OperationLogEntry } from '../observability/log.ts';

export interface OperationResponse {
  result: ExecutionResult;
  logEntry: OperationLogEntry;
  /** Null if the result must not be reused: it has an error, a stale part, or a part whose freshness is not known. */
  freshness: ResultFreshness | null;
}

/** How long an equal request may get the same result, in milliseconds of the epoch. */
export interface ResultFreshness {
  freshUntilMs: number;
  /** Until when it may be used stale, in place of an error. */
  usableUntilMs: number;
}

/**
 * How long the result may be reused; null if it may not. The length of a list states no time until which it is usable stale:
 * so no result is usable for longer than `staleMs` after its freshness.
 */
export function freshnessOf(
  { usage, freshUntilMs, usableUntilMs }: OperationContext,
  { errors = [] }: ExecutionResult,
  staleMs: number,
): ResultFreshness | null {
  const isReusable = errors.length === 0 && usage.stale.length === 0 && Number.isFinite(freshUntilMs);
  return isReusable ? { freshUntilMs, usableUntilMs: Math.min(usableUntilMs, freshUntilMs + staleMs) } : null;
}

/** The response to an operation that did not run. */
export const rejectedResponse = (error: GraphQLError): OperationResponse => ({
  result: { errors: [error] },
  logEntry: { operation: null, document: '', plannedCalls: 0, actualCalls: 0, cacheHits: 0 },
  freshness: null,
});
