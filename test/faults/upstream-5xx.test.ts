import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { FaultRule } from '../../src/sandbox/index.ts';
import { isFull, pass } from '../support/clock.ts';
import type { Step, StepResult } from '../support/fault-case.ts';
import {
  artist,
  artistAlbums,
  localOperation,
  type Operation,
  range,
  search,
  track,
} from '../support/fault-operations.ts';
import type { Outcome } from '../support/fault-responses.ts';
import { executeAtRate, faultSuite } from '../support/fault-runner.ts';
import { codesOf, isLocal, medianOf, only, onlyAfterRetries, p99Of } from '../support/fault-steps.ts';

const second = 1_000;
const seconds = (inFull: number, inShort: number) => (isFull ? inFull : inShort);

const replyOf = (status: number, more: object = {}): FaultRule['fault'] => ({
  kind: 'answer',
  status,
  json: { error: { status, message: 'Bad gateway.' } },
  ...more,
});

const isFailed = ({ errors }: Outcome) => errors.length > 0;
const isStale = ({ extensions }: Outcome) => (extensions.spotify?.stale ?? []).length > 0;

/** The number of retries among all calls of the operations. */
function retriesIn(outcomes: readonly Outcome[]): { retries: number; calls: number } {
  let calls = 0;
  let retries = 0;
  for (const { extensions } of outcomes) {
    const sent = (extensions.spotify?.calls ?? []).filter(
      ({ method, origin }) => method === 'GET' && origin === 'network',
    );
    calls += sent.length;
    retries += sent.length - new Set(sent.map(({ path }) => path)).size;
  }
  return { retries, calls };
}

const minRetries = 3; // allowed even if a tenth of the calls is less

function expectFewRetries({ outcomes }: StepResult): void {
  const { retries, calls } = retriesIn(outcomes);
  expect(retries, `retries among ${calls} calls`).toBeLessThanOrEqual(calls * 0.1 + minRetries);
}

const cachedTracks = range(20);
const isCached = ({ operation }: Outcome) =>
  cachedTracks.some((n) => track(n).variables['id'] === operation.variables['id']);

/** One operation in five reads a cached object, one in five needs no call, and the others read new objects. */
const mixed = (length: number): Operation[] =>
  range(length).map((n) => {
    if (n % 5 === 0) return track(cachedTracks[(n / 5) % 20] ?? 0);
    return n % 5 === 1 ? localOperation : track(100 + n);
  });

// Without FULL=1 the outage has one period of the breaker, and a lower rate.
const outageSeconds = seconds(60, 7);
const outageRate = seconds(200, 50);
const flakySeconds = seconds(60, 7);
const flaps = seconds(10, 3); // the probe after five seconds succeeds
const failuresUntilOpen = 20;
const usualConcurrency = 24;
const maxProbes = Math.ceil(outageSeconds / 10);
const maxCallsInOutage = failuresUntilOpen + usualConcurrency + maxProbes;

/** After the first second no operation waits, and Spotify gets one call in each period. */
function expectOpenBreaker({ outcomes, api, testEnvironment }: StepResult): void {
  expect(codesOf(outcomes)).toEqual(['UPSTREAM_UNAVAILABLE']);
  expect(outcomes.filter(isCached).filter(isFailed)).toEqual([]);
  expect(outcomes.filter(isCached).every(isStale)).toBe(true);
  const open = outcomes.slice(outageRate);
  const [local, others] = [open.filter(isLocal), open.filter((outcome) => !isLocal(outcome))];
  const medianMs = 20 * testEnvironment.machineLoad() + 2 * medianOf(local);
  expect(medianOf(others), 'median once the breaker is open').toBeLessThan(medianMs);
  const p99Ms = testEnvironment.limitMs(50) + 2 * p99Of(local);
  expect(p99Of(others), 'p99 once the breaker is open').toBeLessThan(p99Ms);
  const startMs = api[0]?.atMs ?? 0;
  const probes = api.filter(({ atMs }) => atMs > startMs + testEnvironment.limitMs(second));
  for (const [i, { atMs }] of probes.entries()) {
    const beforeMs = probes[i - 1]?.atMs;
    if (beforeMs !== undefined) expect(atMs - beforeMs).toBeGreaterThan(5 * second);
  }
  expect(probes.length).toBeLessThanOrEqual(maxProbes);
  expect(api.length / outcomes.length, 'calls for each operation').toBeLessThanOrEqual(1.1);
}

/** For cases without slow responses, so that a process that gets no processor for seconds has no timeout. */
const longTimeout = { UPSTREAM_TIMEOUT_MS: '7000' };

/** Opens the circuit breaker of a family with more failures than necessary. */
const breaking: Step = {
  arrange: only(replyOf(503)),
  execute: range(30, 50).map(track),
  client: 'UPSTREAM_UNAVAILABLE',
  aside: true,
};

faultSuite('F', '5xx', [
  {
    id: 'F1',
    fault: '500, 502, 503 or 504, once',
    promise: 'a 5xx that occurs once causes no error',
    steps: [500, 502, 503, 504].map((status, i) => ({
      arrange: onlyAfterRetries(replyOf(status), { times: 1 }),
      execute: track(i),
      client: 'ok' as const,
      withinMs: 250,
      api: 2,
      aside: i > 0,
    })),
  },
  {
    id: 'F2',
    fault: '503 for ever, one operation',
    promise: 'a call that always gets 503 has three attempts',
    steps: [
      {
        arrange: only(replyOf(503)),
        execute: track(1),
        client: 'UPSTREAM_UNAVAILABLE',
        withinMs: second,
        api: 3,
      },
    ],
  },
  {
    id: 'F3',
    fault: '502 with an HTML page, as HTML, as JSON and without a type',
    promise: 'an error page is an error, and its text reaches no client',
    steps: ['text/html', 'application/json', null].map((type, i) => ({
      arrange: onlyAfterRetries({
        kind: 'answer',
        status: 502,
        text: '<html><h1>Lost in the hotel</h1></html>',
        headers: { 'content-type': type },
      }),
      execute: track(i),
      client: 'UPSTREAM_UNAVAILABLE' as const,
      withinMs: second,
      api: 3,
      aside: i > 0,
      check: ({ outcomes, testEnvironment }: StepResult) =>
        expect([...outcomes.map(({ text }) => text), ...testEnvironment.log()].join()).not.toContain('hotel'),
    })),
  },
  {
    id: 'F4',
    fault: `full outage, ${outageRate} operations a second for ${outageSeconds} s (200 for 60 s with FULL=1)`,
    promise: 'in a full outage calls stop within a second, and no operation waits',
    environment: { CACHE_TTL_SECONDS: '1', ...longTimeout },
    warm: cachedTracks.map(track),
    timeoutMs: (outageSeconds + 75) * second,
    recovery: isFull && 60_000, // the second period is ten seconds; cases F5 and F13 check the recovery
    steps: [
      {
        async arrange(testEnvironment) {
          await sleep(2_100); // more than twice CACHE_TTL_SECONDS: before that stale entries would be served without a call
          await only(replyOf(503))(testEnvironment);
        },
        execute: mixed(outageSeconds * outageRate),
        manner: { perSecond: outageRate },
        api: { atMost: maxCallsInOutage },
        check(result) {
          expectOpenBreaker(result);
          expectFewRetries(result);
        },
        says: {
          client: 'UPSTREAM_UNAVAILABLE, cached data ok and stale',
          within: 'p99 < 50 ms after the first second',
          spotify: 'retries ≤ 10 % (3 at least), one probe a period',
        },
      },
    ],
  },
  {
    id: 'F5',
    fault: 'recovery from an outage of minutes',
    promise: 'one probe a period finds the end of an outage, and after it there is no error',
    recovery: false,
    steps: [
      breaking,
      ...[5, 10, 20, 40, 60].map(
        (period, i): Step => ({
          arrange: () => pass(period * second + 50),
          execute: range(20, 100 + 20 * i).map(track),
          client: 'UPSTREAM_UNAVAILABLE',
          withinMs: 500,
          api: 1,
        }),
      ),
      {
        async arrange({ lift }) {
          await lift();
          await pass(60 * second);
        },
        execute: range(3, 300).map(track),
        manner: 'in turn',
        client: 'ok',
        api: 3,
      },
      {
        execute: range(50, 310).map(track),
        manner: { perSecond: 100 },
        client: 'ok',
        withinMs: 500,
        api: 50,
      },
    ],
  },
  {
    id: 'F6',
    fault: '5 % random 500s at 50 operations a second',
    promise: 'with one failure in twenty calls fewer than one operation in a hundred fails',
    environment: longTimeout,
    slow: true,
    timeoutMs: 30_000,
    steps: [
      {
        arrange: only(replyOf(500), { chance: 0.05, seed: 'F6' }),
        execute: range(50 * flakySeconds).map(track),
        manner: { perSecond: 50 },
        p99Ms: 1_500,
        check(result) {
          const { outcomes } = result;
          expect(codesOf(outcomes).filter((code) => code !== 'UPSTREAM_UNAVAILABLE')).toEqual([]);
          expect(outcomes.filter(isFailed).length / outcomes.length).toBeLessThanOrEqual(0.01);
          expectFewRetries(result);
        },
        says: { client: '≥ 99 % ok', spotify: '≤ 1.10 × calls' },
      },
    ],
  },
  {
    id: 'F6-30',
    fault: '30 % random 500s at 50 operations a second',
    promise: 'with one failure in three calls cached data is served, and other reads fail with their code',
    environment: { CACHE_TTL_SECONDS: '1', ...longTimeout },
    warm: cachedTracks.map(track),
    slow: true,
    timeoutMs: 30_000,
    recovery: 60_000,
    steps: [
      {
        async arrange(testEnvironment) {
          await sleep(2_100); // more than twice CACHE_TTL_SECONDS: before that stale entries would be served without a call
          await only(replyOf(500), { chance: 0.3, seed: 'F6' })(testEnvironment);
        },
        execute: mixed(50 * flakySeconds),
        manner: { perSecond: 50 },
        p99Ms: 1_500,
        check(result) {
          const { outcomes } = result;
          expect(codesOf(outcomes)).toEqual(['UPSTREAM_UNAVAILABLE']);
          expect(outcomes.filter(isCached).filter(isFailed)).toEqual([]);
          expect(outcomes.filter(isFailed).length / outcomes.length).toBeLessThan(0.35);
          expectFewRetries(result);
        },
        says: { client: 'cached data ok; else ok or UPSTREAM_UNAVAILABLE', spotify: '≤ 1.10 × calls' },
      },
    ],
  },
  {
    id: 'F8',
    fault: '500 while a stale entry is cached',
    promise: 'for a week stale data is served in place of a failed read, and is listed as stale',
    environment: { CACHE_TTL_SECONDS: '1' },
    warm: [artist(0), artistAlbums(1), search('amber')],
    steps: [
      {
        arrange: onlyAfterRetries(replyOf(500)),
        execute: artist(0),
        client: 'ok, stale',
        withinMs: 2_500,
        api: 3,
        check: ({ outcomes }) =>
          expect(outcomes[0]?.extensions.spotify?.stale).toEqual([
            { field: 'Query.artist', path: ['artist'], reason: 'UPSTREAM_UNAVAILABLE' },
          ]),
      },
      // Each read has three attempts, but the retry budget has one retry less than two reads need.
      ...[[artistAlbums(1), 5] as const, [search('amber'), 3] as const].map(
        ([operation, api]): Step => ({
          arrange: () => pass(11 * second),
          execute: operation,
          client: 'ok, stale',
          withinMs: 2_500,
          api,
          aside: true,
        }),
      ),
      {
        arrange: () => pass(604_801 * second),
        execute: artist(0),
        client: 'UPSTREAM_UNAVAILABLE',
        withinMs: second,
        says: { within: 'a week later' },
      },
    ],
  },
  {
    id: 'F9',
    fault: '501, 505, 507, 511, 520, 529 and 599, for ever',
    promise: 'every 5xx is handled in the same way',
    steps: [501, 505, 507, 511, 520, 529, 599].map((status, i) => ({
      arrange: onlyAfterRetries(replyOf(status)),
      execute: track(i),
      client: 'UPSTREAM_UNAVAILABLE' as const,
      withinMs: second,
      api: 3,
      aside: i > 0,
    })),
  },
  {
    id: 'F10',
    fault: 'breaker open on the Web API',
    promise: 'an open circuit breaker stops neither token requests nor Redis nor other families',
    sandbox: { tokenLifetimeSeconds: 4 },
    redis: true,
    gateways: 2,
    recovery: false,
    steps: [
      { gateway: 1, execute: track(0), client: 'ok', aside: true, settleMs: 100 },
      { ...breaking, arrange: only(replyOf(503), { on: { route: 'tracks' } }) },
      { execute: track(1), client: 'UPSTREAM_UNAVAILABLE', medianMs: 50, api: 0 },
      { execute: track(0), client: 'ok', api: 0, says: { client: 'from Redis' } },
      { execute: [artist(1), search('amber')], client: 'ok', api: 2, says: { client: 'other families' } },
      {
        arrange: () => pass(2_100),
        token: 1,
        settleMs: 100,
        act: async ({ ready }) => {
          expect(await ready()).toBe(200);
          return [];
        },
        says: { client: '`/ready` 200' },
      },
    ],
  },
  {
    id: 'F11',
    fault: '503 after 1.5 seconds without data, for ever',
    promise: 'failures that take long end before the deadline',
    slow: true,
    steps: [
      {
        async arrange(testEnvironment) {
          await only(replyOf(503))(testEnvironment);
          testEnvironment.fault({ fault: { kind: 'delay', ms: 1_500 } });
        },
        execute: track(1),
        client: 'UPSTREAM_UNAVAILABLE',
        withinMs: 8_250,
        api: 3,
      },
    ],
  },
  {
    id: 'F12',
    fault: 'breaker open, and the probe never gets a response',
    promise: 'only its own operation waits for a probe without a response',
    environment: { UPSTREAM_TIMEOUT_MS: '1200' },
    recovery: false,
    steps: [
      breaking,
      {
        async arrange(testEnvironment) {
          await only({ kind: 'stall' })(testEnvironment);
          await pass(5_050);
        },
        async act({ execute, limitMs }) {
          const probe = execute(track(200));
          await sleep(100);
          const others = await executeAtRate(range(50, 201).map(track), 100, (each) => execute(each));
          expect(p99Of(others), 'p99 of the others').toBeLessThan(limitMs(50));
          expect(codesOf(others)).toEqual(['UPSTREAM_UNAVAILABLE']);
          const probeOutcome = await probe;
          expect(codesOf([probeOutcome])).toEqual(['UPSTREAM_TIMEOUT']);
          return [probeOutcome, ...others];
        },
        withinMs: 1_500,
        api: 1,
        says: {
          client: 'UPSTREAM_UNAVAILABLE, UPSTREAM_TIMEOUT for the operation that probes',
          within: 'the others p99 < 50 ms',
        },
      },
    ],
  },
  {
    id: 'F13',
    fault: `Spotify down for a second and up for a second, ${flaps} times, at 50 operations a second`,
    promise:
      'while Spotify fails and recovers repeatedly, operations fail with their codes and nothing else breaks',
    environment: longTimeout,
    slow: true,
    timeoutMs: 90_000,
    recovery: 60_000,
    steps: [
      {
        async act(testEnvironment) {
          const flapping = (async () => {
            for (let i = 0; i < flaps; i++) {
              const remove = testEnvironment.fault({ fault: replyOf(503) });
              await sleep(second);
              remove();
              await sleep(second);
            }
          })();
          const outcomes = await executeAtRate(range(100 * flaps).map(track), 50, (each) =>
            testEnvironment.execute(each),
          );
          await flapping;
          return outcomes;
        },
        withinMs: 8_250,
        check({ outcomes }) {
          expect(codesOf(outcomes)).toEqual(['UPSTREAM_UNAVAILABLE']);
          expect(outcomes.filter((each) => !isFailed(each)).length).toBeGreaterThan(0);
        },
        says: { client: 'ok or UPSTREAM_UNAVAILABLE' },
      },
    ],
  },
  {
    id: 'F14',
    fault: '503 on one family of endpoints',
    promise: 'an outage of one family does not affect the others',
    steps: [
      { ...breaking, arrange: only(replyOf(503), { on: { route: 'tracks' } }) },
      { execute: [artist(1), artistAlbums(2), search('amber')], client: 'ok', withinMs: 500, api: 4 },
    ],
    recovery: false,
  },
]);
