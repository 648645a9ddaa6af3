import type { IncomingMessage, RequestListener } from 'node:http';
import { BadRequest, type ErrorCode } from '../errors.ts';
import { isHostHeader } from '../host-names.ts';
import { noStore } from './cache-headers.ts';
import { requestIdHeader, requestIdOf } from './request-id.ts';
import { errorBody } from './response.ts';

/**
 * Method, target, host and headers of an HTTP request. Paths are compared with the routes as they were sent: `/./metrics` is not
 * `/metrics`, so that a rule of a proxy in front sees the same path as the gateway.
 */

/** Whether a request only reads. */
export const isRead = ({ method }: { method?: string | undefined }): boolean =>
  method === 'GET' || method === 'HEAD';

export const headersOf =
  ({ headers }: IncomingMessage) =>
  (name: string): string | null =>
    headers[name.toLowerCase()]?.toString() ?? null;

/** The path of a request target such as `/graphql?query=…`, as it was sent. */
export const pathOf = (target: string): string => target.split('?', 1)[0] ?? '';

/** The target of a request as it was sent: servers that mount the gateway below a path shorten `url`. */
export const sentTarget = ({
  originalUrl,
  url,
}: IncomingMessage & { originalUrl?: string }): string | undefined => originalUrl ?? url;

/**
 * The path of a request as it was sent, if the request came through node:http; otherwise the path of its URL.
 * @param serverContext yoga's server context
 */
export function sentPathOf(url: URL, serverContext: object): string {
  const { req } = serverContext as { req?: IncomingMessage };
  const target = req && sentTarget(req);
  return target === undefined ? url.pathname : pathOf(target);
}

/**
 * Responds 400 to requests without a valid host or path: yoga makes the Host header a part of the URL, and responds
 * with a stack if the result is not a URL.
 * @param onRejected counts each of them
 * @param corsHeaders the headers without which a page of another origin cannot read a response
 */
export const rejectInvalidTarget =
  (
    listener: RequestListener,
    onRejected: (code: ErrorCode) => void = () => undefined,
    corsHeaders: (origin: string | undefined) => Record<string, string> = () => ({}),
  ): RequestListener =>
  (request, response) => {
    const error = problemOf(request);
    if (error === null) return listener(request, response);
    onRejected(error.code);
    response
      .writeHead(400, {
        'content-type': 'application/json; charset=utf-8',
        ...noStore,
        ...corsHeaders(request.headers.origin),
        [requestIdHeader]: requestIdOf(headersOf(request)),
      })
      .end(errorBody(error));
  };

function problemOf(request: IncomingMessage): BadRequest | null {
  const { headers, rawHeaders } = request;
  const { host } = headers;
  const url = sentTarget(request) ?? '';
  const isName = host === undefined || isHostHeader(host);
  const isUrl = isName && URL.canParse(`http://${host ?? 'localhost'}${url}`);
  // A name such as `service.1` has the form of a host name, but is an invalid IPv4 address in a URL.
  const isHostOfUrl = isUrl || (isName && URL.canParse(`http://${host ?? 'localhost'}/`));
  if (!isHostOfUrl || hasTwoHosts(rawHeaders)) {
    return new BadRequest('The Host header must be one host name or IP address, with or without a port.');
  }
  if (!url.startsWith('/') || url.includes('#') || !isUrl) {
    return new BadRequest('The request target must be a path that begins with a slash.');
  }
  return null;
}

/** @param rawHeaders names and values, which alternate */
const hasTwoHosts = (rawHeaders: readonly string[]): boolean =>
  rawHeaders.filter((text, index) => index % 2 === 0 && text.toLowerCase() === 'host').length > 1;
