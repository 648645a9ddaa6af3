import type { ServerResponse } from 'node:http';
import type { Plugin } from 'graphql-yoga';
import type { ErrorCode, Overloaded } from '../../errors.ts';
import { overloaded } from '../../errors.ts';
import { clientKeyOf } from '../client-key.ts';
import type { EntryPointOptions } from '../entry-point.ts';
import type { OperatorRoutes } from '../operator-routes.ts';
import { requestIdHeader } from '../request-id.ts';
import type { UnreadResponses } from '../unread-responses.ts';
import { errorResponse } from './error-response.ts';

export interface LoadSheddingOptions
  extends Pick<EntryPointOptions, 'admitOperation' | 'hasParseBudget' | 'identifyClient' | 'onRejected'> {
  endpoint: string;
  isDraining(): boolean;
}

const drainingMessage = 'The gateway is shutting down: retry after 1 second.';

/**
 * Rejects operations while the process is overloaded, because otherwise all responses would be late; documents of a
 * client that has sent too many invalid ones; and all operations while the process is draining.
 */
export function useLoadShedding(options: LoadSheddingOptions): Plugin {
  const { endpoint, admitOperation, isDraining, hasParseBudget, identifyClient, onRejected } = options;

  const rejection = (): Overloaded | null => {
    if (isDraining()) return overloaded(drainingMessage);
    return admitOperation() ? null : overloaded();
  };

  return {
    onRequest({ request, url, endResponse, fetchAPI }) {
      if (url.pathname !== endpoint) return;
      const error = rejection();
      if (error === null) return;
      onRejected(error.code);
      endResponse(errorResponse(fetchAPI, request, 503, error));
    },
    onParams({ params: { query }, request, context }) {
      if (typeof query !== 'string' || hasParseBudget(query, clientKeyOf(request, context, identifyClient)))
        return;
      throw overloaded();
    },
  };
}

/**
 * Bounds the responses that yoga writes and that clients do not read.
 * @param operatorRoutes the paths that respond in any case
 */
export function useUnread(
  unread: UnreadResponses,
  onRejected: (code: ErrorCode) => void,
  operatorRoutes: Pick<OperatorRoutes, 'has'>,
): Plugin {
  return {
    onResponse({ request, response, setResponse, serverContext, fetchAPI }) {
      const { res } = serverContext as { res?: ServerResponse };
      if (!res) return; // a mounting server writes it
      const bytes = ownBytes(response);
      if (operatorRoutes.has(new URL(request.url).pathname) || unread.hasRoom(bytes))
        return unread.countBeforeWrite(res, bytes);
      const error = overloaded();
      onRejected(error.code);
      setResponse(withHeadersOf(response, errorResponse(fetchAPI, request, 503, error)));
    },
  };
}

/** The response with the id and the CORS headers of another one, without which a page of another origin cannot read it. */
function withHeadersOf({ headers }: Response, response: Response): Response {
  for (const [name, value] of headers)
    if (name === 'vary' || name === requestIdHeader || name.startsWith('access-control-'))
      response.headers.set(name, value);
  return response;
}

/** Bytes in memory for this response alone. Only GraphiQL is sent compressed: one buffer for all its visitors. */
const ownBytes = ({ headers }: Response): number =>
  headers.has('content-encoding') ? 0 : Number(headers.get('content-length') ?? 0);
