import type { FieldNode } from 'graphql';
import type { Family, Kind } from '../../datasources/spotify/index.ts';
import type { ArgumentsOf } from './argument-values.ts';
import type { Cost, CountInput } from './cost.ts';

/** The calls counted so far, and the values that every part of the count needs. */
export interface Count {
  input: CountInput;
  argumentsOf: ArgumentsOf;
  calls: Map<Family, number>;
  /** The families of shared calls and of probe calls by the names of the calls. */
  sharedCalls: Map<string, Family>;
  probeCalls: Map<string, Family>;
  /** Counted while nothing is known about batches, for the call that tries one; else null. */
  lookups: Record<'direct' | 'deferred', Map<Kind, number>> | null;
  uncachedEntities: number;
  /** The indexes of the representations that are not read, by the first nodes of their fields. */
  rejectedIndexes: Map<FieldNode | undefined, ReadonlySet<number>>;
  visits: number;
  /** The calls of each field, such as `Album.tracks`; a shared call counts for the first field that needs it. */
  callsOfFields: Map<string, number>;
}

/**
 * Adds a cost to the count.
 * @param field which has the cost, such as `Album.tracks`
 * @param isBelowRoot whether the lookups may land in one tick with lookups that earlier responses have triggered, so
 * that both count as lookups that can be batched
 */
export function addCost(
  count: Count,
  field: string,
  { calls, sharedCalls = [], probeCalls = [], lookups, deferredLookups }: Omit<Cost, 'objects' | 'full'>,
  isBelowRoot: boolean,
): void {
  const newSharedCalls = sharedCalls.filter(({ name }) => !count.sharedCalls.has(name));
  add(count.callsOfFields, field, sum(Object.values(calls)) + newSharedCalls.length);
  addAll(count.calls, calls);
  for (const { name, family } of newSharedCalls) count.sharedCalls.set(name, family);
  for (const { name, family } of probeCalls) count.probeCalls.set(name, family);
  if (!count.lookups) return;
  if (lookups) addAll(count.lookups.direct, lookups);
  const deferred = deferredLookups ?? (isBelowRoot ? lookups : undefined);
  if (deferred) addAll(count.lookups.deferred, deferred);
}

export function add<K>(counts: Map<K, number>, key: K, count: number): void {
  counts.set(key, (counts.get(key) ?? 0) + count);
}

export const sum = (counts: Iterable<number>): number =>
  Array.from(counts).reduce((total, each) => total + each, 0);

function addAll<K extends string>(counts: Map<K, number>, added: Readonly<Partial<Record<K, number>>>): void {
  for (const key in added) add(counts, key, added[key] ?? 0);
}
