import type { CallCounters, CallReservation } from './shared-store.ts';

// Of one family: 290 buckets of 170 processes. A store that has more is not read, because that would block it for long.
export const maxCounters = 50_000;
export const maxCount = 100_000; // more calls than one process sends in a bucket
export const maxBucketChars = 12;
export const maxProcessChars = 64;
export const countersLifeMs = 26 * 3_600_000; // a day, the bucket at its end, and the difference of clocks

/**
 * The counters after a reservation (see `CallReservation`). The stored ones are untrusted: invalid ones are removed.
 * The Redis script in redis-scripts.ts decides the same.
 */
export function countersAfter(
  stored: ReadonlyMap<string, unknown>,
  { calls, counters, ownCounter, oldestBucket, currentBucket, limit }: CallReservation,
): CallCounters {
  const ownValue = counters[ownCounter];
  const others = Object.entries(counters).filter(([name]) => name !== ownCounter);
  const result = new Map<string, number>();
  const later: [name: string, count: number][] = [];

  function merge(name: string, count: number): void {
    result.set(name, Math.max(result.get(name) ?? 0, count));
  }

  const isTooMany = stored.size > maxCounters;
  for (const [name, count] of [...(isTooMany ? [] : stored), ...others]) {
    if (!isCounter(name, count) || bucketOf(name) < oldestBucket) continue;
    if (bucketOf(name) > currentBucket) later.push([name, count]);
    else merge(name, count);
  }
  for (const [name, count] of later) {
    const moved = `${currentBucket}${name.slice(name.indexOf(':'))}`;
    result.set(moved, (result.get(moved) ?? 0) + count);
  }

  if (ownValue === undefined) return { isWithinLimit: true, counters: Object.fromEntries(result) };
  const ownBefore = result.get(ownCounter) ?? 0;
  merge(ownCounter, ownValue);
  const isWithinLimit = limit === null || totalCalls(result) <= limit;
  if (!isWithinLimit) result.set(ownCounter, Math.max(ownBefore, ownValue - calls, 0));
  return { isWithinLimit, counters: Object.fromEntries(result) };
}

const unsentSuffix = '-unsent';

/** Name of the counter of those calls of a counter that did not reach Spotify, although they were counted. */
export const unsentCounterOf = (name: string): string => `${name}${unsentSuffix}`;

export const isUnsentCounter = (name: string): boolean => name.endsWith(unsentSuffix);

/** Name of the counter to which a counter of unsent calls belongs; another name is returned as it is. */
export const callCounterOf = (name: string): string =>
  isUnsentCounter(name) ? name.slice(0, -unsentSuffix.length) : name;

/** The calls of a counter without the unsent ones; 0 for a counter of unsent calls. */
export const callsOf = (name: string, counters: ReadonlyMap<string, number>): number =>
  isUnsentCounter(name)
    ? 0
    : Math.max(0, (counters.get(name) ?? 0) - (counters.get(unsentCounterOf(name)) ?? 0));

export const totalCalls = (counters: ReadonlyMap<string, number>): number =>
  [...counters.keys()].reduce((total, name) => total + callsOf(name, counters), 0);

const counterName = new RegExp(`^\\d{1,${maxBucketChars}}:[\\w-]{1,${maxProcessChars}}$`);

/** Whether a counter has the form that gateways write. */
export const isCounter = (name: string, count: unknown): count is number =>
  counterName.test(name) &&
  typeof count === 'number' &&
  Number.isInteger(count) &&
  count >= 0 &&
  count <= maxCount;

export const bucketOf = (name: string): number => Number.parseInt(name, 10);
