import { setImmediate as nextTurn } from 'node:timers/promises';

/** Work that is done once, when it is first needed: at once, or in slices between other events. */
export interface SlicedWork<T> {
  /** The result; does at once what is left of the work. */
  now(): T;
  /** The result; never blocks the event loop for longer than a slice. */
  inSlices(): Promise<T>;
}

// Far below what counts as a late event loop, and long enough that the turns between cost nothing.
const sliceMs = 5;

/** @param steps does the work and yields wherever it may be interrupted, at least once a millisecond */
export function createSlicedWork<T>(steps: () => Generator<void, T>): SlicedWork<T> {
  let running: Generator<void, T> | undefined;
  let finished: { result: T } | undefined;
  let slices: Promise<T> | undefined;

  /** Goes on until the work is done or the time is up, and gives the result once there is one. */
  const advance = (untilMs: number): { result: T } | undefined => {
    running ??= steps();
    while (!finished) {
      const step = running.next();
      if (step.done) finished = { result: step.value };
      else if (performance.now() >= untilMs) break;
    }
    return finished;
  };

  const runInSlices = async (): Promise<T> => {
    for (;;) {
      const done = advance(performance.now() + sliceMs);
      if (done) return done.result;
      await nextTurn();
    }
  };

  return {
    now: () => {
      const done = advance(Number.POSITIVE_INFINITY);
      if (!done) throw new Error('work without a time limit ended without a result');
      return done.result;
    },
    inSlices: () => {
      slices ??= runInSlices();
      return slices;
    },
  };
}
