/**
 * A list without its nulls. The gateway returns null for an item that failed, so that the other items are not lost.
 */
export const present = <T>(list: readonly (T | null)[] | null | undefined): T[] =>
  (list ?? []).filter((item) => item !== null);
