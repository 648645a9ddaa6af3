import { createFetch } from 'ofetch';
import { propertyOf } from '../../../json.ts';
import type { Family, Observer } from '../usage/observer.ts';
import type { Waiters } from '../usage/waiters.ts';
import { type Body, readBody } from './body.ts';
import { type BoundedFetch, TimedOut, TooLarge, Unsent } from './bounded-fetch.ts';

/**
 * One HTTP request. Its outcome is plain data: no request, header or error object that may contain a secret leaves
 * this file, and nothing is retried, redirected or thrown.
 */
export interface HttpRequest {
  method: 'GET' | 'POST';
  url: string;
  headers: Record<string, string>;
  body?: string;
  /** Maximum size of the decoded body, in bytes; default 2 MB. */
  maxBytes?: number | undefined;
  /** Timeout in milliseconds; default `HttpOptions.timeoutMs`. */
  timeoutMs?: number | undefined;
}

export interface HttpResponse {
  kind: 'response';
  status: number;
  /** The JSON. Of a status other than 200, a body that is no JSON is text, and an empty one is undefined. */
  body: unknown;
  etag: string | null;
  retryAfter: string | null;
  /** The challenge of a 401, such as `Bearer realm="spotify", error="invalid_token"`. */
  wwwAuthenticate?: string | null;
  /** Length of the JSON text without market codes; the parsed body takes about twice as much memory. */
  bytes: number;
}

export interface HttpFault {
  kind: 'fault';
  /** `not-json` and `too-large`: an unusable response; the others: no complete response. */
  fault: 'timeout' | 'transport' | 'tls' | 'too-large' | 'not-json';
  /** The code of the system, such as `ECONNREFUSED`, for the log. */
  code: string;
  /** Whether the request certainly did not reach the host: there was no connection. */
  isUnsent?: boolean;
  /** Whether this process has closed its sockets, so that Spotify is not the cause. */
  isClosed?: boolean;
}

export type Outcome = HttpResponse | HttpFault;

/** Whether there was no response in time. */
export const isTimeout = (outcome: Outcome): boolean =>
  outcome.kind === 'fault' && outcome.fault === 'timeout';

export type Http = ReturnType<typeof createHttp>;

export interface HttpOptions {
  /** Timeout of one request: connect, headers and body together, in milliseconds. */
  timeoutMs: number;
  boundedFetch: BoundedFetch;
}

const defaultMaxBytes = 2_000_000; // a page of 50 tracks with all its market codes is a tenth of this

export function createHttp({ timeoutMs: defaultTimeoutMs, boundedFetch }: HttpOptions) {
  const client = createFetch({ fetch: boundedFetch.fetch });
  let isClosed = false;

  async function requestOnce({
    headers,
    maxBytes,
    timeoutMs,
    url,
    ...request
  }: HttpRequest): Promise<Outcome> {
    if (isClosed) return { ...closedFault, isUnsent: true };
    try {
      // ofetch's own time-out stops at the headers and its retries ignore Retry-After: both stay off.
      const response = await client.raw(url, {
        headers: { ...headers, 'accept-encoding': 'gzip' },
        maxBytes: maxBytes ?? defaultMaxBytes,
        wholeTimeoutMs: timeoutMs ?? defaultTimeoutMs,
        responseType: 'arrayBuffer',
        ignoreResponseError: true,
        retry: false,
        ...request,
      });
      return toOutcome(response, Buffer.from(response._data ?? new ArrayBuffer(0)));
    } catch (error) {
      return isClosed ? closedFault : outcomeOfError(error);
    }
  }

  return {
    requestOnce,
    /** Closes every socket, also those in use; further requests are not sent. */
    close(): Promise<void> {
      isClosed = true;
      return boundedFetch.close();
    },
  };
}

const closedFault: HttpFault = { kind: 'fault', fault: 'transport', code: 'ECLOSED', isClosed: true };

function toOutcome({ status, headers }: Response, text: Buffer): Outcome {
  const parsed = status === 200 ? readBody(text) : parseErrorBody(text);
  if (parsed === null) return { kind: 'fault', fault: 'not-json', code: 'ENOTJSON' };
  return {
    kind: 'response',
    status,
    body: parsed.json,
    bytes: parsed.bytes,
    etag: headers.get('etag'),
    retryAfter: headers.get('retry-after'),
    wwwAuthenticate: headers.get('www-authenticate'),
  };
}

/** The body of an error may be JSON, HTML, plain text or empty. */
function parseErrorBody(text: Buffer): Body {
  const errorText = text.toString('utf8');
  return readBody(text) ?? { json: errorText || undefined, bytes: errorText.length };
}

/** The outcome of a response whose body is too large: a fault for a 200; of an error, the status is used. */
function outcomeWithoutBody({ status }: TooLarge): Outcome {
  if (status === 200) return { kind: 'fault', fault: 'too-large', code: 'ETOOLARGE' };
  return { kind: 'response', status, body: undefined, bytes: 0, etag: null, retryAfter: null };
}

/** Finds the cause, or the error code of the operating system, in the errors that ofetch wraps around it. */
function outcomeOfError(error: unknown): Outcome {
  let name = 'unknown';
  let state: Pick<HttpFault, 'isUnsent'> = {};
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof TooLarge) return outcomeWithoutBody(cause);
    if (cause instanceof TimedOut) return { kind: 'fault', fault: 'timeout', code: 'ETIMEDOUT', ...state };
    if (cause instanceof Unsent) state = { isUnsent: true };
    name = cause.name;
    const code = propertyOf(cause, 'code');
    if (typeof code !== 'string') continue;
    const cutInHandshake = cause.message.includes('before secure TLS connection');
    return { kind: 'fault', fault: isTls(code) || cutInHandshake ? 'tls' : 'transport', code, ...state };
  }
  return { kind: 'fault', fault: 'transport', code: name, ...state };
}

const isTls = (code: string): boolean =>
  /^(?:ERR_TLS|ERR_SSL|EPROTO|CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO)/.test(code);

/** Sends one HTTP request; the observer and the operations that wait for it get a record of it. */
export type ObservedHttp = (request: RequestInfo, waiters: Waiters) => Promise<Outcome>;

export interface RequestInfo extends HttpRequest {
  family: Family | 'token';
  /** Relative to the base URL, with the query. */
  path: string;
}

export function createObservedHttp(http: Http, observer: Observer): ObservedHttp {
  return async ({ family, path, ...request }, waiters) => {
    const startedMs = performance.now();
    const [operation] = waiters.operations();
    const { method, url } = request;
    const onEnd = observer.onCall({ family, method, url, path: path.replace(/\?.*/, ''), operation });
    const finishRecord = waiters.recordCall({ method, path });
    const outcome = await http.requestOnce(request);
    const status = outcome.kind === 'response' ? outcome.status : null;
    onEnd({ status, fault: outcome.kind === 'fault' ? outcome.fault : null });
    finishRecord({ status, milliseconds: Math.round(performance.now() - startedMs) });
    return outcome;
  };
}
