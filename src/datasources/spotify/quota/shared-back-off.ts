import { epochMs } from '../../../observability/clock.ts';
import type { SharedState } from '../shared-state/shared-state.ts';
import { type BackOffReason, backOffReasons } from '../transport/retry.ts';
import { maxRetryAfterMs } from '../transport/retry-after.ts';
import { type Family, families } from './families.ts';

/** A back-off of one endpoint family, as processes share it. */
export interface BackOff {
  family: Family;
  reason: BackOffReason;
  /** Milliseconds from now. */
  waitMs: number;
}

const topicPrefix = 'back-off';

export function publishBackOff(sharedState: SharedState, { family, reason, waitMs }: BackOff): void {
  sharedState.publish(`${topicPrefix}:${family}`, { reason, untilMs: epochMs() + waitMs });
}

/** Calls back for every back-off that has not ended. */
export function subscribeToBackOffs(sharedState: SharedState, onBackOff: (backOff: BackOff) => void): void {
  sharedState.subscribe((topic, message) => {
    const backOff = parseBackOff(topic, message);
    if (backOff && backOff.waitMs > 0) onBackOff(backOff);
  });
}

/** Null for a message about something else, or one that no gateway has sent. */
function parseBackOff(topic: string, message: unknown): BackOff | null {
  const [prefix, familyText] = topic.split(':');
  const { reason: reasonText, untilMs } = (message ?? {}) as { reason?: unknown; untilMs?: unknown };
  const family = families.find((name) => name === familyText);
  const reason = backOffReasons.find((name) => name === reasonText);
  if (prefix !== topicPrefix || !family || !reason || typeof untilMs !== 'number') return null;
  return { family, reason, waitMs: Math.min(untilMs - epochMs(), maxRetryAfterMs) };
}
