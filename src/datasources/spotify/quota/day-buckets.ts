import {
  bucketOf,
  callCounterOf,
  callsOf,
  isCounter,
  isUnsentCounter,
  totalCalls,
  unsentCounterOf,
} from '../shared-state/call-counters.ts';
import type { CallReservation } from '../shared-state/shared-store.ts';

/**
 * The calls of one endpoint family in a rolling 24 h, as counters by `bucket:process`, where a bucket is 5 minutes of the
 * epoch. It has the counters of this process, called its own, and those that the shared store has returned. A counter
 * never falls. `CallReservation` describes how processes merge their counters.
 */
export interface DayBuckets {
  /** Sum of all calls, without those that were not sent. */
  total(nowMs: number): number;
  /** The own counter of the current bucket. */
  own(nowMs: number): { name: string; value: number };
  /** Raises the own counter of the current bucket by one. Returns its name. */
  raise(nowMs: number): string;
  /** Subtracts a call that was not sent: raises the `-unsent` counter of the same bucket, because its own never falls. */
  undo(name: string, nowMs: number): void;
  /** The counters that the store lacks, in the form in which it merges them. */
  reservation(nowMs: number, limit: number | null): Omit<CallReservation, 'calls'>;
  /** Merges the counters of the store. Invalid ones are ignored: the store is untrusted. */
  merge(storeCounters: Readonly<Record<string, number>>, nowMs: number): Merge;
  /** When this number of calls has expired, the oldest first, in milliseconds of the epoch; null if fewer are counted. */
  expiryMs(calls: number, nowMs: number): number | null;
  /** Start of the oldest bucket with a call, in milliseconds of the epoch; null if no call is counted. */
  oldestMs(nowMs: number): number | null;
}

/** The result of a merge. */
export interface Merge {
  /** Whether the store has lost or moved counters that it had. */
  hasLost: boolean;
  /** Calls of other processes that were not counted here before. */
  newCalls: number;
  /** By how many milliseconds the clock of this process is ahead of the clock of another one. */
  aheadMs: number;
}

type Counters = ReadonlyMap<string, number>;

export const bucketMs = 300_000;
const dayBuckets = 288;
// A call is sent at any moment of its bucket, a little later than it is counted, and the clocks of machines differ.
const extraBuckets = 1;
// The latest own counter may be this old; then a new one is written.
const renewBuckets = dayBuckets / 2;
const maxSkewBuckets = 1; // a counter of a later bucket was written before this clock was set back

/** @param processId identifies this process: no other process, and no earlier run, has the same id */
export function createDayBuckets(processId: string): DayBuckets {
  const counters = new Map<string, number>();
  let stored = new Map<string, number>(); // the counters of the store, as it returned them last
  let prunedBucket = 0;
  let total = 0;

  const ownName = (nowMs: number) => `${bucketAt(nowMs)}:${processId}`;
  const isOwn = (name: string) => callCounterOf(name).endsWith(`:${processId}`);
  const countOf = (name: string) => counters.get(name) ?? 0;

  /** Removes the counters that have expired, and those of a later time than this clock can have. */
  function prune(nowMs: number): void {
    if (bucketAt(nowMs) === prunedBucket) return;
    prunedBucket = bucketAt(nowMs);
    for (const map of [counters, stored]) {
      for (const name of map.keys()) if (!isCurrent(name, nowMs)) map.delete(name);
    }
    total = totalCalls(counters);
  }

  function set(name: string, value: number): void {
    const counted = callCounterOf(name);
    const before = callsOf(counted, counters);
    counters.set(name, value);
    total += callsOf(counted, counters) - before;
  }

  return {
    total(nowMs) {
      prune(nowMs);
      return total;
    },
    own: (nowMs) => ({ name: ownName(nowMs), value: countOf(ownName(nowMs)) }),
    raise(nowMs) {
      prune(nowMs);
      set(ownName(nowMs), countOf(ownName(nowMs)) + 1);
      return ownName(nowMs);
    },
    undo(name, nowMs) {
      prune(nowMs);
      // The call remains counted if its counter has expired, or was moved by the store because this clock was ahead.
      if (!isCurrent(name, nowMs) || callsOf(name, counters) === 0) return;
      set(unsentCounterOf(name), countOf(unsentCounterOf(name)) + 1);
    },
    reservation(nowMs, limit) {
      prune(nowMs);
      const ownNames = [...counters.keys()].filter(isOwn);
      // A loss of the store is noticed if it lacks an own counter. So this process always has a recent own counter, even one
      // of 0 calls.
      const hasRecentOwn = ownNames.some((name) => bucketOf(name) > bucketAt(nowMs) - renewBuckets);
      if (!hasRecentOwn) set(ownName(nowMs), countOf(ownName(nowMs)));
      return {
        counters: Object.fromEntries(countersToStore(counters, stored, isOwn)),
        ownCounter: ownName(nowMs),
        oldestBucket: oldestBucketAt(nowMs),
        currentBucket: bucketAt(nowMs) + maxSkewBuckets,
        limit,
      };
    },
    merge(storeCounters, nowMs) {
      prune(nowMs);
      const valid = Object.entries(storeCounters).filter(([name, value]) => isCounter(name, value));
      const earlierCounters = valid.filter(([name]) => isOwn(name) && name !== ownName(nowMs));
      const aheadMs = aheadOfOthersMs(earlierCounters, counters, nowMs);
      // Removes the counters of later buckets: the store has returned their calls in an earlier one.
      if (aheadMs > 0) prune(nowMs - aheadMs);
      const returned = new Map(valid.filter(([name]) => isCurrent(name, nowMs - aheadMs)));
      const hasLost = aheadMs > 0 || hasLostCounters(stored, returned, nowMs);
      stored = returned;
      let newCalls = 0;
      for (const [name, value] of returned) {
        const added = value - countOf(name);
        if (counters.has(name) && added <= 0) continue;
        if (!isOwn(name) && !isUnsentCounter(name)) newCalls += added;
        set(name, value);
      }
      return { hasLost, newCalls, aheadMs };
    },
    expiryMs(calls, nowMs) {
      prune(nowMs);
      return expiryMs(counters, calls);
    },
    oldestMs(nowMs) {
      prune(nowMs);
      const [oldest] = callsByBucket(counters);
      return oldest ? oldest[0] * bucketMs : null;
    },
  };
}

/** The counters that the store lacks, each with its `-unsent` one. An own counter of 0 counts: its absence shows a loss. */
function countersToStore(counters: Counters, stored: Counters, isOwn: (name: string) => boolean) {
  const isMissing = (name: string) =>
    (counters.get(name) ?? -1) > (stored.get(name) ?? (isOwn(name) ? -1 : 0));
  return [...counters].filter(([name]) => [name, unsentCounterOf(name)].some(isMissing));
}

/** Whether the store had a counter that it lacks now, or that has fallen. */
function hasLostCounters(stored: Counters, returned: Counters, nowMs: number): boolean {
  // A process whose clock is a little ahead may have removed the oldest ones.
  const oldestBucket = oldestBucketAt(nowMs) + maxSkewBuckets;
  return [...stored].some(
    ([name, value]) => bucketOf(name) > oldestBucket && (returned.get(name) ?? -1) < value,
  );
}

/**
 * By how many milliseconds this clock is ahead of the clock of another process. For the clock of that process, counters
 * of this one are of a later time, so that the store has moved them to an earlier bucket. Only this process raises its
 * own counters: if the store has one that this process lacks, or a higher one, it was moved.
 * @param storeCounters the own counters of earlier buckets in the store
 */
function aheadOfOthersMs(
  storeCounters: readonly [name: string, value: number][],
  counters: Counters,
  nowMs: number,
): number {
  const moved = storeCounters.filter(([name, value]) => value > (counters.get(name) ?? -1));
  const buckets = moved.map(([name]) => bucketAt(nowMs) + maxSkewBuckets - bucketOf(name));
  return Math.max(0, ...buckets) * bucketMs;
}

/** Calls by bucket, the oldest first. */
function callsByBucket(counters: Counters): [bucket: number, calls: number][] {
  const calls = new Map<number, number>();
  for (const name of counters.keys())
    calls.set(bucketOf(name), (calls.get(bucketOf(name)) ?? 0) + callsOf(name, counters));
  return [...calls].filter(([, count]) => count > 0).sort(([a], [b]) => a - b);
}

function expiryMs(counters: Counters, calls: number): number | null {
  let expired = 0;
  for (const [bucket, count] of callsByBucket(counters)) {
    expired += count;
    if (expired >= calls) return (bucket + dayBuckets + extraBuckets + 1) * bucketMs;
  }
  return null;
}

const bucketAt = (nowMs: number): number => Math.floor(nowMs / bucketMs);
const oldestBucketAt = (nowMs: number): number => bucketAt(nowMs) - dayBuckets - extraBuckets;

const isCurrent = (name: string, nowMs: number): boolean =>
  bucketOf(name) >= oldestBucketAt(nowMs) && bucketOf(name) <= bucketAt(nowMs) + maxSkewBuckets;
