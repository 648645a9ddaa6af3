import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { watchEventLoop } from '../../src/observability/event-loop.ts';
import { startServer } from '../support/process.ts';

/** A process rejects operations only while it cannot keep up, and never because it has just started. */

describe('a process that has just started', () => {
  test.each([1, 2, 3])(
    'answers every request of a client that waits for each response: process %i',
    async () => {
      const { url } = await startServer();
      const statuses: number[] = [];
      for (let n = 0; n < 12; n++) {
        const response = await fetch(url, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ query: `{ search(q: "a${n}") { artists { nodes { name } } } }` }),
        });
        statuses.push(response.status);
        await response.arrayBuffer();
      }
      expect(new Set(statuses)).toEqual(new Set([200]));
    },
  );
});

describe('the event loop', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] }));
  afterEach(() => void vi.useRealTimers());

  /** An event loop that is late by so much at each of its samples. */
  function lateBy(...delaysMs: number[]) {
    const loop = watchEventLoop();
    for (const delayMs of delaysMs) {
      const late = performance.now() + 20 + delayMs;
      const now = vi.spyOn(performance, 'now').mockReturnValue(late);
      vi.advanceTimersByTime(20);
      now.mockRestore();
      vi.advanceTimersByTime(0);
    }
    return loop;
  }

  /** How many of so many operations that arrive at once are admitted. */
  const admitted = (loop: ReturnType<typeof watchEventLoop>, operations: number, running = 0): number =>
    Array.from({ length: operations }, () => loop.admits(running)).filter(Boolean).length;

  test('that was late once, or twice in succession, is no overload, however many operations arrive', () => {
    for (const delays of [[5_000], [300, 300], [300, 300, 0], [300, 300, 0, 300, 300]]) {
      expect(admitted(lateBy(...delays), 100), String(delays)).toBe(100);
    }
  });

  test('that stays late admits only as many operations as wait for it without a flood', () => {
    const loop = lateBy(300, 600, 900);
    expect(loop.lagMs()).toBeGreaterThan(200);
    expect(admitted(loop, 100)).toBe(7);
    expect(admitted(lateBy(300, 600, 900), 100, 8)).toBe(0);
  });

  test('that stays late admits a client that waits for each response', () => {
    expect(admitted(lateBy(300, 600, 900, 1_200), 1)).toBe(1);
  });
});
