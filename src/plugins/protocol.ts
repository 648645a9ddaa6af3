import type { Plugin } from 'graphql-yoga';
import { BadRequest, type ErrorCode } from '../errors.ts';
import { refuse } from './refuse.ts';

/** What an HTTP request must be before anybody looks into it. Everything else is yoga's. */

/** @param refused hears of every request that is turned away */
export function useProtocol(endpoint: string, refused: (code: ErrorCode) => void): Plugin {
  return {
    onRequest({ request, url, endResponse, fetchAPI }) {
      if (url.pathname !== endpoint || request.method !== 'POST') return;
      const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
      const encoding = request.headers.get('content-encoding') ?? 'identity';
      if (type !== 'application/json' || encoding !== 'identity') {
        // A form could be sent by any page; a packed body is as large as it likes.
        const error = new BadRequest('Send the request as plain application/json.');
        refused(error.code);
        endResponse(refuse(fetchAPI, 415, error));
      }
    },
  };
}
