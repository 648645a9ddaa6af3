import type { ExecutionResult } from 'graphql';
import type { Context } from '../schema/context.ts';
import type { Client } from './request.ts';
import { callCounts } from './usage.ts';

export const traceHeader = 'x-spotify-trace';

/** Adds what the operation cost as `extensions.spotify`, if the client has sent the header for it. */
export function withTrace(result: ExecutionResult, context: Context, client: Client): ExecutionResult {
  if (client.header(traceHeader) !== '1') return result;
  const spotify = { ...callCounts(context), ...context.operationContext.usage };
  return { ...result, extensions: { ...result.extensions, spotify } };
}
