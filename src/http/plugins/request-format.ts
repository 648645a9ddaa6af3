import type { Plugin } from 'graphql-yoga';
import { BadRequest, type ErrorCode, QueryTooComplex } from '../../errors.ts';
import { maxBodyBytes } from '../../operation/validation.ts';
import { errorResponse } from './error-response.ts';

/**
 * Accepts only POST with plain JSON, and GET with a query string of limited length. Yoga checks the rest.
 * @param onRejected counts each request that is rejected
 */
export function useRequestFormat(endpoint: string, onRejected: (code: ErrorCode) => void): Plugin {
  return {
    onRequest({ request, url, endResponse, fetchAPI }) {
      if (url.pathname !== endpoint) return;
      if (request.method === 'GET' && url.search.length > maxBodyBytes) {
        const error = queryStringTooLong(url.search.length);
        onRejected(error.code);
        return endResponse(errorResponse(fetchAPI, 414, error));
      }
      if (request.method !== 'POST') return;
      const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
      const encoding = request.headers.get('content-encoding') ?? 'identity';
      if (type !== 'application/json' || encoding !== 'identity') {
        // Any page can send a form; the size of a compressed body is not known.
        const error = new BadRequest(
          'Set the header Content-Type: application/json, and send the body without Content-Encoding.',
        );
        onRejected(error.code);
        endResponse(errorResponse(fetchAPI, 415, error));
      }
    },
  };
}

const queryStringTooLong = (actual: number) =>
  new QueryTooComplex(`A query string may have ${maxBodyBytes} bytes; this one has ${actual}.`, {
    limit: maxBodyBytes,
    actual,
  });
