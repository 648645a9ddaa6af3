import { isCounter } from '../shared-state/call-counters.ts';
import type { CallReservation } from '../shared-state/shared-store.ts';

/**
 * The calls of one endpoint family in a rolling 24 h, as counters by `bucket:process` (a bucket is 5 minutes of the
 * epoch). It knows its own counters and those that the shared store has returned; a counter never falls.
 */
export interface RollingCounters {
  /** Sum of all counters. */
  total(nowMs: number): number;
  /** The own counter of the current bucket. */
  own(nowMs: number): { name: string; value: number };
  /** Raises the own counter by one. */
  raise(nowMs: number): void;
  /** The counts that the store lacks, in the form in which it merges them. */
  reservation(nowMs: number, limit: number | null): CallReservation;
  /**
   * Merges all counters of the store. Invalid ones are ignored: the store is untrusted.
   * @returns whether the store has lost or moved counters that it had, how many calls of other processes are new, and
   * by how many milliseconds this clock is ahead of that of another process
   */
  merge(counters: Readonly<Record<string, number>>, nowMs: number): Merge;
  /** When so many of the counted calls have expired, the oldest first; null if fewer are counted. */
  expiryMs(calls: number, nowMs: number): number | null;
  /** Start of the oldest bucket with a call; null if no call is counted. */
  oldestMs(nowMs: number): number | null;
}

export interface Merge {
  isLossy: boolean;
  newCalls: number;
  aheadMs: number;
}

export const bucketMs = 300_000;
const dayBuckets = 288;
// A call is sent at any moment of its bucket, a little later than it is counted, and the clocks of machines differ.
const extraBuckets = 1;
const renewBuckets = dayBuckets / 2; // the own counter by which a loss is noticed is renewed long before it expires
const maxSkewBuckets = 1; // counters that are further ahead come from a clock that was set back

/** @param processId names this process, also among earlier runs */
export function createRollingCounters(processId: string): RollingCounters {
  const known = new Map<string, number>();
  let stored = new Map<string, number>(); // as the store returned them last
  let totalBucket = 0;
  let total = 0;

  const ownName = (nowMs: number) => `${bucketAt(nowMs)}:${processId}`;

  /** Removes the counters that have expired, and those of a later time than this clock can have. */
  function prune(nowMs: number): void {
    const bucket = bucketAt(nowMs);
    if (bucket === totalBucket) return;
    totalBucket = bucket;
    for (const counters of [known, stored]) {
      for (const name of counters.keys()) if (!isCurrent(name, nowMs)) counters.delete(name);
    }
    total = sum(known);
  }

  function set(name: string, value: number): void {
    total += value - (known.get(name) ?? 0);
    known.set(name, value);
  }

  /**
   * How far this clock is ahead of that of another process: its store has moved own counters to the time of the other
   * clock. Only this process raises its own counters, so others have appeared or grown by that.
   */
  function aheadOfStoreMs(returned: [name: string, value: number][], nowMs: number): number {
    const current = ownName(nowMs);
    const moved = returned.filter(
      ([name, value]) => name !== current && isOwn(name) && value > (known.get(name) ?? -1),
    );
    const buckets = moved.map(([name]) => bucketAt(nowMs) + maxSkewBuckets - bucketOf(name));
    return Math.max(0, ...buckets) * bucketMs;
  }

  const isOwn = (name: string) => name.endsWith(`:${processId}`);

  /** Calls by bucket, the oldest first. */
  function callsByBucket(nowMs: number): [bucket: number, calls: number][] {
    prune(nowMs);
    const calls = new Map<number, number>();
    for (const [name, value] of known) calls.set(bucketOf(name), (calls.get(bucketOf(name)) ?? 0) + value);
    return [...calls].filter(([, count]) => count > 0).sort(([a], [b]) => a - b);
  }

  return {
    total(nowMs) {
      prune(nowMs);
      return total;
    },
    own: (nowMs) => ({ name: ownName(nowMs), value: known.get(ownName(nowMs)) ?? 0 }),
    raise(nowMs) {
      prune(nowMs);
      set(ownName(nowMs), (known.get(ownName(nowMs)) ?? 0) + 1);
    },
    reservation(nowMs, limit) {
      prune(nowMs);
      // An own counter, even an empty one, shows that the store has lost or moved the counters.
      const renewedSince = bucketAt(nowMs) - renewBuckets;
      if (![...known.keys()].some((name) => isOwn(name) && bucketOf(name) > renewedSince)) {
        set(ownName(nowMs), known.get(ownName(nowMs)) ?? 0);
      }
      const missing = [...known].filter(
        ([name, value]) => value > (stored.get(name) ?? (isOwn(name) ? -1 : 0)),
      );
      return {
        counters: Object.fromEntries(missing),
        ownCounter: ownName(nowMs),
        oldestBucket: oldestBucketAt(nowMs),
        currentBucket: bucketAt(nowMs) + maxSkewBuckets,
        limit,
      };
    },
    merge(counters, nowMs) {
      prune(nowMs);
      const valid = Object.entries(counters).filter(([name, value]) => isCounter(name, value));
      const aheadMs = aheadOfStoreMs(valid, nowMs);
      if (aheadMs > 0) prune(nowMs - aheadMs); // the store has returned the moved counters
      const returned = new Map(valid.filter(([name]) => isCurrent(name, nowMs - aheadMs)));
      // A process whose clock is a little ahead may have removed the oldest ones.
      const isLossy = [...stored].some(
        ([name, value]) =>
          bucketOf(name) > oldestBucketAt(nowMs) + maxSkewBuckets && (returned.get(name) ?? -1) < value,
      );
      stored = returned;
      let newCalls = 0;
      for (const [name, value] of returned) {
        const newHere = value - (known.get(name) ?? 0);
        if (known.has(name) && newHere <= 0) continue;
        if (!isOwn(name)) newCalls += newHere;
        set(name, value);
      }
      return { isLossy: isLossy || aheadMs > 0, newCalls, aheadMs };
    },
    expiryMs(calls, nowMs) {
      let expired = 0;
      for (const [bucket, count] of callsByBucket(nowMs)) {
        expired += count;
        if (expired >= calls) return (bucket + dayBuckets + extraBuckets + 1) * bucketMs;
      }
      return null;
    },
    oldestMs(nowMs) {
      const [oldest] = callsByBucket(nowMs);
      return oldest ? oldest[0] * bucketMs : null;
    },
  };
}

const bucketAt = (nowMs: number): number => Math.floor(nowMs / bucketMs);
const oldestBucketAt = (nowMs: number): number => bucketAt(nowMs) - dayBuckets - extraBuckets;
const bucketOf = (name: string): number => Number.parseInt(name, 10);
const sum = (counters: Map<string, number>): number => [...counters.values()].reduce((a, b) => a + b, 0);

const isCurrent = (name: string, nowMs: number): boolean =>
  bucketOf(name) >= oldestBucketAt(nowMs) && bucketOf(name) <= bucketAt(nowMs) + maxSkewBuckets;
