import { createNodeFetch } from '../../src/datasources/spotify/node.ts';
import { createHttp, type Http } from '../../src/datasources/spotify/transport/http.ts';

/** The ways to send calls: undici's dispatcher on Node and Deno, the `fetch` of the host elsewhere. */
export const transports = ['undici', 'the fetch of the host'] as const;
export type Transport = (typeof transports)[number];

/** The option of the datasource that chooses the transport. */
export const fetchOf = (transport: Transport): { fetch?: typeof fetch } =>
  transport === 'undici' ? {} : { fetch };

/** One exchange at a time, without tokens and retries. */
export function httpOver(transport: Transport, timeoutMs = 5_000): Http {
  return createHttp({ timeoutMs, boundedFetch: createNodeFetch({ proxy: null, ...fetchOf(transport) }, 1) });
}
