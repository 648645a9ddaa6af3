import type { CORSOptions, Plugin } from 'graphql-yoga';

/** Pages of these origins may read responses. Others get no header, because `null` would allow any sandboxed frame. */
export const corsFor =
  (origins: readonly string[]) =>
  ({ headers }: Request): CORSOptions => {
    const origin = headers.get('origin');
    return origin !== null && origins.includes(origin) && { origin, credentials: false };
  };

/** Caches store the responses to different origins separately, also those without CORS headers. */
export const useVaryByOrigin: Plugin = {
  onResponse({ response }) {
    response.headers.append('vary', 'origin');
  },
};
