import type { BackOffReason } from '../../transport/upstream-errors.ts';
import { createBackOffTimer, type OpenState } from './back-off.ts';
import type { CallResult } from './call-result.ts';
import { createFailureRate } from './failure-rate.ts';

export type CircuitBreaker = ReturnType<typeof createCircuitBreaker>;

const failuresOfOutage = 3; // consecutive ones, as many as one read has attempts
const closeAtInFlight = 16; // after four doublings a limit no longer matters
const probeWaitMs = 1_000; // reported to other requests while one call probes
const aftermathMs = 60_000; // so long after a back-off its cause may last, although calls are sent again

/**
 * A circuit breaker: closed (calls may be sent), open during a back-off, or half-open after it. It opens when Spotify
 * requests a back-off and when too many calls fail. After the back-off one call, the probe, is sent alone; each call that
 * succeeds doubles the number of concurrent calls, until the breaker closes.
 */
export function createCircuitBreaker() {
  const backOff = createBackOffTimer();
  const failureRate = createFailureRate();
  let inFlight = 0;
  let maxInFlight = Number.POSITIVE_INFINITY; // 1 from the start of a back-off until a call after it succeeds

  const hasSucceeded = () => maxInFlight > 1;

  function trip(reason: BackOffReason, waitMs: number | null, nowMs: number): boolean {
    const latest = backOff.latest();
    // With few calls the breaker may stay half-open for days: a success and a minute without a back-off end the series too.
    if (latest && hasSucceeded() && nowMs - latest.endsAtMs > aftermathMs) backOff.endSeries();
    const hasStarted = backOff.start(reason, waitMs, nowMs);
    if (hasStarted) maxInFlight = 1;
    return hasStarted;
  }

  /** A call has succeeded after the back-off. */
  function rampUp(): void {
    maxInFlight *= 2;
    if (maxInFlight < closeAtInFlight) return;
    maxInFlight = Number.POSITIVE_INFINITY;
    backOff.forget();
    failureRate.forget();
  }

  /** Whether the failures show an outage. */
  function showsOutage(nowMs: number): boolean {
    if (backOff.isActive(nowMs)) return false;
    if (failureRate.isTooHigh(nowMs)) return true;
    const latest = backOff.latest();
    if (!latest) return false;
    // After an outage one failure shows that it lasts, until a call succeeds: then it may be one object that always fails.
    if (latest.reason === 'unavailable') return !hasSucceeded();
    // After a rate limit or a used-up quota, one failure is retried like any other.
    return failureRate.consecutiveFailures() >= failuresOfOutage && nowMs - latest.endsAtMs < aftermathMs;
  }

  return {
    /**
     * Opens the breaker, unless it is open for longer.
     * @param waitMs the back-off that Spotify requested; null if it named none
     * @returns whether it has opened it
     */
    trip,
    /** Whether a back-off lasts. Then a call that has begun before it is not sent either. */
    isOpen: backOff.isActive,
    /** Why no new call may be sent, and for how long: a back-off, or a probe within a minute after it. Null if neither applies. */
    openState(nowMs: number): OpenState | null {
      const active = backOff.openState(nowMs);
      const latest = backOff.latest();
      if (active || latest?.reason !== 'unavailable') return active;
      // During an outage the probe may end with a timeout: no other request waits for that. A minute after the back-off the
      // outage is probably over, although no request has shown it yet: then the others wait for the probe.
      const isProbing = !hasSucceeded() && inFlight > 0 && nowMs - latest.endsAtMs < aftermathMs;
      return isProbing ? { reason: 'unavailable', waitMs: probeWaitMs, totalWaitMs: probeWaitMs } : null;
    },
    /** Whether this breaker allows one more call in flight. */
    hasCapacity: (): boolean => inFlight < maxInFlight,
    /** Counts a call as in flight. */
    beginCall(): void {
      inFlight += 1;
    },
    /** Ends a call that has begun. */
    endCall(result: CallResult, nowMs: number): void {
      inFlight -= 1;
      if (result === 'ignored') return;
      const isHalfOpen = backOff.latest() !== null && !backOff.isActive(nowMs);
      if (result === 'succeeded' && isHalfOpen && !hasSucceeded()) failureRate.forget();
      failureRate.record(result, nowMs);
      if (result === 'succeeded' && isHalfOpen) rampUp();
      if (result === 'failed' && showsOutage(nowMs)) trip('unavailable', null, nowMs);
    },
  };
}
