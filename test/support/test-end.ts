import { AsyncLocalStorage } from 'node:async_hooks';
import { aroundEach, onTestFinished, type TestContext } from 'vitest';

/** What a test started ends with it, also of tests that run side by side, which vitest's `onTestFinished` mixes up. */

const ownTest = new AsyncLocalStorage<TestContext>();

/** For the setup of every test file. */
export function knowOwnTest(): void {
  aroundEach((runTest, context) => ownTest.run(context, runTest));
}

/** Calls a function at the end of the test that calls this. */
export function onTestEnd(end: () => unknown): void {
  const { onTestFinished: register } = ownTest.getStore() ?? { onTestFinished };
  register(async () => {
    await end();
  });
}

const queueMs = 600_000; // a test may wait for its turn as long as all others take

/** Of the tests of this file that run side by side, so many run at the same time: they share one processor. */
export function limitTestsAtOnce(count: number): void {
  let free = count;
  const waiting: (() => void)[] = [];
  aroundEach(async (runTest) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      await runTest();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    }
  }, queueMs);
}
