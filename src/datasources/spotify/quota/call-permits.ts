import { CallAbandoned, type GatewayError, shuttingDown, UpstreamRateLimited } from '../../../errors.ts';
import type { Outcome } from '../transport/http.ts';
import { maxWaitInRequestMs } from '../transport/retry-after.ts';
import { backOffError, retryAfterText } from '../transport/upstream-errors.ts';
import type { Family } from '../usage/observer.ts';
import type { Waiters } from '../usage/waiters.ts';
import type { OpenState } from './back-off.ts';
import type { Breakers } from './breakers.ts';
import type { DailyQuota } from './daily-quota.ts';
import { waitMsOfQuota } from './quota-state.ts';
import type { RateLimiter } from './rate-limiter.ts';

/** Whether a call is sent now, waits for a time or until another call ends, or is rejected. */
type AdmissionDecision =
  | { act: 'send' }
  | { act: 'wait'; waitMs: number }
  | { act: 'waitForPermit' }
  | { act: 'reject'; error: GatewayError };

export type CallPermits = ReturnType<typeof createCallPermits>;
export type CallPermit = ReturnType<CallPermits['acquire']>;

const maxRateLimitWaitMs = 1_000;

/** The permits for concurrent calls. A call holds one from its admission to its end. */
export function createCallPermits(
  concurrency: number,
  dailyQuota: DailyQuota,
  breakers: Breakers,
  rateLimiter: RateLimiter,
) {
  let inFlight = 0;
  let isClosed = false;
  const isFull = () => inFlight >= concurrency;

  return {
    /** Whether all permits are taken. */
    isFull,
    isIdle: () => inFlight === 0,
    /** From now on no call gets a permit. */
    close(): void {
      isClosed = true;
    },
    /** Whether a call may take a permit now. */
    decide(family: Family, waiters: Waiters): AdmissionDecision {
      if (isClosed) return reject(shuttingDown());
      if (!waiters.hasActive()) return reject(new CallAbandoned());
      const nowMs = performance.now();
      const timeLeftMs = waiters.deadlineMs() - nowMs;
      const openState = breakers.openStateOf(family, nowMs);
      if (openState) return decideDuringBackOff(family, openState, timeLeftMs);
      const quotaWaitMs = waitMsOfQuota(dailyQuota.stateOf(family));
      if (quotaWaitMs > 0) return reject(backOffError(family, 'quota', quotaWaitMs));
      const waitMs = rateLimiter.waitMs(nowMs);
      if (waitMs > Math.min(maxRateLimitWaitMs, timeLeftMs)) return reject(rateLimitError(waitMs));
      if (waitMs > 0) return { act: 'wait', waitMs };
      const hasCapacity = !isFull() && breakers.hasCapacity(family);
      return { act: hasCapacity ? 'send' : 'waitForPermit' };
    },
    /** Takes a permit; `decide` has allowed it. */
    acquire(family: Family) {
      const nowMs = performance.now();
      inFlight += 1;
      const endCall = breakers.beginCall(family, nowMs);
      return {
        /** Takes the call out of the rate limit, because it is not sent. The permit is still to be released. */
        undoRateCount: rateLimiter.record(nowMs),
        /** Releases the permit. @param outcome undefined if the call was not sent, or its sending threw */
        release(outcome: Outcome | undefined): void {
          inFlight -= 1;
          endCall(outcome, performance.now());
        },
      };
    },
  };
}

const reject = (error: GatewayError): AdmissionDecision => ({ act: 'reject', error });

/** A call waits only for the end of a short rate or quota back-off: an outage may last longer than its back-off. */
function decideDuringBackOff(family: Family, openState: OpenState, timeLeftMs: number): AdmissionDecision {
  const { reason, waitMs, totalWaitMs } = openState;
  const isLimit = reason === 'rate' || reason === 'quota';
  return isLimit && totalWaitMs <= maxWaitInRequestMs && waitMs <= timeLeftMs
    ? { act: 'wait', waitMs }
    : reject(backOffError(family, reason, waitMs));
}

function rateLimitError(waitMs: number): UpstreamRateLimited {
  const retryAfter = Math.ceil(waitMs / 1000);
  return new UpstreamRateLimited(
    `The gateway's own limit of Spotify calls is used up: ${retryAfterText(retryAfter)}.`,
    { retryAfter },
  );
}
