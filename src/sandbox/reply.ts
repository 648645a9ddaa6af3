import { createHash } from 'node:crypto';

/** A response before it is sent. */
export interface Reply {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: Buffer;
}

/** An error response of either service, thrown by the code that detects the error. */
export class ErrorResponse extends Error {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;

  constructor(status: number, body: string, headers: Readonly<Record<string, string>> = {}) {
    super(body);
    this.name = 'ErrorResponse';
    this.status = status;
    this.headers = headers;
    this.body = body;
  }

  get reply(): Reply {
    return { status: this.status, headers: this.headers, body: Buffer.from(this.body) };
  }
}

// The headers are those of responses recorded from 2021 to 2026.

/** Headers of a response of Spotify's edge, which did not reach the Web API. */
export const proxyHeaders = { server: 'envoy', via: 'HTTP/2 edgeproxy, 1.1 google' };

const commonHeaders = {
  'access-control-allow-headers':
    'Accept, App-Platform, Authorization, Content-Type, Origin, Retry-After, Spotify-App-Version, X-Cloud-Trace-Context, client-token, content-access-token',
  'access-control-allow-origin': '*',
  'alt-svc': 'h3=":443"; ma=2592000,h3-29=":443"; ma=2592000',
  'strict-transport-security': 'max-age=31536000',
  'x-content-type-options': 'nosniff',
  ...proxyHeaders,
};

/** Headers of a preflight response, and part of every error response. */
const preflightHeaders = {
  ...commonHeaders,
  'access-control-allow-credentials': 'true',
  'access-control-allow-methods': 'GET, POST, OPTIONS, PUT, DELETE, PATCH',
  'access-control-max-age': '604800', // seconds, a week
};

/** Headers of a 401: unlike other errors it has none about caching, robots and the charset. */
export const unauthorizedHeaders = { ...preflightHeaders, 'content-type': 'application/json' };

/** Headers of a 429. Its plain form has no content type. */
export const rateLimitHeaders = { ...preflightHeaders, 'cache-control': 'private, max-age=0' };

/** Headers of any other error response of the Web API. */
export const failureHeaders = {
  ...rateLimitHeaders,
  'content-type': 'application/json; charset=utf-8',
  'x-robots-tag': 'noindex, nofollow',
};

/**
 * The response to a browser's preflight request. Recorded and measured: the Web API responds with 200 and allows any origin,
 * the token endpoint responds with 204 and repeats the origin.
 */
export function preflightReply(kind: 'api' | 'token', origin = '*'): Reply {
  const body = Buffer.alloc(0);
  if (kind === 'api') return { status: 200, headers: preflightHeaders, body };
  return { status: 204, headers: { ...preflightHeaders, 'access-control-allow-origin': origin }, body };
}

/** A 200 of the Web API, with an ETag, which Spotify sends with every response since 2024. */
export function jsonReply(value: unknown): Reply {
  const body = Buffer.from(JSON.stringify(value));
  const headers = {
    ...commonHeaders,
    'cache-control': 'public, max-age=0',
    'content-type': 'application/json; charset=utf-8',
    etag: etagOf(body),
    'x-robots-tag': 'noindex, nofollow',
  };
  return { status: 200, headers, body };
}

/** A 304 if the client already has this reply; otherwise the reply. */
export function unlessNotModified(reply: Reply, ifNoneMatch: string | undefined): Reply {
  const { etag } = reply.headers;
  const clientTags = ifNoneMatch?.split(',').map((tag) => tag.trim().replace(/^W\//, '')) ?? [];
  if (etag === undefined || !clientTags.some((tag) => tag === etag || tag === '*')) return reply;
  const { 'content-type': _, ...headers } = reply.headers;
  return { status: 304, headers, body: Buffer.alloc(0) };
}

/** `"MC-…"`: the base64 of a quoted MD5, as in every ETag that was recorded. */
function etagOf(body: Buffer): string {
  const digest = createHash('md5').update(body).digest('hex');
  return `"MC-${Buffer.from(`"${digest}"`).toString('base64')}"`;
}
