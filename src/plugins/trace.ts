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
        setResult({ ...result, extensions: { ...result.extensions, spotify: report(contextValue) } });
      },
    };
  },
};

function report({ plan, scope: { usage } }: Context) {
  return {
    plannedCalls: plan?.calls ?? 0,
    actualCalls: usage.calls.filter(({ method, origin }) => method === 'GET' && origin === 'network').length,
    cacheHits: usage.calls.filter(({ origin }) => origin === 'cache').length,
    ...usage,
  };
}
