import {
  type BoundedFetch,
  type RequestOptions,
  statusesWithoutBody,
  TimedOut,
  TooLarge,
} from './bounded-fetch.ts';

/**
 * A `BoundedFetch` over the `fetch` of a host without undici's dispatcher. The host decides how many sockets there are,
 * when they are closed, whether a proxy is used, and whether a request on a socket that has just closed is repeated.
 * It also decompresses: `maxBytes` bounds the decoded bytes that are read, not the work of the host.
 * @param hostFetch by default the global `fetch`
 */
export function createHostFetch(hostFetch: typeof fetch = globalThis.fetch): BoundedFetch {
  const inFlight = new Set<AbortController>();

  return {
    async fetch(url, init) {
      const options = init as unknown as RequestOptions;
      const controller = new AbortController();
      const timer = setTimeout(() => controller.abort(new TimedOut()), options.wholeTimeoutMs);
      inFlight.add(controller);
      try {
        return await Promise.race([failureOf(controller), send(hostFetch, String(url), options, controller)]);
      } finally {
        clearTimeout(timer);
        inFlight.delete(controller);
      }
    },
    async close() {
      for (const controller of inFlight) controller.abort(new Error('The transport was closed.'));
    },
  };
}

async function send(
  hostFetch: typeof fetch,
  url: string,
  { method, headers, body, maxBytes }: RequestOptions,
  controller: AbortController,
): Promise<Response> {
  const { signal } = controller;
  const response = await hostFetch(url, { method, headers, body: body ?? null, redirect: 'manual', signal });
  const { status } = response;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) controller.abort(new TooLarge(status)); // which `failureOf` throws
    signal.throwIfAborted();
    chunks.push(chunk);
  }
  const hasBody = !statusesWithoutBody.has(status);
  return new Response(hasBody ? Buffer.concat(chunks) : null, { status, headers: response.headers });
}

/** Rejects when the request is aborted: hosts reject with errors of their own then, or later. */
const failureOf = ({ signal }: AbortController): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
