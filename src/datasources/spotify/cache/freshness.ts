import { epochMs } from '../../../observability/clock.ts';

/** Until when an entry may be used, in milliseconds of the epoch, so that other processes understand it. */
export interface Freshness {
  /** Until then it is used without a call. */
  freshUntilMs: number;
  /** Until then it is used if Spotify cannot respond. */
  usableUntilMs: number;
}

export interface FreshnessOptions {
  /** How long a response is fresh, in milliseconds. */
  freshMs: number;
  /** How much longer it may be used when Spotify cannot respond, in milliseconds. */
  staleMs: number;
}

const absentMs = 60_000; // an object that does not exist today may be released in a minute

export const isFresh = ({ freshUntilMs }: Pick<Freshness, 'freshUntilMs'>): boolean =>
  epochMs() < freshUntilMs;

/** The freshness of a response that Spotify has just sent or confirmed. */
export function freshnessFromNow(isAbsent: boolean, { freshMs, staleMs }: FreshnessOptions): Freshness {
  const nowMs = epochMs();
  if (isAbsent) return { freshUntilMs: nowMs + absentMs, usableUntilMs: nowMs + absentMs };
  return { freshUntilMs: nowMs + freshMs, usableUntilMs: nowMs + freshMs + staleMs };
}
