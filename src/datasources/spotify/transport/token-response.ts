import { UpstreamAuthFailed } from '../../../errors.ts';
import { propertyOf } from '../../../json.ts';
import type { HttpResponse, Outcome } from './http.ts';

/** A token as it is cached. Times are by `performance.now()`. */
export interface CachedToken {
  value: string;
  requestedAtMs: number;
  /** From here on it is renewed in the background. */
  refreshAtMs: number;
  expiresAtMs: number;
}

/** Spotify rejects the app's credentials: another request would change nothing. */
export class CredentialsRejected extends UpstreamAuthFailed {
  /** The reason in Spotify's words, for the operator. */
  readonly reason: string;

  constructor(reason: string) {
    super("Spotify rejects the gateway's credentials: its operator has to correct them (see its log).");
    this.reason = reason;
  }
}

/** Where the owner of an app finds its credentials. */
export const dashboardUrl = 'https://developer.spotify.com/dashboard';

const fromDashboard = `from the dashboard of your app (${dashboardUrl})`;

/** States which credential is wrong, as far as Spotify's reason tells, and where the right one is found. */
export function correctionOf(reason: string): string {
  if (reason.endsWith(': Invalid client secret'))
    return `The id is right, but the secret is wrong: copy the secret ${fromDashboard}`;
  if (reason.endsWith(': Invalid client'))
    return `Spotify knows no app with this id: copy the id and the secret ${fromDashboard}`;
  return `Copy both ${fromDashboard}`;
}

const refreshEarlyMs = 60_000; // a call may be queued for its whole deadline, and must not be sent too late
const defaultLifetimeSeconds = 3_600; // Spotify's usual value, if a response has none

const isHeaderValue = /^[\x21-\x7e]+$/;

// The error codes of RFC 6749 with which the endpoint rejects the app or its request.
const rejectionCodes = new Set([
  'invalid_client',
  'unauthorized_client',
  'invalid_grant',
  'access_denied',
  'invalid_request',
  'invalid_scope',
  'unsupported_grant_type',
]);
// The error codes of a fault of the endpoint itself, with statuses such as 400 and 415 (spotify/web-api#321).
const faultCodes = new Set(['server_error', 'temporarily_unavailable']);

/** The `error` of a token response, which is a text; null if it has none. */
function errorCodeOf(body: unknown): string | null {
  const code = propertyOf(body, 'error');
  return typeof code === 'string' ? code : null;
}

const maxReasonCharacters = 200;

/** Such as `invalid_client: Invalid client secret`. A description is left out if it has unusual characters. */
function reasonOf(code: string, body: unknown): string {
  const { error_description: description } = (body ?? {}) as { error_description?: unknown };
  const isText = typeof description === 'string' && /^[\w .,:;'"()-]+$/.test(description);
  return isText ? `${code}: ${description.slice(0, maxReasonCharacters)}` : code;
}

/** The same outcome, with status 503 if the endpoint reports a fault of its own, so that the request is retried. */
export function withFaultAsStatus(outcome: Outcome): Outcome {
  const isFault = outcome.kind === 'response' && faultCodes.has(errorCodeOf(outcome.body) ?? '');
  return isFault ? { ...outcome, status: 503 } : outcome;
}

/**
 * Spotify counts the lifetime from its response, this function from the request: rather too early than too late.
 * @throws CredentialsRejected, UpstreamAuthFailed
 */
export function parseToken({ status, body }: HttpResponse, requestedAtMs: number): CachedToken {
  const rejectionCode = errorCodeOf(body) ?? '';
  if (rejectionCodes.has(rejectionCode)) throw new CredentialsRejected(reasonOf(rejectionCode, body));
  if (status !== 200) throw noTokenError();
  const value = propertyOf(body, 'access_token');
  if (typeof value !== 'string' || !isHeaderValue.test(value)) throw noTokenError();
  const lifetimeMs = parseLifetimeSeconds(propertyOf(body, 'expires_in')) * 1000;
  return {
    value,
    requestedAtMs,
    expiresAtMs: requestedAtMs + lifetimeMs,
    refreshAtMs: requestedAtMs + lifetimeMs - Math.min(refreshEarlyMs, lifetimeMs / 2),
  };
}

export const noTokenError = () =>
  new UpstreamAuthFailed("The response of Spotify's token endpoint contains no token.");

/** The value of `expires_in`, a number or a text; the default lifetime if it is not usable. */
function parseLifetimeSeconds(expiresIn: unknown): number {
  const seconds = typeof expiresIn === 'string' && /^\d/.test(expiresIn) ? Number(expiresIn) : expiresIn;
  const isUsable = typeof seconds === 'number' && Number.isFinite(seconds) && seconds > 0;
  return isUsable ? seconds : defaultLifetimeSeconds;
}
