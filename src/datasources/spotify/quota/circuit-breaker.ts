import type { Outcome } from '../transport/http.ts';
import {
  type BackOffReason,
  isEdgeRefusal,
  isUnexplained404,
  type RejectionReason,
} from '../transport/retry.ts';
import { createSlidingWindowCounter } from './sliding-window-counter.ts';

/**
 * The way to one endpoint family: open, shut for a time, or being tried. It shuts when Spotify asks for
 * silence and when too many calls fail. After the silence one call goes alone; when that one is answered,
 * two may go, then four, until the door is open again.
 */
export interface CircuitBreaker {
  /** Why and for how many milliseconds no call may go; null when none of that stands in the way. */
  barred(nowMs: number): OpenState | null;
  /** Whether one more call may be under way; false while the one that tries the door is. */
  hasRoom(): boolean;
  enter(): void;
  /** Every call that entered leaves: answered, failed, or neither (refused for its number, never sent). */
  leave(result: CallResult, nowMs: number): void;
  /** @param waitMs the silence asked for; null when Spotify did not say */
  shut(reason: BackOffReason, waitMs: number | null, nowMs: number): void;
}

export interface OpenState {
  reason: RejectionReason;
  waitMs: number;
  /** What the wait was when it was asked for. */
  wholeWaitMs: number;
}

export type CallResult = 'answered' | 'failed' | 'neither';

const failureWindowMs = 10_000;
const failureMinimum = 20; // below that one bad minute of a rarely used endpoint would shut it
const failureShare = 0.5;
const firstShutMs = 5_000;
const longestGuessMs = 60_000; // without a word from Spotify, one call a minute tells whether it is back
const quotaGuessMs = 3_600_000; // a quota is a day's; an hour costs 24 tries of it
const fullRoom = 16; // after four doublings the way is as good as open
const probeWaitMs = 1_000; // the wait that clients are told while another call tries the door

export function createCircuitBreaker(): CircuitBreaker {
  const answered = createSlidingWindowCounter(failureWindowMs);
  const failed = createSlidingWindowCounter(failureWindowMs);
  let reason: BackOffReason | null = null; // null: open
  let shutAtMs = 0;
  let shutUntilMs = 0;
  let guesses = 0; // shuts in a row whose length we had to choose
  let room = Number.POSITIVE_INFINITY;
  let underWay = 0;

  function shut(why: BackOffReason, waitMs: number | null, nowMs: number): void {
    const alreadyShut = reason !== null && nowMs < shutUntilMs;
    if (waitMs === null && !alreadyShut && why !== 'quota') guesses += 1;
    const untilMs = nowMs + (waitMs ?? guess(why));
    if (alreadyShut && untilMs <= shutUntilMs) return;
    reason = why;
    shutAtMs = nowMs;
    shutUntilMs = untilMs;
    room = 1;
  }

  const guess = (why: BackOffReason): number =>
    why === 'quota' ? quotaGuessMs : Math.min(firstShutMs * 2 ** (guesses - 1), longestGuessMs);

  function widen(): void {
    room *= 2;
    if (room >= fullRoom) open();
  }

  function open(): void {
    reason = null;
    room = Number.POSITIVE_INFINITY;
    guesses = 0;
    answered.clear();
    failed.clear();
  }

  return {
    shut,
    barred(nowMs) {
      if (reason === null) return null;
      if (nowMs < shutUntilMs) {
        return { reason, waitMs: shutUntilMs - nowMs, wholeWaitMs: shutUntilMs - shutAtMs };
      }
      // A dead Spotify answers its probe late or never: nobody else waits for that.
      const probed = reason === 'unavailable' && room === 1 && underWay > 0;
      return probed ? { reason, waitMs: probeWaitMs, wholeWaitMs: probeWaitMs } : null;
    },
    hasRoom: () => underWay < room,
    enter() {
      underWay += 1;
    },
    leave(result, nowMs) {
      underWay -= 1;
      if (result === 'neither') return;
      const trying = reason !== null && nowMs >= shutUntilMs;
      if (result === 'answered') {
        answered.add(nowMs);
        if (trying) widen();
        return;
      }
      failed.add(nowMs);
      const failures = failed.total(nowMs);
      const calls = failures + answered.total(nowMs);
      const tooMany = calls >= failureMinimum && failures >= calls * failureShare;
      if (trying || (reason === null && tooMany)) shut('unavailable', null, nowMs);
    },
  };
}

/**
 * Any answer of Spotify shows that the way is open.
 * @param refusedFamilies endpoint families of which the edge has refused calls since Spotify last answered: where it
 * refuses one of them it is about that one, where it refuses several it is an outage
 */
export function connectionOutcome(outcome: Outcome | undefined, refusedFamilies: number): CallResult {
  if (!outcome) return 'neither';
  if (isNoAnswer(outcome)) return 'failed';
  if (outcome.kind === 'fault' || !isEdgeRefusal(outcome)) return 'answered';
  return refusedFamilies > 1 ? 'failed' : 'neither';
}

/** An endpoint fails by its 5xx, by a 404 that names no object and by a refusal of the edge; being refused for our number says nothing about its health. */
export function endpointOutcome(outcome: Outcome | undefined): CallResult {
  if (!outcome || isNoAnswer(outcome)) return 'neither';
  if (outcome.kind === 'fault') return 'answered';
  if (outcome.status === 429) return 'neither';
  const hasFailed = outcome.status >= 500 || isUnexplained404(outcome) || isEdgeRefusal(outcome);
  return hasFailed ? 'failed' : 'answered';
}

const isNoAnswer = (outcome: Outcome): boolean =>
  outcome.kind === 'fault' && outcome.fault !== 'too-large' && outcome.fault !== 'not-json';
