import type { Plugin } from 'graphql-yoga';
import type { Metrics } from '../metrics.ts';

export function useMetrics({ registry }: Metrics): Plugin {
  return {
    async onRequest({ url, fetchAPI: { Response }, endResponse }) {
      if (url.pathname !== '/metrics') return;
      const headers = { 'content-type': registry.contentType };
      endResponse(new Response(await registry.metrics(), { headers }));
    },
  };
}
