import type { ExecutionResult, GraphQLError } from 'graphql';
import type { OperationContext, Usage } from '../datasources/spotify/index.ts';
import { isoTime } from '../observability/clock.ts';
import type { Log, OperationUsage } from '../observability/log.ts';
import type { Metrics } from '../observability/metrics.ts';
import type { Context } from '../schema/context.ts';
import type { Plan } from '../schema/planning/plan.ts';
import type { Client, OperationResponse, ResultFreshness } from './request.ts';

/** The calls that an operation planned, sent and saved. The calls of the token endpoint are not counted. */
function callCounts({ plan, operationContext }: Context) {
  const { calls } = operationContext.usage;
  return {
    plannedCalls: plan ? plan.calls + plan.probeCalls : 0,
    actualCalls: calls.filter(({ method, origin }) => method === 'GET' && origin === 'network').length,
    cacheHits: calls.filter(({ origin }) => origin === 'cache').length,
  };
}

export const usageOf = (context: Context): OperationUsage => ({
  operation: context.operationName,
  document: context.documentHash,
  ...callCounts(context),
});

/** The request header of a client that wants to see the cost: `1` of the operation that runs, `plan` before it runs. */
export const traceHeader = 'x-spotify-trace';

/** Adds the cost of the operation as `extensions.spotify`, if the client has sent the header for it. */
export function withTrace(
  result: ExecutionResult,
  context: Context,
  { header }: Pick<Client, 'header'>,
): ExecutionResult {
  if (header(traceHeader) !== '1') return result;
  const { calls, ...notices } = context.operationContext.usage;
  const spotify = {
    ...callCounts(context),
    calls,
    ...noticesIn(result, notices),
    quota: quotaLeft(context),
  };
  return { ...result, extensions: { ...result.extensions, spotify } };
}

type Notice = Usage['stale'][number];

/**
 * The notices that apply to the response. Others belong to an object that is null: fields of it may have been read before
 * it was known not to exist, or it lacks a field that is never null. Or an argument left a missing element out of a list.
 * Or a window has failed, of which some pages were read.
 */
function noticesIn(
  { data, errors = [] }: ExecutionResult,
  { stale, unavailable, shortened }: Omit<Usage, 'calls'>,
) {
  const failedPaths = new Set(errors.map(({ path }) => JSON.stringify(path)));
  const valueAt = ({ path }: Pick<Notice, 'path'>): unknown =>
    path.reduce<unknown>(
      (value, key) => (value as Record<string | number, unknown> | null | undefined)?.[key],
      data,
    );
  const hasValue = (notice: Notice): boolean =>
    valueAt(notice) !== undefined && !failedPaths.has(JSON.stringify(notice.path));
  return {
    stale: withoutRepetitions(stale.filter(hasValue)),
    unavailable: unavailable.filter((notice) => valueAt(notice) === null),
    shortened: shortened.filter(hasValue),
  };
}

/** One notice for a field, of which several parts, such as the pages of a window, may be stale for the same reason. */
const withoutRepetitions = (notices: readonly Notice[]): Notice[] => [
  ...new Map(notices.map((notice) => [JSON.stringify(notice), notice])).values(),
];

/** Whether the client wants to see the plan of the operation instead of its result. */
export const requestsDryRun = ({ header }: Pick<Client, 'header'>): boolean => header(traceHeader) === 'plan';

/**
 * The cost of an operation that does not run.
 * @param plan its plan with nothing cached
 * @param remainingPlan its plan without the calls that the cache saves
 * @returns the planned calls, and as `held` those of them that the cache saves
 */
export function dryRunReport(plan: Plan, remainingPlan: Plan) {
  const remaining = new Map(remainingPlan.families.map(({ family, calls }) => [family, calls]));
  return {
    plannedCalls: plan.calls + plan.probeCalls,
    families: plan.families,
    held: plan.families
      .map(({ family, calls }) => ({ family, calls: calls - (remaining.get(family) ?? 0) }))
      .filter(({ calls }) => calls > 0),
  };
}

/**
 * The remaining quota of each family that the operation may use, or has used instead of a planned one; null if clients must
 * not see it.
 */
function quotaLeft({ plan, quota, operationContext }: Context) {
  const planned = plan?.families.map(({ family }) => family) ?? [];
  const quotas = quota(new Set([...planned, ...operationContext.families]));
  if (quotas === null) return null;
  return quotas.map(({ family, used, limit, limitSource, remaining, resetAtMs }) => ({
    family,
    used,
    limit,
    limitSource,
    remaining,
    resetAt: isoTime(resetAtMs),
  }));
}

export type ReportOperation = (
  usage: OperationUsage,
  outcome: {
    milliseconds: number;
    /** The code of each error. */
    codes: readonly string[];
    /** The id of the HTTP request if there is one. */
    requestId: string | null;
    /** Whether the client has disconnected before it had its response. */
    isDisconnected?: boolean;
  },
) => void;

/**
 * Writes one log line and counts one operation in the metrics, for each operation that started, also if it was then
 * rejected as invalid or too expensive. An operation that an overloaded or closed gateway does not start is counted as a
 * rejection only.
 */
export const createReportOperation =
  (log: Log, { recordOperation }: Pick<Metrics, 'recordOperation'>): ReportOperation =>
  (usage, { milliseconds, codes, requestId, isDisconnected = false }) => {
    recordOperation({ seconds: milliseconds / 1000, codes });
    const request = requestId === null ? {} : { requestId };
    const end = isDisconnected ? { disconnected: true } : {};
    log.info({ milliseconds: Math.round(milliseconds), codes, ...usage, ...request, ...end }, 'operation');
  };

/** The code of each error that the client gets: none after it has disconnected, which is no fault of Spotify or the gateway. */
export const codesOf = ({ errors = [] }: ExecutionResult, isDisconnected: boolean): string[] =>
  isDisconnected ? [] : errors.map(({ extensions }) => String(extensions['code'] ?? 'INTERNAL_SERVER_ERROR'));

/**
 * How long the result may be reused; null if it may not. The length of a list has an end of its freshness, and no later time
 * until which it is usable: so no result is usable for longer than `staleMs` after its freshness.
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
  usage: { operation: null, document: '', plannedCalls: 0, actualCalls: 0, cacheHits: 0 },
  freshness: null,
});
