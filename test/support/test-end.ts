import { AsyncLocalStorage } from 'node:async_hooks';
import { aroundEach, onTestFinished, type TestContext } from 'vitest';

/** Cleanup at the end of a test. It works in concurrent tests too, which vitest's `onTestFinished` mixes up. */

const ownTest = new AsyncLocalStorage<TestContext>();

let concurrentCount = 0;

/** For the setup of every test file. */
export function trackCurrentTest(): void {
  aroundEach(async (runTest, context) => {
    if (!context.task.concurrent) return runTest();
    concurrentCount += 1;
    try {
      await ownTest.run(context, runTest);
    } finally {
      concurrentCount -= 1;
      // A storage that has been used costs time for every promise in Node 20: a twentieth of the tests' processor time.
      if (concurrentCount === 0) ownTest.disable();
    }
  });
}

/** Registers a function that releases a resource, at the end of one test or of all tests of a file. */
export type OnEnd = (end: () => Promise<void>) => unknown;

/** Calls a function at the end of the test that calls this. */
export function onTestEnd(end: () => unknown): void {
  const { onTestFinished: register } = ownTest.getStore() ?? { onTestFinished };
  register(async () => {
    await end();
  });
}

const queueMs = 600_000; // a test may wait until all others have ended

/** Limits how many of the concurrent tests of this file run at the same time, because they share one processor. */
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
