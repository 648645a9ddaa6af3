import type { Plugin } from 'graphql-yoga';
import { BadRequest } from '../errors.ts';
import { refuse } from './refuse.ts';

/** What an HTTP request must be before anybody looks into it. Everything else is yoga's. */

export const maxBodyBytes = 100_000;

export function useProtocol(endpoint: string): Plugin {
  return {
    onRequest({ request, url, endResponse, fetchAPI }) {
      if (url.pathname !== endpoint || request.method !== 'POST') return;
      const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
      const encoding = request.headers.get('content-encoding') ?? 'identity';
      if (type !== 'application/json' || encoding !== 'identity') {
        // A form could be sent by any page; a packed body is as large as it likes.
        endResponse(refuse(fetchAPI, 415, new BadRequest('Send the request as plain application/json.')));
      }
    },
  };
}
