import type { Plugin } from 'graphql-yoga';
import { sentPathOf } from '../request-target.ts';

/**
 * Which paths there are, compared as they were sent. Yoga itself takes every URL for its endpoint that merely ends like
 * it, past all that is checked about the endpoint here.
 */
export function usePaths(paths: readonly string[]): Plugin {
  return {
    onRequest({ url, serverContext, endResponse, fetchAPI: { Response } }) {
      const isRoute = paths.includes(url.pathname) && sentPathOf(url, serverContext) === url.pathname;
      if (!isRoute) endResponse(new Response(null, { status: 404 }));
    },
  };
}
