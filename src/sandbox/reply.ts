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

// What Spotify's edge says about itself on every answer (recorded 2024 to 2026).
const edgeHeaders = {
  'access-control-allow-headers':
    'Accept, App-Platform, Authorization, Content-Type, Origin, Retry-After, Spotify-App-Version, X-Cloud-Trace-Context, client-token, content-access-token',
  'access-control-allow-origin': '*',
  'x-robots-tag': 'noindex, nofollow',
  'x-content-type-options': 'nosniff',
  server: 'envoy',
  via: 'HTTP/2 edgeproxy, 1.1 google',
};

/** Headers of an answer of the Web API that is no success. */
export const failureHeaders = {
  ...edgeHeaders,
  'cache-control': 'private, max-age=0',
  'content-type': 'application/json; charset=utf-8',
};

/** A 200 of the Web API, with the ETag that Spotify gives to everything since 2024. */
export function jsonReply(value: unknown): Reply {
  const body = Buffer.from(JSON.stringify(value));
  const headers = {
    ...edgeHeaders,
    'cache-control': 'public, max-age=0',
    'content-type': 'application/json; charset=utf-8',
    etag: etagOf(body),
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
