import { createHash } from 'node:crypto';
import type { Plugin } from 'graphql-yoga';
import { traceHeader } from '../../operation/usage.ts';

const etagCharacters = 22; // 132 bits of the hash

/** Gives responses that may be cached an ETag, and responds 304 to a client that has the same response cached. */
export const useEtag: Plugin = {
  async onResponse({ request, response, setResponse, fetchAPI: { Response } }) {
    if (!response.headers.get('cache-control')?.startsWith('public')) return;
    const body = await response.text();
    const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, etagCharacters)}"`;
    const headers = new Headers(response.headers);
    headers.set('etag', etag);
    headers.append('vary', `accept, ${traceHeader}`);
    const cachedEtags = request.headers.get('if-none-match')?.split(/\s*,\s*/);
    setResponse(
      cachedEtags?.includes(etag)
        ? new Response(null, { status: 304, headers })
        : new Response(body, { status: 200, headers }),
    );
  },
};
