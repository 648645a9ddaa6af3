import type { ExecutionResult } from 'graphql';
import type { Usage } from '../datasources/spotify/index.ts';
import { isoTime } from '../observability/clock.ts';
import type { Context } from '../schema/context.ts';
import type { Plan } from '../schema/planning/plan.ts';
import type { Client } from './request.ts';

/** The request header of a client that wants to see the cost: `1` of the operation that runs, `plan` before it runs. */
export const traceHeader = 'x-spotify-trace';

const plannedCallsOf = ({ calls, probeCalls }: Plan): number => calls + probeCalls;

/** The calls that an operation planned, sent and saved. The calls of the token endpoint are not counted. */
export function callCounts({ plan, operationContext }: Context) {
  const { calls } = operationContext.usage;
  return {
    plannedCalls: plan ? plannedCallsOf(plan) : 0,
    actualCalls: calls.filter(({ method, origin }) => method === 'GET' && origin === 'network').length,
    cacheHits: calls.filter(({ origin }) => origin === 'cache').length,
  };
}

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
 * The notices about values that the response contains. The others belong to a field that failed, to an element that an
 * argument left out, or to an object that became null after some of its fields had been read. A field is `unavailable`
 * only where the response has null.
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
    plannedCalls: plannedCallsOf(plan),
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
