import type { Plugin } from 'graphql-yoga';
import type { Readiness } from '../readiness.ts';

/** Reports whether the process is alive, and whether it can serve. The bodies are fixed phrases: they leak nothing. */
export function useHealth(readiness: Readiness): Plugin {
  return {
    async onRequest({ url, fetchAPI: { Response }, endResponse }) {
      if (url.pathname === '/health') return endResponse(new Response('alive'));
      if (url.pathname !== '/ready') return;
      const { status, text } = await readiness();
      endResponse(new Response(text, { status }));
    },
  };
}
