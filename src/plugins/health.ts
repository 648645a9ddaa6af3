import type { Plugin } from 'graphql-yoga';

/** Whether the process is alive, and whether it can serve. The body is one fixed word: it can leak nothing. */
export function useHealth(isReady: () => Promise<boolean>): Plugin {
  return {
    async onRequest({ url, fetchAPI: { Response }, endResponse }) {
      if (url.pathname === '/health') endResponse(new Response('alive'));
      if (url.pathname !== '/ready') return;
      const ready = await isReady();
      endResponse(new Response(ready ? 'ready' : 'unready', { status: ready ? 200 : 503 }));
    },
  };
}
