import type { Plugin } from 'graphql-yoga';
import type { Context } from '../context.ts';

export const traceHeader = 'x-spotify-trace';

/** Tells a client that asks for it what its operation cost: `extensions.spotify`. */
export const useTrace: Plugin<Context> = {
  onExecute({ args: { contextValue } }) {
    if (contextValue.request.headers.get(traceHeader) !== '1') return undefined;
    return {
      onExecuteDone({ result, setResult }) {
        if (Symbol.asyncIterator in result) return;
        setResult({
          ...result,
          extensions: {
            ...result.extensions,
            spotify: { ...usedBy(contextValue), ...contextValue.scope.usage },
          },
        });
      },
    };
  },
};

/** How many calls an operation was planned to cost, has cost, and was spared. The token's is not one of them. */
export function usedBy({ plan, scope }: Partial<Context>) {
  const calls = scope?.usage.calls ?? [];
  return {
    plannedCalls: plan ? plan.calls + plan.tries : 0,
    actualCalls: calls.filter(({ method, origin }) => method === 'GET' && origin === 'network').length,
    cacheHits: calls.filter(({ origin }) => origin === 'cache').length,
  };
}
