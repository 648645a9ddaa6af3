import type { DayBuckets } from './day-buckets.ts';

/** The counters of one name, such as an endpoint family, and their exchanges with the store. */
export interface SharedCounter {
  name: string;
  buckets: DayBuckets;
  /** By which all counters of this process reach the store. */
  shared: CounterExchange;
  isSynced: boolean;
  /** The last exchange with the store: the next one waits for it, so that results arrive in order. */
  last: Promise<unknown>;
  /** An exchange that has not begun: it includes the calls that are counted until it begins. */
  nextSync: Promise<void> | undefined;
  /** Calls that wait for an exchange that has not begun, by their limits. */
  nextCalls: { limits: number[]; outcomes: Promise<CountResult[]> } | undefined;
}

export interface CounterExchange {
  /** Milliseconds of the epoch, by the clock on which all processes agree. */
  nowMs(): number;
  /**
   * Sends the counters that the store lacks, and `calls` further calls. Merges the counters that the store returns. Null if
   * the store does not respond.
   */
  exchange(counter: SharedCounter, limit: number | null, calls?: number): Promise<ExchangeResult | null>;
  recoveryPause: RecoveryPause;
}

export interface ExchangeResult {
  isWithinLimit: boolean;
  /** Name of the counter of these calls. */
  countedIn: string;
  /** Whether the store may have lost counters, so that the sum is not known. */
  isLossy: boolean;
}

// After a loss every process writes its own counters within a second. Then the sum is known again.
const pauseMs = 1_200;
const maxRounds = 3; // a store that loses its data all the time must not stop all calls

type RecoveryPause = ReturnType<typeof createRecoveryPause>;

/** The time after a loss of the store in which no call with a limit is counted, because the sum is not known. */
export function createRecoveryPause() {
  let untilMs = 0;
  return {
    /** Starts it, or prolongs it. */
    start(): void {
      untilMs = performance.now() + pauseMs;
    },
    isActive: () => performance.now() < untilMs,
    /** Resolves at the end that it has now: waiting for the end of every prolongation might last for ever. */
    async whenOver(): Promise<void> {
      const endMs = untilMs;
      while (performance.now() < endMs)
        await new Promise((resolve) => setTimeout(resolve, endMs - performance.now()));
    },
  };
}

/** Runs an exchange after the one before it. */
export function enqueue<T>(counter: SharedCounter, exchange: () => Promise<T>): Promise<T> {
  const result = counter.last.then(exchange);
  counter.last = result.catch(() => undefined); // one that fails must not stop the later ones
  return result;
}

/**
 * - `countedIn`: the call is counted in the counter of this name. `isUncertain`: the store has lost counters, so the sum is
 *   not known
 * - `rejected`: the call would exceed the limit; it is not counted
 * - `paused`: the store has lost counters, and the processes write theirs again; the call is not counted yet
 */
type CountResult = { countedIn: string; isUncertain?: boolean } | 'rejected' | 'paused';

/**
 * Counts one call, here and in the store, unless the sum would exceed the limit. While the sum is not known, because the
 * store has lost counters, it waits for the other processes, `maxRounds` times at most.
 * @returns name of the counter of the call; null if it may not be sent
 */
export async function countBelowLimit(counter: SharedCounter, limit: number): Promise<string | null> {
  const { exchange, recoveryPause } = counter.shared;
  let outcome: CountResult = 'paused';
  for (let round = 0; round < maxRounds && outcome === 'paused'; round++) {
    await recoveryPause.whenOver();
    outcome = await countWithOthers(counter, limit);
  }
  if (outcome === 'paused') outcome = countHere(counter, limit);
  if (outcome === 'rejected' || outcome === 'paused') return null;
  if (!outcome.isUncertain) return outcome.countedIn;
  for (let round = 0, isLossy = true; round < maxRounds && isLossy; round++) {
    await recoveryPause.whenOver();
    const result = await enqueue(counter, () => exchange(counter, null));
    isLossy = result?.isLossy ?? false;
  }
  if (fits(counter, 0, limit)) return outcome.countedIn;
  counter.buckets.undo(outcome.countedIn, counter.shared.nowMs());
  return null;
}

/**
 * Counts the call in the next exchange, with all calls that wait for it. With one exchange for each call, the last call would
 * wait for all exchanges.
 */
async function countWithOthers(counter: SharedCounter, limit: number): Promise<CountResult> {
  const limits: number[] = [];
  counter.nextCalls ??= {
    limits,
    outcomes: enqueue(counter, () => {
      counter.nextCalls = undefined;
      return countTogether(counter, limits);
    }),
  };
  const { outcomes } = counter.nextCalls;
  const index = counter.nextCalls.limits.push(limit) - 1;
  return (await outcomes)[index] ?? 'rejected';
}

/**
 * Counts the calls that fit below the limit in one exchange. If that exceeds the limit in the store, each call is counted
 * alone.
 */
async function countTogether(counter: SharedCounter, limits: readonly number[]): Promise<CountResult[]> {
  const { nowMs, recoveryPause, exchange } = counter.shared;
  const limit = Math.min(...limits); // it may have been learned meanwhile
  const fitting = Math.min(limits.length, limit - counter.buckets.total(nowMs()));
  const isJoined = fitting > 1 && !recoveryPause.isActive();
  const result = isJoined ? await exchange(counter, limit, fitting) : undefined;
  const outcomes: CountResult[] = [];
  for (let i = 0; i < limits.length; i++) {
    if (result?.isWithinLimit && i < fitting)
      outcomes.push({ countedIn: result.countedIn, isUncertain: result.isLossy });
    else if (result === null)
      outcomes.push(countHere(counter, limit)); // the store does not respond
    else outcomes.push(await countOne(counter, limit));
  }
  return outcomes;
}

async function countOne(counter: SharedCounter, limit: number): Promise<CountResult> {
  if (counter.shared.recoveryPause.isActive()) return 'paused';
  if (!fits(counter, 1, limit)) return 'rejected';
  const result = await counter.shared.exchange(counter, limit, 1);
  if (result?.isWithinLimit) return { countedIn: result.countedIn, isUncertain: result.isLossy };
  return countHere(counter, limit); // the store does not respond, or it contains invalid counters
}

function countHere(counter: SharedCounter, limit: number): CountResult {
  if (!fits(counter, 1, limit)) return 'rejected';
  return { countedIn: counter.buckets.raise(counter.shared.nowMs()) };
}

const fits = ({ buckets, shared }: SharedCounter, calls: number, limit: number) =>
  buckets.total(shared.nowMs()) + calls <= limit;
