import type { BackOffReason, RejectionReason } from '../../transport/upstream-errors.ts';

/** Why no call may be sent now, and for how long. */
export interface OpenState {
  reason: RejectionReason;
  /** Milliseconds that are left of the back-off. */
  waitMs: number;
  /** Length of the whole back-off, in milliseconds. */
  totalWaitMs: number;
}

/** A back-off that has started; times are by `performance.now()`. */
interface BackOff {
  reason: BackOffReason;
  startedAtMs: number;
  endsAtMs: number;
}

const firstDefaultMs = 5_000;
const maxDefaultMs = 60_000; // one call a minute finds the end of an outage
const quotaDefaultMs = 3_600_000; // a quota is counted over a day; trying every hour costs at most 24 calls

/**
 * Measures back-offs. If Spotify names no time, a back-off lasts 5 s, and each such back-off after it twice as long, up to a
 * minute.
 */
export function createBackOffTimer() {
  let latest: BackOff | null = null;
  let defaultBackOffs = 0; // in succession, without a time from Spotify

  const isActive = (nowMs: number): boolean => latest !== null && nowMs < latest.endsAtMs;

  return {
    /** The back-off that has started last, also after its end; null after `forget`. */
    latest: (): BackOff | null => latest,
    isActive,
    /** The active back-off; null for none. */
    openState(nowMs: number): OpenState | null {
      if (!latest || !isActive(nowMs)) return null;
      const { reason, startedAtMs, endsAtMs } = latest;
      return { reason, waitMs: endsAtMs - nowMs, totalWaitMs: endsAtMs - startedAtMs };
    },
    /**
     * Starts a back-off unless the active one ends later.
     * @param waitMs the time that Spotify has named; null if it named none
     * @returns whether it has started
     */
    start(reason: BackOffReason, waitMs: number | null, nowMs: number): boolean {
      // Rejections of concurrent calls count as one, but there may have been none without a time yet.
      const isRepeated = isActive(nowMs) && defaultBackOffs > 0;
      if (waitMs === null && !isRepeated && reason !== 'quota') defaultBackOffs += 1;
      const endsAtMs = nowMs + (waitMs ?? defaultMs(reason, defaultBackOffs));
      if (latest && isActive(nowMs) && endsAtMs <= latest.endsAtMs) return false;
      latest = { reason, startedAtMs: nowMs, endsAtMs };
      return true;
    },
    /** The next back-off without a time is the first one of a series. */
    endSeries(): void {
      defaultBackOffs = 0;
    },
    /** Spotify serves all calls again: the state is that of a new timer. */
    forget(): void {
      latest = null;
      defaultBackOffs = 0;
    },
  };
}

/** @param count how many back-offs in succession had no time from Spotify, with this one */
const defaultMs = (reason: BackOffReason, count: number): number =>
  reason === 'quota' ? quotaDefaultMs : Math.min(firstDefaultMs * 2 ** (count - 1), maxDefaultMs);
