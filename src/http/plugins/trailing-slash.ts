import type { Plugin } from 'graphql-yoga';

/** Redirects a GET of the endpoint with a slash behind it, which people type, to the endpoint. */
export function useTrailingSlash(endpoint: string): Plugin {
  return {
    onRequest({ request: { method }, url, endResponse, fetchAPI: { Response } }) {
      if (url.pathname !== `${endpoint}/`) return;
      const isRead = method === 'GET' || method === 'HEAD';
      const headers = { location: `${endpoint}${url.search}` };
      endResponse(
        isRead ? new Response(null, { status: 308, headers }) : new Response(null, { status: 404 }),
      );
    },
  };
}
