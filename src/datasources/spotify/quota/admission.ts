import { type GatewayError, UpstreamRateLimited } from '../../../errors.ts';
import { epochMs } from '../../../observability/clock.ts';
import { dayMs } from '../kinds/kind.ts';
import { backOffError, retryAfterText } from '../transport/back-off.ts';
import type { Family } from '../usage/observer.ts';
import type { OpenState } from './circuit-breaker.ts';
import type { QuotaState } from './daily-quota.ts';

/** The state on which the admission of one call depends. */
export interface AdmissionRequest {
  family: Family;
  /** The back-off that applies to the call; null for none. */
  openState: OpenState | null;
  /** Milliseconds until the daily limit of the family allows a call; 0 if calls are left. */
  quotaWaitMs: number;
  /** Milliseconds until the gateway's own rate limit allows a call; 0 for now. */
  rateLimitWaitMs: number;
  /** Whether one more call may be in flight. */
  hasCapacity: boolean;
  /** Milliseconds until the deadline of the last request that waits for the call. */
  timeLeftMs: number;
}

/** Whether a call is sent now, waits, or is rejected. */
export type AdmissionDecision =
  | { act: 'send' }
  /** `waitMs` infinite: until another call ends. */
  | { act: 'wait'; waitMs: number }
  | { act: 'reject'; error: GatewayError };

const maxBackOffWaitMs = 2_000; // a longer back-off is reported to the client instead
const maxRateLimitWaitMs = 1_000;

export function decideAdmission(request: AdmissionRequest): AdmissionDecision {
  const { family, openState, quotaWaitMs, rateLimitWaitMs, hasCapacity, timeLeftMs } = request;
  if (openState) return decideDuringBackOff(family, openState, timeLeftMs);
  if (quotaWaitMs > 0) return { act: 'reject', error: backOffError(family, 'quota', quotaWaitMs) };
  if (rateLimitWaitMs > Math.min(maxRateLimitWaitMs, timeLeftMs)) {
    return { act: 'reject', error: rateLimitError(rateLimitWaitMs) };
  }
  if (rateLimitWaitMs > 0) return { act: 'wait', waitMs: rateLimitWaitMs };
  return hasCapacity ? { act: 'send' } : { act: 'wait', waitMs: Number.POSITIVE_INFINITY };
}

/** A call waits only for the end of a short rate limit: an outage may last longer than its back-off. */
function decideDuringBackOff(family: Family, openState: OpenState, timeLeftMs: number): AdmissionDecision {
  const { reason, waitMs, totalWaitMs } = openState;
  const isLimit = reason === 'rate' || reason === 'quota';
  return isLimit && totalWaitMs <= maxBackOffWaitMs && waitMs <= timeLeftMs
    ? { act: 'wait', waitMs }
    : { act: 'reject', error: backOffError(family, reason, waitMs) };
}

/** Milliseconds until the daily limit of a family allows a call; 0 if calls are left. */
export function waitMsOfQuota({ remaining, resetAtMs }: Pick<QuotaState, 'remaining' | 'resetAtMs'>): number {
  if (remaining > 0) return 0;
  return Math.max(1, resetAtMs === null ? dayMs : resetAtMs - epochMs());
}

function rateLimitError(waitMs: number): UpstreamRateLimited {
  const retryAfter = Math.ceil(waitMs / 1000);
  return new UpstreamRateLimited(
    `The gateway's own limit of Spotify calls is used up: ${retryAfterText(retryAfter)}.`,
    { retryAfter },
  );
}
