import { UpstreamTimeout } from '../../../errors.ts';
import type { Log } from '../../../observability/log.ts';
import type { SharedStore } from '../shared-state/shared-store.ts';
import type { Outcome } from '../transport/http.ts';
import type { Waiters } from '../usage/field-context.ts';
import { noopObserver, type Observer } from '../usage/observer.ts';
import { decideAdmission } from './admission.ts';
import { type CallSlots, createAdmissionQueue } from './admission-queue.ts';
import { type Breakers, createBreakers } from './breakers.ts';
import { createCallCounts, type FamilyCalls } from './call-counts.ts';
import type { OpenState } from './circuit-breaker.ts';
import type { Family } from './families.ts';
import { createRateLimiter, type RateLimiter } from './rate-limiter.ts';

/** Every call to Spotify's Web API passes this queue: it is sent, waits, or is rejected at once. */
export interface RequestQueue extends Pick<Breakers, 'backOff' | 'isPremiumLapsed'> {
  /**
   * Sends one call as soon as limits and back-offs allow. Operations take turns; the calls of one operation keep
   * their order.
   * @throws GatewayError as soon as it is clear that the call cannot be sent in time
   */
  schedule<T>(family: Family, waiters: Waiters, call: ScheduledCall<T>): Promise<Outcome>;
  /** Whether one more retry keeps to the share of calls that may be retries; counts it if so. */
  takeRetry(): boolean;
  /** The state of each family of which a call was sent. */
  report(): FamilyReport[];
  dispose(): void;
}

export interface ScheduledCall<T> {
  /** Gets what the call needs, such as the token, when its turn has come. If it throws, nothing is sent or counted. */
  prepare(): Promise<T>;
  send(prepared: T): Promise<Outcome>;
}

export interface FamilyReport extends FamilyCalls {
  /** The back-off that applies; null for none. */
  openState: OpenState | null;
}

export interface RequestQueueOptions {
  /** Maximum calls in flight. */
  concurrency: number;
  /** The gateway's own limit on calls in any rolling 30 s; null for none. */
  rateLimit: number | null;
  /** Shares back-offs and the limit between processes; without it each process has its own. */
  sharedState?: Pick<SharedStore, 'publish' | 'subscribe' | 'reserveRate'> | undefined;
  observer?: Observer;
  log?: Log;
}

export function createRequestQueue(options: RequestQueueOptions): RequestQueue {
  const { concurrency, rateLimit, sharedState, observer = noopObserver, log } = options;
  const breakers = createBreakers({ sharedState, log, onOpen: () => admissions.drainAllSoon() });
  const rateLimiter = createRateLimiter(rateLimit, sharedState);
  const slots = createCallSlots(concurrency, breakers, rateLimiter);
  const admissions = createAdmissionQueue(slots, observer);
  const callCounts = createCallCounts();

  /** Sends a call that has a slot; undefined if other processes have used up the rate limit. */
  async function send<T>(family: Family, call: ScheduledCall<T>): Promise<Outcome | undefined> {
    let isSent = false;
    try {
      const prepared = await call.prepare();
      if (!(await rateLimiter.reserveShared())) return undefined;
      isSent = true;
      callCounts.add(family, performance.now());
      return await call.send(prepared);
    } finally {
      if (!isSent) rateLimiter.cancel();
    }
  }

  async function schedule<T>(family: Family, waiters: Waiters, call: ScheduledCall<T>): Promise<Outcome> {
    await admissions.admit(family, waiters);
    let outcome: Outcome | undefined;
    try {
      outcome = await send(family, call);
    } finally {
      slots.release(family, outcome);
      admissions.drainSoon();
    }
    return outcome ?? schedule(family, waiters, call);
  }

  return {
    schedule,
    backOff: breakers.backOff,
    isPremiumLapsed: breakers.isPremiumLapsed,
    takeRetry: () => callCounts.takeRetry(performance.now()),
    report() {
      const nowMs = performance.now();
      const openStateOf = (family: Family) => breakers.openStateOf(family, nowMs);
      return callCounts.report(nowMs).map((calls) => ({ ...calls, openState: openStateOf(calls.family) }));
    },
    dispose: admissions.dispose,
  };
}

/** @param concurrency number of slots */
function createCallSlots(concurrency: number, breakers: Breakers, rateLimiter: RateLimiter): CallSlots {
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
