import {
  type GatewayError,
  UpstreamBadResponse,
  UpstreamForbidden,
  UpstreamQuotaExceeded,
  UpstreamRateLimited,
  UpstreamTimeout,
  UpstreamUnavailable,
} from '../../../errors.ts';
import { type HttpAnswer, messageOf, type Outcome } from './http.ts';
import { retryAfterMs } from './retry-after.ts';

/** What follows after one attempt. A pure decision: the caller waits, backs off and throws. */
export type RetryDecision =
  /** A final response: 200, 304, or a 4xx (a 404 only with Spotify's message) that the caller interprets. */
  | { act: 'accept'; response: HttpAnswer }
  /** Another attempt after `waitMs`; for `backOffMs` of it Spotify asked for no calls of the family at all. */
  | { act: 'retry'; waitMs: number; backOffMs: number; exhaustedError: GatewayError }
  /** The family is in back-off; `waitMs` null if Spotify named no time. */
  | { act: 'backOff'; reason: BackOffReason; waitMs: number | null }
  | { act: 'fail'; error: GatewayError };

/** Too many calls in a short time, the calls of a day used up, or an outage of Spotify. */
export type BackOffReason = (typeof backOffReasons)[number];
export const backOffReasons = ['rate', 'quota', 'unavailable'] as const;
/** `premium-lapsed`: Spotify rejects all calls, because the Premium subscription of the app's owner has lapsed. */
export type RejectionReason = BackOffReason | 'premium-lapsed';

export const maxAttempts = 3;
const maxWaitInRequestMs = 2_000; // a longer Retry-After is reported to the client instead
const minQuotaWaitMs = 600_000; // Spotify's rate limit is counted over 30 s: a wait this long means a used-up quota
const retryBaseMs = 100; // one 502 in a thousand succeeds at once when repeated (spotify/web-api#515)

const acceptedStatuses = new Set([200, 304, 400, 401, 403, 404, 410]);
const retriedStatuses = new Set([408, 425]);

/**
 * @param attempt how many attempts were made, this one included
 * @param chance a number from 0 to 1: full jitter, so that calls that failed together do not return together
 */
export function decideRetry(
  outcome: Outcome,
  attempt: number,
  chance: number,
  nowEpochMs: number,
): RetryDecision {
  const jitterMs = chance * retryBaseMs * 2 ** (attempt - 1);
  if (outcome.kind === 'fault') return decideAfterFault(outcome.fault, jitterMs);

  const { status } = outcome;
  if (isPremiumLapsed(outcome)) return { act: 'fail', error: premiumError() };
  if (isUnexplained404(outcome)) return retry(jitterMs, unexplained404Error());
  if (acceptedStatuses.has(status)) return { act: 'accept', response: outcome };
  const waitMs = retryAfterMs(outcome.retryAfter, nowEpochMs);
  if (status === 429) return decideAfter429(outcome, waitMs, jitterMs, attempt);
  if (status === 503 && waitMs !== null && waitMs > maxWaitInRequestMs) {
    return { act: 'backOff', reason: 'unavailable', waitMs };
  }
  if (status >= 500 || retriedStatuses.has(status)) {
    return retry(Math.max(waitMs ?? 0, jitterMs), unavailableError());
  }
  return {
    act: 'fail',
    error: new UpstreamBadResponse(`Spotify responded with the unexpected status ${status}.`),
  };
}

/** A 404 of Spotify has a message: one without it comes from a proxy or a failing server. */
export const isUnexplained404 = ({ status, body }: HttpAnswer): boolean =>
  status === 404 && (messageOf(body) ?? '').trim() === '';

/** Spotify states that the Premium subscription of the app's owner has lapsed, in JSON or in plain text. */
export const isPremiumLapsed = ({ status, body }: HttpAnswer): boolean =>
  status === 403 && premiumLapsed.test(messageOf(body) ?? (typeof body === 'string' ? body : ''));

const premiumLapsed = /premium subscription (is )?required for the owner of the app/i;

/**
 * A 403 without JSON: an edge server has rejected the call before the endpoint saw it. It says nothing about the
 * capabilities of the app.
 */
export const isEdgeRefusal = (answer: HttpAnswer): boolean =>
  answer.status === 403 &&
  (answer.body === undefined || typeof answer.body === 'string') &&
  !isPremiumLapsed(answer);

function decideAfterFault(
  fault: Extract<Outcome, { kind: 'fault' }>['fault'],
  jitterMs: number,
): RetryDecision {
  switch (fault) {
    case 'timeout':
      return retry(jitterMs, new UpstreamTimeout('Spotify did not respond in time.'));
    case 'transport':
      return retry(jitterMs, unavailableError());
    case 'tls': // a retry does not repair a certificate
      return { act: 'fail', error: unavailableError() };
    case 'too-large':
      return { act: 'fail', error: new UpstreamBadResponse('The response of Spotify is too large.') };
    case 'not-json':
      return {
        act: 'fail',
        error: new UpstreamBadResponse('The response of Spotify is not JSON.'),
      };
  }
}

function decideAfter429(
  response: HttpAnswer,
  waitMs: number | null,
  jitterMs: number,
  attempt: number,
): RetryDecision {
  if (isQuotaExceeded(response) || (waitMs !== null && waitMs > minQuotaWaitMs)) {
    return { act: 'backOff', reason: 'quota', waitMs: waitMs || null };
  }
  const isShort = waitMs !== null && waitMs <= maxWaitInRequestMs;
  if (!isShort || attempt >= maxAttempts) return { act: 'backOff', reason: 'rate', waitMs: waitMs || null };
  // Spotify's wait is the minimum: the jitter is added to it.
  return {
    act: 'retry',
    waitMs: waitMs + jitterMs,
    backOffMs: waitMs,
    exhaustedError: backOffError('rate', waitMs),
  };
}

/** Since July 2026 `error.reason` distinguishes a used-up quota from a rate limit. */
function isQuotaExceeded({ body }: HttpAnswer): boolean {
  const error = (body as { error?: { reason?: unknown } } | undefined)?.error;
  return error?.reason === 'QUOTA_EXCEEDED';
}

/** The error of a request during a back-off that lasts `waitMs` more. */
export function backOffError(reason: RejectionReason, waitMs: number): GatewayError {
  // The sum of two clock readings has a rounding error, which must not become a whole second.
  const retryAfter = Math.max(1, Math.ceil(Math.round(waitMs) / 1000));
  switch (reason) {
    case 'rate':
      return new UpstreamRateLimited(`Spotify limits the gateway's calls; retry after ${retryAfter} s.`, {
        retryAfter,
      });
    case 'quota':
      return new UpstreamQuotaExceeded(
        `The gateway's Spotify quota is used up; retry after ${retryAfter} s.`,
        { retryAfter },
      );
    case 'unavailable':
      return unavailableError();
    case 'premium-lapsed':
      return premiumError();
  }
}

const retry = (waitMs: number, exhaustedError: GatewayError): RetryDecision => ({
  act: 'retry',
  waitMs,
  backOffMs: 0,
  exhaustedError,
});

/** Log and metrics name the cause: only the operator can remove it. */
const premiumError = () =>
  new UpstreamForbidden("Spotify rejects all of the gateway's calls at present; its operator has to act.");

const unexplained404Error = () =>
  new UpstreamBadResponse('Spotify responded with status 404 without a message.');

const unavailableError = () => new UpstreamUnavailable('Spotify is not available at present; retry later.');
