import type { OperationUsage } from '../observability/operation-usage.ts';
import type { Context } from '../schema/context.ts';

/** The calls that an operation planned, sent and saved. The calls of the token endpoint are not counted. */
export function callCounts({ plan, operationContext }: Context) {
  const { calls } = operationContext.usage;
  return {
    plannedCalls: plan ? plan.calls + plan.tries : 0,
    actualCalls: calls.filter(({ method, origin }) => method === 'GET' && origin === 'network').length,
    cacheHits: calls.filter(({ origin }) => origin === 'cache').length,
  };
}

export const usageOf = (context: Context): OperationUsage => ({
  operation: context.operation,
  document: context.document,
  ...callCounts(context),
});
