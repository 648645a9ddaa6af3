import { expect } from 'vitest';
import { createCircuitBreaker } from '../../src/datasources/spotify/quota/circuit-breaker.ts';
import { backOffError } from '../../src/datasources/spotify/transport/upstream-errors.ts';
import type { FaultRule, SandboxCall } from '../../src/sandbox/index.ts';
import { isFull, pass, stopwatchMs } from '../support/clock.ts';
import type { FaultCase, Step, StepResult } from '../support/fault-case.ts';
import {
  artist,
  artistAlbums,
  artistId,
  artists,
  range,
  search,
  track,
  trackId,
} from '../support/fault-operations.ts';
import { executeAtRate, faultSuite } from '../support/fault-runner.ts';
import { adding, countCodes } from '../support/fault-steps.ts';

const second = 1_000;
const hour = 3_600 * second;
const day = 24 * hour;
const manyMore = isFull ? 1_000 : 200;

const tooMany = (retryAfterSeconds?: number, form?: 'text' | 'json' | 'quota'): FaultRule['fault'] => ({
  kind: 'rate-limit',
  ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  ...(form !== undefined && { form }),
});

const gapMs = (calls: readonly SandboxCall[]): number => (calls[1]?.atMs ?? 0) - (calls[0]?.atMs ?? 0);

/** Values of Retry-After that the HTTP standard does not allow. */
const unusable = ['soon', '-5', '1.5', '0x10', '', '2 s', 'NaN'];

const withoutUsable = (value: string, i: number): FaultCase => ({
  id: `Q6-${i + 1}`,
  fault: `429, Retry-After \`${value}\``,
  promise: `a Retry-After of "${value}" counts as none and causes a back-off of five seconds`,
  shutMs: 5_100,
  steps: [
    {
      arrange: adding({
        kind: 'answer',
        status: 429,
        text: 'Too many requests',
        headers: { 'retry-after': value },
      }),
      execute: track(1),
      client: { code: 'UPSTREAM_RATE_LIMITED', retryAfter: [5, 5] },
      withinMs: 500,
      api: 1,
    },
    { execute: range(20, 2).map(track), client: 'UPSTREAM_RATE_LIMITED', api: 0 },
  ],
});

/** Blocks the event loop. */
function stall(ms: number): void {
  const untilMs = stopwatchMs() + ms;
  while (stopwatchMs() < untilMs);
}

/** Checks that no 30 seconds have more calls than the limit. */
function expectRolling({ testEnvironment }: StepResult, limit: number): void {
  const times = testEnvironment.calls('api').map(({ atMs }) => atMs);
  for (const [i, atMs] of times.entries()) {
    const next = times[i + limit];
    if (next !== undefined) expect(next - atMs).toBeGreaterThanOrEqual(30 * second);
  }
}

const doubling: Step[] = [5, 10, 20, 40, 60, 60].flatMap((seconds, i): Step[] => [
  {
    ...(i === 0 && { arrange: adding(tooMany()) }),
    execute: track(i),
    client: { code: 'UPSTREAM_RATE_LIMITED', retryAfter: [seconds, seconds] },
    api: 1,
    withinMs: 500,
  },
  {
    arrange: () => pass((seconds - 3) * second),
    execute: range(5, 10).map(track),
    client: 'UPSTREAM_RATE_LIMITED',
    withinMs: 200,
    api: 0,
    aside: true,
  },
  { arrange: () => pass(3 * second + 50), aside: true },
]);

faultSuite('Q', '429 and quota', [
  ...(['text', 'json'] as const).map(
    (form, i): FaultCase => ({
      id: i === 0 ? 'Q1' : 'Q1-json',
      fault: `429, Retry-After 1, once, as ${form}`,
      promise: `a call waits for the whole of a short Retry-After (${form})`,
      slow: true,
      steps: [
        {
          arrange: adding(tooMany(1, form), { times: 1 }),
          execute: artist(1),
          client: 'ok',
          notBeforeMs: 1_000,
          withinMs: 1_300,
          api: 2,
          check: ({ api }) => expect(gapMs(api)).toBeGreaterThanOrEqual(1_000),
          says: { spotify: 'the second ≥ 1.0 s later' },
        },
      ],
    }),
  ),
  {
    id: 'Q1-many',
    fault: '429, Retry-After 1, for ten calls in flight, 40 more waiting',
    promise: 'all calls wait for the end of a short back-off, and are then sent',
    environment: { UPSTREAM_CONCURRENCY: '10' },
    slow: true,
    steps: [
      {
        arrange: adding(tooMany(1), { times: 10 }),
        execute: range(50).map(track),
        withinMs: 2_500,
        api: 10 + 3 + 40, // three of the ten may be retried; the other 40 are sent once
        check({ outcomes, api }) {
          expect(countCodes(outcomes)).toEqual({ ok: 3 + 40, UPSTREAM_RATE_LIMITED: 7 });
          const lastRejectedMs = api.findLast(({ status }) => status === 429)?.atMs ?? 0;
          const first = api.find(({ status }) => status === 200);
          expect((first?.atMs ?? 0) - lastRejectedMs).toBeGreaterThanOrEqual(900);
        },
        says: { client: 'ok, the rest UPSTREAM_RATE_LIMITED' },
      },
    ],
  },
  {
    id: 'Q2',
    fault: `429, Retry-After 30; ${manyMore} more operations meanwhile`,
    promise: 'a Retry-After of 30 s stops every call of that family for 30 s',
    warm: [artist(0)],
    steps: [
      {
        arrange: adding(tooMany(30), { on: { route: 'artists' }, times: 1 }),
        execute: artist(1),
        client: { code: 'UPSTREAM_RATE_LIMITED', retryAfter: [30, 30] },
        withinMs: 500,
        api: 1,
      },
      {
        execute: range(40, 2).map(artist),
        times: manyMore,
        manner: 'in turn',
        client: { code: 'UPSTREAM_RATE_LIMITED', retryAfter: [20, 30] },
        p99Ms: 20,
        medianMs: 20,
        api: 0,
      },
      {
        arrange: () => pass(15 * second),
        execute: artist(2),
        client: { code: 'UPSTREAM_RATE_LIMITED', retryAfter: [5, 15] },
        api: 0,
      },
      { execute: artist(0), client: 'ok', api: 0, says: { client: 'from the cache' } },
      { execute: track(1), client: 'ok', api: 1, says: { spotify: 'another family' } },
      { arrange: () => pass(15 * second + 100), execute: artist(3), client: 'ok', api: 1 },
    ],
  },
  {
    id: 'Q2-tail',
    fault: '429, Retry-After 30; operations in its last two seconds',
    promise: 'every operation gets its response at once, also at the end of a back-off',
    shutMs: 2_000,
    steps: [
      {
        arrange: adding(tooMany(30), { times: 1 }),
        execute: track(1),
        client: 'UPSTREAM_RATE_LIMITED',
        api: 1,
      },
      {
        arrange: () => pass(28_500),
        execute: range(20, 2).map(track),
        client: { code: 'UPSTREAM_RATE_LIMITED', retryAfter: [1, 2] },
        withinMs: 200,
        api: 0,
      },
    ],
  },
  {
    id: 'Q2-redis',
    fault: '429, Retry-After 30, to one of two gateways on one Redis',
    promise: 'all gateways on one Redis keep the back-off of one of them, also those that start later',
    redis: true,
    gateways: 2,
    shutMs: 31 * second,
    steps: [
      { execute: [track(0)], client: 'ok', aside: true },
      { gateway: 1, execute: [track(1)], client: 'ok', aside: true, settleMs: 300 },
      {
        arrange: adding(tooMany(30), { times: 1 }),
        execute: track(2),
        client: { code: 'UPSTREAM_RATE_LIMITED', retryAfter: [30, 30] },
        api: 1,
        settleMs: 100,
      },
      {
        gateway: 1,
        execute: range(100, 3).map(track),
        manner: 'in turn',
        client: { code: 'UPSTREAM_RATE_LIMITED', retryAfter: [25, 30] },
        medianMs: 20,
        api: 0,
        says: { client: 'at the other gateway' },
      },
      {
        arrange: ({ restart }) => restart(1),
        gateway: 1,
        execute: range(20, 3).map(track),
        client: 'UPSTREAM_RATE_LIMITED',
        withinMs: 600,
        api: 0,
        says: { client: 'at one that has just started' },
      },
    ],
  },
  {
    id: 'Q3',
    fault: '429, Retry-After 86400',
    promise:
      'a used-up quota is an error with its time, also after a restart, and no call is sent until then',
    redis: true,
    shutMs: day,
    steps: [
      { execute: [artist(0)], client: 'ok', aside: true, settleMs: 300 },
      {
        arrange: adding(tooMany(86_400), { times: 1 }),
        execute: track(1),
        client: { code: 'UPSTREAM_QUOTA_EXCEEDED', retryAfter: [86_399, 86_400] },
        withinMs: 500,
        api: 1,
        settleMs: 100,
      },
      {
        execute: range(50, 2).map(track),
        manner: 'in turn',
        client: 'UPSTREAM_QUOTA_EXCEEDED',
        medianMs: 20,
        api: 0,
        check: async ({ testEnvironment }) =>
          expect(await testEnvironment.metrics()).toMatch(
            /gate_shut_seconds\{family="tracks",reason="quota"\} 86[34]\d\d/,
          ),
        says: { client: 'one gauge' },
      },
      {
        arrange: ({ restart }) => restart(),
        execute: range(20, 2).map(track),
        client: { code: 'UPSTREAM_QUOTA_EXCEEDED', retryAfter: [86_390, 86_400] },
        api: 0,
        says: { client: 'after a restart' },
      },
    ],
  },
  {
    id: 'Q3-log',
    fault: '429, Retry-After 86400, as the operator sees it',
    promise: 'a used-up quota is logged once',
    shutMs: day,
    steps: [
      {
        arrange: adding(tooMany(86_400)),
        execute: range(50).map(track),
        client: 'UPSTREAM_QUOTA_EXCEEDED',
        check: ({ testEnvironment }) => {
          const logLines = testEnvironment
            .log()
            .filter((line) => /quota/i.test(line) && !/"msg":"operation"/.test(line));
          expect(logLines).toHaveLength(1);
        },
        says: { client: 'one log line' },
      },
    ],
  },
  {
    id: 'Q4',
    fault: '429, Retry-After 2592000 (a timer would overflow)',
    promise: 'a Retry-After of a month counts as one day, and no timer fires at once',
    shutMs: 23 * hour + 100,
    steps: [
      {
        arrange: adding(tooMany(2_592_000), { times: 1 }),
        execute: track(1),
        client: { code: 'UPSTREAM_QUOTA_EXCEEDED', retryAfter: [86_400, 86_400] },
        withinMs: 500,
        api: 1,
        settleMs: 200,
      },
      {
        arrange: () => pass(hour),
        execute: range(20, 2).map(track),
        client: { code: 'UPSTREAM_QUOTA_EXCEEDED', retryAfter: [82_000, 82_800] },
        withinMs: 200,
        api: 0,
      },
    ],
  },
  {
    id: 'Q5',
    fault: '429 `QUOTA_EXCEEDED` without Retry-After',
    promise: 'a used-up quota without a time is tried again after an hour',
    shutMs: 10 * 60 * second + 100,
    steps: [
      {
        arrange: adding(tooMany(undefined, 'quota'), { times: 1 }),
        execute: track(1),
        client: { code: 'UPSTREAM_QUOTA_EXCEEDED', retryAfter: [3_600, 3_600] },
        api: 1,
      },
      {
        arrange: () => pass(50 * 60 * second),
        execute: track(2),
        client: { code: 'UPSTREAM_QUOTA_EXCEEDED', retryAfter: [595, 600] },
        api: 0,
      },
    ],
  },
  {
    id: 'Q5-short',
    fault: '429 `QUOTA_EXCEEDED`, Retry-After 1',
    promise: 'a call after which the quota is used up is never retried, however short the Retry-After is',
    shutMs: 1_100,
    steps: [
      {
        arrange: adding(tooMany(1, 'quota'), { times: 1 }),
        execute: track(1),
        client: { code: 'UPSTREAM_QUOTA_EXCEEDED', retryAfter: [1, 1] },
        withinMs: 500,
        api: 1,
      },
    ],
  },
  ...[600, 601].map(
    (seconds): FaultCase => ({
      id: `Q5-${seconds}`,
      fault: `429, Retry-After ${seconds}`,
      promise: `a Retry-After of ${seconds} s is ${seconds > 600 ? 'a used-up quota' : 'a rate limit'}`,
      shutMs: seconds * second + 100,
      steps: [
        {
          arrange: adding(tooMany(seconds), { times: 1 }),
          execute: track(1),
          client: {
            code: seconds > 600 ? 'UPSTREAM_QUOTA_EXCEEDED' : 'UPSTREAM_RATE_LIMITED',
            retryAfter: [seconds, seconds],
          },
          api: 1,
        },
      ],
    }),
  ),
  {
    id: 'Q6',
    fault: '429 without Retry-After, five times',
    promise: 'a rate limit without a time causes a back-off of 5 s, which doubles each time up to 60 s',
    shutMs: 61 * second,
    steps: doubling,
  },
  ...unusable.map(withoutUsable),
  {
    id: 'Q6-date',
    fault: '429, Retry-After as a date 20 s from now',
    promise: 'a Retry-After in the form of a date is understood',
    shutMs: 21 * second,
    steps: [
      {
        arrange: ({ fault }) =>
          fault({
            times: 1,
            fault: {
              kind: 'answer',
              status: 429,
              headers: { 'retry-after': new Date(Date.now() + 20 * second).toUTCString() },
            },
          }),
        execute: track(1),
        client: { code: 'UPSTREAM_RATE_LIMITED', retryAfter: [18, 20] },
        api: 1,
      },
    ],
  },
  {
    id: 'Q7',
    fault: '429, Retry-After 30, while 10 calls are in flight and 200 wait',
    promise: 'when a rate limit arrives, calls in flight are used and queued calls fail at once',
    environment: { UPSTREAM_CONCURRENCY: '10', UPSTREAM_TIMEOUT_MS: '7000' },
    slow: true,
    recovery: false, // Q2 checks the end of these 30 s
    steps: [
      {
        arrange({ fault }) {
          fault({ on: { path: `/tracks/${trackId(5)}` }, fault: tooMany(30) });
          fault({ on: { pattern: `^/tracks/(?!${trackId(5)})` }, fault: { kind: 'delay', ms: 3_000 } });
        },
        execute: range(210).map(track),
        api: 10,
        check({ outcomes }) {
          expect(countCodes(outcomes)).toEqual({ ok: 9, UPSTREAM_RATE_LIMITED: 201 });
          const timesOf = (failed: boolean) =>
            outcomes.filter(({ errors }) => errors.length > 0 === failed).map(({ ms }) => ms);
          const [lastRefusalMs, firstSuccessMs] = [Math.max(...timesOf(true)), Math.min(...timesOf(false))];
          expect(lastRefusalMs, 'while the first nine are still in flight').toBeLessThan(firstSuccessMs);
        },
        says: { client: '9 ok, 201 UPSTREAM_RATE_LIMITED at once', spotify: 'none after the 429 was read' },
      },
    ],
  },
  {
    id: 'Q8',
    fault: '429, Retry-After 1, for ever',
    promise: 'a short Retry-After that repeats ends after three attempts',
    slow: true,
    recovery: 2_100,
    steps: [
      {
        arrange: adding(tooMany(1)),
        execute: track(1),
        client: { code: 'UPSTREAM_RATE_LIMITED', retryAfter: [1, 1] },
        notBeforeMs: 2_000,
        withinMs: 2_700,
        api: 3,
      },
      {
        execute: range(2, 2).map(track),
        client: 'UPSTREAM_RATE_LIMITED',
        withinMs: 8_250,
        api: 2 + 1, // the previous step has used two of three retries in ten seconds
        aside: true,
      },
    ],
  },
  {
    id: 'Q8-deadline',
    fault: '429, Retry-After 2; the deadline of a request is 1.5 s',
    promise: 'a Retry-After beyond the deadline is an error at once',
    environment: { REQUEST_TIMEOUT_MS: '1500' },
    deadlineMs: 1_500,
    shutMs: 2_100,
    steps: [
      {
        arrange: adding(tooMany(2)),
        execute: track(1),
        client: { code: 'UPSTREAM_RATE_LIMITED', retryAfter: [2, 2] },
        withinMs: 500,
        api: 1,
      },
    ],
  },
  {
    id: 'Q9',
    fault: '429, Retry-After 0, for ever',
    promise: 'a Retry-After of 0 that repeats ends in a back-off of five seconds',
    shutMs: 5_100,
    steps: [
      {
        arrange: adding(tooMany(0)),
        execute: track(1),
        client: { code: 'UPSTREAM_RATE_LIMITED', retryAfter: [5, 5] },
        withinMs: 1_000,
        api: 3,
      },
      { execute: range(20, 2).map(track), client: 'UPSTREAM_RATE_LIMITED', withinMs: 200, api: 0 },
    ],
  },
  {
    id: 'Q10',
    fault: '60 operations a second; SPOTIFY_RATE_LIMIT is 20',
    promise: 'the gateway’s own rate limit holds in any 30 s, and operations beyond it get an error at once',
    environment: { SPOTIFY_RATE_LIMIT: '20' },
    shutMs: 31 * second,
    steps: [
      {
        execute: range(60).map(track),
        manner: { perSecond: 60 },
        withinMs: 1_250,
        api: 20,
        check: ({ outcomes }) => {
          expect(countCodes(outcomes)).toEqual({ ok: 20, UPSTREAM_RATE_LIMITED: 40 });
          expect(countCodes(outcomes.slice(0, 20))).toEqual({ ok: 20 });
        },
        says: { client: '20 ok, 40 UPSTREAM_RATE_LIMITED' },
      },
      {
        arrange: () => pass(15 * second),
        execute: range(10, 60).map(track),
        client: { code: 'UPSTREAM_RATE_LIMITED', retryAfter: [1, 16] },
        withinMs: 1_250,
        api: 0,
      },
      {
        arrange: () => pass(16 * second),
        execute: range(40, 60).map(track),
        withinMs: 1_250,
        api: 20,
        check: (result) => expectRolling(result, 20),
        says: { client: '20 ok, 20 UPSTREAM_RATE_LIMITED', spotify: 'never more than 20 in any 30 s' },
      },
    ],
  },
  {
    id: 'Q10-redis',
    fault: 'the same rate limit for two gateways on one Redis, 30 operations at each',
    promise: 'all gateways on one Redis share one rate limit',
    environment: { SPOTIFY_RATE_LIMIT: '20' },
    redis: true,
    gateways: 2,
    recovery: false, // Redis has its own clock, which the test does not move
    steps: [
      {
        act: ({ execute }) =>
          executeAtRate(range(60).map(track), 60, (operation, i) => execute(operation, { gateway: i % 2 })),
        withinMs: 1_500,
        api: 20,
        check: ({ outcomes }) => expect(countCodes(outcomes)).toEqual({ ok: 20, UPSTREAM_RATE_LIMITED: 40 }),
        says: { client: '20 ok, 40 UPSTREAM_RATE_LIMITED' },
      },
    ],
  },
  {
    id: 'Q10-stall',
    fault: 'the same, and the process is blocked for 80 ms now and then',
    promise: 'a process that was busy for a moment does not regard Redis as slow',
    environment: { SPOTIFY_RATE_LIMIT: '20' },
    redis: true,
    gateways: 2,
    recovery: false,
    steps: [
      {
        async act({ execute }) {
          const outcomes = executeAtRate(range(60).map(track), 120, (operation, i) =>
            execute(operation, { gateway: i % 2 }),
          );
          const stalls = setInterval(() => stall(80), 100);
          return outcomes.finally(() => clearInterval(stalls));
        },
        withinMs: 2_500,
        api: 20,
      },
    ],
  },
  {
    id: 'Q17',
    fault: 'a back-off that begins shortly before a power of two of the clock',
    promise: 'retryAfter is the time that Spotify sent, whatever the clock shows',
    recovery: false,
    steps: [
      {
        check() {
          const retryAfters = range(100).map((n) => {
            const nowMs = 2 ** 20 - 15_000 + n / 7;
            const breaker = createCircuitBreaker();
            breaker.trip('rate', 30_000, nowMs);
            return backOffError('artists', 'rate', breaker.openState(nowMs)?.waitMs ?? 0).details.retryAfter;
          });
          expect(new Set(retryAfters)).toEqual(new Set([30]));
        },
        says: { client: 'retryAfter 30' },
      },
    ],
  },
  {
    id: 'Q11',
    fault: '429, Retry-After 30, for one artist of ten in one query',
    promise: 'one rate limit in a query makes one field null, with its path',
    shutMs: 31 * second,
    steps: [
      {
        arrange: adding(tooMany(30), { on: { path: `/artists/${artistId(4)}` } }),
        execute: artists(range(10).map(artistId)),
        client: 'UPSTREAM_RATE_LIMITED',
        api: 10,
        check: ({ outcomes }) => {
          expect(outcomes[0]?.errors.map(({ path }) => path)).toEqual([['artists', 4]]);
          const data = outcomes[0]?.data as { artists: unknown[] } | undefined;
          expect(data?.artists.filter(Boolean)).toHaveLength(9);
        },
        says: { client: '9 data, the path of the tenth' },
      },
    ],
  },
  {
    id: 'Q12',
    fault: '503, Retry-After 30',
    promise: 'a 503 with a Retry-After causes a back-off like that of a rate limit',
    steps: [
      {
        arrange: adding({ kind: 'answer', status: 503, headers: { 'retry-after': '30' } }, { times: 1 }),
        execute: track(1),
        client: 'UPSTREAM_UNAVAILABLE',
        withinMs: 500,
        api: 1,
      },
      {
        execute: range(100, 2).map(track),
        manner: 'in turn',
        client: 'UPSTREAM_UNAVAILABLE',
        p99Ms: 20,
        api: 0,
      },
      { arrange: () => pass(27 * second), execute: track(2), client: 'UPSTREAM_UNAVAILABLE', api: 0 },
      { arrange: () => pass(3_100), execute: track(3), client: 'ok', api: 1 },
    ],
  },
  {
    id: 'Q12-hour',
    fault: '503, Retry-After 3600, once',
    promise: 'a 503 with a long Retry-After stops the calls of its endpoint for a minute at most',
    steps: [
      {
        arrange: adding({ kind: 'answer', status: 503, headers: { 'retry-after': '3600' } }, { times: 1 }),
        execute: track(1),
        client: 'UPSTREAM_UNAVAILABLE',
        api: 1,
      },
      { arrange: () => pass(58 * second), execute: track(2), client: 'UPSTREAM_UNAVAILABLE', api: 0 },
      { arrange: () => pass(2_100), execute: track(3), client: 'ok', api: 1 },
    ],
  },
  {
    id: 'Q13',
    fault: '429, Retry-After 30, on an artist’s list of albums',
    promise: 'a rate limit of one family does not affect the others',
    shutMs: 31 * second,
    steps: [
      {
        arrange: adding(tooMany(30), { on: { route: 'artists/albums' }, times: 1 }),
        execute: artistAlbums(1),
        client: 'UPSTREAM_RATE_LIMITED',
        api: 2,
        check: ({ outcomes }) => expect(outcomes[0]?.errors[0]?.path).toEqual(['artist', 'albums']),
      },
      {
        execute: [artist(2), track(1), search('amber')],
        client: 'ok',
        api: 3,
        says: { client: 'elsewhere' },
      },
      { execute: artistAlbums(3), client: 'UPSTREAM_RATE_LIMITED', api: 1 },
    ],
  },
  {
    id: 'Q14',
    fault: '429, Retry-After 30, on a single read of an app with batches',
    promise: 'single and batch reads of one kind share their back-off',
    sandbox: { quotaMode: 'extended' },
    shutMs: 31 * second,
    steps: [
      {
        arrange: adding(tooMany(30), { times: 1 }),
        execute: artist(1),
        client: 'UPSTREAM_RATE_LIMITED',
        api: 1,
      },
      { execute: artists(range(5, 2).map(artistId)), client: 'UPSTREAM_RATE_LIMITED', api: 0 },
    ],
  },
  {
    id: 'Q15',
    fault: '429, Retry-After 30, while a stale entry is cached',
    promise: 'during a back-off cached data is served, however old, and is listed as stale',
    environment: { CACHE_TTL_SECONDS: '1' },
    warm: [artist(0), artistAlbums(1)],
    shutMs: 31 * second,
    steps: [
      {
        async arrange({ fault }) {
          await pass(2_500); // more than twice CACHE_TTL_SECONDS: before that the stale entry would be served without a call
          fault({ fault: tooMany(30) });
        },
        execute: artist(0),
        client: 'ok, stale',
        withinMs: 500,
        api: 1,
        check: ({ outcomes }) =>
          expect(outcomes[0]?.extensions.spotify?.stale).toEqual([
            { field: 'Query.artist', path: ['artist'], reason: 'UPSTREAM_RATE_LIMITED' },
          ]),
      },
      { execute: artist(0), times: 50, client: 'ok, stale', withinMs: 300, api: 0 },
      { execute: artistAlbums(1), client: 'ok, stale', api: 1 },
      { execute: artist(2), client: 'UPSTREAM_RATE_LIMITED', api: 0 },
    ],
  },
  {
    id: 'Q16',
    fault: 'Spotify lets 20 calls pass in any 5 s; 15 operations a second for 8 s',
    promise: 'no call is sent before the end of a back-off whose time Spotify has sent',
    environment: { UPSTREAM_CONCURRENCY: '2' }, // at most two are in flight when Spotify first rejects one
    slow: true,
    recovery: 4_000,
    steps: [
      {
        // Spotify's waits are longer than those that a call waits for (2 s), also if its first 20 calls take 3 s on a busy machine.
        arrange: adding({ kind: 'budget', calls: 20, windowSeconds: 5 }),
        execute: range(120).map(track),
        manner: { perSecond: 15 }, // a slow machine falls behind thirty, and operations then reach their deadline in the queue
        withinMs: 8_250,
        check({ outcomes, api }) {
          const { ok: _, UPSTREAM_RATE_LIMITED: __, ...others } = countCodes(outcomes);
          expect(others).toEqual({});
          const rejected = api.filter(({ status }) => status === 429);
          const windows = Math.ceil(((api.at(-1)?.atMs ?? 0) - (api[0]?.atMs ?? 0)) / (5 * second));
          expect(rejected.length, 'calls that Spotify rejected').toBeLessThanOrEqual(2 * windows);
        },
        says: { client: 'ok or UPSTREAM_RATE_LIMITED', spotify: 'two rejected in each window' },
      },
    ],
  },
]);
