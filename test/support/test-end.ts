import { AsyncLocalStorage } from 'node:async_hooks';
import { onTestFinished, type TestContext } from 'vitest';

/**
 * What a test started ends with it. For tests that run side by side, vitest's global `onTestFinished` does not know which
 * of them calls it, so their bodies are marked with `sideBySide`.
 */

const ownTest = new AsyncLocalStorage<TestContext>();

/** Calls a function at the end of the test that runs. */
export function onTestEnd(end: () => unknown): void {
  const { onTestFinished: register } = ownTest.getStore() ?? { onTestFinished };
  register(async () => {
    await end();
  });
}

/** The body of a test that runs while others do. */
export const sideBySide =
  <Args extends unknown[]>(body: (...args: Args) => Promise<void>) =>
  (...args: [...Args, TestContext]) => {
    const context = args.at(-1) as TestContext;
    return ownTest.run(context, () => body(...(args.slice(0, -1) as Args)));
  };
