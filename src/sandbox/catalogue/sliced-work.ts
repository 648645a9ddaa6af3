import { setImmediate as nextTurn } from 'node:timers/promises';

/** Work that is done once, at its first use: synchronously, or in slices between other events. */
export interface SlicedWork<T> {
  /** The result; does the rest of the work synchronously. */
  now(): T;
  /** The result; never blocks the event loop for longer than a slice. */
  inSlices(): Promise<T>;
}

// Far below the delay of an overloaded event loop, and long enough that the switches cost nothing.
const sliceMs = 5;

/** @param steps does the work and yields at least once a millisecond, where it can be interrupted */
export function createSlicedWork<T>(steps: () => Generator<void, T>): SlicedWork<T> {
  let runningSteps: Generator<void, T> | undefined;
  let finishedWork: { result: T } | undefined;
  let slices: Promise<T> | undefined;

  /** Works until the result exists or the time is up; returns the result once it exists. */
  const advance = (untilMs: number): { result: T } | undefined => {
    runningSteps ??= steps();
    while (!finishedWork) {
      const step = runningSteps.next();
      if (step.done) finishedWork = { result: step.value };
      else if (performance.now() >= untilMs) break;
    }
    return finishedWork;
  };

  const runInSlices = async (): Promise<T> => {
    for (;;) {
      const outcome = advance(performance.now() + sliceMs);
      if (outcome) return outcome.result;
      await nextTurn();
    }
  };

  return {
    now: () => {
      const outcome = advance(Number.POSITIVE_INFINITY);
      if (!outcome) throw new Error('work without a time limit ended without a result');
      return outcome.result;
    },
    inSlices: () => {
      slices ??= runInSlices();
      return slices;
    },
  };
}
