import { printSchemaWithDirectives } from '@graphql-tools/utils';
import type { GraphQLSchema } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { wrongMethod } from '../operator-routes.ts';
import { isRead, sentPathOf } from '../request-target.ts';

/**
 * Responds 404 to every path but these, compared as they were sent. Yoga itself accepts every URL that ends like its
 * endpoint, without the checks of the endpoint.
 * @param hint the body of the 404, for people who mistyped a path; null for none
 */
export const usePaths = (paths: readonly string[], hint: string | null): Plugin => ({
  onRequest({ url, serverContext, endResponse, fetchAPI: { Response } }) {
    const isRoute = paths.includes(url.pathname) && sentPathOf(url, serverContext) === url.pathname;
    if (!isRoute) endResponse(new Response(hint, { status: 404 }));
  },
});

/** Responds 405 to a request of one of these paths, unless it only reads. */
export const useReadOnly = (paths: readonly string[]): Plugin => ({
  onRequest({ request, url, endResponse, fetchAPI: { Response } }) {
    if (isRead(request) || !paths.includes(url.pathname)) return;
    const { status, text, headers } = wrongMethod;
    endResponse(new Response(text, { status, headers }));
  },
});

/** Redirects a path that people type, such as the endpoint with a slash at its end, to another one. A 308 keeps the method. */
export const useRedirects = (targets: ReadonlyMap<string, string>): Plugin => ({
  onRequest({ url, endResponse, fetchAPI: { Response } }) {
    const target = targets.get(url.pathname);
    if (target === undefined) return;
    const headers = { location: `${target}${url.search}` };
    endResponse(new Response(null, { status: 308, headers }));
  },
});

/** Serves the schema as SDL. */
export function useSdl(path: string, schema: GraphQLSchema): Plugin {
  let sdl: string | undefined;
  return {
    onRequest({ url, endResponse, fetchAPI: { Response } }) {
      if (url.pathname !== path) return;
      sdl ??= printSchemaWithDirectives(schema);
      endResponse(new Response(sdl, { headers: { 'content-type': 'text/plain; charset=utf-8' } }));
    },
  };
}
