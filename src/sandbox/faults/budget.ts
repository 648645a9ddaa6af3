import type { Reply } from '../reply.ts';
import { rateLimitReply } from './replies.ts';
import type { FaultOf } from './rule.ts';

/** Accepts a call (undefined) or returns the reply that rejects it. */
export type Budget = (family: string) => Reply | undefined;

/**
 * Creates a rolling limit. Accepted calls count until they are `windowSeconds` old; rejected calls count only
 * with `countRefused`. Retry-After states when the next call will be accepted.
 * @param now the clock, in milliseconds
 */
export function createBudget(
  { calls, windowSeconds, per = 'app', form = 'text', countRefused = false }: FaultOf<'budget'>,
  now: () => number,
): Budget {
  const countedAtMs = new Map<string, number[]>();
  const windowMs = windowSeconds * 1000;

  return (family) => {
    const bucket = per === 'app' ? '' : family;
    const nowMs = now();
    const callTimesMs = (countedAtMs.get(bucket) ?? []).filter((atMs) => atMs > nowMs - windowMs);
    countedAtMs.set(bucket, callTimesMs);
    if (callTimesMs.length < calls) {
      callTimesMs.push(nowMs);
      return undefined;
    }
    // Only the latest calls matter, so the rejected call replaces the oldest.
    if (countRefused) {
      callTimesMs.push(nowMs);
      callTimesMs.shift();
    }
    const [oldestMs = nowMs] = callTimesMs;
    // Rounded up, so that a call after exactly this time is accepted.
    return rateLimitReply(form, Math.ceil((oldestMs + windowMs - nowMs) / 1000));
  };
}
