import type { FetchAPI } from 'graphql-yoga';
import type { GatewayError } from '../../errors.ts';

/** The response to a request that is rejected before it becomes an operation. */
export function errorResponse(
  { Response }: FetchAPI,
  status: number,
  { message, code, details }: GatewayError,
): Response {
  const { retryAfter } = details;
  return new Response(JSON.stringify({ errors: [{ message, extensions: { code, ...details } }] }), {
    status,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      ...(retryAfter !== undefined && { 'retry-after': `${retryAfter}` }),
    },
  });
}
