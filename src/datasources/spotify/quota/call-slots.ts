import { UpstreamTimeout } from '../../../errors.ts';
import type { Outcome } from '../transport/http.ts';
import type { Waiters } from '../usage/field-context.ts';
import { type AdmissionDecision, decideAdmission } from './admission.ts';
import type { Breakers } from './breakers.ts';
import type { Family } from './families.ts';
import type { RateLimiter } from './rate-limiter.ts';

/** The slots for concurrent calls. A call holds one from its admission to its end. */
export interface CallSlots {
  /** Whether a call may take a slot now. */
  decide(family: Family, waiters: Waiters): AdmissionDecision;
  /** Takes a slot; `decide` has allowed it. */
  acquire(family: Family): void;
  /** Gives a slot back. @param outcome undefined if the call was not sent, or its sending threw */
  release(family: Family, outcome: Outcome | undefined): void;
  /** Whether every slot is taken. */
  isFull(): boolean;
}

export interface CallSlotsOptions {
  /** Number of slots. */
  concurrency: number;
  breakers: Breakers;
  rateLimiter: RateLimiter;
}

export function createCallSlots({ concurrency, breakers, rateLimiter }: CallSlotsOptions): CallSlots {
  let inFlight = 0;
  const isFull = () => inFlight >= concurrency;

  return {
    isFull,
    decide(family, waiters) {
      if (!waiters.hasActive()) return { act: 'reject', error: abandonedError() };
      const nowMs = performance.now();
      return decideAdmission({
        openState: breakers.openStateOf(family, nowMs),
        rateLimitWaitMs: rateLimiter.waitMs(nowMs),
        hasCapacity: !isFull() && breakers.hasCapacity(family),
        timeLeftMs: waiters.deadlineMs() - nowMs,
      });
    },
    acquire(family) {
      const nowMs = performance.now();
      inFlight += 1;
      breakers.acquire(family, nowMs);
      rateLimiter.record(nowMs);
    },
    release(family, outcome) {
      inFlight -= 1;
      breakers.release(family, outcome, performance.now());
    },
  };
}

const abandonedError = () => new UpstreamTimeout('No client waits for this Spotify call any more.');
