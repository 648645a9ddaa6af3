import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { type FaultRule, type Sandbox, startSandbox } from '../../src/sandbox/index.ts';
import { isFull, pass, setWallClock } from '../support/clock.ts';
import type { FaultCase, Step, StepResult } from '../support/fault-case.ts';
import type { TestEnvironment } from '../support/fault-environment.ts';
import { artist, catalogue, localOperation, range, track, trackId } from '../support/fault-operations.ts';
import type { Outcome } from '../support/fault-responses.ts';
import { faultSuite } from '../support/fault-runner.ts';
import { codesOf, isLocal, medianOf } from '../support/fault-steps.ts';
import { startForeignHost } from '../support/foreign-host.ts';

const second = 1_000;
const hour = 3_600 * second;
const invalidClient = { error: 'invalid_client', error_description: 'Invalid client secret' };

const onToken = (fault: FaultRule['fault'], times?: number): FaultRule => ({
  on: { route: 'token' },
  ...(times !== undefined && { times }),
  fault,
});

const refusals = (testEnvironment: TestEnvironment) =>
  testEnvironment.log().filter((line) => /no token|rejects SPOTIFY_CLIENT_ID/.test(line)).length;

const bearers = ({ testEnvironment }: StepResult) =>
  testEnvironment.calls('api').map(({ headers }) => headers['authorization'] ?? '(none)');

/** Waits until the cached token expires in 50 s. */
const nearTheEnd = () => pass(hour - 50 * second);

/** Checks that no two seconds have more than three calls. */
function expectThreeInTwoSeconds({ token }: StepResult): void {
  const times = token.map(({ atMs }) => atMs);
  for (const [i, atMs] of times.entries()) {
    const fourth = times[i + 3];
    if (fourth !== undefined) expect(fourth - atMs).toBeGreaterThan(2 * second);
  }
}

/** Compares the operations that need a token with those that need no call, because both wait for the processor. */
function expectNoWait({ outcomes, testEnvironment }: StepResult): void {
  const failed = outcomes.filter((outcome) => !isLocal(outcome));
  expect(codesOf(failed)).toEqual(['UPSTREAM_UNAVAILABLE']);
  const medianMs = medianOf(outcomes.filter(isLocal)) + 20 * testEnvironment.machineLoad();
  expect(medianOf(failed), 'median').toBeLessThanOrEqual(medianMs);
}

/** Responses of the token endpoint without a valid token. */
const noTokens: readonly FaultRule['fault'][] = [
  { kind: 'answer', text: '<html>Welcome to the hotel</html>', headers: { 'content-type': 'text/html' } },
  { kind: 'answer', text: '' },
  { kind: 'answer', json: null },
  { kind: 'answer', json: [] },
  { kind: 'answer', json: {} },
  { kind: 'answer', json: { access_token: '', token_type: 'Bearer', expires_in: 3600 } },
  { kind: 'answer', json: { access_token: 7, token_type: 'Bearer', expires_in: 3600 } },
  { kind: 'answer', json: { access_token: null, token_type: 'Bearer', expires_in: 3600 } },
];

/** One step for each response. The gateway caches a failure for two seconds, so each step waits for three. */
const refusedTokens = (faults: readonly FaultRule['fault'][]): Step[] =>
  faults.map((fault, i) => ({
    async arrange(testEnvironment) {
      await pass(3 * second);
      await testEnvironment.lift();
      testEnvironment.fault(onToken(fault));
    },
    execute: track(i),
    client: 'UPSTREAM_AUTH_FAILED',
    withinMs: second,
    token: 1,
    api: 0,
    aside: i > 0,
  }));

const refusedCredentials = (id: string, status: number): FaultCase => ({
  id,
  fault: `token endpoint ${status} \`invalid_client\``,
  promise: `credentials that are rejected with ${status} are tried and logged once a minute`,
  shutMs: 61 * second,
  steps: [
    {
      arrange: ({ fault }) => fault(onToken({ kind: 'answer', status, json: invalidClient })),
      execute: range(30).map(track),
      client: 'UPSTREAM_AUTH_FAILED',
      withinMs: second,
      token: 1,
      api: 0,
      check: async ({ testEnvironment }) => {
        expect(await testEnvironment.ready()).toBe(503);
        expect(refusals(testEnvironment)).toBe(1);
      },
      says: { client: '`/ready` 503, one log line' },
    },
    {
      arrange: () => pass(30 * second),
      execute: range(100, 30).map(track),
      manner: 'in turn',
      client: 'UPSTREAM_AUTH_FAILED',
      p99Ms: 20,
      token: 0,
      api: 0,
    },
    {
      arrange: () => pass(31 * second),
      execute: track(1),
      client: 'UPSTREAM_AUTH_FAILED',
      token: 1,
      api: 0,
      check: ({ testEnvironment }) => expect(refusals(testEnvironment)).toBe(2),
    },
  ],
});

let other: Sandbox;

const outageSeconds = isFull ? 10 : 5; // at least twice as long as a failure is cached

faultSuite('T', 'Token', [
  {
    id: 'T1',
    fault: 'cold start, 100 operations at once',
    promise: 'a cold start under load fetches one token',
    sandbox: { latencyMs: 20 },
    steps: [
      { execute: range(100).map(track), client: 'ok', token: 1, api: 100, withinMs: 20 + 10 * 20 + 500 },
    ],
  },
  {
    id: 'D10',
    fault: 'cold start, 500 identical operations at once',
    promise: 'five hundred identical operations at a cold start cost one token and one call',
    sandbox: { latencyMs: 20 },
    steps: [{ execute: artist(1), times: 500, client: 'ok', token: 1, api: 1, withinMs: 1_500 }],
  },
  {
    id: 'T2',
    fault: 'token endpoint 500, once',
    promise: 'a token endpoint that fails once causes no error',
    steps: [
      {
        arrange: ({ fault }) => fault(onToken({ kind: 'answer', status: 500 }, 1)),
        execute: track(1),
        client: 'ok',
        token: 2,
        api: 1,
        withinMs: 250,
      },
    ],
  },
  {
    id: 'T3',
    fault: `token endpoint 503 for ${outageSeconds} s, 100 operations at once and 50 a second after that`,
    promise:
      'a token endpoint that is down gets three requests in two seconds, and no operation waits for it',
    sandbox: { tokenLifetimeSeconds: 1 },
    warm: [artist(0)],
    timeoutMs: 25_000,
    recovery: 3_000, // a failure is cached for two seconds
    steps: [
      {
        async arrange({ fault }) {
          await sleep(1_100);
          fault(onToken({ kind: 'answer', status: 503 }));
        },
        execute: range(100).map(track),
        client: 'UPSTREAM_UNAVAILABLE',
        withinMs: 1_000,
        token: 3,
        api: 0,
        check: async ({ testEnvironment }) => expect(await testEnvironment.ready()).toBe(503),
        says: { client: '`/ready` 503' },
      },
      { execute: artist(0), client: 'ok', api: 0, token: 0, says: { client: 'from the cache' } },
      {
        execute: range(50 * outageSeconds, 100).flatMap((n) =>
          n % 5 === 0 ? [localOperation, track(n)] : track(n),
        ),
        manner: { perSecond: 60 }, // fewer than a slow machine handles, so that no operation waits for another one
        withinMs: 1_000,
        token: { atMost: 3 * Math.ceil(outageSeconds / 2) }, // a failure is cached for two seconds
        api: 0,
        check(step) {
          expectThreeInTwoSeconds(step);
          expectNoWait(step);
        },
        says: {
          client: 'UPSTREAM_UNAVAILABLE',
          within: 'median ≤ 20 ms longer than an operation without a call',
          spotify: 'TOK ≤ 3 in any 2 s',
        },
      },
    ],
  },
  refusedCredentials('T4', 400),
  refusedCredentials('T4-401', 401),
  {
    id: 'T5',
    fault: 'token revoked while 50 calls are in flight',
    promise: 'a token that is revoked under load is replaced once, and every call is repeated once',
    environment: { UPSTREAM_CONCURRENCY: '50' },
    sandbox: { latencyMs: 300 }, // so long that all calls are sent before the first rejection
    warm: [track(0)],
    steps: [
      {
        arrange: ({ sandbox }) => sandbox.expireTokens(),
        execute: range(50, 1).map(track),
        client: 'ok',
        withinMs: 3 * 300 + 400,
        token: 1,
        api: 100,
      },
    ],
  },
  {
    id: 'T6',
    fault: '401 for the fresh token too',
    promise: 'a fresh token that is rejected too ends in an error, not in a loop',
    warm: [track(0)],
    shutMs: 1_100, // the next token request is allowed after a second
    steps: [
      {
        arrange: ({ fault }) => fault({ fault: { kind: 'unauthorized', reason: 'expired' } }),
        execute: track(1),
        client: 'UPSTREAM_AUTH_FAILED',
        withinMs: second,
        token: 1,
        api: 2,
      },
      { execute: range(20, 2).map(track), client: 'UPSTREAM_AUTH_FAILED', withinMs: 200, token: 0, api: 0 },
    ],
  },
  {
    id: 'T7',
    fault: 'late 401 for a token that has been replaced',
    promise: 'a late rejection of the old token does not remove the new one',
    warm: [track(0)],
    slow: true,
    steps: [
      {
        arrange({ sandbox, fault }) {
          fault({ on: { path: `/tracks/${trackId(1)}` }, times: 1, fault: { kind: 'delay', ms: 400 } });
          sandbox.expireTokens();
        },
        execute: [track(1), track(2)],
        client: 'ok',
        withinMs: 800,
        token: 1,
        api: 4,
        check: (result) => {
          const [, ...sent] = bearers(result);
          expect(sent.map((bearer) => new Set(sent).size === 2 && sent.indexOf(bearer))).toEqual([
            0, 0, 2, 2,
          ]);
        },
      },
    ],
  },
  {
    id: 'T9',
    fault: 'token endpoint takes 3 s while the token has 50 s to live',
    promise: 'a token is renewed in the background, and no operation waits for it',
    warm: [track(0)],
    steps: [
      {
        async arrange({ fault }) {
          await nearTheEnd();
          fault(onToken({ kind: 'delay', ms: 3_000 })); // longer than UPSTREAM_TIMEOUT_MS
        },
        execute: range(15, 1).map(track),
        manner: { perSecond: 5 },
        settleMs: 500,
        client: 'ok',
        p99Ms: 150,
        token: 1,
        api: 15,
      },
      {
        execute: track(30),
        client: 'ok',
        token: 0,
        check: (result) => expect(new Set(bearers(result)).size).toBe(2),
      },
    ],
  },
  {
    id: 'T10',
    fault: 'wall clock one hour ahead, one behind, and back',
    promise: 'a wall clock that jumps causes no error, no token request and no call',
    warm: [track(0)],
    steps: [hour, -hour, hour, 0].map((byMs, i) => ({
      arrange: () => setWallClock(byMs),
      execute: [track(i + 1), track(0)],
      client: 'ok' as const,
      token: 0,
      api: 1,
    })),
  },
  {
    id: 'T12',
    fault: 'token endpoint 429, Retry-After 60',
    promise: 'no request is sent before the end of a rate limit of the token endpoint',
    shutMs: 31 * second,
    steps: [
      {
        arrange: ({ fault }) => fault(onToken({ kind: 'rate-limit', retryAfterSeconds: 60 })),
        execute: track(1),
        client: { code: 'UPSTREAM_RATE_LIMITED', retryAfter: [59, 60] },
        token: 1,
        api: 0,
      },
      {
        execute: range(100, 2).map(track),
        manner: 'in turn',
        client: { code: 'UPSTREAM_RATE_LIMITED', retryAfter: [50, 60] },
        p99Ms: 20,
        token: 0,
        api: 0,
      },
      {
        arrange: () => pass(30 * second),
        execute: track(1),
        client: { code: 'UPSTREAM_RATE_LIMITED', retryAfter: [25, 30] },
        token: 0,
        api: 0,
      },
    ],
  },
  {
    id: 'T12-held',
    fault: 'the same while a valid token is cached',
    promise: 'a rate limit of the token endpoint affects no operation while the token is valid',
    warm: [track(0)],
    shutMs: 61 * second,
    steps: [
      {
        async arrange({ fault }) {
          await nearTheEnd();
          fault(onToken({ kind: 'rate-limit', retryAfterSeconds: 60 }));
        },
        execute: range(20, 1).map(track),
        manner: 'in turn',
        client: 'ok',
        medianMs: 20,
        token: 1,
        api: 20,
      },
    ],
  },
  {
    id: 'T14',
    fault: 'two gateways in one process, with different credentials',
    promise: 'two gateways in one process never use each other’s token',
    steps: [
      {
        async arrange({ add, allowed, defer }) {
          other = await startSandbox({ catalogue, clientId: 'other-client', clientSecret: 'other-secret' });
          defer(other.close);
          allowed.add(new URL(other.apiUrl).host);
          add({
            SPOTIFY_API_URL: other.apiUrl,
            SPOTIFY_TOKEN_URL: other.tokenUrl,
            SPOTIFY_CLIENT_ID: other.clientId,
            SPOTIFY_CLIENT_SECRET: other.clientSecret,
          });
        },
        execute: range(20).map(track),
        client: 'ok',
        token: 1,
        api: 20,
      },
      {
        gateway: 1,
        execute: range(20).map(track),
        client: 'ok',
        token: 0,
        api: 0,
        check: () =>
          expect(other.calls().map(({ kind, status }) => `${kind} ${status}`)).toEqual([
            'token 200',
            ...range(20).map(() => 'api 200'),
          ]),
        says: { spotify: 'by the other app: API 20, TOK 1' },
      },
    ],
  },
  {
    id: 'T15',
    fault: 'token endpoint responds with 200 and no token',
    promise: 'a malformed token is never sent to the Web API',
    steps: refusedTokens(noTokens),
    shutMs: 2_100,
  },
  {
    id: 'T15-header',
    fault: 'token endpoint gives a token that no header can carry',
    promise: 'a token that no header can carry is malformed',
    steps: refusedTokens([
      { kind: 'answer', json: { access_token: 'BQ\r\nx-evil: 1', token_type: 'Bearer', expires_in: 3600 } },
    ]),
    shutMs: 2_100,
  },
  {
    id: 'T15-lifetime',
    fault:
      'token endpoint gives a token whose `expires_in` is missing, null, 0, -5, NaN, `soon` or `3600` as a text',
    promise: 'a token without a usable lifetime is used until Spotify rejects it, an hour at most',
    steps: [{ remove: true } as const, ...[null, 0, -5, 'NaN', 'soon', '3600'].map((set) => ({ set }))].map(
      (edit, i): Step => ({
        arrange({ fault, sandbox }) {
          sandbox.expireTokens();
          fault(onToken({ kind: 'edit', edits: [{ path: 'expires_in', ...edit }] }, 1));
        },
        execute: [track(3 * i), track(3 * i + 1), track(3 * i + 2)],
        client: 'ok',
        manner: 'in turn',
        token: 1,
        api: i === 0 ? 3 : 4,
      }),
    ),
  },
  {
    id: 'T4-fault',
    fault:
      'token endpoint 400 `server_error`, 415 `server_error` or 400 `temporarily_unavailable`, once and for ever',
    promise: 'a token endpoint that reports a fault of its own has not rejected the credentials',
    shutMs: 2_100,
    steps: [
      [400, 'server_error'] as const,
      [415, 'server_error'] as const,
      [400, 'temporarily_unavailable'] as const,
    ].flatMap(([status, error], i): Step[] => {
      const fault: FaultRule['fault'] = { kind: 'answer', status, json: { error } };
      const arrange = (times: number) => async (testEnvironment: TestEnvironment) => {
        await pass(2.1 * second);
        await testEnvironment.lift();
        testEnvironment.sandbox.expireTokens();
        testEnvironment.fault(onToken(fault, times));
      };
      return [
        { arrange: arrange(1), execute: track(2 * i), client: 'ok', token: 2, api: 1 },
        {
          arrange: arrange(100),
          execute: track(2 * i + 1),
          client: 'UPSTREAM_UNAVAILABLE',
          token: 3,
          api: 1,
        },
      ];
    }),
  },
  {
    id: 'T16',
    fault: 'token endpoint 502 with an HTML page, for ever',
    promise: 'the text of a broken token endpoint reaches no client',
    shutMs: 2_100,
    steps: [
      {
        arrange: ({ fault }) =>
          fault(onToken({ kind: 'answer', status: 502, text: '<h1>Bad gateway at the hotel</h1>' })),
        execute: track(1),
        client: 'UPSTREAM_UNAVAILABLE',
        withinMs: second,
        token: 3,
        api: 0,
        check: ({ outcomes, testEnvironment }) =>
          expect([...outcomes.map(({ text }) => text), ...testEnvironment.log()].join()).not.toContain(
            'hotel',
          ),
      },
    ],
  },
  {
    id: 'T17',
    fault: 'token endpoint resets the connection, or cuts its response off, once',
    promise: 'a token request is repeated after a broken connection',
    steps: [
      {
        arrange: ({ fault }) => fault(onToken({ kind: 'reset' }, 1)),
        execute: track(1),
        client: 'ok',
        withinMs: 300,
        token: 2,
      },
      {
        arrange({ sandbox, fault }) {
          sandbox.expireTokens();
          fault(onToken({ kind: 'truncate', afterBytes: 20 }, 1));
        },
        execute: track(2),
        client: 'ok',
        withinMs: 300,
        token: 2,
      },
    ],
  },
  {
    id: 'T18',
    fault: 'token endpoint never responds',
    promise: 'a token endpoint that never responds gets three attempts',
    environment: { UPSTREAM_TIMEOUT_MS: '1500', REQUEST_TIMEOUT_MS: '5000' },
    deadlineMs: 5_000,
    slow: true,
    recovery: 3_000,
    steps: [
      {
        arrange: ({ fault }) => fault(onToken({ kind: 'stall' })),
        execute: range(5).map(track),
        client: 'UPSTREAM_TIMEOUT',
        withinMs: 5_250,
        token: 3,
        api: 0,
      },
    ],
  },
  {
    id: 'T19',
    fault: 'token endpoint redirects to another host',
    promise: 'the secret is not sent to the target of a redirect',
    shutMs: 61 * second,
    steps: [301, 302, 307, 308].map((status, i) => ({
      async arrange(testEnvironment: TestEnvironment) {
        const { origin, calls } = await startForeignHost(testEnvironment);
        await pass(61 * second);
        await testEnvironment.lift();
        testEnvironment.fault(onToken({ kind: 'redirect', to: `${origin}/api/token`, status }));
        testEnvironment.defer(() => expect(calls()).toBe(0));
      },
      execute: track(i),
      client: 'UPSTREAM_AUTH_FAILED' as const,
      token: 1,
      api: 0,
      says: { spotify: 'the other host 0' },
    })),
  },
  {
    id: 'T20',
    fault: 'tokens that live for two seconds',
    promise: 'short-lived tokens are renewed no more often than they must',
    sandbox: { tokenLifetimeSeconds: 2 },
    steps: [
      {
        // The clock is moved between the bursts, because a process that waits for a processor outlives its token.
        async act({ execute }) {
          const outcomes: Outcome[] = [];
          for (const burst of range(10)) {
            outcomes.push(...(await Promise.all(range(9, 9 * burst).map((n) => execute(track(n))))));
            await pass(200);
          }
          return outcomes;
        },
        client: 'ok',
        api: 90,
        token: { atLeast: 2, atMost: 5 }, // each is renewed after half of its lifetime
      },
    ],
  },
  {
    id: 'T21',
    fault: '401 `Valid user authentication required`',
    promise: 'a 401 that is not about the token does not replace the token',
    warm: [track(0)],
    steps: [
      {
        arrange: ({ fault }) => fault({ fault: { kind: 'unauthorized', reason: 'user' } }),
        execute: track(1),
        client: 'UPSTREAM_AUTH_FAILED',
        withinMs: 500,
        token: 0,
        api: 1,
      },
    ],
  },
  {
    id: 'T22',
    fault: '401 without a message, once',
    promise: 'a 401 without a reason counts as one about the token',
    warm: [track(0)],
    steps: [
      {
        arrange: ({ fault }) => fault({ times: 1, fault: { kind: 'answer', status: 401 } }),
        execute: track(1),
        client: 'ok',
        withinMs: 500,
        token: 1,
        api: 2,
      },
    ],
  },
  {
    id: 'T23',
    fault: 'token endpoint 503, Retry-After 3600, once',
    promise: 'a 503 of the token endpoint with a long Retry-After stops all operations for a minute at most',
    steps: [
      {
        arrange: ({ fault }) =>
          fault(onToken({ kind: 'answer', status: 503, headers: { 'retry-after': '3600' } }, 1)),
        execute: track(1),
        client: 'UPSTREAM_UNAVAILABLE',
        token: 1,
        api: 0,
      },
      {
        arrange: () => pass(58 * second),
        execute: track(2),
        client: 'UPSTREAM_UNAVAILABLE',
        token: 0,
        api: 0,
      },
      { arrange: () => pass(2_100), execute: track(3), client: 'ok', token: 1, api: 1 },
    ],
  },
  {
    id: 'T24',
    fault: 'token endpoint 429 without Retry-After',
    promise: 'a rate limit of the token endpoint without a time lasts two seconds',
    shutMs: 2_100,
    steps: [
      {
        arrange: ({ fault }) => fault(onToken({ kind: 'rate-limit' })),
        execute: track(1),
        client: { code: 'UPSTREAM_RATE_LIMITED', retryAfter: [1, 2] },
        token: 1,
        api: 0,
      },
      { execute: range(20, 1).map(track), client: 'UPSTREAM_RATE_LIMITED', token: 0, api: 0 },
    ],
  },
  {
    id: 'T25',
    fault: 'token endpoint 503 while the token has 50 s to live',
    promise: 'a renewal that fails in the background affects no operation',
    warm: [track(0)],
    steps: [
      {
        async arrange({ fault }) {
          await nearTheEnd();
          fault(onToken({ kind: 'answer', status: 503 }));
        },
        execute: range(50, 1).map(track),
        manner: { perSecond: 50 },
        client: 'ok',
        p99Ms: 150,
        token: 3,
        api: 50,
        check: async ({ testEnvironment }) => expect(await testEnvironment.ready()).toBe(200),
        says: { client: '`/ready` 200' },
      },
    ],
  },
  {
    id: 'T27',
    fault: 'token revoked while the token endpoint is down',
    promise: 'if a token cannot be replaced, the calls in flight fail, and no queued call is sent',
    warm: [track(0)],
    shutMs: 2_100,
    steps: [
      {
        arrange({ sandbox, fault }) {
          sandbox.expireTokens();
          fault(onToken({ kind: 'answer', status: 503 }));
        },
        execute: range(50, 1).map(track),
        client: 'UPSTREAM_UNAVAILABLE',
        withinMs: 1_500,
        token: 3,
        api: { atMost: 24 },
        check: ({ api }) => expect(new Set(api.map(({ path }) => path)).size).toBe(api.length),
      },
    ],
  },
]);
