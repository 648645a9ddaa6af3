import { families, presumedDailyLimits } from '../../kinds/index.ts';
import { dayMs } from '../../kinds/kind.ts';
import { type Message, subscribeTo } from '../../shared-state/messages.ts';
import type { SharedStore } from '../../shared-state/shared-store.ts';
import type { Family } from '../../usage/observer.ts';
import { bucketMs } from './day-buckets.ts';

/** Set by the operator, learned from a rejection by Spotify, presumed for an app in development mode, or unknown. */
export type LimitSource = 'CONFIGURED' | 'LEARNED' | 'PRESUMED' | 'NONE';

/** A limit of the calls in any 24 h. */
interface DailyLimit {
  limit: number | null;
  source: LimitSource;
  /** Calls that may be sent: the last 2 % of the limit (at least one call) stay unused. Infinity if it is not enforced. */
  usable: number;
}

export type DailyLimits = ReturnType<typeof createDailyLimits>;

export interface DailyLimitsOptions {
  /** Limits that the operator has set; the others are learned. */
  configured: ReadonlyMap<Family, number>;
  /** Whether the app is known to be in development mode, for which limits are presumed. */
  isDevelopmentMode: () => boolean;
  store?: Pick<SharedStore, 'publish' | 'subscribe'> | undefined;
  /** Milliseconds of the epoch, by a clock that never jumps while the process runs. */
  clock: () => number;
}

/** The calls that Spotify had accepted in the 24 h before it rejected one. */
export interface LearnedLimit {
  limit: number;
  /** Milliseconds of the epoch. */
  learnedAtMs: number;
}

/** At least one call of a limit stays unused: a lower limit would allow none. */
export const minDailyLimit = 2;
const unusedShare = 0.02; // other calls of the app, and counts that were lost, must not exceed the limit
const raiseAfterMs = 7 * dayMs; // Spotify changes limits without notice; a limit that is raised too far costs one rejection
const raiseShare = 0.05;
const plausibleShare = 0.5; // of the presumed limit
const plausibleWithoutPresumed = 10;
const burstMs = 30_000; // rejections of concurrent calls
const maxLimit = 10_000_000;
const noLimit = 0; // in a message: the limit learned before was wrong
const subject = 'daily-limit';

/** The daily limits of the endpoint families, shared by all processes and kept across restarts. */
export function createDailyLimits(options: DailyLimitsOptions) {
  const { configured, isDevelopmentMode, store } = options;
  const learned = new Map<Family, LearnedLimit>();

  function limitOf(family: Family, nowMs: number): [limit: number | null, source: LimitSource] {
    const configuredLimit = configured.get(family);
    if (configuredLimit !== undefined) return [configuredLimit, 'CONFIGURED'];
    const learnedLimit = learnedOf(family, nowMs);
    if (learnedLimit) return [learnedLimit.limit, 'LEARNED'];
    const presumed = presumedDailyLimits.get(family);
    return presumed === undefined || !isDevelopmentMode() ? [null, 'NONE'] : [presumed, 'PRESUMED'];
  }

  /** The learned limit as it is now. After a week an implausibly low limit is not raised: it is forgotten. */
  function learnedOf(family: Family, nowMs: number): LearnedLimit | undefined {
    const learnedLimit = learned.get(family);
    if (!learnedLimit || learnedLimit.limit === noLimit) return undefined;
    const raised = raisedLimit(learnedLimit, nowMs);
    const isForgotten = raised.limit !== learnedLimit.limit && learnedLimit.limit < plausibleCalls(family);
    return isForgotten ? undefined : raised;
  }

  /** Whether a limit of the family was learned from rejections at the same time. */
  function isSameBurst(family: Family, nowMs: number): boolean {
    const before = learned.get(family);
    return before !== undefined && before.limit !== noLimit && nowMs - before.learnedAtMs < burstMs;
  }

  /** Sets the limit in this process and in the others. */
  function replace(family: Family, learnedLimit: LearnedLimit): void {
    learned.set(family, learnedLimit);
    store?.publish(`${subject}:${family}`, learnedLimit);
  }

  subscribeTo(store, subject, (message, family) => {
    if (!families.includes(family) && !configured.has(family)) return;
    const received = parseLearnedLimit(message, options.clock());
    if (received && received.learnedAtMs >= (learned.get(family)?.learnedAtMs ?? 0))
      learned.set(family, received);
  });

  return {
    of(family: Family, nowMs: number): DailyLimit {
      const [limit, source] = limitOf(family, nowMs);
      const isEnforced = limit !== null && source !== 'PRESUMED';
      return { limit, source, usable: isEnforced ? usableCalls(limit) : Number.POSITIVE_INFINITY };
    },
    /** Families with a configured or learned limit. */
    families: (nowMs: number): Family[] =>
      [...new Set([...configured.keys(), ...learned.keys()])].filter(
        (family) => configured.has(family) || learnedOf(family, nowMs),
      ),
    /** Sets the learned limit of a family. Returns false for further rejections at the same time. */
    learn(family: Family, limit: number, nowMs: number): boolean {
      const isFirst = !isSameBurst(family, nowMs);
      replace(family, { limit, learnedAtMs: nowMs });
      return isFirst;
    },
    /**
     * A rejection that the counted calls do not explain. A limit that was learned from rejections at the same time is
     * forgotten. An older one is not raised for another week; an implausibly low one keeps its time, and so is forgotten.
     */
    recordUnexplained(family: Family, nowMs: number): void {
      const before = learnedOf(family, nowMs);
      if (isSameBurst(family, nowMs)) replace(family, { limit: noLimit, learnedAtMs: nowMs });
      else if (before && before.limit >= plausibleCalls(family))
        // Older than this burst, also by the clock of a process that is late.
        replace(family, { limit: before.limit, learnedAtMs: nowMs - 2 * burstMs });
    },
    /** Publishes the learned limits, as they are raised by now, before the store deletes their messages. */
    publish(nowMs: number): void {
      for (const family of [...learned.keys()]) {
        const learnedLimit = learnedOf(family, nowMs);
        if (learnedLimit) replace(family, learnedLimit);
      }
    },
  };
}

/** A rejection by Spotify because the quota of a family is used up. */
export interface QuotaRejection {
  /** Spotify's Retry-After in milliseconds; null if there is none. */
  waitMs: number | null;
  /** Whether Spotify names the quota as the cause; by default it does. Otherwise only the length of the wait shows it. */
  isQuotaStated?: boolean | undefined;
}

/** A rejection, and the calls of its family that are counted. Times are milliseconds of the epoch. */
interface CountedRejection extends QuotaRejection {
  family: Family;
  /** Calls of the last 24 h that Spotify has accepted. */
  accepted: number;
  /** When the oldest of these calls was sent. */
  oldestMs: number | null;
  nowMs: number;
}

/**
 * Whether the counted calls explain the rejection. Otherwise other calls may have used the quota: those of another app of the
 * account, or those before the counts began. Or the rejection has another cause, if Spotify does not name the quota.
 */
export function explainsRejection(rejection: CountedRejection): boolean {
  const { family, accepted, oldestMs, waitMs, isQuotaStated = true, nowMs } = rejection;
  if (isQuotaStated && accepted >= plausibleCalls(family)) return true;
  if (waitMs === null || oldestMs === null || accepted < minDailyLimit) return false;
  // A call is available again when the oldest one that Spotify counts is a day old.
  return nowMs + waitMs - dayMs >= oldestMs - bucketMs;
}

/** The fewest calls after which a rejection is plausible. After fewer calls another app may have used the quota. */
function plausibleCalls(family: Family): number {
  const presumed = presumedDailyLimits.get(family);
  return presumed === undefined ? plausibleWithoutPresumed : presumed * plausibleShare;
}

/** The calls of a limit that may be sent. */
export const usableCalls = (limit: number): number =>
  Math.max(0, limit - Math.max(1, Math.ceil(limit * unusedShare)));

/** A learned limit after the weeks since then: each without a rejection raises it by 5 %, at least by one. */
export function raisedLimit({ limit, learnedAtMs }: LearnedLimit, nowMs: number): LearnedLimit {
  const weeks = Math.max(0, Math.floor((nowMs - learnedAtMs) / raiseAfterMs));
  let raised = limit;
  for (let week = 0; week < weeks && raised < maxLimit; week++) {
    raised += Math.max(1, Math.floor(raised * raiseShare));
  }
  return { limit: raised, learnedAtMs: learnedAtMs + weeks * raiseAfterMs };
}

const isLimit = (limit: number): boolean =>
  Number.isInteger(limit) && limit >= minDailyLimit && limit <= maxLimit;

/** Null for a message that no gateway has sent. */
function parseLearnedLimit({ limit, learnedAtMs }: Message, nowMs: number): LearnedLimit | null {
  if (typeof learnedAtMs !== 'number') return null;
  if (typeof limit !== 'number' || (limit !== noLimit && !isLimit(limit))) return null;
  return { limit, learnedAtMs: Math.min(learnedAtMs, nowMs) };
}
