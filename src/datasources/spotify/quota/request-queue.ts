import type { GatewayError } from '../../../errors.ts';
import type { Log } from '../../../observability/log.ts';
import type { SharedState } from '../shared-state/shared-state.ts';
import type { Outcome } from '../transport/http.ts';
import { type BackOffReason, backOffError } from '../transport/retry.ts';
import type { Waiters } from '../usage/field-context.ts';
import { noopObserver, type Observer } from '../usage/observer.ts';
import { createAdmissionQueue } from './admission-queue.ts';
import { createBreakers } from './breakers.ts';
import { createCallSlots } from './call-slots.ts';
import { createCallStats, type FamilyCalls } from './call-stats.ts';
import type { OpenState } from './circuit-breaker.ts';
import type { Family } from './families.ts';
import { createRateLimiter } from './rate-limiter.ts';
import { createRetryBudget } from './retry-budget.ts';
import { publishBackOff, subscribeToBackOffs } from './shared-back-off.ts';

/** Every call to Spotify's Web API passes this queue: it is sent, waits, or is rejected at once. */
export interface RequestQueue {
  /**
   * Sends one call as soon as limits and back-offs allow. Operations take turns; the calls of one operation keep
   * their order.
   * @throws GatewayError as soon as it is clear that the call cannot be sent in time
   */
  schedule<T>(family: Family, waiters: Waiters, call: ScheduledCall<T>): Promise<Outcome>;
  /**
   * Starts a back-off of one family, in all processes.
   * @param waitMs null if Spotify named no time
   * @returns the error for requests that need the family meanwhile
   */
  backOff(family: Family, reason: BackOffReason, waitMs: number | null): GatewayError;
  /** Whether Spotify rejects all calls because the Premium subscription of the app's owner has lapsed. */
  isPremiumLapsed(): boolean;
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
  sharedState?: SharedState | undefined;
  observer?: Observer;
  log?: Log;
}

export function createRequestQueue(options: RequestQueueOptions): RequestQueue {
  const { concurrency, rateLimit, sharedState, observer = noopObserver, log } = options;
  const breakers = createBreakers({ sharedState, log, onOpen: () => admissions.drainAllSoon() });
  const rateLimiter = createRateLimiter(rateLimit, sharedState);
  const slots = createCallSlots({ concurrency, breakers, rateLimiter });
  const admissions = createAdmissionQueue(slots, observer);
  const callStats = createCallStats();
  const retryBudget = createRetryBudget();

  /** Sends a call that has a slot; undefined if other processes have used up the rate limit. */
  async function send<T>(family: Family, call: ScheduledCall<T>): Promise<Outcome | undefined> {
    let isSent = false;
    try {
      const prepared = await call.prepare();
      if (!(await rateLimiter.reserveShared())) return undefined;
      isSent = true;
      const nowMs = performance.now();
      callStats.add(family, nowMs);
      retryBudget.addCall(nowMs);
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

  function startBackOff(family: Family, reason: BackOffReason, askedWaitMs: number | null): number {
    const waitMs = breakers.trip(family, reason, askedWaitMs, performance.now());
    admissions.drain();
    return waitMs;
  }

  if (sharedState) {
    subscribeToBackOffs(sharedState, ({ family, reason, waitMs }) => startBackOff(family, reason, waitMs));
  }

  return {
    schedule,
    backOff(family, reason, askedWaitMs) {
      const waitMs = startBackOff(family, reason, askedWaitMs);
      if (sharedState) publishBackOff(sharedState, { family, reason, waitMs });
      return backOffError(reason, waitMs);
    },
    isPremiumLapsed: breakers.isPremiumLapsed,
    takeRetry: () => retryBudget.takeRetry(performance.now()),
    report() {
      const nowMs = performance.now();
      const openStateOf = (family: Family) => breakers.openStateOf(family, nowMs);
      return callStats.report(nowMs).map((calls) => ({ ...calls, openState: openStateOf(calls.family) }));
    },
    dispose: admissions.dispose,
  };
}
