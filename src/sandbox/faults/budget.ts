import type { Reply } from '../reply.ts';
import { rateLimitReply } from './replies.ts';
import type { FaultOf } from './rule.ts';

/** Lets a call through (undefined) or refuses it. */
export type Budget = (family: string) => Reply | undefined;

/**
 * Makes a rolling limit. Calls that were let through count until they are `windowSeconds` old, refused
 * ones only with `countRefused`. Retry-After says when a call will be let through again.
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
    const counted = (countedAtMs.get(bucket) ?? []).filter((atMs) => atMs > nowMs - windowMs);
    countedAtMs.set(bucket, counted);
    if (counted.length < calls) {
      counted.push(nowMs);
      return undefined;
    }
    // Only the latest calls decide, so the oldest makes room for the refused one.
    if (countRefused) {
      counted.push(nowMs);
      counted.shift();
    }
    const [oldestMs = nowMs] = counted;
    // Rounded up: who waits exactly so long is let through.
    return rateLimitReply(form, Math.ceil((oldestMs + windowMs - nowMs) / 1000));
  };
}
