import { randomUUID } from 'node:crypto';
import type { Plugin } from 'graphql-yoga';
import { getOrCreate } from '../maps.ts';

/** The id of a request, by which the lines of a proxy's log, of the gateway's log and the spans of a trace are found. */

export const requestIdHeader = 'x-request-id';

// UUIDs, hexadecimal digits, base64 and the ids of load balancers; nothing that could split a header or a line of a log.
const validId = /^[\w.:=+/@-]{1,128}$/;

/** The id that the client or a proxy has sent; a new one if there is none, or if it is invalid. */
export function requestIdOf(header: (name: string) => string | null): string {
  const sentId = header(requestIdHeader);
  return sentId !== null && validId.test(sentId) ? sentId : randomUUID();
}

/** The id of a request that yoga handles. */
export type RequestIds = (request: Request) => string;

export function createRequestIds(): RequestIds {
  const ids = new WeakMap<Request, string>();
  return (request) => getOrCreate(ids, request, () => requestIdOf((name) => request.headers.get(name)));
}

export const useRequestId = (requestIds: RequestIds): Plugin => ({
  onResponse({ request, response }) {
    response.headers.set(requestIdHeader, requestIds(request));
  },
});
