import { createHash } from 'node:crypto';

/** An answer before it is put on the wire. */
export interface Reply {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: Buffer;
}

/** What a refusal of either service sends back instead of an answer. */
export class Refusal extends Error {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;

  constructor(status: number, body: string, headers: Readonly<Record<string, string>> = {}) {
    super(body);
    this.name = 'Refusal';
    this.status = status;
    this.headers = headers;
    this.body = body;
  }

  get reply(): Reply {
    return { status: this.status, headers: this.headers, body: Buffer.from(this.body) };
  }
}

// The headers are those of responses captured from 2021 to 2026.

/** Headers of a response that comes from Spotify's edge and not from the Web API behind it. */
export const proxyHeaders = {
  server: 'envoy',
  via: 'HTTP/2 edgeproxy, 1.1 google',
};

const commonHeaders = {
  'access-control-allow-headers':
    'Accept, App-Platform, Authorization, Content-Type, Origin, Retry-After, Spotify-App-Version, X-Cloud-Trace-Context, client-token, content-access-token',
  'access-control-allow-origin': '*',
  'alt-svc': 'h3=":443"; ma=2592000,h3-29=":443"; ma=2592000',
  'strict-transport-security': 'max-age=31536000',
  'x-content-type-options': 'nosniff',
  ...proxyHeaders,
};

/** Headers of a preflight, and part of every response that is no success. */
export const preflightHeaders = {
  ...commonHeaders,
  'access-control-allow-credentials': 'true',
  'access-control-allow-methods': 'GET, POST, OPTIONS, PUT, DELETE, PATCH',
  'access-control-max-age': '604800', // seconds, a week
};

/** Headers of a 401: unlike other errors it says nothing about caching, robots and the charset. */
export const unauthorizedHeaders = { ...preflightHeaders, 'content-type': 'application/json' };

/** Headers of a 429. Its plain form has no content type. */
export const rateLimitHeaders = { ...preflightHeaders, 'cache-control': 'private, max-age=0' };

/** Headers of any other response of the Web API that is no success. */
export const failureHeaders = {
  ...rateLimitHeaders,
  'content-type': 'application/json; charset=utf-8',
  'x-robots-tag': 'noindex, nofollow',
};

/**
 * What a browser's preflight gets. Captured and measured: the Web API answers 200 and allows any origin,
 * the token endpoint answers 204 and repeats the origin.
 */
export function preflightReply(kind: 'api' | 'token', origin = '*'): Reply {
  const body = Buffer.alloc(0);
  if (kind === 'api') return { status: 200, headers: preflightHeaders, body };
  return { status: 204, headers: { ...preflightHeaders, 'access-control-allow-origin': origin }, body };
}

/** A 200 of the Web API, with the ETag that Spotify gives to everything since 2024. */
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

/** The 304 that replaces the reply for a caller that holds it already, or the reply. */
export function unlessHeld(reply: Reply, ifNoneMatch: string | undefined): Reply {
  const { etag } = reply.headers;
  const held = ifNoneMatch?.split(',').map((tag) => tag.trim().replace(/^W\//, '')) ?? [];
  if (etag === undefined || !held.some((tag) => tag === etag || tag === '*')) return reply;
  const { 'content-type': _, ...headers } = reply.headers;
  return { status: 304, headers, body: Buffer.alloc(0) };
}

/** `"MC-…"`: the base64 of a quoted MD5, as in every ETag that was recorded. */
function etagOf(body: Buffer): string {
  const digest = createHash('md5').update(body).digest('hex');
  return `"MC-${Buffer.from(`"${digest}"`).toString('base64')}"`;
}
