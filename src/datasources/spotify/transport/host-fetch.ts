import { propertyOf } from '../../../json.ts';
import {
  type BoundedFetch,
  isUsableWithoutBody,
  type RequestOptions,
  statusesWithoutBody,
  TimedOut,
  TooLarge,
  Unsent,
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
        return await fetchBounded(hostFetch, String(url), options, controller);
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

async function fetchBounded(
  hostFetch: typeof fetch,
  url: string,
  { method, headers, body, maxBytes }: RequestOptions,
  controller: AbortController,
): Promise<Response> {
  const { signal } = controller;
  const failure = failureOf(controller);
  const request = hostFetch(url, { method, headers, body: body ?? null, redirect: 'manual', signal }).catch(
    (error) => {
      throw isWithoutConnection(error) ? new Unsent('no connection', { cause: error }) : error;
    },
  );
  const response = await Promise.race([failure, request]);
  const { status } = response;
  const content = await Promise.race([failure, readBody(response, maxBytes, controller)]).catch((error) => {
    if (isUsableWithoutBody(status)) return null;
    throw error;
  });
  const hasBody = !statusesWithoutBody.has(status);
  return new Response(hasBody ? content : null, { status, headers: response.headers });
}

/** The codes of a refused connection and of a failed look-up. Errors of some hosts have no code: such a call may have been sent. */
const connectionCodes: readonly unknown[] = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN'];

function isWithoutConnection(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if (connectionCodes.includes(propertyOf(cause, 'code'))) return true;
  return false;
}

async function readBody({ body, status }: Response, maxBytes: number, controller: AbortController) {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) controller.abort(new TooLarge(status)); // which `failureOf` throws
    controller.signal.throwIfAborted();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Rejects when the request is aborted: hosts reject with errors of their own then, or later. */
const failureOf = ({ signal }: AbortController): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
