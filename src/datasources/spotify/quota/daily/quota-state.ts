import { epochMs } from '../../../../observability/clock.ts';
import { dayMs } from '../../kinds/kind.ts';
import type { Family } from '../../usage/observer.ts';
import type { OpenState } from '../breakers/back-off.ts';
import { type LimitSource, usableCalls } from './daily-limits.ts';
import type { QuotaUse } from './thrift.ts';

/** The daily quota of a family, for decisions. Only configured and learned limits are enforced. */
export interface QuotaState extends QuotaUse {
  used: number;
  limit: number | null;
  limitSource: LimitSource;
  /**
   * When a call is available again, or, while calls remain, when the oldest counted call expires. Milliseconds of the
   * epoch; null if no call is counted.
   */
  readonly resetAtMs: number | null;
}

/** The calls that are left of the daily quota of an endpoint family. */
export interface CallQuota {
  stateOf(family: string): QuotaState;
  /** Calls of the family that are decided and wait for their turn: they are not counted yet. */
  queuedCalls(family: string): number;
}

/** Milliseconds until the daily limit of a family allows a call; 0 if calls are left. */
export function waitMsOfQuota({ remaining, resetAtMs }: QuotaState): number {
  if (remaining > 0) return 0;
  return Math.max(1, resetAtMs === null ? dayMs : resetAtMs - epochMs());
}

/** The daily quota of a family as it is shown. */
export interface FamilyQuota extends Pick<QuotaState, 'used' | 'limit' | 'limitSource' | 'resetAtMs'> {
  family: Family;
  /** Calls left below the limit, without the last 2 % (at least one call), which stay unused; null without a limit. */
  remaining: number | null;
  /** Whether the limit stops calls; a presumed one stops none. */
  isUsedUp: boolean;
  /** Why calls are in back-off; null for none. */
  backOffReason: OpenState['reason'] | null;
  /** End of the back-off, in milliseconds of the epoch; null for none. */
  backOffUntilMs: number | null;
}

/** @param openState the back-off that applies to the family; null for none */
export function familyQuotaOf(family: Family, state: QuotaState, openState: OpenState | null): FamilyQuota {
  const { used, limit, limitSource, resetAtMs } = state;
  return {
    family,
    used,
    limit,
    limitSource,
    remaining: limit === null ? null : Math.max(0, usableCalls(limit) - used),
    isUsedUp: state.remaining === 0,
    resetAtMs,
    backOffReason: openState?.reason ?? null,
    backOffUntilMs: openState && epochMs() + openState.waitMs,
  };
}
