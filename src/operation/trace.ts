import type { ExecutionResult } from 'graphql';
import type { Context } from '../schema/context.ts';
import type { Client } from './request.ts';

export const traceHeader = 'x-spotify-trace';

/** Tells a client that asks for it what its operation cost: `extensions.spotify`. */
export function withTrace(result: ExecutionResult, context: Context, caller: Client): ExecutionResult {
  if (caller.header(traceHeader) !== '1') return result;
  const spotify = { ...usedBy(context), ...context.operationContext.usage };
  return { ...result, extensions: { ...result.extensions, spotify } };
}

/** How many calls an operation was planned to cost, has cost, and was spared. The token's is not one of them. */
export function usedBy({ plan, operationContext }: Context) {
  const { calls } = operationContext.usage;
  return {
    plannedCalls: plan ? plan.calls + plan.tries : 0,
    actualCalls: calls.filter(({ method, origin }) => method === 'GET' && origin === 'network').length,
    cacheHits: calls.filter(({ origin }) => origin === 'cache').length,
  };
}
