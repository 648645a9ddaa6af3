import type { FetchAPI } from 'graphql-yoga';
import type { GatewayError } from '../../errors.ts';

/** An answer to a request that never becomes an operation. */
export function refuse(
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
