import { createHash } from 'node:crypto';
import type { CORSOptions, Plugin } from 'graphql-yoga';
import { noStore } from '../cache-headers.ts';
import { requestIdHeader } from '../request-id.ts';

const exposedHeaders = [requestIdHeader, 'retry-after'];
const preflightSeconds = 7_200; // the longest time for which Chrome keeps the response to a preflight; the default is 5 s

/** Pages of these origins may read responses. Others get no header, because `null` would allow any sandboxed frame. */
export const corsFor =
  (origins: readonly string[]) =>
  ({ headers }: Request): CORSOptions => {
    const origin = headers.get('origin');
    return (
      origin !== null &&
      origins.includes(origin) && {
        origin,
        credentials: false,
        exposedHeaders,
        maxAge: preflightSeconds,
      }
    );
  };

/**
 * The same headers for a response that yoga does not write.
 * @param origin the Origin header of the request
 */
export const corsHeaders = (origins: readonly string[], origin = ''): Record<string, string> => ({
  ...(origins.length > 0 && { vary: 'origin' }),
  ...(origins.includes(origin) && {
    'access-control-allow-origin': origin,
    'access-control-expose-headers': exposedHeaders.join(', '),
  }),
});

/** Caches store the responses to different origins separately, also those without CORS headers. */
export const useVaryByOrigin: Plugin = {
  onResponse({ response }) {
    response.headers.append('vary', 'origin');
  },
};

const etagCharacters = 22; // 132 bits of the hash

/**
 * No cache keeps a response that does not state how long it is fresh, such as an error or the state of the process: Varnish and
 * Fastly would keep it for two minutes.
 */
export const useNoStore: Plugin = {
  onResponse({ response: { headers } }) {
    if (!headers.has('cache-control')) headers.set('cache-control', noStore['cache-control']);
  },
};

/** Gives responses to GET that may be cached an ETag, and responds 304 to a client that has the same response cached. */
export const useEtag: Plugin = {
  async onResponse({ request, response, setResponse, fetchAPI: { Response } }) {
    if (request.method !== 'GET' || !response.headers.get('cache-control')?.startsWith('public')) return;
    const body = await response.text();
    const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, etagCharacters)}"`;
    const headers = new Headers(response.headers);
    headers.set('etag', etag);
    // A proxy that compresses the response makes the ETag a weak one: `W/"…"`.
    const sentTags = request.headers.get('if-none-match')?.trim();
    const isCached = sentTags === '*' || sentTags?.includes(etag);
    if (!isCached) return setResponse(new Response(body, { status: 200, headers }));
    headers.delete('content-length');
    setResponse(new Response(null, { status: 304, headers }));
  },
};
