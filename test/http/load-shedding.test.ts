import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { watchEventLoop } from '../../src/observability/event-loop.ts';
import { waitForIdleLoop } from '../support/clock.ts';
import { withSandbox } from '../support/gateway.ts';
import { postJson } from '../support/post-json.ts';
import { startServer } from '../support/process.ts';
import { fixRejectionCost } from '../support/rejection-cost.ts';
import { artistQuery } from '../support/schema-tests.ts';

/** A process rejects operations only while it is overloaded, and never because it has just started. */

test.each([1, 2, 3])(
  'a process that has just started responds to every request of a client that waits for each response: process %i',
  { timeout: 60_000 },
  async () => {
    const { url } = await startServer();
    const statuses: number[] = [];
    for (let n = 0; n < 12; n++) {
      const response = await fetch(
        url,
        postJson({ query: `{ search(q: "a${n}") { artists { nodes { name } } } }` }),
      );
      statuses.push(response.status);
      await response.arrayBuffer();
    }
    expect(new Set(statuses)).toEqual(new Set([200]));
  },
);

describe('the event loop', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] }));
  afterEach(() => void vi.useRealTimers());

  /** An event loop with these delays at its samples. */
  function lateBy(...delaysMs: number[]) {
    const loop = watchEventLoop();
    for (const delayMs of delaysMs) sampleLate(delayMs);
    return loop;
  }

  function sampleLate(byMs: number): void {
    const now = vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 20 + byMs);
    vi.advanceTimersByTime(20);
    now.mockRestore();
    vi.advanceTimersByTime(0);
  }

  /** The number of admitted operations among `operations` that arrive at the same time. */
  const admitted = (loop: ReturnType<typeof watchEventLoop>, operations: number, running = 0): number =>
    Array.from({ length: operations }, () => loop.admitOperation(running)).filter(Boolean).length;

  test('an event loop that was late once, or twice in succession, admits any number of operations', () => {
    for (const delays of [[5_000], [300, 300], [300, 300, 0], [300, 300, 0, 300, 300]]) {
      expect(admitted(lateBy(...delays), 100), String(delays)).toBe(100);
    }
  });

  test('an event loop that stays late admits 7 operations at the same time, and none while 8 operations run', () => {
    const loop = lateBy(300, 600, 900);
    expect(loop.lagMs()).toBeGreaterThan(200);
    expect(admitted(loop, 100)).toBe(7);
    expect(admitted(lateBy(300, 600, 900), 100, 8)).toBe(0);
  });

  test('an event loop that stays late admits every operation of a client that waits for each response', () => {
    const loop = lateBy(300, 600, 900, 1_200);
    for (let lateMs = 1_500; lateMs < 7_500; lateMs += 300) {
      expect(admitted(loop, 1)).toBe(1);
      sampleLate(lateMs);
      expect(loop.lagMs()).toBeGreaterThan(200);
    }
  });
});

const post = (query: string): RequestInit =>
  postJson({ query }, { accept: 'application/graphql-response+json' });

test('a flood of invalid operations is shed and causes no Spotify call, and cached data is served', {
  timeout: 60_000,
}, async () => {
  const { fetch, sandbox } = await withSandbox();
  expect((await fetch('/graphql', post(artistQuery))).status).toBe(200);
  const before = sandbox.calls().length;

  fixRejectionCost();
  const statuses = new Map<number, number>();
  for (let n = 0; n < 300; n++) {
    const { status, headers } = await fetch('/graphql', post(`{ unknown${n} ${'a '.repeat(500)}}`));
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    if (status === 503) expect(headers.get('retry-after')).toBe('1');
  }
  expect([...statuses]).toEqual([
    [400, 150], // of 2 ms each, until they have taken 300 ms
    [503, 150],
  ]);
  const response = await fetch('/graphql', post(artistQuery));
  expect({ status: response.status, body: await response.json() }).toEqual({
    status: 200,
    body: { data: { artist: { name: 'BTS' } } },
  });
  expect(sandbox.calls()).toHaveLength(before);
});

test('the number of new valid documents has no limit', async () => {
  const { execute } = await withSandbox();
  for (let n = 0; n < 300; n++) {
    if (n % 20 === 0) await waitForIdleLoop();
    expect((await execute(`{ a${n}: __typename }`)).data).toEqual({ [`a${n}`]: 'Query' });
  }
});
