import type { IncomingMessage, RequestListener } from 'node:http';
import type { GraphQLParams } from 'graphql-yoga';
import { BadRequest, type ErrorCode } from '../errors.ts';
import { type Manifest, trustedDocument } from '../operation/trusted-documents.ts';

/**
 * The parts of an HTTP request: target, host, client and parameters. Paths are compared with the routes as they were
 * sent: `/./metrics` is not `/metrics`, so that a rule of a proxy in front sees the same path as the gateway.
 */

/** The path of a request target such as `/graphql?query=…`, as it was sent. */
export const pathOf = (target: string): string => target.split('?', 1)[0] ?? '';

/** The target of a request as it was sent: servers that mount the gateway below a path shorten `url`. */
export const sentTarget = ({
  originalUrl,
  url,
}: IncomingMessage & { originalUrl?: string }): string | undefined => originalUrl ?? url;

/**
 * The path of a request as it was sent, where the request came through node:http; otherwise that of its URL.
 * @param serverContext that of yoga
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

function hasTwoHosts(rawHeaders: readonly string[]): boolean {
  let hosts = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at];
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts += 1;
  }
  return hosts > 1;
}

const label = '[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?';
const hostName = new RegExp(`^(${label}\\.)*${label}\\.?$`, 'i');
const maxCharacters = 253; // of a name in DNS
const maxPort = 65_535;

/** Whether the text is a host name or an IP address, without a port. */
export function isHost(text: string): boolean {
  return isIPv6(text) || (text.length <= maxCharacters && hostName.test(text)); // an IPv4 address has the form of a name
}

/** As `isIPv6` of node:net, a module that some hosts do not have. */
export const isIPv6 = (text: string): boolean =>
  text.includes(':') && ipv6Characters.test(text) && URL.canParse(`http://[${text.replace(/%.*/, '')}]`);

const ipv6Characters = /^[\da-f:.]+(%[\w.:-]+)?$/i;

/** Whether the text is the value of a Host header: a host name or an IP address, with or without a port. */
export function isHostHeader(text: string): boolean {
  const [, address, name = '', port = '0'] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const isKnownForm = address === undefined ? isHost(name) : isIPv6(address);
  return isKnownForm && Number(port) <= maxPort;
}

/**
 * Tells clients apart, so that the work that one of them causes is charged to it alone: by the address of the
 * connection, or by the header in which a trusted proxy sends the client's address.
 */
export type ClientKey = (
  header: (name: string) => string | null,
  remoteAddress: string | undefined,
) => string;

/** The key of a request without a connection: one that a mounting server passes as a Web-standard Request. */
export const unknownClient = 'unknown';

const maxKeyCharacters = 64; // longer than every address

/** @param addressHeader name of the header that a trusted proxy sets; none by default */
export const createClientKey =
  (addressHeader?: string): ClientKey =>
  (header, remoteAddress) => {
    const sent = addressHeader === undefined ? null : header(addressHeader);
    const address = sent?.split(',')[0]?.trim() || remoteAddress;
    return address === undefined ? unknownClient : networkOf(address.slice(0, maxKeyCharacters));
  };

/** An IPv6 address without its last 64 bits, of which one client may choose any. */
function networkOf(address: string): string {
  if (address.includes('.') || !isIPv6(address)) return address;
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  const last = tail ? tail.split(':') : [];
  const all =
    tail === undefined ? groups : [...groups, ...Array(8 - groups.length - last.length).fill('0'), ...last];
  return `${all.slice(0, 4).join(':')}::/64`;
}

/** The key for a plugin of yoga, whose context has the request of node:http if there is one. */
export const clientKeyOf = ({ headers }: Request, context: object, clientKey: ClientKey): string =>
  clientKey((name) => headers.get(name), (context as { req?: IncomingMessage }).req?.socket?.remoteAddress);

/** The parameters of a GraphQL request over HTTP, before anything about them is checked. */
export type SentParams = GraphQLParams & { documentId?: unknown };

/** The parameters of an operation whose document is known. */
export type OperationParams = Pick<GraphQLParams, 'operationName' | 'variables'> & { query: string };

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const paramNames = new Set(['query', 'documentId', 'operationName', 'variables', 'extensions']);

/** The parameters of GraphQL over HTTP; others are ignored. */
export const withoutUnknown = (params: SentParams): SentParams =>
  Object.fromEntries(Object.entries(params).filter(([name]) => paramNames.has(name)));

/**
 * Replaces the hash of a trusted document by its text.
 * @param manifest null if requests send their documents as text
 * @throws the errors of `trustedDocument`
 */
export function withDocument(manifest: Manifest | null, params: SentParams): SentParams {
  const query = trustedDocument(manifest, params);
  if (query === undefined) return params;
  const { documentId, ...others } = params;
  return { ...others, query };
}

/** Whether the parameters are those of an operation; yoga reports the mistakes of others. */
export const isOperation = (params: SentParams): params is OperationParams =>
  typeof params.query === 'string' &&
  params.query !== '' &&
  typeof (params.operationName ?? '') === 'string' &&
  isObject(params.variables ?? {}) &&
  isObject(params.extensions ?? {});
