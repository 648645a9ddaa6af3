import { onTestFinished, vi } from 'vitest';
import { calm } from './calm.ts';

/** Lets time pass in this process, for everybody alike, without waiting for it. */
export interface Clock {
  /** From now on it is so much later. Timers that run are not hurried. */
  pass(seconds: number): Promise<void>;
}

/** Until the end of the test. Whatever tells the time by `performance.now()` goes by it, as all of this project does. */
export function startClock(): Clock {
  const now = performance.now.bind(performance);
  let aheadMs = 0;
  const spy = vi.spyOn(performance, 'now').mockImplementation(() => now() + aheadMs);
  onTestFinished(() => spy.mockRestore());
  return {
    async pass(seconds) {
      aheadMs += seconds * 1000;
      await calm(); // to whoever watches the event loop it has just stood still for so long
    },
  };
}
