import { createFetch } from 'ofetch';
import { type Body, readBody } from './body.ts';
import { createWire, TimedOut, TooLarge } from './fetch.ts';

/**
 * One attempt of one HTTP exchange. What comes back is plain data: no request, header or error object that
 * could carry a secret leaves this file, and nothing is retried, redirected or thrown.
 */
export interface HttpRequest {
  method: 'GET' | 'POST';
  url: string;
  headers: Record<string, string>;
  body?: string;
  /** Largest decoded body that is read; the rest is not waited for. Default 2 MB. */
  maxBytes?: number | undefined;
  /** Limit of this attempt, in milliseconds, where it is not the usual one. */
  timeoutMs?: number | undefined;
}

export interface HttpAnswer {
  kind: 'answer';
  status: number;
  /** The JSON, with status 200 as `Body` has it; else, where it is none, the text, undefined where that is empty. */
  body: unknown;
  etag: string | null;
  retryAfter: string | null;
  /** What a 401 says of the token, as in `Bearer realm="spotify", error="invalid_token"`. */
  wwwAuthenticate?: string | null;
  /** About what the body takes in memory. */
  bytes: number;
}

export interface HttpFault {
  kind: 'fault';
  /** `not-json` and `too-large` are answers that cannot be used; the others are no answers at all. */
  fault: 'timeout' | 'transport' | 'tls' | 'too-large' | 'not-json';
  /** The system's code for it, such as `ECONNREFUSED`, for the log. */
  code: string;
}

export type Outcome = HttpAnswer | HttpFault;

export interface Http {
  send(request: HttpRequest): Promise<Outcome>;
  /** Closes every socket, also those in use. */
  close(): Promise<void>;
}

export interface HttpOptions {
  /** Limit of one attempt over connecting, headers and body, in milliseconds. */
  timeoutMs: number;
  /** Most sockets to one host. */
  connections: number;
}

const defaultMaxBytes = 2_000_000; // a page of 50 tracks with all its market codes is a tenth of this

export function createHttp({ timeoutMs: usualTimeoutMs, connections }: HttpOptions): Http {
  const wire = createWire(connections);
  const client = createFetch({ fetch: wire.fetch });

  async function send({ headers, maxBytes, timeoutMs, url, ...request }: HttpRequest): Promise<Outcome> {
    try {
      // ofetch's own time-out stops at the headers and its retries ignore Retry-After: both stay off.
      const response = await client.raw(url, {
        headers: { ...headers, 'accept-encoding': 'gzip' },
        maxBytes: maxBytes ?? defaultMaxBytes,
        wholeTimeoutMs: timeoutMs ?? usualTimeoutMs,
        responseType: 'arrayBuffer',
        ignoreResponseError: true,
        retry: false,
        ...request,
      });
      return answerOf(response, Buffer.from(response._data ?? new ArrayBuffer(0)));
    } catch (error) {
      return failureOf(error);
    }
  }

  return { send, close: wire.close };
}

function answerOf({ status, headers }: Response, text: Buffer): Outcome {
  const read = status === 200 ? readBody(text) : readWords(text);
  if (read === null) return { kind: 'fault', fault: 'not-json', code: 'ENOTJSON' };
  return {
    kind: 'answer',
    status,
    body: read.json,
    bytes: read.bytes,
    etag: headers.get('etag'),
    retryAfter: headers.get('retry-after'),
    wwwAuthenticate: headers.get('www-authenticate'),
  };
}

/** What an error says may be JSON, HTML, plain words or nothing. */
function readWords(text: Buffer): Body {
  const words = text.toString('utf8');
  return readBody(text) ?? { json: words || undefined, bytes: words.length }; // the status says what is needed
}

/** What an error says so lengthily is not worth its reading; its status is. */
function unread({ status }: TooLarge): Outcome {
  if (status === 200) return { kind: 'fault', fault: 'too-large', code: 'ETOOLARGE' };
  const headers = { etag: null, retryAfter: null, wwwAuthenticate: null };
  return { kind: 'answer', status, body: undefined, bytes: 0, ...headers };
}

/** Finds the cause, or the system's code for it, below the layers that ofetch and fetch wrap around it. */
function failureOf(error: unknown): Outcome {
  let name = 'unknown';
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof TooLarge) return unread(cause);
    if (cause instanceof TimedOut) return { kind: 'fault', fault: 'timeout', code: 'ETIMEDOUT' };
    name = cause.name;
    const code = (cause as NodeJS.ErrnoException).code;
    if (typeof code !== 'string') continue;
    const cutInHandshake = cause.message.includes('before secure TLS connection');
    return { kind: 'fault', fault: isTls(code) || cutInHandshake ? 'tls' : 'transport', code };
  }
  return { kind: 'fault', fault: 'transport', code: name };
}

const isTls = (code: string): boolean =>
  /^(?:ERR_TLS|ERR_SSL|EPROTO|CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO)/.test(code);

/** The `error.message` of a Spotify error answer; null where it has none. Never shown to clients. */
export function messageOf(body: unknown): string | null {
  const message = (body as { error?: { message?: unknown } } | undefined)?.error?.message;
  return typeof message === 'string' ? message : null;
}
