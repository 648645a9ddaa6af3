/** The `fetch` that ofetch calls. It reads the body as a whole, up to a maximum size, and follows no redirect. */
export interface BoundedFetch {
  /** @throws TimedOut, TooLarge, or the error of the system or of a library */
  fetch(url: string | URL | Request, init?: RequestInit): Promise<Response>;
  /** Opens sockets to the host of this URL, for requests that follow soon; missing if the host does not allow it. */
  connect?(url: string): void;
  /** Ends every request in flight, and closes every socket. */
  close(): Promise<void>;
}

/** The options of a call that ofetch passes on to its `fetch`, with Headers of its own. */
export interface RequestOptions {
  method: 'GET' | 'POST';
  headers: Headers;
  body?: string | null;
  /** Maximum size of the decoded body, in bytes. */
  maxBytes: number;
  /** Timeout of connect, headers and body together, in milliseconds. */
  wholeTimeoutMs: number;
}

declare module 'ofetch' {
  interface FetchOptions {
    maxBytes?: RequestOptions['maxBytes'];
    wholeTimeoutMs?: RequestOptions['wholeTimeoutMs'];
  }
}

/** The body is larger than `maxBytes`. */
export class TooLarge extends Error {
  readonly status: number;
  constructor(status: number) {
    super('body too large');
    this.status = status;
  }
}

/** The response was not complete in time. */
export class TimedOut extends Error {}

/** The request failed before any of it was sent; `cause` is the reason. */
export class Unsent extends Error {}

export const statusesWithoutBody: ReadonlySet<number> = new Set([204, 205, 304]); // `Response` throws for a body

/**
 * Whether a response is used although its body is cut off or damaged: Retry-After of a 429 counts in
 * any case, because Spotify prolongs the ban of an app that ignores it.
 */
export const isUsableWithoutBody = (status: number): boolean => status === 429;
