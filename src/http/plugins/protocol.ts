import type { Plugin } from 'graphql-yoga';
import { BadRequest, type ErrorCode, QueryTooComplex } from '../../errors.ts';
import { maxBodyBytes } from '../../operation/limits.ts';
import { refuse } from './refuse.ts';

/** What an HTTP request must be before anybody looks into it. Everything else is yoga's. */

/** @param onRejected counts each request that is rejected */
export function useProtocol(endpoint: string, onRejected: (code: ErrorCode) => void): Plugin {
  return {
    onRequest({ request, url, endResponse, fetchAPI }) {
      if (url.pathname !== endpoint) return;
      if (request.method === 'GET' && url.search.length > maxBodyBytes) {
        const error = queryStringTooLong(url.search.length);
        onRejected(error.code);
        return endResponse(refuse(fetchAPI, 414, error));
      }
      if (request.method !== 'POST') return;
      const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
      const encoding = request.headers.get('content-encoding') ?? 'identity';
      if (type !== 'application/json' || encoding !== 'identity') {
        // A form could be sent by any page; a packed body is as large as it likes.
        const error = new BadRequest('Send the request as plain application/json.');
        onRejected(error.code);
        endResponse(refuse(fetchAPI, 415, error));
      }
    },
  };
}

const queryStringTooLong = (actual: number) =>
  new QueryTooComplex(`A query string may have ${maxBodyBytes} bytes; this one has ${actual}.`, {
    limit: maxBodyBytes,
    actual,
  });
