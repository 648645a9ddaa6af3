/** Counts by key, such as calls by endpoint family. */

export function add<K>(counts: Map<K, number>, key: K, count: number): void {
  counts.set(key, (counts.get(key) ?? 0) + count);
}

export const sum = (counts: Iterable<number>): number =>
  Array.from(counts).reduce((total, each) => total + each, 0);

export function addAll<K extends string>(
  counts: Map<K, number>,
  added: Readonly<Partial<Record<K, number>>>,
): void {
  for (const key in added) add(counts, key, added[key] ?? 0);
}
