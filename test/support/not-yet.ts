import { test } from 'vitest';

/** Makes tests of which those with such a name are known to fail; one that passes all the same is an error. */
export const testExcept =
  (notYet: readonly RegExp[]) =>
  (name: string, run: () => Promise<void>): void => {
    const fails = notYet.some((each) => each.test(name));
    (fails ? test.fails : test)(name, { timeout: 30_000 }, run);
  };
