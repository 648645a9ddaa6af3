import { setTimeout as sleep } from 'node:timers/promises';
import { getOrCreate } from '../../../maps.ts';
import type { Log } from '../../../observability/log.ts';
import type { SharedStore } from '../shared-state/shared-store.ts';
import type { CallScheduler, ScheduledCall } from '../transport/api-client.ts';
import type { Outcome } from '../transport/http.ts';
import { type Family, noopObserver, type Observer } from '../usage/observer.ts';
import type { Waiters } from '../usage/waiters.ts';
import { createAdmissionQueue } from './admission-queue.ts';
import type { OpenState } from './breakers/back-off.ts';
import { type Breakers, createBreakers } from './breakers/breakers.ts';
import { type CallPermit, createCallPermits } from './call-permits.ts';
import type { DailyQuota } from './daily/daily-quota.ts';
import { type FamilyQuota, familyQuotaOf } from './daily/quota-state.ts';
import { createRateLimiter, rateWindowMs } from './rate-limiter.ts';
import { createRetryBudget } from './retry-budget.ts';
import { createSlidingWindowCounter, type SlidingWindowCounter } from './sliding-window-counter.ts';

/** Every call to Spotify's Web API passes this queue: it is sent, waits, or is rejected at once. */
export interface RequestQueue extends CallScheduler, Pick<Breakers, 'isPremiumLapsed'> {
  /** Whether neither a back-off nor the daily limit rejects so many calls of the family now. */
  maySend(family: Family, calls: number): boolean;
  /** Calls of the family that wait for their turn, and are not counted yet. */
  queuedCalls(family: Family): number;
  /** The state of each family to which this process has sent a call. */
  report(): FamilyReport[];
  /**
   * The daily quota of each family with a counted call, a limit or a back-off of its own, also if another process caused it.
   * @param selected leaves out all other families
   */
  quota(selected?: ReadonlySet<Family>): FamilyQuota[];
  /** Resolves when no call is in flight, or after `ms`. */
  whenIdle(ms: number): Promise<void>;
  /** Rejects the queued calls, and all later ones: the process ends. */
  dispose(): void;
}

export interface FamilyReport {
  family: Family;
  /** Calls of this process in the last 30 s. */
  recentCalls: number;
  /** The back-off that applies; null for none. */
  openState: OpenState | null;
}

export interface RequestQueueOptions {
  /** Maximum calls in flight. */
  concurrency: number;
  /** The gateway's own limit on calls in any rolling 30 s; null to learn it. */
  rateLimit: number | null;
  dailyQuota: DailyQuota;
  /** Shares back-offs and the limit between processes; without it each process has its own. */
  store?: Pick<SharedStore, 'publish' | 'subscribe' | 'reserveRate'> | undefined;
  observer?: Observer;
  log?: Log;
}

const idleCheckMs = 10;

export function createRequestQueue(options: RequestQueueOptions): RequestQueue {
  const { rateLimit, dailyQuota, store, observer = noopObserver, log } = options;
  const breakers = createBreakers({ store, log, onOpen: () => admissions.drainAllSoon() });
  const rateLimiter = createRateLimiter({ limit: rateLimit, store });
  const permits = createCallPermits(options.concurrency, dailyQuota, breakers, rateLimiter);
  const admissions = createAdmissionQueue(permits, observer);
  const retryBudget = createRetryBudget();
  const recentCalls = createRecentCalls();
  const queuedCalls = new Map<Family, Set<unknown>>();
  const openStateOf = (family: Family) => breakers.openStateOf(family, performance.now());

  /**
   * Sends a call that has a permit; undefined if other processes have used up the rate limit or the quota, or if a back-off
   * has begun or every client has gone meanwhile.
   */
  async function sendWithPermit<T>(
    family: Family,
    waiters: Waiters,
    permit: CallPermit,
    call: ScheduledCall<T>,
  ): Promise<Outcome | undefined> {
    let isSent = false;
    try {
      const prepared = await call.prepare();
      // The rate limit first: if the call is not sent, its reservation expires after 30 s, not after 24 h as in the quota.
      if (!(await rateLimiter.reserveShared())) return undefined;
      const counted = await dailyQuota.reserve(family);
      queuedCalls.get(family)?.delete(call);
      if (!counted) return undefined;
      isSent = waiters.hasActive() && breakers.maySend(family, performance.now());
      if (!isSent) {
        counted.undo();
        counted.end();
        return undefined;
      }
      retryBudget.recordCall(performance.now());
      recentCalls.record(family);
      const outcome = await call.run(prepared).finally(counted.end);
      if (outcome.kind === 'fault' && outcome.isUnsent) counted.undo();
      await counted.stored;
      return outcome;
    } finally {
      if (!isSent) permit.undoRateCount();
    }
  }

  async function schedule<T>(family: Family, waiters: Waiters, call: ScheduledCall<T>): Promise<Outcome> {
    const queuedOfFamily = getOrCreate(queuedCalls, family, () => new Set()).add(call);
    let permit: CallPermit | undefined;
    let outcome: Outcome | undefined;
    try {
      permit = await admissions.admit(family, waiters, call.goesFirst);
      outcome = await sendWithPermit(family, waiters, permit, call);
    } finally {
      queuedOfFamily.delete(call);
      permit?.release(outcome);
      admissions.drainSoon();
    }
    // A call that was not sent has waited for its turn before.
    return outcome ?? schedule(family, waiters, { ...call, goesFirst: true });
  }

  return {
    schedule,
    queuedCalls: (family) => queuedCalls.get(family)?.size ?? 0,
    startBackOff(family, reason, waitMs, isQuotaStated) {
      if (reason === 'quota') {
        dailyQuota.recordRejection(family, { waitMs, isQuotaStated });
        observer.onQuotaRejected(family);
      }
      if (reason === 'rate') rateLimiter.recordRejection(dailyQuota.recentCalls());
      return breakers.startBackOff(family, reason, waitMs);
    },
    isPremiumLapsed: breakers.isPremiumLapsed,
    takeRetry: () => retryBudget.takeRetry(performance.now()),
    maySend: (family, calls) => openStateOf(family) === null && dailyQuota.stateOf(family).remaining >= calls,
    report: () => recentCalls.report().map((calls) => ({ ...calls, openState: openStateOf(calls.family) })),
    quota: (selected) =>
      dailyQuota
        .families()
        .filter((family) => selected?.has(family) ?? true)
        .map((family) => familyQuotaOf(family, dailyQuota.stateOf(family), openStateOf(family)))
        .filter(isReported),
    async whenIdle(ms) {
      // In slices, because a process that is busy for so long reads no response meanwhile.
      for (let waitedMs = 0; waitedMs < ms && !permits.isIdle(); waitedMs += idleCheckMs)
        await sleep(idleCheckMs);
    },
    dispose() {
      permits.close();
      admissions.dispose();
    },
  };
}

/** The calls of this process in the last 30 s by family, for metrics. */
function createRecentCalls() {
  const counters = new Map<Family, SlidingWindowCounter>();
  return {
    record: (family: Family): void =>
      getOrCreate(counters, family, () => createSlidingWindowCounter(rateWindowMs)).add(performance.now()),
    report: () =>
      Array.from(counters, ([family, counter]) => ({
        family,
        recentCalls: counter.total(performance.now()),
      })),
  };
}

/** An outage is not the back-off of a family: it may concern all of them. */
const isReported = ({ used, limit, backOffReason }: FamilyQuota): boolean =>
  used > 0 || limit !== null || backOffReason === 'quota' || backOffReason === 'rate';
