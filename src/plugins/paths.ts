import type { Plugin } from 'graphql-yoga';

/**
 * Which paths there are. Yoga itself takes every URL for its endpoint that merely ends like it, past all that
 * is checked about the endpoint here.
 */
export function usePaths(paths: readonly string[]): Plugin {
  return {
    onRequest({ url, endResponse, fetchAPI: { Response } }) {
      if (!paths.includes(url.pathname)) endResponse(new Response(null, { status: 404 }));
    },
  };
}
