import type { Plugin } from 'graphql-yoga';
import type { Log } from '../../observability/log.ts';

/**
 * A plugin whose bugs stay ours. Where a hook around the whole request throws, the server adapter would answer
 * with the error's stack; errors inside of an operation are masked elsewhere.
 */
export function guarded<P extends Plugin>(plugin: P, log: Log): P {
  const { onRequest, onResponse } = plugin;
  const note = (err: unknown) => log.error({ err }, 'bug in a plugin');

  return {
    ...plugin,
    ...(onRequest && {
      async onRequest(hook: Parameters<typeof onRequest>[0]) {
        try {
          await onRequest(hook);
        } catch (err) {
          note(err);
          hook.endResponse(new hook.fetchAPI.Response(null, { status: 500 }));
        }
      },
    }),
    ...(onResponse && {
      async onResponse(hook: Parameters<typeof onResponse>[0]) {
        try {
          await onResponse(hook);
        } catch (err) {
          note(err);
          hook.setResponse(new hook.fetchAPI.Response(null, { status: 500 }));
        }
      },
    }),
  };
}
