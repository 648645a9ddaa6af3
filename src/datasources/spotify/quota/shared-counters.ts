import { randomUUID } from 'node:crypto';
import type { CallCounters, CallReservation, SharedStore } from '../shared-state/shared-store.ts';
import { createRollingCounters, type RollingCounters } from './rolling-counters.ts';

/**
 * Rolling counters of calls by name, shared by all processes through the store. Without a store, and while it does not
 * respond, this process continues with its own counts.
 */
export interface SharedCounters {
  of(name: string): Pick<RollingCounters, 'total' | 'expiryMs' | 'oldestMs'>;
  /** Counts one call. Resolves when the store has the count. */
  add(name: string): Promise<void>;
  /** Counts one call unless the sum would exceed the limit. Returns whether it is counted. */
  reserve(name: string, limit: number): Promise<boolean>;
  /** Resolves when the counts of the other processes have arrived, or the store does not respond. */
  refresh(name: string): Promise<void>;
  /** Milliseconds of the epoch, by the clock on which all processes agree. */
  nowMs(): number;
  /** Resolves after the first refresh of all names. */
  whenSynced(): Promise<void>;
  dispose(): void;
}

export interface SharedCountersOptions {
  store?: Pick<SharedStore, 'reserveCall'> | undefined;
  /**
   * Milliseconds of the epoch, by a clock that never jumps while the process runs. Processes whose clocks are more than a
   * day apart do not see each other's calls.
   */
  clock: () => number;
  /** The names that other processes may have counted. */
  names: readonly string[];
  /** Whether the sum of these counters has a limit, which holds also when the store loses them. */
  isLimited: (name: string) => boolean;
  /** Called with the number of calls that this process or another one has counted now. */
  onCalls: (name: string, calls: number) => void;
  /** Called when the store has lost its data: all messages of this process have to be published again. */
  onLoss: () => void;
}

const syncMs = 1_000;
const unlimitedSyncTicks = 10; // no decision depends on these counters, of which each tick syncs others: any of them shows a loss
// After a loss every process writes its own counts within `syncMs`. Then the sum is known again.
const holdMs = 1_200;
// After a sleep of the machine the own counters may have expired that show a loss: the process is like one that has just started.
const blindAfterMs = 3_600_000;
const maxRounds = 3; // a store that loses its data all the time must not stop all calls

interface SharedCounter {
  name: string;
  counters: RollingCounters;
  isSynced: boolean;
  /** The last operation on the store: the next one waits for it, so that results arrive in order. */
  last: Promise<unknown>;
  /** A sync that has not begun: calls that are counted until then are part of it. */
  nextSync: Promise<void> | undefined;
}

/** `uncertain`: the call is counted, but the store has lost counters, so the sum is not known. */
type Outcome = 'counted' | 'refused' | 'uncertain' | 'on hold';

export function createSharedCounters(options: SharedCountersOptions): SharedCounters {
  const { store, isLimited, onCalls, onLoss } = options;
  const processId = randomUUID().slice(0, 13);
  const byName = new Map<string, SharedCounter>();
  let aheadMs = 0; // of the clock of other processes
  let respondedAtMs = options.clock(); // when the store responded last
  let ticks = 0;
  // A process that has just started may meet a store that has just lost its data, or have a clock of its own.
  let holdUntilMs = store ? performance.now() + holdMs : 0;

  const nowMs = () => options.clock() - aheadMs;

  function counterOf(name: string): SharedCounter {
    const existing = byName.get(name);
    if (existing) return existing;
    const counters = createRollingCounters(processId);
    const counter = { name, counters, isSynced: false, last: Promise.resolve(), nextSync: undefined };
    byName.set(name, counter);
    return counter;
  }

  /** Runs an operation after the one before it. */
  function enqueue<T>(counter: SharedCounter, operation: () => Promise<T>): Promise<T> {
    const result = counter.last.then(operation);
    counter.last = result.catch(() => undefined); // one that fails must not stop the later ones
    return result;
  }

  /** Null also if the store rejects, although no store should. */
  async function reserveCall(name: string, reservation: CallReservation): Promise<CallCounters | null> {
    try {
      return (await store?.reserveCall(name, reservation)) ?? null;
    } catch {
      return null;
    }
  }

  /** Sends the counts that the store lacks and merges the stored ones; null if it does not respond. */
  async function exchange(counter: SharedCounter, limit: number | null, calls = 0) {
    const sentAtMs = nowMs();
    const isBlind = options.clock() - respondedAtMs > blindAfterMs;
    const reservation = counter.counters.reservation(sentAtMs, limit);
    const { name, value } = counter.counters.own(sentAtMs);
    const counters = calls > 0 ? { ...reservation.counters, [name]: value + calls } : reservation.counters;
    const result = await reserveCall(counter.name, { ...reservation, counters });
    if (!result) return null;
    respondedAtMs = options.clock();
    // A call that `add` has counted meanwhile has the number that this call has in the store.
    const isNumberTaken = calls > 0 && result.isWithinLimit && counter.counters.own(sentAtMs).value > value;
    const merge = counter.counters.merge(result.counters, sentAtMs);
    if (isNumberTaken) counter.counters.raise(nowMs());
    aheadMs += merge.aheadMs;
    if (counter.isSynced && merge.newCalls > 0) onCalls(counter.name, merge.newCalls);
    counter.isSynced = true;
    if (merge.isLossy || isBlind) holdUntilMs = performance.now() + holdMs;
    if (merge.isLossy) {
      for (const each of byName.values()) void sync(each);
      onLoss();
    }
    return { isWithinLimit: result.isWithinLimit, isLossy: merge.isLossy || isBlind };
  }

  function sync(counter: SharedCounter): Promise<void> {
    counter.nextSync ??= enqueue(counter, async () => {
      counter.nextSync = undefined;
      await exchange(counter, null);
    });
    return counter.nextSync;
  }

  const isHolding = () => performance.now() < holdUntilMs;

  async function whenHoldEnds(): Promise<void> {
    while (isHolding()) {
      await new Promise((resolve) => setTimeout(resolve, holdUntilMs - performance.now()));
    }
  }

  const fits = ({ counters }: SharedCounter, calls: number, limit: number) =>
    counters.total(nowMs()) + calls <= limit;

  /** Counts a call here and in the store. */
  async function countOne(counter: SharedCounter, limit: number): Promise<Outcome> {
    if (isHolding()) return 'on hold';
    if (!fits(counter, 1, limit)) return 'refused';
    const result = await exchange(counter, limit, 1);
    if (result?.isWithinLimit) return result.isLossy ? 'uncertain' : 'counted';
    return countHere(counter, limit); // the store does not respond, or it contains invalid counters
  }

  function countHere(counter: SharedCounter, limit: number): Outcome {
    if (!fits(counter, 1, limit)) return 'refused';
    counter.counters.raise(nowMs());
    return 'counted';
  }

  async function reserve(name: string, limit: number): Promise<boolean> {
    const counter = counterOf(name);
    let outcome: Outcome = 'on hold';
    for (let round = 0; round < maxRounds && outcome === 'on hold'; round++) {
      await whenHoldEnds();
      outcome = await enqueue(counter, () => countOne(counter, limit));
    }
    for (let round = 0; round < maxRounds && outcome === 'uncertain'; round++) {
      await whenHoldEnds();
      const result = await enqueue(counter, () => exchange(counter, null));
      if (!result?.isLossy) outcome = fits(counter, 0, limit) ? 'counted' : 'refused';
    }
    if (outcome === 'on hold') outcome = countHere(counter, limit);
    return outcome === 'uncertain' ? fits(counter, 0, limit) : outcome === 'counted';
  }

  function tick(): void {
    ticks += 1;
    for (const [i, counter] of [...byName.values()].entries()) {
      if (isLimited(counter.name) || (ticks + i) % unlimitedSyncTicks === 0) void sync(counter);
    }
  }

  for (const name of options.names) counterOf(name);
  const synced = store ? Promise.all(Array.from(byName.values(), sync)) : Promise.resolve();
  const timer = store && setInterval(tick, syncMs).unref();

  return {
    of: (name) => counterOf(name).counters,
    async add(name) {
      const counter = counterOf(name);
      counter.counters.raise(nowMs());
      onCalls(name, 1);
      if (store) await sync(counter);
    },
    async reserve(name, limit) {
      const isCounted = await reserve(name, limit);
      if (isCounted) onCalls(name, 1);
      return isCounted;
    },
    refresh: async (name) => (store ? sync(counterOf(name)) : undefined),
    nowMs,
    whenSynced: async () => void (await synced),
    dispose: () => clearInterval(timer),
  };
}
