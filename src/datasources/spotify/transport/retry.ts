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

/** What one attempt's outcome means. Pure: no timers, no I/O; the caller waits, shuts and throws. */
export type RetryDecision =
  /** A final answer: 200, 304, or a 4xx (a 404 only with Spotify's message) that the requester interprets. */
  | { act: 'accept'; answer: HttpAnswer }
  /** Worth another attempt after a wait, of which Spotify asked everybody to keep `backOffMs`. */
  | { act: 'retry'; waitMs: number; backOffMs: number; exhaustedError: GatewayError }
  /** Spotify asks for silence; `waitMs` null when it does not say for how long. */
  | { act: 'backOff'; reason: BackOffReason; waitMs: number | null }
  | { act: 'fail'; error: GatewayError };

/** Too many calls in a short time, a day's calls used up, or Spotify itself in trouble. */
export type BackOffReason = (typeof backOffReasons)[number];
export const backOffReasons = ['rate', 'quota', 'unavailable'] as const;
/** The last: Spotify serves this app nothing, because the Premium subscription of its owner has lapsed. */
export type RejectionReason = BackOffReason | 'premium-lapsed';

export const maxAttempts = 3;
const maxWaitInRequestMs = 2_000; // a longer Retry-After is no hiccup: waiting it out only holds the client
const quotaFromMs = 600_000; // Spotify's rolling window is 30 s: ten minutes and more are a spent quota
const backoffBaseMs = 100; // one 502 in a thousand is gone at once (spotify/web-api#515)

const usable = new Set([200, 304, 400, 401, 403, 404, 410]);
const retryable = new Set([408, 425]);

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
  const backoffMs = chance * backoffBaseMs * 2 ** (attempt - 1);
  if (outcome.kind === 'fault') return decideAfterFault(outcome.fault, backoffMs);

  const { status } = outcome;
  if (isPremiumLapsed(outcome)) return { act: 'fail', error: notServed() };
  if (isUnexplained404(outcome)) return retry(backoffMs, noMessage());
  if (usable.has(status)) return { act: 'accept', answer: outcome };
  const waitMs = retryAfterMs(outcome.retryAfter, nowEpochMs);
  if (status === 429) return decideAfter429(outcome, waitMs, backoffMs, attempt);
  if (status === 503 && waitMs !== null && waitMs > maxWaitInRequestMs) {
    return { act: 'backOff', reason: 'unavailable', waitMs };
  }
  if (status >= 500 || retryable.has(status)) {
    return retry(Math.max(waitMs ?? 0, backoffMs), unavailable());
  }
  return { act: 'fail', error: new UpstreamBadResponse(`Spotify answered with status ${status}.`) };
}

/** Spotify names the object that it does not have: a 404 without its message comes from a proxy or a failing server. */
export const isUnexplained404 = ({ status, body }: HttpAnswer): boolean =>
  status === 404 && (messageOf(body) ?? '').trim() === '';

/** Spotify states that the Premium subscription of the app's owner has lapsed, in JSON or in plain text. */
export const isPremiumLapsed = ({ status, body }: HttpAnswer): boolean =>
  status === 403 && premiumLapsed.test(messageOf(body) ?? (typeof body === 'string' ? body : ''));

const premiumLapsed = /premium subscription (is )?required for the owner of the app/i;

/**
 * A 403 without JSON: an edge server has refused the call, and the endpoint has not seen it. Such a refusal states
 * nothing about what the app may do.
 */
export const isEdgeRefusal = (answer: HttpAnswer): boolean =>
  answer.status === 403 &&
  (answer.body === undefined || typeof answer.body === 'string') &&
  !isPremiumLapsed(answer);

function decideAfterFault(
  fault: Extract<Outcome, { kind: 'fault' }>['fault'],
  backoffMs: number,
): RetryDecision {
  switch (fault) {
    case 'timeout':
      return retry(backoffMs, new UpstreamTimeout('Spotify did not answer in time.'));
    case 'transport':
      return retry(backoffMs, unavailable());
    case 'tls': // a certificate does not get better by asking again, and there is no way around it
      return { act: 'fail', error: unavailable() };
    case 'too-large':
      return { act: 'fail', error: new UpstreamBadResponse('Spotify answered with more than can be read.') };
    case 'not-json':
      return {
        act: 'fail',
        error: new UpstreamBadResponse('Spotify answered with something else than JSON.'),
      };
  }
}

function decideAfter429(
  answer: HttpAnswer,
  waitMs: number | null,
  backoffMs: number,
  attempt: number,
): RetryDecision {
  if (isQuota(answer) || (waitMs !== null && waitMs > quotaFromMs)) {
    return { act: 'backOff', reason: 'quota', waitMs: waitMs || null };
  }
  const short = waitMs !== null && waitMs <= maxWaitInRequestMs;
  if (!short || attempt >= maxAttempts) return { act: 'backOff', reason: 'rate', waitMs: waitMs || null };
  // Spotify counts in whole seconds: the jitter comes on top, never instead.
  return {
    act: 'retry',
    waitMs: waitMs + backoffMs,
    backOffMs: waitMs,
    exhaustedError: backOffError('rate', waitMs),
  };
}

/** Spotify tells a spent quota from a rate limit by `error.reason`, since July 2026. */
function isQuota({ body }: HttpAnswer): boolean {
  const error = (body as { error?: { reason?: unknown } } | undefined)?.error;
  return error?.reason === 'QUOTA_EXCEEDED';
}

/** The error while the request queue is shut for `waitMs` more. */
export function backOffError(reason: RejectionReason, waitMs: number): GatewayError {
  // A sum of two clock readings is off by less than a thousandth, which must not become a second.
  const retryAfter = Math.max(1, Math.ceil(Math.round(waitMs) / 1000));
  switch (reason) {
    case 'rate':
      return new UpstreamRateLimited('Spotify limits our calls; ask again later.', { retryAfter });
    case 'quota':
      return new UpstreamQuotaExceeded("This app's Spotify quota is used up.", { retryAfter });
    case 'unavailable':
      return unavailable();
    case 'premium-lapsed':
      return notServed();
  }
}

const retry = (waitMs: number, exhaustedError: GatewayError): RetryDecision => ({
  act: 'retry',
  waitMs,
  backOffMs: 0,
  exhaustedError,
});

/** The cause is for the operator, in the log and in metrics; clients cannot do anything about it. */
const notServed = () => new UpstreamForbidden('Spotify serves no calls of this app at present.');

const noMessage = () => new UpstreamBadResponse('Spotify answered with status 404 and gave no reason.');

const unavailable = () => new UpstreamUnavailable('Spotify cannot be reached right now.');
