import { setTimeout as sleep } from 'node:timers/promises';
import { type GatewayError, shuttingDown, UpstreamBadResponse, UpstreamTimeout } from '../../../errors.ts';
import type { Family } from '../usage/observer.ts';
import type { HttpFault, HttpResponse, Outcome } from './http.ts';
import { isPremiumLapsed, isQuotaExceeded, isUnexplained404 } from './response-meaning.ts';
import { maxWaitInRequestMs, retryAfterMs } from './retry-after.ts';
import {
  type ActiveBackOff,
  type BackOffReason,
  backOffError,
  certificateError,
  failedError,
  premiumError,
  unreachableError,
} from './upstream-errors.ts';

/** What ends the attempts of one read. A pure decision: the caller starts the back-off and throws. */
type FinalDecision =
  /** A response that the caller interprets: 200, 304, or a 4xx. */
  | { act: 'accept'; response: HttpResponse }
  /** See `RetryHooks.startBackOff`. */
  | { act: 'backOff'; reason: BackOffReason; waitMs: number | null; isQuotaStated?: boolean }
  | { act: 'fail'; error: GatewayError };

/** The next step after one attempt. */
export type RetryDecision =
  | FinalDecision
  /**
   * Another attempt after `waitMs`; for `backOffMs` of it no call of the family may be sent. `otherwise`: the decision if no
   * other attempt is allowed.
   */
  | { act: 'retry'; waitMs: number; backOffMs: number; otherwise: FinalDecision };

export const maxAttempts = 3;
const minQuotaWaitMs = 600_000; // Spotify's rate limit is counted over 30 s: a wait this long means a used-up quota
const maxOutageBackOffMs = 60_000; // an outage often ends before the time that a server states; a call a minute finds its end
const retryBaseMs = 100; // one 502 in a thousand succeeds at once when repeated (spotify/web-api#515)

const acceptedStatuses = new Set([200, 304, 400, 401, 403, 404, 410]);
const retriedStatuses = new Set([408, 425]);

/**
 * @param attempts how many were made, with the one of this outcome
 * @param chance a number from 0 to 1: full jitter, so that calls that failed together do not return together
 */
export function decideRetry(
  outcome: Outcome,
  attempts: number,
  chance: number,
  nowEpochMs: number,
): RetryDecision {
  const jitterMs = chance * retryBaseMs * 2 ** (attempts - 1);
  const decision = decideAfterOutcome(outcome, jitterMs, nowEpochMs);
  return decision.act === 'retry' && attempts >= maxAttempts ? decision.otherwise : decision;
}

function decideAfterOutcome(outcome: Outcome, jitterMs: number, nowEpochMs: number): RetryDecision {
  if (outcome.kind === 'fault') return decideAfterFault(outcome, jitterMs);

  const { status } = outcome;
  if (isPremiumLapsed(outcome)) return fail(premiumError());
  // If it is no passing fault, it may show that Spotify withholds the endpoint.
  if (isUnexplained404(outcome)) return retry(jitterMs, accept(outcome));
  if (acceptedStatuses.has(status)) return accept(outcome);
  const waitMs = retryAfterMs(outcome.retryAfter, nowEpochMs);
  if (status === 429) return decideAfter429(outcome, waitMs, jitterMs);
  if (status === 503 && waitMs !== null && waitMs > maxWaitInRequestMs) {
    return { act: 'backOff', reason: 'unavailable', waitMs: Math.min(waitMs, maxOutageBackOffMs) };
  }
  if (status >= 500 || retriedStatuses.has(status)) {
    return retry(Math.max(waitMs ?? 0, jitterMs), fail(failedError(status)));
  }
  return fail(new UpstreamBadResponse(`Spotify responded with the unexpected status ${status}.`));
}

function decideAfterFault({ fault, isClosed }: HttpFault, jitterMs: number): RetryDecision {
  if (isClosed) return fail(shuttingDown());
  switch (fault) {
    case 'timeout':
      return retry(
        jitterMs,
        fail(new UpstreamTimeout('Spotify did not respond in time: retry after a few seconds.')),
      );
    case 'transport':
      return retry(jitterMs, fail(unreachableError()));
    case 'tls': // a retry does not repair a certificate
      return fail(certificateError());
    case 'too-large':
      return fail(new UpstreamBadResponse('The response of Spotify is too large.'));
    case 'not-json':
      return fail(new UpstreamBadResponse('The response of Spotify is not JSON.'));
  }
}

function decideAfter429(response: HttpResponse, waitMs: number | null, jitterMs: number): RetryDecision {
  const isQuotaStated = isQuotaExceeded(response);
  const isQuota = isQuotaStated || (waitMs !== null && waitMs > minQuotaWaitMs);
  // Without another attempt, a Retry-After of 0 names no time: further calls would be rejected too.
  const backOff = {
    act: 'backOff',
    reason: isQuota ? 'quota' : 'rate',
    waitMs: waitMs === 0 ? null : waitMs,
    isQuotaStated,
  } as const;
  const isRetried = !isQuota && waitMs !== null && waitMs <= maxWaitInRequestMs;
  // Spotify's wait is the minimum: the jitter is added to it.
  return isRetried ? retry(waitMs + jitterMs, backOff, waitMs) : backOff;
}

const accept = (response: HttpResponse): FinalDecision => ({ act: 'accept', response });

const fail = (error: GatewayError): FinalDecision => ({ act: 'fail', error });

const retry = (waitMs: number, otherwise: FinalDecision, backOffMs = 0): RetryDecision => ({
  act: 'retry',
  waitMs,
  backOffMs,
  otherwise,
});

/** What `withRetries` needs to know about one read. */
export interface RetryHooks {
  /** Of the read, for the errors of its back-offs. */
  endpoint: Family | 'token';
  /** Whether another attempt may follow after an outcome and a wait. */
  mayRetry(waitMs: number, outcome: Outcome): boolean;
  /**
   * Starts a back-off of the endpoint, unless it already is in a longer one.
   * @param waitMs null if Spotify named no time
   * @param isQuotaStated whether Spotify names the quota as the cause; otherwise the length of the wait shows it
   */
  startBackOff(reason: BackOffReason, waitMs: number | null, isQuotaStated?: boolean): ActiveBackOff;
}

/**
 * Repeats a request after a fault, or a status that may be temporary, at most `maxAttempts` times in all.
 * @returns a response that is final, or a repeated 404 for which `isUnexplained404` holds
 * @param attempt makes one attempt, with its number
 * @param firstAttempt above 1 if the request was sent before
 */
export async function withRetries(
  attempt: (number: number) => Promise<Outcome>,
  hooks: RetryHooks,
  firstAttempt = 1,
): Promise<HttpResponse> {
  for (let attempts = firstAttempt; ; attempts++) {
    const outcome = await attempt(attempts);
    const decision = decideRetry(outcome, attempts, Math.random(), Date.now());
    if (decision.act !== 'retry') return end(decision, hooks);
    if (!hooks.mayRetry(decision.waitMs, outcome)) return end(decision.otherwise, hooks);
    if (decision.backOffMs > 0) hooks.startBackOff('rate', decision.backOffMs);
    await sleep(decision.waitMs);
  }
}

/** @throws GatewayError unless the response is accepted */
function end(decision: FinalDecision, { endpoint, startBackOff }: RetryHooks): HttpResponse {
  switch (decision.act) {
    case 'accept':
      return decision.response;
    case 'fail':
      throw decision.error;
    case 'backOff': {
      const active = startBackOff(decision.reason, decision.waitMs, decision.isQuotaStated);
      throw backOffError(endpoint, active.reason, active.waitMs);
    }
  }
}
