import { epochMs } from '../../../../observability/clock.ts';
import type { Log } from '../../../../observability/log.ts';
import { families } from '../../kinds/index.ts';
import { dayMs } from '../../kinds/kind.ts';
import type { SharedStore } from '../../shared-state/shared-store.ts';
import type { Family } from '../../usage/observer.ts';
import { rateWindowMs } from '../rate-limiter.ts';
import { createSlidingWindowCounter } from '../sliding-window-counter.ts';
import {
  createDailyLimits,
  type DailyLimits,
  type DailyLimitsOptions,
  explainsRejection,
  type QuotaRejection,
} from './daily-limits.ts';
import type { QuotaState } from './quota-state.ts';
import { type CountedCall, createSharedCounters } from './shared-counters.ts';
import { createLossLog, createUseLog } from './use-log.ts';

/** The calls of the last 24 h by endpoint family, in all processes, and the limits of these calls. */
export interface DailyQuota {
  /** For decisions: without I/O, from the counts of this process. */
  stateOf(family: Family): QuotaState;
  /** The families of the Web API, and those with a configured or learned limit. */
  families(): Family[];
  /** Counts a call that is about to be sent; null if the limit is used up. */
  reserve(family: Family): Promise<CallInFlight | null>;
  /**
   * Spotify has rejected a call because the quota of its family is used up: the number of accepted calls becomes the
   * limit if the counted calls explain the rejection (see `explainsRejection`). Otherwise only the back-off applies.
   */
  recordRejection(family: Family, rejection: QuotaRejection): void;
  /** Calls of all families in the last 30 s, in all processes as far as this process knows. */
  recentCalls(): number;
  /** Resolves when the counts of the other processes have arrived, or the store does not respond. */
  whenSynced(): Promise<void>;
  dispose(): void;
}

export interface CallInFlight extends CountedCall {
  end(): void;
}

export interface DailyQuotaOptions extends Partial<DailyLimitsOptions> {
  /** Shares counts and learned limits between processes and keeps them across restarts. */
  store?:
    | Pick<SharedStore, 'reserveCall' | 'whenSynced' | 'publish' | 'publishAgain' | 'subscribe'>
    | undefined;
  log?: Log | undefined;
}

const renewMs = 3_600_000; // the store deletes a message after 8 days
const rejectedPrefix = 'rejected:'; // names the counter of the calls that Spotify has rejected for the quota

export function createDailyQuota(options: DailyQuotaOptions = {}): DailyQuota {
  const { configured = new Map(), isDevelopmentMode = () => false, store, log, clock = epochMs } = options;
  const recent = createSlidingWindowCounter(rateWindowMs);
  const inFlight = new Map<Family, number>();
  const rejections = new Map<Family, QuotaRejection>(); // while other calls are in flight
  const logUse = createUseLog(log);
  const logLoss = createLossLog(log);
  const limits = createDailyLimits({ configured, isDevelopmentMode, store, clock });
  const counts = createSharedCounters({
    store,
    clock,
    names: [...new Set([...families, ...configured.keys()])],
    isLimited: (family) => limits.of(family, counts.nowMs()).usable !== Number.POSITIVE_INFINITY,
    onCalls(name, calls) {
      if (!name.startsWith(rejectedPrefix)) recent.add(performance.now(), calls);
    },
    onLoss() {
      logLoss();
      store?.publishAgain();
    },
  });
  const renewTimer = setInterval(() => limits.publish(counts.nowMs()), renewMs).unref();

  function stateOf(family: Family): QuotaState {
    const nowMs = counts.nowMs();
    const { limit, source, usable } = limits.of(family, nowMs);
    const counters = counts.of(family);
    const used = counters.total(nowMs);
    const remaining = Math.max(0, usable - used);
    return {
      used,
      limit,
      limitSource: source,
      remaining,
      usedShare: limit === null ? 0 : used / limit,
      get resetAtMs() {
        const resetAtMs = counters.expiryMs(remaining > 0 ? 1 : used - usable + 1, nowMs);
        // Counters expire some minutes later than their calls, but no client waits longer than Spotify's day.
        return resetAtMs === null ? null : Math.min(resetAtMs - nowMs, dayMs) + epochMs();
      },
    };
  }

  /** Learns when all calls that were in flight have ended: only then it is known how many Spotify has accepted. */
  async function learn(family: Family): Promise<void> {
    const rejection = rejections.get(family);
    if (!rejection || (inFlight.get(family) ?? 0) > 0) return;
    rejections.delete(family);
    await Promise.all([counts.refresh(rejectedPrefix + family), counts.refresh(family)]);
    const nowMs = counts.nowMs();
    const accepted = counts.of(family).total(nowMs) - counts.of(rejectedPrefix + family).total(nowMs);
    if (limits.of(family, nowMs).source === 'CONFIGURED') return;
    const oldestMs = counts.of(family).oldestMs(nowMs);
    if (!explainsRejection({ ...rejection, family, accepted, oldestMs, nowMs }))
      return limits.recordUnexplained(family, nowMs);
    const isFirst = limits.learn(family, accepted, nowMs);
    if (isFirst) log?.warn({ family, limit: accepted }, learnedMessage(family, limits, nowMs));
  }

  function end(family: Family): void {
    inFlight.set(family, (inFlight.get(family) ?? 0) - 1);
    if (rejections.has(family)) setImmediate(() => void learn(family)); // a rejection of this call is recorded first
  }

  return {
    stateOf,
    families: () => [...new Set([...families, ...limits.families(counts.nowMs())])],
    async reserve(family) {
      const { usable } = limits.of(family, counts.nowMs());
      const isLimited = usable !== Number.POSITIVE_INFINITY;
      const counted = isLimited ? await counts.addBelowLimit(family, usable) : counts.add(family);
      logUse(family, stateOf(family));
      if (!counted) return null;
      inFlight.set(family, (inFlight.get(family) ?? 0) + 1);
      return { ...counted, end: () => end(family) };
    },
    recordRejection(family, rejection) {
      counts.add(rejectedPrefix + family);
      rejections.set(family, rejection);
      void learn(family);
    },
    recentCalls: () => recent.total(performance.now()),
    whenSynced: counts.whenSynced,
    dispose() {
      clearInterval(renewTimer);
      counts.dispose();
    },
  };
}

function learnedMessage(family: Family, limits: DailyLimits, nowMs: number): string {
  const limitOf = (name: Family) => limits.of(name, nowMs).limit;
  const limitTexts = limits
    .families(nowMs)
    .map((name) => `${name}=${limitOf(name)}`)
    .join();
  return `Spotify rejected a call: the daily limit of ${family} is ${limitOf(family)} calls. Cached data is still served; SPOTIFY_DAILY_LIMITS=${limitTexts} avoids such rejections`;
}
