import type { CORSOptions, Plugin } from 'graphql-yoga';

/** Which pages may read answers: for a stranger there is no header at all, as `null` would allow any sandboxed frame. */
export const corsFor =
  (origins: readonly string[]) =>
  ({ headers }: Request): CORSOptions => {
    const origin = headers.get('origin');
    return origin !== null && origins.includes(origin) && { origin, credentials: false };
  };

/** Caches keep the answers to different origins apart, those without the headers too. */
export const useVaryByOrigin: Plugin = {
  onResponse({ response }) {
    response.headers.append('vary', 'origin');
  },
};
