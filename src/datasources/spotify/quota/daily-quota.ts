import type { QuotaUse } from './decide-reads.ts';
import type { Family } from './families.ts';

/** Set by the operator, learned from a rejection by Spotify, presumed for an app in development mode, or unknown. */
export type LimitSource = 'CONFIGURED' | 'LEARNED' | 'PRESUMED' | 'NONE';

/** The calls of the last 24 h by endpoint family, in all processes, and the limits of these calls. */
export interface DailyQuota {
  /** For decisions: without I/O, from what this process knows. */
  stateOf(family: Family): QuotaState;
  /** Every family with a counted call or a limit. */
  report(): ReportedQuota[];
}

/** Only configured and learned limits are enforced: with a presumed one `remaining` is Infinity. */
export interface QuotaState extends QuotaUse {
  /** Calls of the last 24 h. */
  used: number;
  limit: number | null;
  limitSource: LimitSource;
  /**
   * When a call is available again, or, while calls remain, when the oldest counted call expires. Milliseconds of the
   * epoch; null if no call is counted.
   */
  resetAtMs: number | null;
}

export interface ReportedQuota {
  family: Family;
  used: number;
  limit: number | null;
  limitSource: LimitSource;
  /** Calls left below the limit, without the last 2 % (at least one call), which stay unused; null without a limit. */
  remaining: number | null;
  resetAtMs: number | null;
}

/** The quota of a family, as operators and clients see it. */
export interface FamilyQuota extends ReportedQuota {
  /** End of the back-off, in milliseconds of the epoch; null for none. */
  backOffUntilMs: number | null;
}
