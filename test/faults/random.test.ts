import { setTimeout as sleep } from 'node:timers/promises';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FaultRule } from '../../src/sandbox/index.ts';
import { isFull } from '../support/clock.ts';
import { startTestEnvironment, type TestEnvironment } from '../support/fault-environment.ts';
import { violations } from '../support/fault-invariants.ts';
import {
  album,
  albumTracks,
  artist,
  artistAlbums,
  artistId,
  artists,
  fixtures,
  type Operation,
  search,
  track,
  trackId,
  tracks,
} from '../support/fault-operations.ts';
import type { Outcome } from '../support/fault-responses.ts';
import {
  allowHosts,
  callsToOtherHosts,
  leaks,
  misdirected,
  openSockets,
  watchUnhandled,
} from '../support/fault-traces.ts';
import { startForeignHost } from '../support/foreign-host.ts';
import { measureLoopPauses } from '../support/machine-load.ts';
import type { Trouble } from '../support/tcp-proxy.ts';

/**
 * Random faults at random times during random operations: every response is in time, has documented codes and correct
 * data. A run prints its seed; FAULT_SEED=… repeats it.
 */

const spanMs = 1_500; // in which the faults and operations of a scenario start
const deadlineMs = 1_000;
const limits = {
  UPSTREAM_TIMEOUT_MS: '300',
  REQUEST_TIMEOUT_MS: `${deadlineMs}`,
  CACHE_TTL_SECONDS: '1',
};
const concurrentScenarios = 8;
const runs = isFull ? 300 : 4; // some two seconds each

interface ScheduledEvent {
  atMs: number;
  event: { rule: FaultRule } | { trouble: Trouble } | 'tokens expire' | 'faults end';
}

interface Scenario {
  quotaMode: 'development' | 'extended';
  events: readonly ScheduledEvent[];
  operations: readonly ScheduledOperation[];
}

const foreignUrl = 'http://foreignHost.invalid'; // replaced by the address of a real server

/** Faults without wrong data: a response is correct, an error, malformed or late, but never that for another object. */
const faults: fc.Arbitrary<FaultRule['fault']> = fc.oneof(
  fc.constantFrom(500, 502, 503, 504, 501, 400, 403, 405, 408, 409, 418, 425, 451).map((status) => ({
    kind: 'answer' as const,
    status,
    // With a message, because a 400 without one lowers page sizes, and then case P22-ceiling loses tracks.
    json: { error: { status, message: 'not today' } },
  })),
  fc.record({
    kind: fc.constant('rate-limit' as const),
    form: fc.constantFrom('text' as const, 'json' as const, 'quota' as const),
    retryAfterSeconds: fc.constantFrom(0, 1, 2, 30, 86_400),
  }),
  fc.constant({ kind: 'rate-limit' as const }),
  fc.record({
    kind: fc.constant('unauthorized' as const),
    reason: fc.constantFrom('expired' as const, 'invalid' as const, 'user' as const),
  }),
  fc.constant({ kind: 'premium-lapsed' as const }),
  fc.constantFrom('', 'null', '[]', '"x"', '{"error": 1}', '<html></html>', '{"id": 7').map((text) => ({
    kind: 'answer' as const,
    status: 200,
    text,
  })),
  fc.constantFrom(301, 302, 307).map((status) => ({ kind: 'redirect' as const, to: foreignUrl, status })),
  fc.record({ kind: fc.constant('delay' as const), ms: fc.integer({ min: 0, max: 1_500 }) }),
  fc.record({ kind: fc.constant('stall' as const), afterBytes: fc.nat(300) }),
  fc.constant({ kind: 'stall' as const }),
  fc.record({
    kind: fc.constant('drip' as const),
    bytes: fc.integer({ min: 1, max: 2_000 }),
    everyMs: fc.integer({ min: 1, max: 50 }),
  }),
  fc.record({ kind: fc.constant('reset' as const), afterBytes: fc.nat(300) }),
  fc.constant({ kind: 'reset' as const }),
  fc.record({ kind: fc.constant('truncate' as const), afterBytes: fc.nat(300) }),
  fc.record({ kind: fc.constant('oversize' as const), megabytes: fc.constant(3), gzip: fc.boolean() }),
  fc.record({
    kind: fc.constant('budget' as const),
    calls: fc.integer({ min: 1, max: 20 }),
    windowSeconds: fc.constantFrom(1, 2),
  }),
  fc.record({ kind: fc.constant('edit' as const), edits: fc.constant([{ path: 'unheard_of', set: [1] }]) }),
);

const targets: fc.Arbitrary<FaultRule['on']> = fc.constantFrom(
  undefined,
  undefined,
  { route: 'token' },
  { route: 'artists' },
  { route: 'artists/albums' },
  { route: ['tracks', 'search'] },
  { batch: true },
);

const rules: fc.Arbitrary<FaultRule> = fc
  .record({
    on: targets,
    skip: fc.nat(3),
    times: fc.option(fc.integer({ min: 1, max: 20 }), { nil: undefined }),
    forMs: fc.option(fc.integer({ min: 50, max: spanMs }), { nil: undefined }),
    chance: fc.constantFrom(0.1, 0.3, 0.6, 1),
    seed: fc.string({ maxLength: 4 }),
    fault: faults,
  })
  .map((rule) => Object.fromEntries(Object.entries(rule).filter(([, value]) => value !== undefined)))
  .map((rule) => rule as unknown as FaultRule);

// Without the tracks of albums, because of case P22-ceiling.
const lists = { route: ['artists/albums', 'search'] };

/** Changes of the app's capabilities. */
const capabilityChanges: fc.Arbitrary<FaultRule> = fc.constantFrom<FaultRule>(
  { on: lists, fault: { kind: 'ceiling', limit: 5, clamp: true } },
  { on: lists, fault: { kind: 'ceiling', limit: 10 } },
  { on: { batch: true }, fault: { kind: 'withdrawn', status: 403 } },
  { on: { batch: true }, fault: { kind: 'withdrawn', status: 410 } },
);

const troubles: fc.Arbitrary<Trouble> = fc.oneof(
  fc.constantFrom<Trouble>(
    { kind: 'down' },
    { kind: 'black-hole' },
    { kind: 'slice' },
    { kind: 'half-open' },
    { kind: 'slow-close', ms: 500 },
  ),
  fc.record({
    kind: fc.constant('reset' as const),
    in: fc.constantFrom('headers' as const, 'body' as const),
    times: fc.integer({ min: 1, max: 10 }),
  }),
  fc.record({
    kind: fc.constant('bandwidth' as const),
    bytesPerSecond: fc.integer({ min: 500, max: 50_000 }),
  }),
  fc.record({ kind: fc.constant('latency' as const), ms: fc.nat(400) }),
);

const events: fc.Arbitrary<ScheduledEvent> = fc.record({
  atMs: fc.nat(spanMs),
  event: fc.oneof(
    { weight: 6, arbitrary: rules.map((rule) => ({ rule })) },
    { weight: 1, arbitrary: capabilityChanges.map((rule) => ({ rule })) },
    { weight: 2, arbitrary: troubles.map((trouble) => ({ trouble })) },
    { weight: 1, arbitrary: fc.constant('tokens expire' as const) },
    { weight: 2, arbitrary: fc.constant('faults end' as const) },
  ),
});

const few = fc.nat(8); // of each kind, so that operations select the same objects
const some = fc.uniqueArray(few, { minLength: 1, maxLength: 6 });

/** Operations by name, so that counterexamples are readable. */
const makers = {
  artist: (n: number) => artist(n),
  album: (n: number) => album(n),
  track: (n: number) => track(n),
  artists: (...list: number[]) => artists(list.map(artistId)),
  tracks: (...list: number[]) => tracks(list.map(trackId)),
  albumsOf: (n: number, first: number) => artistAlbums(n, { first }),
  albumsOfBts: (first: number) => artistAlbums(fixtures.artists.bts, { first }),
  tracksOf: (first: number) => albumTracks(fixtures.albums.tracks130, { first }),
  search: (n: number, first: number) => search(['amber', 'garden', 'velvet'][n] ?? 'paper', first),
} satisfies Record<string, (...numbers: number[]) => Operation>;

interface ScheduledOperation {
  atMs: number;
  operation: keyof typeof makers;
  numbers: readonly number[];
}

const scheduled = (
  operation: ScheduledOperation['operation'],
  numbers: fc.Arbitrary<readonly number[]>,
): fc.Arbitrary<ScheduledOperation> =>
  fc.record({ atMs: fc.nat(spanMs), operation: fc.constant(operation), numbers });

const operations: fc.Arbitrary<ScheduledOperation> = fc.oneof(
  scheduled('artist', fc.tuple(few)),
  scheduled('album', fc.tuple(few)),
  scheduled('track', fc.tuple(few)),
  scheduled('artists', some),
  scheduled('tracks', some),
  scheduled('albumsOf', fc.tuple(few, fc.nat(40))),
  scheduled('albumsOfBts', fc.tuple(fc.nat(100))),
  scheduled('tracksOf', fc.tuple(fc.nat(100))),
  scheduled('search', fc.tuple(fc.nat(3), fc.integer({ min: 1, max: 30 }))),
);

const operationOf = ({ operation, numbers }: ScheduledOperation): Operation =>
  (makers[operation] as (...numbers: readonly number[]) => Operation)(...numbers);

const scenarios: fc.Arbitrary<Scenario> = fc.record({
  quotaMode: fc.constantFrom('development' as const, 'extended' as const),
  events: fc.array(events, { minLength: 1, maxLength: 6 }),
  operations: fc.array(operations, { minLength: 5, maxLength: 40 }),
});

/** Runs a scenario. @returns the violations of the invariants */
async function play({
  quotaMode,
  events: scheduledEvents,
  operations: scheduledOperations,
}: Scenario): Promise<string[]> {
  const testEnvironment = await startTestEnvironment({
    sandbox: { quotaMode },
    environment: { ...limits, SPOTIFY_QUOTA_MODE: 'auto' },
    proxied: 'both',
  });
  allowHosts(testEnvironment.allowed);
  const foreignHost = await startForeignHost(testEnvironment);
  try {
    const appliedEvents = scheduledEvents.map(async ({ atMs, event }) => {
      await sleep(atMs);
      await apply(testEnvironment, event, foreignHost.origin);
    });
    const outcomes = await Promise.all(
      scheduledOperations.map(async (each): Promise<{ outcome: Outcome; pausedMs: number }> => {
        await sleep(each.atMs);
        const pausedMs = measureLoopPauses();
        const outcome = await testEnvironment.execute(operationOf(each));
        return { outcome, pausedMs: pausedMs() };
      }),
    );
    await Promise.all(appliedEvents);
    await testEnvironment.lift();
    await testEnvironment.endGateways();
    return [
      // Eight gateways, their clients and their upstreams share one event loop: its pauses are not caused by one of them.
      ...outcomes.flatMap(({ outcome, pausedMs }) =>
        violations(outcome, {
          deadlineMs: deadlineMs + pausedMs,
          machineLoad: testEnvironment.machineLoad(),
          sharesToken: true,
        }).map((violation) => `${violation} in ${outcome.text.slice(0, 500)}`),
      ),
      ...(await leaks(testEnvironment)),
      ...callsToOtherHosts(testEnvironment),
      ...misdirected(testEnvironment),
      ...(await openSockets(testEnvironment)),
      ...(foreignHost.calls() > 0 ? ['the host of a redirect was called'] : []),
    ];
  } finally {
    await testEnvironment.endGateways();
    await testEnvironment.close();
  }
}

async function apply(
  testEnvironment: TestEnvironment,
  event: ScheduledEvent['event'],
  foreignHost: string,
): Promise<void> {
  if (event === 'tokens expire') {
    testEnvironment.sandbox.expireTokens();
  } else if (event === 'faults end') {
    await testEnvironment.lift();
  } else if ('trouble' in event) {
    await testEnvironment.trouble(event.trouble);
  } else {
    const { fault } = event.rule;
    testEnvironment.fault({
      ...event.rule,
      fault: fault.kind === 'redirect' ? { ...fault, to: foreignHost } : fault,
    });
  }
}

describe('R. Random faults', () => {
  const { FAULT_SEED } = process.env;
  const seed = FAULT_SEED === undefined ? Date.now() % 2 ** 31 : Number(FAULT_SEED);

  test('with random faults at random times every response is in time, with documented codes and correct data', {
    timeout: runs * 10_000,
  }, async () => {
    process.stdout.write(`random faults: FAULT_SEED=${seed}\n`);
    const unhandled = watchUnhandled();
    let played = 0;
    try {
      await fc.assert(
        fc.asyncProperty(
          fc.array(scenarios, { minLength: concurrentScenarios, maxLength: concurrentScenarios }),
          async (batch) => {
            const found = await Promise.all(batch.map(play));
            played += batch.length;
            expect(found.flat()).toEqual([]);
          },
        ),
        {
          seed,
          numRuns: runs,
          interruptAfterTimeLimit: runs * 10_000, // long enough for all runs on a busy machine
          endOnFailure: true, // no shrinking: failures depend on timing, so a smaller scenario is not the same failure
        },
      );
    } finally {
      unhandled.end();
    }
    process.stdout.write(`random faults: ${played} scenarios\n`);
    expect(unhandled.seen).toEqual([]);
    expect(played).toBe(runs * concurrentScenarios);
  });
});
