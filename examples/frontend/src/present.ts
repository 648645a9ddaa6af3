/**
 * A list without its gaps. The gateway leaves a null where one thing of many could not be read, so that the
 * others are not lost with it.
 */
export const present = <T>(list: readonly (T | null)[] | null | undefined): T[] =>
  (list ?? []).filter((item) => item !== null);
