import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import {
  createDailyQuota,
  type DailyQuota,
} from '../../../../../src/datasources/spotify/quota/daily/daily-quota.ts';
import { createFakeSharedStore } from '../../../../support/fake-shared-store.ts';
import { useFakeClock } from '../../../../support/request-queue.ts';

/**
 * Three processes that share a store send calls whenever their quota allows it. Some calls do not reach Spotify. Between
 * calls, time passes, processes are restarted on a machine whose clock has been set, and the store loses all its data. Only one combination is left
 * out: nobody can know the last calls of a process that is killed before it has written them to an emptied store again.
 */

const family = 'artists/albums';
const hour = 3_600_000;
const day = 24 * hour;
const startMs = 20_000 * day;
const rewriteMs = 1_000; // within it every process has written its counts to an emptied store again
const connectMs = 500; // until it is known that a call did not reach Spotify
const numRuns = Number(process.env['PROPERTY_RUNS'] ?? 40);

type Event =
  | { kind: 'calls'; process: number; count: number; unsent: number }
  | { kind: 'pass'; ms: number }
  | { kind: 'restart'; process: number; clockStepMs: number }
  | { kind: 'flush' };

const processes = fc.nat(2);
const eventsOf = (steps: fc.Arbitrary<number>): fc.Arbitrary<Event[]> => {
  const pass = (min: number, max: number) =>
    fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min, max }) });
  const calls = fc.record({
    kind: fc.constant('calls' as const),
    process: processes,
    count: fc.integer({ min: 1, max: 12 }),
    unsent: fc.integer({ min: -12, max: 12 }),
  });
  const restart = fc.record({
    kind: fc.constant('restart' as const),
    process: processes,
    clockStepMs: steps,
  });
  return fc.array(
    fc.oneof(
      { weight: 6, arbitrary: calls },
      { weight: 3, arbitrary: pass(1, 3_000) },
      { weight: 2, arbitrary: pass(1, 13 * hour) },
      { weight: 2, arbitrary: pass(day - hour, day) },
      { weight: 2, arbitrary: restart },
      { weight: 2, arbitrary: fc.constant({ kind: 'flush' as const }) },
    ),
    { maxLength: 60 },
  );
};

// A process that is a day ahead treats all counters as old ones, also its own that the others have moved to their time:
// no clock is set further ahead of the lowest one, nor further behind that of another running process.
const maxAheadMs = 23 * hour;
const stepsInBothDirections = fc.oneof(fc.constant(0), fc.integer({ min: -30 * hour, max: 30 * hour }));

useFakeClock('setInterval', 'clearInterval');

function startMachine(configured: ReadonlyMap<string, number>) {
  const store = createFakeSharedStore();
  const sentAtMs: number[] = [];
  let skippedMs = 0; // time without events
  let clockStepMs = 0;
  const trueMs = () => startMs + skippedMs + performance.now();

  let flushedAtMs = Number.NEGATIVE_INFINITY;
  let lowestStepMs = 0; // other processes may have set their clocks back to it
  const stepsMs = [0, 0, 0]; // of the clocks of the running processes

  function startProcess(): DailyQuota {
    const stepMs = clockStepMs;
    return createDailyQuota({ configured, store: store.connect(), clock: () => trueMs() + stepMs });
  }

  const quotas = [startProcess(), startProcess(), startProcess()];

  async function call(process: number, isSent = true): Promise<void> {
    const quota = quotas[process];
    const counted = await quota?.reserve(family);
    if (!counted || quota !== quotas[process]) return; // refused, or killed meanwhile
    if (isSent) sentAtMs.push(trueMs());
    else await new Promise((resolve) => setTimeout(resolve, connectMs));
    if (quota !== quotas[process]) return;
    if (!isSent) counted.undo();
    counted.end();
  }

  async function run(event: Event): Promise<void> {
    switch (event.kind) {
      case 'calls':
        for (let i = 0; i < event.count; i++) void call(event.process, i >= event.unsent);
        return;
      case 'pass':
        await vi.advanceTimersByTimeAsync(Math.min(event.ms, 3_000)); // calls that wait are sent or rejected
        skippedMs += Math.max(0, event.ms - 3_000);
        return;
      case 'restart':
        await vi.advanceTimersByTimeAsync(Math.max(0, flushedAtMs + rewriteMs - performance.now()));
        quotas[event.process]?.dispose();
        stepsMs[event.process] = Number.NEGATIVE_INFINITY; // the process has ended
        clockStepMs = Math.max(clockStepMs + event.clockStepMs, Math.max(...stepsMs) - maxAheadMs);
        clockStepMs = Math.min(clockStepMs, lowestStepMs + maxAheadMs);
        stepsMs[event.process] = clockStepMs;
        lowestStepMs = Math.min(lowestStepMs, clockStepMs);
        quotas[event.process] = startProcess();
        await vi.advanceTimersByTimeAsync(2_500); // the others learn its last counts, which cannot be lost a second later
        return;
      case 'flush':
        flushedAtMs = performance.now();
        store.flush();
    }
  }

  return { run, call, quotas, store, sentAtMs, trueMs };
}

/** The largest number of calls in any 24 h. */
function mostInADay(sentAtMs: readonly number[]): number {
  const sorted = sentAtMs.toSorted((a, b) => a - b);
  let most = 0;
  let from = 0;
  for (const [to, atMs] of sorted.entries()) {
    while (atMs - (sorted[from] as number) >= day) from += 1;
    most = Math.max(most, to - from + 1);
  }
  return most;
}

/** The other processes notice in every endpoint family at the same time that their clocks are ahead. */
const callsOfTwoClocks: Event[] = [
  { kind: 'restart', process: 1, clockStepMs: -16 * hour },
  { kind: 'calls', process: 2, count: 1, unsent: 0 },
  { kind: 'calls', process: 1, count: 1, unsent: 0 },
];

/** The store loses its data after a call that did not reach Spotify: it then lacks the count of such calls. */
const callsAfterUnsentCall: Event[] = [
  { kind: 'calls', process: 1, count: 1, unsent: 1 },
  { kind: 'pass', ms: 3_000 },
  { kind: 'flush' },
  { kind: 'calls', process: 1, count: 1, unsent: 0 },
  { kind: 'calls', process: 0, count: 1, unsent: 0 },
];

test('a configured limit is never exceeded in any 24 h, despite restarts, clock changes and losses of the store', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 40 }),
      eventsOf(stepsInBothDirections),
      async (limit, events) => {
        const { run, quotas, sentAtMs } = startMachine(new Map([[family, limit]]));
        for (const event of events) await run(event);
        await vi.advanceTimersByTimeAsync(5_000);
        for (const quota of quotas) quota.dispose();
        expect(mostInADay(sentAtMs)).toBeLessThanOrEqual(limit - 1);
      },
    ),
    {
      numRuns,
      endOnFailure: true,
      examples: [
        [2, callsOfTwoClocks],
        [2, callsAfterUnsentCall],
      ],
    },
  );
});

test('a learned limit is never exceeded in any 24 h, despite restarts, clock changes and losses of the store', async () => {
  await fc.assert(
    fc.asyncProperty(
      eventsOf(stepsInBothDirections),
      fc.array(fc.tuple(processes, fc.integer({ min: 1, max: 2 * hour }), fc.nat(3)), {
        minLength: 20,
        maxLength: 40,
      }),
      async (events, callsBefore) => {
        const { run, call, quotas, sentAtMs, trueMs } = startMachine(new Map());
        await run({ kind: 'pass', ms: 2_000 });
        for (const [index, [process, ms, chance]] of callsBefore.entries()) {
          await run({ kind: 'pass', ms: ms % Math.floor(day / callsBefore.length / 2) });
          void call(process, index < 2 || chance > 0);
        }
        await run({ kind: 'pass', ms: 3_000 });
        const learned = mostInADay(sentAtMs);
        await call(0); // Spotify rejects this call
        sentAtMs.pop();
        quotas[0]?.recordRejection(family, { waitMs: (sentAtMs[0] as number) + day - trueMs() });
        await run({ kind: 'pass', ms: 1_000 });
        expect(quotas[1]?.stateOf(family)).toMatchObject({ limit: learned, limitSource: 'LEARNED' });
        for (const event of events) await run(event);
        await vi.advanceTimersByTimeAsync(5_000);
        for (const quota of quotas) quota.dispose();
        expect(mostInADay(sentAtMs)).toBeLessThanOrEqual(learned);
      },
    ),
    { numRuns, endOnFailure: true },
  );
});
