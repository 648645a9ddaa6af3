import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createSlicedWork } from '../../src/sandbox/catalogue/sliced-work.ts';
import { createCatalogue, startSandbox } from '../../src/sandbox/index.ts';
import { connect } from './client.ts';

/** How long something took, and the longest time in which the event loop did not turn meanwhile. */
async function watchTurns(act: () => Promise<unknown>): Promise<{ totalMs: number; longestMs: number }> {
  const startMs = performance.now();
  let lastMs = startMs;
  let longestMs = 0;
  let done = false;
  const look = () => {
    const nowMs = performance.now();
    longestMs = Math.max(longestMs, nowMs - lastMs);
    lastMs = nowMs;
  };
  const acting = act().finally(() => {
    done = true;
  });
  while (!done) {
    await nextTurn();
    look();
  }
  await acting;
  look();
  return { totalMs: performance.now() - startMs, longestMs };
}

describe('the first call that needs the whole catalogue', () => {
  const { fixtures } = createCatalogue();

  it.each([
    ['a search', '/search?q=BTS&type=artist,album,track'],
    ['a track', `/tracks/${fixtures.tracks.explicit}`],
  ])('is answered without a long stop of the event loop: %s', async (_, path) => {
    // A catalogue of its own: one that other tests share is prepared already.
    const sandbox = await startSandbox({ catalogue: createCatalogue() });
    const client = await connect(sandbox);
    const { totalMs, longestMs } = await watchTurns(async () => {
      expect((await client.get(path)).status).toBe(200);
    });
    await sandbox.close();
    // At once, nine tenths of the time would be one stop.
    expect(longestMs / totalMs).toBeLessThan(0.5);
  });

  it('is answered like a later one, also where several come at once', async () => {
    const sandbox = await startSandbox({ catalogue: createCatalogue() });
    const client = await connect(sandbox);
    const path = '/search?q=lan&type=artist,album,track';
    const together = await Promise.all([client.get(path), client.get(path), client.get(path)]);
    const later = await client.get(path);
    await sandbox.close();
    for (const answer of together) expect(answer.json).toEqual(later.json);
    expect(later.at('tracks.total')).toBeGreaterThan(0);
  });
});

describe('work in slices', () => {
  function* count(to: number): Generator<void, number> {
    for (let step = 0; step < to; step++) yield;
    return to;
  }

  it('is done once, whoever asks for it and how', async () => {
    let starts = 0;
    const work = createSlicedWork(() => {
      starts += 1;
      return count(5);
    });
    expect(await Promise.all([work.inSlices(), work.inSlices()])).toEqual([5, 5]);
    expect([work.now(), starts]).toEqual([5, 1]);
  });

  it('is finished at once where its result is needed while it runs', async () => {
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

  it('that fails rejects', async () => {
    const work = createSlicedWork<number>(function* () {
      yield;
      throw new Error('no room');
    });
    await expect(work.inSlices()).rejects.toThrow('no room');
  });
});
