import { epochMs } from '../../../observability/clock.ts';
import { type Message, subscribeTo } from '../shared-state/messages.ts';
import type { SharedStore } from '../shared-state/shared-store.ts';

export type RateLimiter = ReturnType<typeof createRateLimiter>;

export interface RateLimiterOptions {
  /** Maximum calls in any 30 s that the operator has set; null to learn it from Spotify's rejections. */
  limit: number | null;
  /** Shares the limit between processes; without it each process has the whole limit. */
  store?: Pick<SharedStore, 'publish' | 'subscribe' | 'reserveRate'> | undefined;
}

/** The limit that was learned from a rejection. */
export interface LearnedRate {
  /** Calls in 30 s that were allowed from then on. */
  limit: number;
  /** Calls in 30 s that Spotify rejected. */
  rejectedCalls: number;
  /** Milliseconds of the epoch. */
  learnedAtMs: number;
}

/** The window of Spotify's rate limit. */
export const rateWindowMs = 30_000;
// Spotify counts 30 s by its own clock: two calls that are 30 s apart here may be a little closer there.
const safeWindowMs = rateWindowMs + 500;
const decreaseFactor = 0.8;
const minLimit = 30; // a call a second: a rejection after fewer has another cause
const forgottenFactor = 2; // at twice the rejected rate the limit has been too low for a long time
const maxCalls = 1_000_000;
const topic = 'rate-limit';

/** The gateway's own limit on calls, kept in every span of 30 s (a rolling window). */
export function createRateLimiter({ limit: configured, store }: RateLimiterOptions) {
  const sentAtMs: number[] = []; // the calls of the window, oldest first
  let blockedUntilMs = 0; // by the calls of other processes
  let learned: LearnedRate | null = null;

  const currentLimit = () => configured ?? (learned && raisedRate(learned, epochMs()));

  subscribeTo(store, topic, (message) => {
    const received = parseLearnedRate(message, epochMs());
    if (received && received.learnedAtMs >= (learned?.learnedAtMs ?? 0)) learned = received;
  });

  return {
    /** Milliseconds until one more call may be sent; 0 if it may be sent now. */
    waitMs(nowMs: number): number {
      const limit = currentLimit();
      if (limit === null) return 0;
      const lastThatCountsMs = sentAtMs[sentAtMs.length - limit];
      const windowEndMs = lastThatCountsMs === undefined ? 0 : lastThatCountsMs + safeWindowMs;
      return Math.max(0, windowEndMs - nowMs, blockedUntilMs - nowMs);
    },
    /** Counts one call of this process. Returns the function that undoes that, for a call that is not sent. */
    record(nowMs: number): () => void {
      sentAtMs.push(nowMs);
      const expired = sentAtMs.findIndex((atMs) => atMs > nowMs - safeWindowMs);
      if (expired > sentAtMs.length / 2) sentAtMs.splice(0, expired);
      return () => {
        const index = sentAtMs.lastIndexOf(nowMs);
        if (index !== -1) sentAtMs.splice(index, 1);
      };
    },
    /** Counts the recorded call with the other processes; false if their calls have used up the limit. */
    async reserveShared(): Promise<boolean> {
      const limit = currentLimit();
      const waitMs = limit === null ? 0 : ((await store?.reserveRate(limit, safeWindowMs)) ?? 0);
      if (waitMs === 0) return true;
      blockedUntilMs = performance.now() + waitMs;
      return false;
    },
    /**
     * Learns a limit of the calls from now on, because Spotify has rejected a call for its rate.
     * @param calls calls of the last 30 s, in all processes
     */
    recordRejection(calls: number): void {
      if (configured !== null) return;
      const newlyLearned = learnRate(calls, epochMs());
      if (!newlyLearned) return;
      learned = newlyLearned;
      // Spotify's Retry-After states when the earlier calls no longer matter.
      sentAtMs.length = 0;
      store?.publish(topic, learned);
    },
  };
}

/** The limit after a rejection: four fifths of the calls. Null if they are too few to be the cause. */
export const learnRate = (calls: number, nowMs: number): LearnedRate | null =>
  calls < minLimit
    ? null
    : {
        limit: Math.max(minLimit, Math.floor(calls * decreaseFactor)),
        rejectedCalls: calls,
        learnedAtMs: nowMs,
      };

/** A learned limit rises by one for each 30 s without a rejection; null when it has risen so far that it is forgotten. */
export function raisedRate({ limit, rejectedCalls, learnedAtMs }: LearnedRate, nowMs: number): number | null {
  const raised = limit + Math.max(0, Math.floor((nowMs - learnedAtMs) / rateWindowMs));
  return raised > rejectedCalls * forgottenFactor ? null : raised;
}

/** Null for a message that no gateway has sent. */
function parseLearnedRate({ limit, rejectedCalls, learnedAtMs }: Message, nowMs: number): LearnedRate | null {
  const isCount = (value: unknown): value is number =>
    Number.isInteger(value) && (value as number) >= minLimit && (value as number) <= maxCalls;
  if (!isCount(limit) || !isCount(rejectedCalls) || typeof learnedAtMs !== 'number') return null;
  return { limit, rejectedCalls, learnedAtMs: Math.min(learnedAtMs, nowMs) };
}
