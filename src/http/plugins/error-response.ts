import type { FetchAPI, Plugin } from 'graphql-yoga';
import type { GatewayError } from '../../errors.ts';
import type { Log } from '../../observability/log.ts';
import { noStore } from '../cache-headers.ts';
import { acceptedType, plainJson } from '../media-types.ts';
import { errorBody } from '../response.ts';

/**
 * The response to a request that is rejected before it becomes an operation, in the media type that the request accepts: if
 * the status is an error, a client may read the errors only from the type of GraphQL responses.
 */
export function errorResponse(
  { Response }: FetchAPI,
  { headers }: Request,
  status: number,
  error: GatewayError,
): Response {
  const { retryAfter } = error.details;
  return new Response(errorBody(error), {
    status,
    headers: {
      'content-type': `${acceptedType(headers.get('accept')) ?? plainJson}; charset=utf-8`,
      ...noStore,
      ...(retryAfter !== undefined && { 'retry-after': `${retryAfter}` }),
    },
  });
}

/**
 * Catches the errors of a plugin's request and response hooks: the server adapter would respond with the error's stack.
 * Errors inside an operation are masked in `operation/response-errors.ts`.
 */
export function withErrorGuard<P extends Plugin>(plugin: P, log: Log): P {
  const { onRequest, onResponse } = plugin;
  const logBug = (err: unknown) => log.error({ err }, 'bug in a plugin');

  return {
    ...plugin,
    ...(onRequest && {
      async onRequest(hook: Parameters<typeof onRequest>[0]) {
        try {
          await onRequest(hook);
        } catch (err) {
          logBug(err);
          hook.endResponse(new hook.fetchAPI.Response(null, { status: 500 }));
        }
      },
    }),
    ...(onResponse && {
      async onResponse(hook: Parameters<typeof onResponse>[0]) {
        try {
          await onResponse(hook);
        } catch (err) {
          logBug(err);
          hook.setResponse(new hook.fetchAPI.Response(null, { status: 500 }));
        }
      },
    }),
  };
}
