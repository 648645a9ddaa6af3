import { epochMs } from '../../../observability/clock.ts';
import type { Log } from '../../../observability/log.ts';
import type { SharedState } from '../shared-state/shared-state.ts';
import type { Outcome } from '../transport/http.ts';
import { isEdgeRefusal, isPremiumLapsed, isUnexplained404 } from '../transport/retry.ts';
import type { OpenState } from './circuit-breaker.ts';

/**
 * Spotify serves an app of which the owner's Premium subscription has lapsed nothing at all. This breaker stops every
 * call of such an app and lets one call a minute through, until one is served; then all calls go at once.
 */
export interface PremiumBreaker {
  /** Whether Spotify has stated it, and has not served a call since. */
  isLapsed(): boolean;
  /** Why and for how many milliseconds no call may be sent; null when one may. */
  barred(nowMs: number): OpenState | null;
  /** False while the call of the minute is under way: whether others may follow is known when it has ended. */
  hasCapacity(): boolean;
  /** A call is sent. */
  enter(nowMs: number): void;
  /** A call has ended; without an outcome it was not sent. */
  leave(outcome: Outcome | undefined, nowMs: number): void;
}

export interface PremiumBreakerOptions {
  /** By which processes share that it has lapsed, and that it is paid again. */
  sharedState?: SharedState | undefined;
  log?: Log | undefined;
  /** Called when calls that wait are to be refused. */
  onRefusal: () => void;
}

const backOffMs = 60_000; // Spotify speaks of hours: a call a minute notices the end soon enough
const yieldMs = 2_000; // a process that was told leaves the next call to the process that told it
const longestToldMs = 2 * backOffMs; // other processes cannot stop this one for longer
const topic = 'premium';
const saysNothing = new Set([401, 403, 408, 425, 429]); // statuses that an app gets whether it is served or not

export function createPremiumBreaker({ sharedState, log, onRefusal }: PremiumBreakerOptions): PremiumBreaker {
  let isLapsed = false;
  let isTrying = false; // whether the call of the minute is under way
  let nextCallAtMs = 0;
  let toldUntilMs = 0;

  function lapse(untilMs: number): void {
    nextCallAtMs = Math.max(nextCallAtMs, untilMs);
    onRefusal();
    if (isLapsed) return;
    isLapsed = true;
    const cause = "the Premium subscription of the app's owner has lapsed";
    log?.warn({ reason: 'premium-lapsed' }, `Spotify serves no calls of this app: ${cause}`);
  }

  function end(): void {
    if (!isLapsed) return;
    isLapsed = false;
    nextCallAtMs = 0;
    log?.info({ reason: 'premium-lapsed' }, 'Spotify serves calls of this app again');
  }

  function tell(untilMs: number): void {
    toldUntilMs = untilMs;
    sharedState?.publish(topic, { untilMs });
  }

  sharedState?.subscribe((about, fact) => {
    const { untilMs } = (fact ?? {}) as { untilMs?: unknown };
    if (about !== topic || typeof untilMs !== 'number' || untilMs === toldUntilMs) return;
    const waitMs = Math.min(untilMs - epochMs(), longestToldMs);
    if (untilMs === 0) end();
    else if (waitMs > 0) lapse(performance.now() + waitMs + yieldMs);
  });

  return {
    isLapsed: () => isLapsed,
    barred(nowMs) {
      const waitMs = nextCallAtMs - nowMs;
      return isLapsed && !isTrying && waitMs > 0
        ? { reason: 'premium-lapsed', waitMs, wholeWaitMs: backOffMs }
        : null;
    },
    hasCapacity: () => !isTrying,
    enter(nowMs) {
      if (!isLapsed) return;
      isTrying = true;
      nextCallAtMs = nowMs + backOffMs; // however it ends
    },
    leave(outcome, nowMs) {
      const hasTried = isTrying;
      isTrying = false;
      if (outcome?.kind === 'answer' && isPremiumLapsed(outcome)) {
        lapse(nowMs + backOffMs);
        tell(epochMs() + backOffMs);
      } else if (hasTried && isServed(outcome)) {
        end();
        tell(0);
      } else if (hasTried && isToRepeat(outcome)) {
        nextCallAtMs = nowMs;
      } else if (hasTried) {
        onRefusal();
      }
    },
  };
}

/** Whether the outcome shows that Spotify serves this app. */
const isServed = (outcome: Outcome | undefined): boolean =>
  outcome?.kind === 'answer' &&
  outcome.status < 500 &&
  !saysNothing.has(outcome.status) &&
  !isUnexplained404(outcome);

/**
 * Whether another call may be sent at once: this one was not sent, or its token is rejected, or it asked for something
 * that the app may not have anyway, such as a batch.
 */
const isToRepeat = (outcome: Outcome | undefined): boolean =>
  outcome === undefined ||
  (outcome.kind === 'answer' &&
    (outcome.status === 401 || outcome.status === 403) &&
    !isEdgeRefusal(outcome));
