import { setImmediate as nextIteration } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { createSlicedWork } from '../../src/sandbox/catalogue/sliced-work.ts';
import { createCatalogue, startSandbox } from '../../src/sandbox/index.ts';
import { connect } from './client.ts';

/** Processor time of this process in milliseconds, which other processes on the machine do not lengthen. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** The processor time of an action, and of the event loop's longest iteration meanwhile. */
async function measureBlocking(act: () => Promise<unknown>): Promise<{ totalMs: number; longestMs: number }> {
  const startMs = cpuMs();
  let lastMs = startMs;
  let longestMs = 0;
  let done = false;
  const measure = () => {
    const nowMs = cpuMs();
    longestMs = Math.max(longestMs, nowMs - lastMs);
    lastMs = nowMs;
  };
  const acting = act().finally(() => {
    done = true;
  });
  while (!done) {
    await nextIteration();
    measure();
  }
  await acting;
  measure();
  return { totalMs: cpuMs() - startMs, longestMs };
}

describe('the first call that needs the whole catalogue', () => {
  const { fixtures } = createCatalogue();

  test.each([
    ['a search', '/search?q=BTS&type=artist,album,track'],
    ['a track', `/tracks/${fixtures.tracks.explicit}`],
  ])(
    'the first call that needs the whole catalogue does not block the event loop for long: %s',
    async (_, path) => {
      // A new catalogue, because a shared one may be prepared already.
      const sandbox = await startSandbox({ catalogue: createCatalogue() });
      const client = await connect(sandbox);
      const { totalMs, longestMs } = await measureBlocking(async () => {
        expect((await client.get(path)).status).toBe(200);
      });
      await sandbox.close();
      // Without slices, one iteration would take at least three quarters of the time.
      expect(longestMs / totalMs).toBeLessThan(0.5);
    },
  );

  test('the first call that needs the whole catalogue has the response of a later call, also among concurrent calls', async () => {
    const sandbox = await startSandbox({ catalogue: createCatalogue() });
    const client = await connect(sandbox);
    const path = '/search?q=lan&type=artist,album,track';
    const together = await Promise.all([client.get(path), client.get(path), client.get(path)]);
    const later = await client.get(path);
    await sandbox.close();
    for (const response of together) expect(response.json).toEqual(later.json);
    expect(later.at('tracks.total')).toBeGreaterThan(0);
  });
});

describe('work in slices', () => {
  function* count(to: number): Generator<void, number> {
    for (let step = 0; step < to; step++) yield;
    return to;
  }

  test('work in slices is done once for several callers, in slices or at once', async () => {
    let starts = 0;
    const work = createSlicedWork(() => {
      starts += 1;
      return count(5);
    });
    expect(await Promise.all([work.inSlices(), work.inSlices()])).toEqual([5, 5]);
    expect([work.now(), starts]).toEqual([5, 1]);
  });

  test('work in slices is finished at once if its result is needed while the work runs', async () => {
    let steps = 0;
    const work = createSlicedWork(function* () {
      for (; steps < 20; steps++) {
        const untilMs = performance.now() + 1;
        while (performance.now() < untilMs);
        yield;
      }
      return steps;
    });
    const slices = work.inSlices();
    expect(steps).toBeLessThan(20);
    expect(work.now()).toBe(20);
    expect(await slices).toBe(20);
  });

  test('the promise of work in slices rejects if the work throws', async () => {
    const work = createSlicedWork<number>(function* () {
      yield;
      throw new Error('no room');
    });
    await expect(work.inSlices()).rejects.toThrow('no room');
  });
});
