import type { Plugin } from 'graphql-yoga';
import type { Metrics } from '../metrics.ts';

/** @param text what is to be read: by default what this process has counted */
export function useMetrics({ registry }: Metrics, text = () => registry.metrics()): Plugin {
  return {
    async onRequest({ url, fetchAPI: { Response }, endResponse }) {
      if (url.pathname !== '/metrics') return;
      const headers = { 'content-type': registry.contentType };
      endResponse(new Response(await text(), { headers }));
    },
  };
}
