import type { IncomingMessage, RequestListener } from 'node:http';
import { BadRequest, type ErrorCode } from '../errors.ts';
import { isHostHeader } from './host-name.ts';

/**
 * Where a request is sent to. Paths are compared with the routes as they were sent: `/./metrics` is not `/metrics`, so
 * that a rule of a proxy in front sees the same path as the gateway.
 */

/** The path of a request target such as `/graphql?query=…`, as it was sent. */
export const pathOf = (target: string): string => target.split('?', 1)[0] ?? '';

/**
 * The path of a request as it was sent, where the request came through node:http; otherwise that of its URL.
 * @param serverContext that of yoga
 */
export function sentPathOf(url: URL, serverContext: object): string {
  const { req } = serverContext as { req?: IncomingMessage & { originalUrl?: string } };
  const target = req?.originalUrl ?? req?.url; // servers that mount the gateway below a path shorten `url`
  return target === undefined ? url.pathname : pathOf(target);
}

/**
 * Responds 400 to requests without a valid host or path: yoga makes the Host header a part of the URL, and responds
 * with a stack if the result is not a URL.
 * @param onRejected counts each of them
 */
export const rejectInvalidTarget =
  (listener: RequestListener, onRejected: (code: ErrorCode) => void = () => undefined): RequestListener =>
  (request, response) => {
    const error = problemOf(request);
    if (error === null) return listener(request, response);
    onRejected(error.code);
    const body = JSON.stringify({ errors: [{ message: error.message, extensions: { code: error.code } }] });
    response.writeHead(400, { 'content-type': 'application/json; charset=utf-8' }).end(body);
  };

function problemOf({ url = '', headers, rawHeaders }: IncomingMessage): BadRequest | null {
  const { host } = headers;
  if ((host !== undefined && !isHostHeader(host)) || hasTwoHosts(rawHeaders)) {
    return new BadRequest('The Host header must be one host name or IP address, with or without a port.');
  }
  if (!url.startsWith('/') || !URL.canParse(`http://localhost${url}`)) {
    return new BadRequest('The request target must be a path that begins with a slash.');
  }
  return null;
}

function hasTwoHosts(rawHeaders: readonly string[]): boolean {
  let hosts = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at];
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts += 1;
  }
  return hosts > 1;
}
