import type { Plugin } from 'graphql-yoga';

/** @param text reads the metrics in the format of Prometheus, which has this content type */
export function useMetrics(path: string, contentType: string, text: () => Promise<string>): Plugin {
  return {
    async onRequest({ url, fetchAPI: { Response }, endResponse }) {
      if (url.pathname !== path) return;
      endResponse(new Response(await text(), { headers: { 'content-type': contentType } }));
    },
  };
}
