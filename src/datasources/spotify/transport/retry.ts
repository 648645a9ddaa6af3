import { setTimeout as sleep } from 'node:timers/promises';
import { GatewayError, shuttingDown, UpstreamBadResponse, UpstreamTimeout } from '../../../errors.ts';
import type { HttpFault, HttpResponse, Outcome } from './http.ts';
import { isPremiumLapsed, isQuotaExceeded, isUnexplained404 } from './response-meaning.ts';
import { retryAfterMs } from './retry-after.ts';
import {
  type BackOffReason,
  certificateError,
  failedError,
  premiumError,
  rateLimitedError,
  unreachableError,
} from './upstream-errors.ts';

/** The next step after one attempt. A pure decision: the caller waits, backs off and throws. */
export type RetryDecision =
  /** A final response: 200, 304, or a 4xx (a 404 only with Spotify's message) that the caller interprets. */
  | { act: 'accept'; response: HttpResponse }
  /**
   * Another attempt after `waitMs`; for `backOffMs` of it no call of the family may be sent. `exhausted`: the error after the
   * last attempt, or its response, which the caller interprets.
   */
  | { act: 'retry'; waitMs: number; backOffMs: number; exhausted: GatewayError | HttpResponse }
  /** The family is in back-off; `waitMs` null if Spotify named no time. */
  | { act: 'backOff'; reason: BackOffReason; waitMs: number | null }
  | { act: 'fail'; error: GatewayError };

export const maxAttempts = 3;
const maxWaitInRequestMs = 2_000; // a longer Retry-After is reported to the client instead
const minQuotaWaitMs = 600_000; // Spotify's rate limit is counted over 30 s: a wait this long means a used-up quota
const maxOutageBackOffMs = 60_000; // an outage often ends before the time that a server states; a call a minute finds its end
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
  if (outcome.kind === 'fault') return decideAfterFault(outcome, jitterMs);

  const { status } = outcome;
  if (isPremiumLapsed(outcome)) return fail(premiumError());
  // If it is no passing fault, it may show that Spotify withholds the endpoint.
  if (isUnexplained404(outcome)) return retry(jitterMs, outcome);
  if (acceptedStatuses.has(status)) return { act: 'accept', response: outcome };
  const waitMs = retryAfterMs(outcome.retryAfter, nowEpochMs);
  if (status === 429) return decideAfter429(outcome, waitMs, jitterMs, attempt);
  if (status === 503 && waitMs !== null && waitMs > maxWaitInRequestMs) {
    return { act: 'backOff', reason: 'unavailable', waitMs: Math.min(waitMs, maxOutageBackOffMs) };
  }
  if (status >= 500 || retriedStatuses.has(status)) {
    return retry(Math.max(waitMs ?? 0, jitterMs), failedError(status));
  }
  return fail(new UpstreamBadResponse(`Spotify responded with the unexpected status ${status}.`));
}

function decideAfterFault({ fault, isClosed }: HttpFault, jitterMs: number): RetryDecision {
  if (isClosed) return fail(shuttingDown());
  switch (fault) {
    case 'timeout':
      return retry(
        jitterMs,
        new UpstreamTimeout('Spotify did not respond in time: retry after a few seconds.'),
      );
    case 'transport':
      return retry(jitterMs, unreachableError());
    case 'tls': // a retry does not repair a certificate
      return fail(certificateError());
    case 'too-large':
      return fail(new UpstreamBadResponse('The response of Spotify is too large.'));
    case 'not-json':
      return fail(new UpstreamBadResponse('The response of Spotify is not JSON.'));
  }
}

function decideAfter429(
  response: HttpResponse,
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
  return { ...retry(waitMs + jitterMs, rateLimitedError(waitMs)), backOffMs: waitMs };
}

const fail = (error: GatewayError): RetryDecision => ({ act: 'fail', error });

const retry = (waitMs: number, exhausted: GatewayError | HttpResponse) =>
  ({ act: 'retry', waitMs, backOffMs: 0, exhausted }) satisfies RetryDecision;

/** The decisions about retries that the caller makes. */
export interface RetryHooks {
  /** Whether another attempt may follow after an outcome and a wait. */
  mayRetry(waitMs: number, outcome: Outcome): boolean;
  /** Starts a back-off; returns the error for requests during the back-off. */
  backOff(reason: BackOffReason, waitMs: number | null): GatewayError;
}

/**
 * Repeats a request after a fault, or a status that may be temporary, at most `maxAttempts` times in all.
 * @returns a response that is final, or a repeated 404 for which `isUnexplained404` holds
 * @param firstAttempt above 1 if the request was sent before
 */
export async function withRetries(
  send: (attempt: number) => Promise<Outcome>,
  hooks: RetryHooks,
  firstAttempt = 1,
): Promise<HttpResponse> {
  for (let attempt = firstAttempt; ; attempt++) {
    const outcome = await send(attempt);
    const decision = decideRetry(outcome, attempt, Math.random(), Date.now());
    switch (decision.act) {
      case 'accept':
        return decision.response;
      case 'fail':
        throw decision.error;
      case 'backOff':
        throw hooks.backOff(decision.reason, decision.waitMs);
      case 'retry': {
        const { waitMs, backOffMs, exhausted } = decision;
        if (backOffMs > 0) hooks.backOff('rate', backOffMs);
        if (attempt >= maxAttempts || !hooks.mayRetry(waitMs, outcome)) {
          if (!(exhausted instanceof GatewayError)) return exhausted;
          // A 429 with a Retry-After of 0 has started no back-off, and further calls would be rejected too.
          const isRateLimited = outcome.kind === 'response' && outcome.status === 429;
          throw isRateLimited && backOffMs === 0 ? hooks.backOff('rate', null) : exhausted;
        }
        await sleep(waitMs);
      }
    }
  }
}
