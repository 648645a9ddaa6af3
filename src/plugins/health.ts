import type { Plugin } from 'graphql-yoga';
import type { Log } from '../log.ts';

/** Whether the process is alive, and whether it can serve. The body is one fixed word: it can leak nothing. */
export function useHealth(isReady: () => Promise<boolean>, log: Log): Plugin {
  async function look(): Promise<boolean> {
    try {
      return await isReady();
    } catch (err) {
      log.error({ err }, 'bug in the readiness check');
      return false;
    }
  }

  return {
    async onRequest({ url, fetchAPI: { Response }, endResponse }) {
      if (url.pathname === '/health') endResponse(new Response('alive'));
      if (url.pathname !== '/ready') return;
      const ready = await look();
      endResponse(new Response(ready ? 'ready' : 'unready', { status: ready ? 200 : 503 }));
    },
  };
}
