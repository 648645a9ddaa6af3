import { ofetch } from 'ofetch';
import { Agent } from 'undici';

/**
 * One attempt of one HTTP exchange. What comes back is plain data: no request, header or error object that
 * could carry a secret leaves this file, and nothing is retried, redirected or thrown.
 */
export interface HttpRequest {
  method: 'GET' | 'POST';
  url: string;
  headers: Record<string, string>;
  body?: URLSearchParams;
  /** Largest decoded body that is read; the rest is not waited for. Default 2 MB. */
  maxBytes?: number | undefined;
  /** Limit of this attempt, in milliseconds, where it is not the usual one. */
  timeoutMs?: number | undefined;
}

export interface HttpAnswer {
  kind: 'answer';
  status: number;
  /** The parsed JSON; undefined where an answer other than 200 has none. */
  body: unknown;
  etag: string | null;
  retryAfter: string | null;
  /** Length of the decoded body. */
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
const keepAliveMs = 30_000; // bursts reuse their sockets; an idle gateway holds none for long

export function createHttp({ timeoutMs: usualTimeoutMs, connections }: HttpOptions): Http {
  const agent = new Agent({ connections, keepAliveTimeout: keepAliveMs });

  async function send({ url, maxBytes, timeoutMs, ...request }: HttpRequest): Promise<Outcome> {
    // ofetch's own time-out stops at the headers and its retries ignore Retry-After: both stay off.
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), timeoutMs ?? usualTimeoutMs);
    try {
      const response = await ofetch.raw(url, {
        ...request,
        redirect: 'manual', // a 3xx is a wrong answer; the bearer token goes to no other host
        responseType: 'stream',
        ignoreResponseError: true,
        retry: false,
        signal: limit.signal,
        dispatcher: agent,
      });
      const text = await readText(response.body, maxBytes ?? defaultMaxBytes);
      return toOutcome(response, text);
    } catch (error) {
      if (limit.signal.aborted) return { kind: 'fault', fault: 'timeout', code: 'ETIMEDOUT' };
      return toFault(error);
    } finally {
      clearTimeout(timer);
    }
  }

  return { send, close: () => agent.destroy() };
}

/** The decoded body as text, or null when it is larger than `maxBytes`; leaving the loop cancels the stream. */
async function readText(body: AsyncIterable<Uint8Array> | null, maxBytes: number): Promise<string | null> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes).toString('utf8');
}

function toOutcome({ status, headers }: Response, text: string | null): Outcome {
  if (status === 200 && text === null) return { kind: 'fault', fault: 'too-large', code: 'ETOOLARGE' };
  const body = parseJson(text ?? '');
  if (status === 200 && body === undefined) return { kind: 'fault', fault: 'not-json', code: 'ENOTJSON' };
  return {
    kind: 'answer',
    status,
    body,
    etag: headers.get('etag'),
    retryAfter: headers.get('retry-after'),
    bytes: text?.length ?? 0,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // error pages come as HTML, text or nothing; the status says what is needed
  }
}

/** Finds the system's code below the layers that ofetch and fetch wrap around it. */
function toFault(error: unknown): HttpFault {
  let name = 'unknown';
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
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
