import { isTimeout, type Outcome } from '../transport/http.ts';
import { isEdgeRejection, isUnexplained404 } from '../transport/response-meaning.ts';
import type { BackOffReason, RejectionReason } from '../transport/upstream-errors.ts';
import { createSlidingWindowCounter } from './sliding-window-counter.ts';

export type CircuitBreaker = ReturnType<typeof createCircuitBreaker>;

export interface OpenState {
  reason: RejectionReason;
  /** Milliseconds that are left of the back-off. */
  waitMs: number;
  /** Length of the whole back-off, in milliseconds. */
  totalWaitMs: number;
}

/** `ignored`: the result does not show whether the endpoint works (429, or the call was not sent). */
export type CallResult = 'succeeded' | 'failed' | 'ignored';

export const failureWindowMs = 10_000;
const minCalls = 20; // with fewer, one bad minute of a rarely used endpoint would open the breaker
const failureShare = 0.5;
const failuresOfOutage = 3; // consecutive ones, as many as one read has attempts
const firstBackOffMs = 5_000;
const maxBackOffMs = 60_000; // if Spotify names no time, one call a minute finds the end of the outage
const quotaBackOffMs = 3_600_000; // a quota is counted over a day; trying every hour costs at most 24 calls
const closeAtInFlight = 16; // after four doublings a limit no longer matters
const probeWaitMs = 1_000; // reported to other requests while one call probes

/**
 * A circuit breaker: closed (calls may be sent), open for a time, or half-open. It opens when Spotify requests a
 * back-off and when too many calls fail. After the back-off one call is sent alone; each call that succeeds doubles
 * the number of concurrent calls, until the breaker closes.
 */
export function createCircuitBreaker() {
  const recentCalls = createRecentCalls();
  let reason: BackOffReason | null = null; // null: closed
  let openedAtMs = 0;
  let openUntilMs = 0;
  let defaultBackOffs = 0; // in succession, without a time from Spotify
  let hasSucceeded = false; // since the last back-off
  let maxInFlight = Number.POSITIVE_INFINITY;
  let inFlight = 0;
  let consecutiveFailures = 0;

  const isOpen = (nowMs: number) => reason !== null && nowMs < openUntilMs;

  function trip(newReason: BackOffReason, waitMs: number | null, nowMs: number): void {
    const wasOpen = isOpen(nowMs);
    // With few calls the breaker may stay half-open for days: a success and a minute without a back-off end the series too.
    if (hasSucceeded && nowMs - openUntilMs > maxBackOffMs) defaultBackOffs = 0;
    // Rejections of concurrent calls count as one, but there may have been none without a time yet.
    const isRepeated = wasOpen && defaultBackOffs > 0;
    if (waitMs === null && !isRepeated && newReason !== 'quota') defaultBackOffs += 1;
    const untilMs = nowMs + (waitMs ?? defaultBackOffMs(newReason, defaultBackOffs));
    if (wasOpen && untilMs <= openUntilMs) return;
    reason = newReason;
    openedAtMs = nowMs;
    openUntilMs = untilMs;
    hasSucceeded = false;
    maxInFlight = 1;
  }

  function rampUp(): void {
    maxInFlight *= 2;
    if (maxInFlight < closeAtInFlight) return;
    reason = null;
    maxInFlight = Number.POSITIVE_INFINITY;
    defaultBackOffs = 0;
    recentCalls.forget();
  }

  /**
   * Whether a failure after a back-off shows an outage. After an outage, it does until a call succeeds: then it may be one
   * object that always fails. After a rate limit or a used-up quota, one failure is retried like any other.
   */
  function showsOutage(nowMs: number): boolean {
    if (reason === 'unavailable') return !hasSucceeded;
    return consecutiveFailures >= failuresOfOutage && nowMs - openUntilMs < maxBackOffMs;
  }

  return {
    /** Opens the breaker. @param waitMs the back-off that Spotify requested; null if it named none */
    trip,
    /** Whether a back-off lasts. Then a call that was acquired before it is not sent either. */
    isOpen,
    /** Why no new call may be sent, and for how long: a back-off, or a probe within a minute after it. Null if neither applies. */
    openState(nowMs: number): OpenState | null {
      if (reason === null) return null;
      if (nowMs < openUntilMs) {
        return { reason, waitMs: openUntilMs - nowMs, totalWaitMs: openUntilMs - openedAtMs };
      }
      // During an outage the probe may end with a timeout: no other request waits for that. A minute after the back-off the
      // outage is probably over, although no request has shown it yet: then the others wait for the probe.
      const isOutage = reason === 'unavailable' && nowMs - openUntilMs < maxBackOffMs;
      const isProbing = isOutage && maxInFlight === 1 && inFlight > 0;
      return isProbing ? { reason, waitMs: probeWaitMs, totalWaitMs: probeWaitMs } : null;
    },
    /** Whether this breaker allows one more call in flight. */
    hasCapacity: (): boolean => inFlight < maxInFlight,
    /** Counts a call as in flight. */
    acquire(): void {
      inFlight += 1;
    },
    /** Ends a call that was acquired. */
    release(result: CallResult, nowMs: number): void {
      inFlight -= 1;
      if (result === 'ignored') return;
      const isHalfOpen = reason !== null && nowMs >= openUntilMs;
      consecutiveFailures = result === 'failed' ? consecutiveFailures + 1 : 0;
      if (result === 'succeeded') {
        if (isHalfOpen && !hasSucceeded) recentCalls.forget();
        recentCalls.succeeded.add(nowMs);
        hasSucceeded ||= !isOpen(nowMs); // not the calls that were sent before the back-off
        if (isHalfOpen) rampUp();
        return;
      }
      recentCalls.failed.add(nowMs);
      if ((isHalfOpen && showsOutage(nowMs)) || (!isOpen(nowMs) && recentCalls.haveFailed(nowMs)))
        trip('unavailable', null, nowMs);
    },
  };
}

function createRecentCalls() {
  const succeeded = createSlidingWindowCounter(failureWindowMs);
  const failed = createSlidingWindowCounter(failureWindowMs);
  return {
    succeeded,
    failed,
    /** Whether too many of them have failed. */
    haveFailed(nowMs: number): boolean {
      const failures = failed.total(nowMs);
      const calls = failures + succeeded.total(nowMs);
      return calls >= minCalls && failures >= calls * failureShare;
    },
    forget(): void {
      succeeded.clear();
      failed.clear();
    },
  };
}

/** @param count how many back-offs in succession had no time from Spotify, with this one */
const defaultBackOffMs = (reason: BackOffReason, count: number): number =>
  reason === 'quota' ? quotaBackOffMs : Math.min(firstBackOffMs * 2 ** (count - 1), maxBackOffMs);

/**
 * The result of a call for the global breaker: any response of Spotify is a success.
 * @param outcome undefined if the call was not sent
 * @param rejectedFamilies number of endpoint families of which the edge has rejected calls since the last success: if it
 * rejects several families, this is an outage
 * @param othersRespond whether a call of another family has just succeeded
 */
export function connectionResult(
  outcome: Outcome | undefined,
  rejectedFamilies: number,
  othersRespond: boolean,
): CallResult {
  if (!outcome || (outcome.kind === 'fault' && outcome.isClosed)) return 'ignored';
  if (isTimeout(outcome) && othersRespond) return 'ignored';
  if (hasNoResponse(outcome)) return 'failed';
  if (outcome.kind === 'fault' || !isEdgeRejection(outcome)) return 'succeeded';
  return rejectedFamilies > 1 ? 'failed' : 'ignored';
}

/**
 * The result of a call for the breaker of its family. An endpoint fails with a 5xx, with a 404 that names no object, if the
 * edge rejects the call, and if it alone does not respond in time. A 429 does not show whether the endpoint works.
 * @param outcome undefined if the call was not sent
 * @param othersRespond whether a call of another family has just succeeded
 */
export function endpointResult(outcome: Outcome | undefined, othersRespond: boolean): CallResult {
  if (outcome && isTimeout(outcome) && othersRespond) return 'failed';
  if (!outcome || hasNoResponse(outcome)) return 'ignored';
  if (outcome.kind === 'fault') return 'succeeded';
  if (outcome.status === 429) return 'ignored';
  const hasFailed = outcome.status >= 500 || isUnexplained404(outcome) || isEdgeRejection(outcome);
  return hasFailed ? 'failed' : 'succeeded';
}

const hasNoResponse = (outcome: Outcome): boolean =>
  outcome.kind === 'fault' && outcome.fault !== 'too-large' && outcome.fault !== 'not-json';
