import { randomUUID } from 'node:crypto';
import { getOrCreate } from '../../../maps.ts';
import type { SharedStore } from '../shared-state/shared-store.ts';
import { countBelowLimit, type ExchangeResult, enqueue, type SharedCounter } from './count-below-limit.ts';
import { createDayBuckets, type DayBuckets } from './day-buckets.ts';
import { createRecovery } from './recovery.ts';

export interface CountedCall {
  /** Resolves when the store has the count. */
  stored: Promise<void>;
  /** The call did not reach Spotify: it does not count any more. */
  undo(): void;
}

export interface SharedCountersOptions {
  store?: Pick<SharedStore, 'reserveCall' | 'whenSynced'> | undefined;
  /**
   * Milliseconds of the epoch, by a clock that never jumps while the process runs. Processes whose clocks are more than a
   * day apart do not see each other's calls.
   */
  clock: () => number;
  /** The names that other processes may have counted. */
  names: readonly string[];
  /** Whether the sum of these counters has a limit, which holds also when the store loses them. */
  isLimited: (name: string) => boolean;
  /** Called with the number of calls that this process or another one has counted now; -1 for one that was undone here. */
  onCalls: (name: string, calls: number) => void;
  /** Called when the store has lost its data: all messages of this process have to be published again. */
  onLoss: () => void;
}

const syncMs = 1_000;
// Counters without an enforced limit are shown, and decide only which entries are served for longer. So each of them is
// exchanged only once in so many ticks. The ticks are spread over the counters, because any exchange shows a loss of the store.
const unlimitedSyncTicks = 10;
// A loss is noticed by the own counters that the store lacks. If the machine has slept, they may have expired: then a
// loss cannot be noticed, as after a start of the process.
const missedLossAfterMs = 3_600_000;

/**
 * Rolling counters of calls by name, shared by all processes through the store. Without a store, and while it does not
 * respond, this process continues with its own counts.
 */
export function createSharedCounters(options: SharedCountersOptions) {
  const { store, isLimited, onCalls, onLoss } = options;
  const recovery = createRecovery();
  const processId = randomUUID().slice(0, 13);
  const byName = new Map<string, SharedCounter>();
  let aheadMs = 0; // by which this clock is ahead of the clocks of other processes
  let respondedAtMs = options.clock(); // when the store responded last
  let ticks = 0;
  const nowMs = () => options.clock() - aheadMs; // by the clock on which all processes agree

  const counterOf = (name: string) =>
    getOrCreate(byName, name, () => createCounter(name, processId, { nowMs, recovery }, exchange));

  const exchange: Exchange = async (counter, limit, calls = 0) => {
    const aheadMsBefore = aheadMs;
    const sentAtMs = nowMs();
    const mayHaveMissedLoss = options.clock() - respondedAtMs > missedLossAfterMs;
    const reservation = { ...counter.buckets.reservation(sentAtMs, limit), calls };
    const { name, value } = counter.buckets.own(sentAtMs);
    if (calls > 0) reservation.counters = { ...reservation.counters, [name]: value + calls };
    const result = await store?.reserveCall(counter.name, reservation).catch(() => null); // no store should reject
    if (!result) return null;
    respondedAtMs = options.clock();
    // During the exchange `add` may have raised the same counter. The merge keeps the higher value, so a call of `add` and a
    // call of this exchange would count as one: the counter is raised once for each such pair.
    const added = counter.buckets.own(sentAtMs).value - value;
    const countedAsOne = result.isWithinLimit ? Math.min(calls, added) : 0;
    const merge = counter.buckets.merge(result.counters, sentAtMs);
    for (let i = 0; i < countedAsOne; i++) counter.buckets.raise(nowMs());
    // Exchanges of several counters at the same time show the same difference of the clocks.
    aheadMs = Math.max(aheadMs, aheadMsBefore + merge.aheadMs);
    if (counter.isSynced && merge.newCalls > 0) onCalls(counter.name, merge.newCalls);
    counter.isSynced = true;
    const isRecovering = merge.hasLost || mayHaveMissedLoss;
    if (isRecovering) recovery.start();
    if (merge.hasLost) {
      for (const otherCounter of byName.values()) void sync(otherCounter);
      onLoss();
    }
    return { isWithinLimit: result.isWithinLimit, countedIn: name, isRecovering };
  };

  function sync(counter: SharedCounter): Promise<void> {
    counter.nextSync ??= enqueue(counter, async () => {
      counter.nextSync = undefined;
      await exchange(counter, null);
    });
    return counter.nextSync;
  }

  function countedCall(counter: SharedCounter, countedIn: string, stored?: Promise<void>): CountedCall {
    onCalls(counter.name, 1);
    return {
      stored: stored ?? Promise.resolve(),
      undo() {
        counter.buckets.undo(countedIn, nowMs());
        onCalls(counter.name, -1);
        if (store) void sync(counter);
      },
    };
  }

  if (store) recovery.start(); // the store may have just lost its data, or the clocks of other processes may differ
  for (const name of options.names) counterOf(name);
  const synced = store?.whenSynced().then(() => Promise.all(Array.from(byName.values(), sync)));
  const timer =
    store &&
    setInterval(() => {
      ticks += 1;
      for (const [i, counter] of [...byName.values()].entries())
        if (isLimited(counter.name) || (ticks + i) % unlimitedSyncTicks === 0) void sync(counter);
    }, syncMs).unref();

  return {
    of: (name: string): Pick<DayBuckets, 'total' | 'expiryMs' | 'oldestMs'> => counterOf(name).buckets,
    add(name: string): CountedCall {
      const counter = counterOf(name);
      const countedIn = counter.buckets.raise(nowMs());
      return countedCall(counter, countedIn, store && sync(counter));
    },
    /** Counts one call unless the sum would exceed the limit; null if it would. */
    async addBelowLimit(name: string, limit: number): Promise<CountedCall | null> {
      const counter = counterOf(name);
      const countedIn = await countBelowLimit(counter, limit);
      return countedIn === null ? null : countedCall(counter, countedIn);
    },
    /** Resolves when the counts of the other processes have arrived, or the store does not respond. */
    refresh: async (name: string): Promise<void> => (store ? sync(counterOf(name)) : undefined),
    nowMs,
    whenSynced: async (): Promise<void> => void (await synced),
    dispose: (): void => clearInterval(timer),
  };
}

type Exchange = (
  counter: SharedCounter,
  ...args: Parameters<SharedCounter['exchange']>
) => Promise<ExchangeResult | null>;

function createCounter(
  name: string,
  processId: string,
  shared: Pick<SharedCounter, 'nowMs' | 'recovery'>,
  exchange: Exchange,
): SharedCounter {
  const counter: SharedCounter = {
    ...shared,
    name,
    buckets: createDayBuckets(processId),
    exchange: (...args) => exchange(counter, ...args),
    isSynced: false,
    lastExchange: Promise.resolve(),
    nextSync: undefined,
    nextCalls: undefined,
  };
  return counter;
}
