import type { DayBuckets } from './day-buckets.ts';
import type { Recovery } from './recovery.ts';

/** The calls of one name, such as an endpoint family, and their exchanges with the store. */
export interface SharedCounter {
  name: string;
  buckets: DayBuckets;
  /** The recovery of the store, for all counters. */
  recovery: Recovery;
  /** Milliseconds of the epoch, by the clock on which all processes agree. */
  nowMs(): number;
  /**
   * Sends the buckets that the store lacks, and `calls` further calls. Merges the buckets that the store returns. Null if the
   * store does not respond.
   */
  exchange(limit: number | null, calls?: number): Promise<ExchangeResult | null>;
  isSynced: boolean;
  /** The last exchange with the store: the next one waits for it, so that results arrive in order. */
  lastExchange: Promise<unknown>;
  /** An exchange that has not begun: it includes the calls that are counted until it begins. */
  nextSync: Promise<void> | undefined;
  /** Calls that wait for an exchange that has not begun, by their limits. */
  nextCalls: { limits: number[]; results: Promise<CountResult[]> } | undefined;
}

export interface ExchangeResult {
  isWithinLimit: boolean;
  /** Name of the bucket of these calls. */
  countedIn: string;
  /** Whether this exchange has started a recovery: then the sum is unknown. */
  isRecovering: boolean;
}

const maxRounds = 3; // a store that loses its data all the time must not stop all calls

/** Runs an exchange after the one before it. */
export function enqueue<T>(counter: SharedCounter, exchange: () => Promise<T>): Promise<T> {
  const result = counter.lastExchange.then(exchange);
  counter.lastExchange = result.catch(() => undefined); // one that fails must not stop the later ones
  return result;
}

/**
 * - `countedIn`: the call is counted in the bucket of this name. `isRecovering`: that exchange has started a recovery, so
 *   the sum has to be compared with the limit again
 * - `rejected`: the call would exceed the limit; it is not counted
 * - `recovering`: the sum is unknown; the call is not counted yet
 */
type CountResult = KnownResult | 'recovering';
type KnownResult = { countedIn: string; isRecovering: boolean } | 'rejected';

/**
 * Counts one call, here and in the store, unless the sum would exceed the limit. While the sum is unknown it waits,
 * `maxRounds` times at most (see recovery.ts).
 * @returns name of the bucket of the call; null if it may not be sent
 */
export async function countBelowLimit(counter: SharedCounter, limit: number): Promise<string | null> {
  let result: CountResult = 'recovering';
  for (let round = 0; round < maxRounds && result === 'recovering'; round++) {
    await counter.recovery.whenOver();
    result = await countWithOthers(counter, limit);
  }
  if (result === 'recovering') result = countHere(counter, limit);
  if (result === 'rejected') return null;
  if (result.isRecovering) await syncUntilKnown(counter);
  if (!result.isRecovering || fits(counter, 0, limit)) return result.countedIn;
  counter.buckets.undo(result.countedIn, counter.nowMs());
  return null;
}

async function syncUntilKnown(counter: SharedCounter): Promise<void> {
  for (let round = 0, isRecovering = true; round < maxRounds && isRecovering; round++) {
    await counter.recovery.whenOver();
    const result = await enqueue(counter, () => counter.exchange(null));
    isRecovering = result?.isRecovering ?? false;
  }
}

/**
 * Counts the call in the next exchange, with all calls that wait for it. With one exchange for each call, the last call would
 * wait for all exchanges.
 */
async function countWithOthers(counter: SharedCounter, limit: number): Promise<CountResult> {
  const limits: number[] = [];
  counter.nextCalls ??= {
    limits,
    results: enqueue(counter, () => {
      counter.nextCalls = undefined;
      return countTogether(counter, limits);
    }),
  };
  const { results } = counter.nextCalls;
  const index = counter.nextCalls.limits.push(limit) - 1;
  return (await results)[index] ?? 'rejected';
}

/**
 * Counts the calls that fit below the limit in one exchange. If that exceeds the limit in the store, each call is counted
 * alone.
 */
async function countTogether(counter: SharedCounter, limits: readonly number[]): Promise<CountResult[]> {
  const limit = Math.min(...limits); // it may have been learned meanwhile
  const fitting = Math.min(limits.length, limit - counter.buckets.total(counter.nowMs()));
  const isJoined = fitting > 1 && !counter.recovery.isActive();
  const result = isJoined ? await counter.exchange(limit, fitting) : undefined;
  const results: CountResult[] = [];
  for (let i = 0; i < limits.length; i++) {
    if (result?.isWithinLimit && i < fitting) results.push(result);
    else if (result === null)
      results.push(countHere(counter, limit)); // the store does not respond
    else results.push(await countOne(counter, limit));
  }
  return results;
}

async function countOne(counter: SharedCounter, limit: number): Promise<CountResult> {
  if (counter.recovery.isActive()) return 'recovering';
  if (!fits(counter, 1, limit)) return 'rejected';
  const result = await counter.exchange(limit, 1);
  if (result?.isWithinLimit) return result;
  if (result?.isRecovering) return 'recovering'; // the store may have lost how many calls did not reach Spotify
  return countHere(counter, limit); // the store does not respond, or it contains invalid counters
}

function countHere(counter: SharedCounter, limit: number): KnownResult {
  if (!fits(counter, 1, limit)) return 'rejected';
  return { countedIn: counter.buckets.raise(counter.nowMs()), isRecovering: false };
}

const fits = ({ buckets, nowMs }: SharedCounter, calls: number, limit: number) =>
  buckets.total(nowMs()) + calls <= limit;
