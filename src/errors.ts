/**
 * The failures that a client can see, one class per error code. They carry only data that the client may read: no token,
 * no URL, no body of Spotify's response. Any other thrown value is a bug and is masked.
 */
export type ErrorCode =
  | 'BAD_REQUEST'
  | 'BAD_USER_INPUT'
  | 'OVERLOADED'
  | 'PERSISTED_QUERY_NOT_FOUND'
  | 'PERSISTED_QUERY_NOT_SUPPORTED'
  | 'QUERY_TOO_COMPLEX'
  | 'UPSTREAM_AUTH_FAILED'
  | 'UPSTREAM_BAD_RESPONSE'
  | 'UPSTREAM_FORBIDDEN'
  | 'UPSTREAM_QUOTA_EXCEEDED'
  | 'UPSTREAM_RATE_LIMITED'
  | 'UPSTREAM_TIMEOUT'
  | 'UPSTREAM_UNAVAILABLE';

/** The values beside `code` in the `extensions` of a GraphQL error. */
export interface ErrorDetails {
  /** Seconds until another request can succeed. */
  retryAfter?: number;
  /** The exceeded limit, and the value that the request would have needed. */
  limit?: number;
  actual?: number;
}

export abstract class GatewayError extends Error {
  abstract readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(message: string, details: ErrorDetails = {}) {
    super(message);
    this.name = new.target.name;
    this.details = details;
    // Without a stack: GraphQL.js would copy it, which takes most of the time of an error, and nothing shows it.
    this.stack = '';
  }
}

/** The HTTP request is not a GraphQL request that the gateway can run: its body, its media type, its operation name, or a mutation. */
export class BadRequest extends GatewayError {
  override readonly code = 'BAD_REQUEST';
}

/** An id, cursor, page size, market or search text that is invalid. It costs no Spotify call, unless only Spotify can tell. */
export class BadUserInput extends GatewayError {
  override readonly code = 'BAD_USER_INPUT';
}

/** The gateway itself is overloaded; Spotify is not the cause. */
export class Overloaded extends GatewayError {
  override readonly code = 'OVERLOADED';
}

/** The error of an operation that is rejected because the process has too much to do, or is about to end. */
export const overloaded = (message = 'The gateway is overloaded: retry after 1 second.'): Overloaded =>
  new Overloaded(message, { retryAfter: 1 });

/** The error of everything that the gateway would have to begin, or to send to Spotify, after it was closed. */
export const shuttingDown = (): Overloaded =>
  new Overloaded('The gateway is shutting down: it runs no further operations and sends no further calls.');

/** The request names its document by a hash that the manifest lacks. urql checks for exactly this message. */
export class PersistedQueryNotFound extends GatewayError {
  override readonly code = 'PERSISTED_QUERY_NOT_FOUND';

  constructor() {
    super('PersistedQueryNotFound');
  }
}

/** The request names its document by a hash, and there is no manifest. urql checks for exactly this message. */
export class PersistedQueryNotSupported extends GatewayError {
  override readonly code = 'PERSISTED_QUERY_NOT_SUPPORTED';

  constructor() {
    super('PersistedQueryNotSupported');
  }
}

/** The document breaks a static limit or plans more Spotify calls than allowed, and did not run; or its response is too large. */
export class QueryTooComplex extends GatewayError {
  override readonly code = 'QUERY_TOO_COMPLEX';

  constructor(message: string, details: { limit: number; actual?: number }) {
    super(message, details);
  }
}

/** Spotify rejects the app's credentials or its token, or its token response contains no token. */
export class UpstreamAuthFailed extends GatewayError {
  override readonly code = 'UPSTREAM_AUTH_FAILED';
}

/** Spotify's response is not as documented. */
export class UpstreamBadResponse extends GatewayError {
  override readonly code = 'UPSTREAM_BAD_RESPONSE';
}

/** A 403 that is not a feature known to be withheld from some apps. */
export class UpstreamForbidden extends GatewayError {
  override readonly code = 'UPSTREAM_FORBIDDEN';
}

/** The app's quota (a day's worth of calls) is used up. */
export class UpstreamQuotaExceeded extends GatewayError {
  override readonly code = 'UPSTREAM_QUOTA_EXCEEDED';

  constructor(message: string, details: { retryAfter: number }) {
    super(message, details);
  }
}

/** Too many calls in a short time: Spotify's rate limit or the gateway's own limit is reached. */
export class UpstreamRateLimited extends GatewayError {
  override readonly code = 'UPSTREAM_RATE_LIMITED';

  constructor(message: string, details: { retryAfter: number }) {
    super(message, details);
  }
}

/** All attempts timed out, or the deadline of the request passed. */
export class UpstreamTimeout extends GatewayError {
  override readonly code = 'UPSTREAM_TIMEOUT';
}

/** The call was not sent, because no request waits for it any more. */
export class CallAbandoned extends UpstreamTimeout {
  constructor() {
    super('No client waits for this Spotify call any more.');
  }
}

/** The error of an operation whose deadline has passed, or whose client has disconnected. */
export const deadlinePassed = (): UpstreamTimeout =>
  new UpstreamTimeout('This request took too long: retry after a few seconds, or request less.');

/** A 5xx or a transport fault after the last attempt. */
export class UpstreamUnavailable extends GatewayError {
  override readonly code = 'UPSTREAM_UNAVAILABLE';
}

/** The error, if the gateway reports it to clients; throws any other one, which is a bug. */
export function onlyGatewayError(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  throw error;
}
