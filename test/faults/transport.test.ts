import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import {
  type Certificate,
  type Certificates,
  makeCertificates,
  startCutter,
  startTlsFront,
  trust,
} from '../support/certificates.ts';
import { isFull, stopwatchMs } from '../support/clock.ts';
import type { FaultCase, Step, StepResult } from '../support/fault-case.ts';
import { hostOf, type Services, type TestEnvironment } from '../support/fault-environment.ts';
import {
  album,
  artist,
  artistAlbums,
  fixtures,
  type Operation,
  range,
  track,
  trackId,
  tracks,
} from '../support/fault-operations.ts';
import type { Outcome } from '../support/fault-responses.ts';
import { executeAtRate, faultSuite } from '../support/fault-runner.ts';
import { only, onlyAfterRetries, troubled } from '../support/fault-steps.ts';
import { startForeignHost } from '../support/foreign-host.ts';
import { watchNetwork } from '../support/network-watch.ts';
import { until } from '../support/process.ts';
import type { Trouble } from '../support/tcp-proxy.ts';

const megabyte = 1_000_000;

/** The number of connections to Spotify that the step has tried to open. */
const connects = (
  { testEnvironment }: StepResult,
  host = `127.0.0.1:${testEnvironment.proxy.port}`,
): number =>
  testEnvironment.network
    .connections()
    .filter((connection) => `${connection.host}:${connection.port}` === host).length;

/** Configures `https://localhost` as the Web API, with a server in front of the sandbox or without it. */
const overTls =
  (front: (services: Services, target: number) => Promise<{ origin: string }>) =>
  async (services: Services) => {
    const { origin } = await front(services, Number(new URL(services.sandbox.apiUrl).port));
    return { SPOTIFY_API_URL: `${origin}/v1` };
  };

let cachedCertificates: Certificates | undefined;
function certificates(): Certificates {
  if (!cachedCertificates) {
    cachedCertificates = makeCertificates();
    trust(cachedCertificates.authority);
  }
  return cachedCertificates;
}

const showing = (which: (all: Certificates) => Certificate) =>
  overTls((services, target) => startTlsFront(services, which(certificates()), target));

const tlsTargets = ({ network }: TestEnvironment): number =>
  network.connections().filter(({ host }) => host === 'localhost').length;

/** A TLS error: one handshake, no retry, and no call without TLS. */
const rejectedTls = (id: string, fault: string, environment: FaultCase['environment']): FaultCase => ({
  id,
  fault,
  promise: `${fault}: the call is not retried and not sent without TLS`,
  ...(environment && { environment }),
  recovery: false,
  steps: [
    {
      execute: track(1),
      client: 'UPSTREAM_UNAVAILABLE',
      withinMs: 1_000,
      api: 0,
      check({ testEnvironment }) {
        expect(tlsTargets(testEnvironment), 'connections').toBe(1);
        expect(
          testEnvironment.network.requests().filter(({ scheme }) => scheme === 'Bearer').length,
        ).toBeLessThanOrEqual(1);
      },
      says: { spotify: '1 connection' },
    },
  ],
});

/** Configures a Web API whose responses are not valid HTTP. */
const speaking = (response: string) => async (services: Services) => {
  const { origin } = await startForeignHost(services, response);
  return { SPOTIFY_API_URL: `${origin}/v1` };
};

const memoryMb = (): number => process.memoryUsage.rss() / megabyte;

/** Sends an operation and cancels it at a time. @returns the milliseconds until the gateway has ended the operation */
async function leaveAt(
  testEnvironment: TestEnvironment,
  operation: Operation,
  time: Promise<unknown>,
): Promise<number> {
  const leaving = new AbortController();
  const ended = testEnvironment.execute(operation, { signal: leaving.signal }).then(
    () => stopwatchMs(),
    () => stopwatchMs(),
  );
  await time;
  const leftMs = stopwatchMs();
  leaving.abort();
  return (await ended) - leftMs;
}

/** A client that cancels its operation when the call has arrived at Spotify. */
const leaving = (operation: Operation): Partial<Step> => ({
  async act(testEnvironment): Promise<Outcome[]> {
    const before = testEnvironment.calls('api').length;
    const called = until(() => testEnvironment.calls('api').length > before, 5_000);
    const endedAfterMs = await leaveAt(testEnvironment, operation, called);
    expect(endedAfterMs, 'ms until the gateway has ended the operation').toBeLessThanOrEqual(
      testEnvironment.limitMs(100),
    );
    return [];
  },
  says: { within: '≤ 100 ms' },
});

faultSuite('N', 'Transport', [
  {
    id: 'N1',
    fault: 'connection refused',
    promise: 'a refused connection is tried three times, and is an error at once',
    proxied: 'api',
    slow: true,
    steps: [
      {
        arrange: troubled({ kind: 'down' }),
        execute: track(1),
        client: 'UPSTREAM_UNAVAILABLE',
        withinMs: 1_000,
        api: 0,
        check: (result) => expect(connects(result)).toBe(3),
        says: { spotify: '3 connects' },
      },
    ],
  },
  {
    id: 'N1-load',
    fault: 'connection refused, 50 operations a second for 7 s',
    promise: 'while the connection fails, one call a period tries it, however many operations run',
    proxied: 'api',
    timeoutMs: 90_000,
    recovery: isFull && 60_000, // after seven seconds the period is ten seconds; case D17 checks the recovery after five
    steps: [
      {
        arrange: troubled({ kind: 'down' }),
        execute: range(350).map((n) => (n % 2 === 0 ? track(n) : artist(n))),
        manner: { perSecond: 50 },
        client: 'UPSTREAM_UNAVAILABLE',
        p99Ms: 500,
        medianMs: 50,
        api: 0,
        check: (result) => expect(connects(result)).toBeLessThanOrEqual(40),
        says: { spotify: '≤ 40 connects' },
      },
    ],
  },
  ...(['ENOTFOUND', 'EAI_AGAIN'] as const).map(
    (code): FaultCase => ({
      id: code === 'ENOTFOUND' ? 'N2' : 'N2-again',
      fault: `DNS ${code}`,
      promise: `a name that does not resolve (${code}) is an error within a second`,
      environment: async () => {
        watchNetwork().unresolvable(`${code.toLowerCase()}.test`, code);
        return { SPOTIFY_API_URL: `https://api.${code.toLowerCase()}.test/v1` };
      },
      recovery: false,
      steps: [{ execute: track(1), client: 'UPSTREAM_UNAVAILABLE', withinMs: 1_000, api: 0 }],
    }),
  ),
  {
    id: 'N3',
    fault: 'reset in place of a response, once',
    promise: 'a connection that is reset before the response causes no error',
    proxied: 'api',
    steps: [
      {
        arrange: troubled({ kind: 'reset', in: 'headers', times: 1 }),
        execute: track(1),
        client: 'ok',
        withinMs: 250,
        api: 2,
      },
    ],
  },
  {
    id: 'N3-ever',
    fault: 'reset in place of a response, for ever',
    promise: 'a call whose connection is always reset has three attempts',
    proxied: 'api',
    steps: [
      {
        arrange: troubled({ kind: 'reset', in: 'headers' }),
        execute: track(1),
        client: 'UPSTREAM_UNAVAILABLE',
        withinMs: 1_000,
        api: 3,
      },
    ],
  },
  {
    id: 'N4',
    fault: 'reset or end in the middle of a body, once',
    promise: 'a response that breaks off is requested again, and its first half is not used',
    proxied: 'api',
    steps: [
      {
        arrange: troubled({ kind: 'reset', in: 'body', times: 1 }),
        execute: album(fixtures.albums.tracks20),
        client: 'ok',
        withinMs: 300,
        api: 2,
      },
      {
        arrange: only({ kind: 'truncate', afterBytes: 200 }, { times: 1 }),
        execute: album(fixtures.albums.tracks50),
        client: 'ok',
        withinMs: 300,
        api: 2,
        aside: true,
      },
    ],
  },
  {
    id: 'N4-ever',
    fault: 'reset or end in the middle of a body, for ever',
    promise: 'a response that always breaks off is an error, never half of the data',
    proxied: 'api',
    steps: [
      {
        arrange: troubled({ kind: 'reset', in: 'body' }),
        execute: album(fixtures.albums.tracks20),
        client: 'UPSTREAM_UNAVAILABLE',
        withinMs: 8_000,
        api: 3,
      },
      {
        arrange: onlyAfterRetries({ kind: 'truncate', afterBytes: 200 }),
        execute: album(fixtures.albums.tracks50),
        client: 'UPSTREAM_UNAVAILABLE',
        withinMs: 8_000,
        api: 3,
        aside: true,
      },
    ],
  },
  {
    id: 'N5',
    fault: 'idle connections are closed',
    promise: 'connections that were closed silently are replaced without an error',
    proxied: 'api',
    slow: true,
    steps: [
      { execute: range(10).map(track), client: 'ok', aside: true },
      {
        async arrange(testEnvironment) {
          await testEnvironment.trouble({ kind: 'down' });
          await testEnvironment.trouble({ kind: 'none' });
          await sleep(50);
        },
        execute: range(10, 10).map(track),
        client: 'ok',
        withinMs: 500,
      },
    ],
  },
  {
    id: 'N5-race',
    fault: 'idle connections are closed just when they are used',
    promise: 'a call that meets a closing connection is sent again on another',
    proxied: 'api',
    steps: [
      { execute: range(3).map(track), client: 'ok', aside: true },
      {
        async arrange(testEnvironment) {
          await testEnvironment.trouble({ kind: 'down' });
          await testEnvironment.trouble({ kind: 'none' });
        },
        execute: range(3, 10).map(track),
        client: 'ok',
        withinMs: 500,
      },
    ],
  },
  {
    id: 'N6',
    fault: 'the first attempt takes 10 s',
    promise: 'an attempt that takes too long is cancelled and repeated',
    slow: true,
    steps: [
      {
        arrange: only({ kind: 'delay', ms: 10_000 }, { times: 1 }),
        execute: track(1),
        client: 'ok',
        notBeforeMs: 2_500,
        withinMs: 2_800,
        api: 2,
      },
    ],
  },
  {
    id: 'N7',
    fault: 'every attempt takes 10 s',
    promise: 'three attempts that take too long end before the deadline',
    slow: true,
    timeoutMs: 20_000,
    steps: [
      {
        arrange: only({ kind: 'delay', ms: 10_000 }),
        execute: track(1),
        client: 'UPSTREAM_TIMEOUT',
        withinMs: 8_200,
        api: 3,
      },
    ],
  },
  {
    id: 'N7-queue',
    fault: 'every attempt takes 10 s, 100 operations at once, ten at a time, the deadline is 4 s',
    promise: 'a queued operation gets its response by the deadline too',
    environment: { UPSTREAM_CONCURRENCY: '10', UPSTREAM_TIMEOUT_MS: '1200', REQUEST_TIMEOUT_MS: '4000' },
    deadlineMs: 4_000,
    slow: true,
    timeoutMs: 30_000,
    recovery: 8_000, // the calls of cancelled operations are still in flight
    steps: [
      {
        arrange: only({ kind: 'delay', ms: 10_000 }),
        execute: range(100).map(track),
        withinMs: 4_250,
        api: { atMost: 20 + 9 }, // twenty failures open the circuit breaker while nine others are in flight
        check({ outcomes }) {
          const codes = new Set(outcomes.map(({ errors }) => errors[0]?.extensions?.code));
          codes.delete('UPSTREAM_UNAVAILABLE');
          expect([...codes]).toEqual(['UPSTREAM_TIMEOUT']);
        },
        says: { client: 'UPSTREAM_TIMEOUT or UPSTREAM_UNAVAILABLE' },
      },
    ],
  },
  {
    id: 'N8',
    fault: 'the first body arrives at one byte in 100 ms',
    promise: 'a body that arrives too slowly is cancelled and requested again',
    slow: true,
    steps: [
      {
        arrange: only({ kind: 'drip', bytes: 1, everyMs: 100 }, { times: 1 }),
        execute: track(1),
        client: 'ok',
        notBeforeMs: 2_500,
        withinMs: 2_800,
        api: 2,
      },
    ],
  },
  {
    id: 'N8-ever',
    fault: 'every body arrives at one byte in 100 ms',
    promise: 'calls whose bodies always arrive too slowly end before the deadline',
    slow: true,
    timeoutMs: 20_000,
    steps: [
      {
        arrange: only({ kind: 'drip', bytes: 1, everyMs: 100 }),
        execute: track(1),
        client: 'UPSTREAM_TIMEOUT',
        withinMs: 8_200,
        api: 3,
      },
    ],
  },
  {
    id: 'N9',
    fault: 'Spotify accepts connections and never responds',
    promise: 'no socket to a host that never responds stays open',
    proxied: 'api',
    slow: true,
    timeoutMs: 20_000,
    steps: [
      {
        arrange: troubled({ kind: 'black-hole' }),
        execute: track(1),
        client: 'UPSTREAM_TIMEOUT',
        withinMs: 8_200,
        check: ({ testEnvironment }) => until(() => testEnvironment.proxy.open() === 0),
        says: { spotify: 'all sockets closed' },
      },
    ],
  },
  {
    id: 'N9-sockets',
    fault: 'the same, with the connections counted',
    promise: 'an attempt that is cancelled closes one socket',
    proxied: 'api',
    slow: true,
    timeoutMs: 20_000,
    steps: [
      {
        arrange: troubled({ kind: 'black-hole' }),
        execute: track(1),
        client: 'UPSTREAM_TIMEOUT',
        settleMs: 300,
        check: ({ testEnvironment }) => expect(testEnvironment.proxy.connections()).toBeLessThanOrEqual(3),
        says: { spotify: '≤ 3 sockets' },
      },
    ],
  },
  {
    id: 'N10',
    fault: 'no more data after the headers and some of the body, for ever',
    promise: 'a response that stops in the middle is an error',
    slow: true,
    timeoutMs: 20_000,
    steps: [
      {
        arrange: only({ kind: 'stall', afterBytes: 30 }),
        execute: track(1),
        client: 'UPSTREAM_TIMEOUT',
        withinMs: 8_200,
        api: 3,
      },
    ],
  },
  {
    id: 'N11',
    fault: 'an idle connection that a firewall has silently dropped',
    promise: 'a half-open connection costs one attempt',
    proxied: 'api',
    slow: true,
    warm: [track(0)],
    steps: [
      {
        arrange: ({ trouble }) => trouble({ kind: 'half-open' }),
        execute: track(1),
        client: 'ok',
        withinMs: 2_800,
      },
    ],
  },
  {
    id: 'N11-pool',
    fault: 'ten idle connections that a firewall has silently dropped',
    promise: 'a pool of half-open connections costs one attempt, not three',
    proxied: 'api',
    slow: true,
    timeoutMs: 20_000,
    sandbox: { latencyMs: 50 },
    steps: [
      { execute: range(10).map(track), client: 'ok', aside: true },
      {
        arrange: ({ trouble }) => trouble({ kind: 'half-open' }),
        execute: track(20),
        client: 'ok',
        withinMs: 2_900,
      },
    ],
  },
  {
    id: 'N12',
    fault: 'connections that close 5 s late; responses in packets of one byte',
    promise: 'slow closing and tiny packets cause no error',
    proxied: 'api',
    steps: [
      {
        arrange: troubled({ kind: 'slow-close', ms: 5_000 }),
        execute: track(1),
        client: 'ok',
        withinMs: 500,
      },
      {
        arrange: troubled({ kind: 'slice' }),
        execute: album(fixtures.albums.tracks20),
        client: 'ok',
        withinMs: 1_500,
      },
    ],
  },
  {
    id: 'N12-slow',
    fault: 'a connection with 1 KB a second',
    promise: 'a connection that is too slow for the response is a timeout',
    proxied: 'api',
    slow: true,
    timeoutMs: 20_000,
    steps: [
      {
        arrange: troubled({ kind: 'bandwidth', bytesPerSecond: 1_000 }),
        execute: album(fixtures.albums.tracks50),
        client: 'UPSTREAM_TIMEOUT',
        withinMs: 8_200,
        api: 3,
      },
    ],
  },
  {
    id: 'N12-latency',
    fault: 'a connection with 300 ms of latency',
    promise: 'a slow but steady connection causes no error',
    proxied: 'both',
    slow: true,
    steps: [
      {
        arrange: troubled({ kind: 'latency', ms: 300 }),
        execute: range(10).map(track),
        client: 'ok',
        withinMs: 1_200,
        api: 10,
      },
    ],
  },
  {
    id: 'N13',
    fault: 'valid TLS certificate',
    promise: 'a valid certificate is accepted, so that the rejections of invalid ones prove something',
    environment: showing(({ valid }) => valid),
    steps: [{ execute: track(1), client: 'ok', api: 1, withinMs: 1_000 }],
  },
  rejectedTls(
    'N13-expired',
    'TLS certificate expired',
    showing(({ expired }) => expired),
  ),
  rejectedTls(
    'N13-host',
    'TLS certificate of another host',
    showing(({ otherHost }) => otherHost),
  ),
  rejectedTls(
    'N13-self',
    'self-signed TLS certificate',
    showing(({ selfSigned }) => selfSigned),
  ),
  rejectedTls(
    'N13-cut',
    'TLS handshake cut off',
    overTls((services) => startCutter(services)),
  ),
  rejectedTls(
    'N13-plain',
    'plain HTTP where TLS is expected',
    overTls(async (services) => {
      const { origin } = await startForeignHost(services, 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}');
      return { origin: origin.replace('http://127.0.0.1', 'https://localhost') };
    }),
  ),
  {
    id: 'N14',
    fault: 'a body of 300 MB, uncompressed and as a gzip bomb',
    promise: 'a body without an end is cancelled at two megabytes',
    steps: [false, true].flatMap((gzip, i): Step[] => {
      let before = 0;
      const step: Step = {
        arrange: only({ kind: 'oversize', megabytes: 300, gzip }),
        execute: track(2 * i),
        client: 'UPSTREAM_BAD_RESPONSE',
        withinMs: 1_000,
        api: 1,
      };
      return [
        // The buffers of the first such body are the baseline.
        {
          ...step,
          check: () => {
            before = memoryMb();
          },
          aside: true,
        },
        {
          ...step,
          execute: track(2 * i + 1),
          check: () => expect(memoryMb() - before, 'growth of the process in MB').toBeLessThan(20),
          says: { within: 'RSS + < 20 MB' },
        },
      ];
    }),
  },
  {
    id: 'N14-error',
    fault: 'a body of 300 MB with status 503',
    promise: 'the body of an error is cancelled at two megabytes too',
    steps: [
      {
        async arrange(testEnvironment) {
          await only({ kind: 'answer', status: 503 })(testEnvironment);
          testEnvironment.fault({ fault: { kind: 'oversize', megabytes: 300 } });
        },
        execute: track(1),
        client: 'UPSTREAM_UNAVAILABLE',
        withinMs: 1_500,
        api: 3,
      },
    ],
  },
  {
    id: 'N14-edge',
    fault: 'a body just below two megabytes, and one just above',
    promise: 'a body at the limit is accepted, and a larger one is not',
    steps: ([1.9, 2.1] as const).map((size, i) => ({
      arrange: only({ kind: 'edit', edits: [{ path: 'padding', set: 'a'.repeat(size * megabyte) }] }),
      execute: track(i),
      client: size < 2 ? ('ok' as const) : ('UPSTREAM_BAD_RESPONSE' as const),
      api: 1,
    })),
  },
  {
    id: 'N15',
    fault: 'the response is not HTTP',
    promise: 'a response that is not HTTP is a transport fault',
    environment: speaking('SSH-2.0-OpenSSH_9.6\r\n'),
    recovery: false,
    slow: true,
    steps: [{ execute: track(1), client: 'UPSTREAM_UNAVAILABLE', withinMs: 1_000 }],
  },
  {
    id: 'N15-headers',
    fault: 'headers of one megabyte',
    promise: 'headers without an end are a transport fault',
    environment: speaking(`HTTP/1.1 200 OK\r\nx-long: ${'a'.repeat(megabyte)}\r\n\r\n{}`),
    recovery: false,
    slow: true,
    steps: [{ execute: track(1), client: 'UPSTREAM_UNAVAILABLE', withinMs: 1_500 }],
  },
  {
    id: 'N16',
    fault: 'client disconnects while its call is in flight',
    promise:
      'a call that was sent is completed and its response cached, although its client has disconnected',
    slow: true,
    steps: [
      {
        arrange: only({ kind: 'delay', ms: 1_000 }, { times: 1 }),
        ...leaving(track(1)),
        settleMs: 1_200,
        api: 1,
      },
      { execute: track(1), client: 'ok', withinMs: 100, api: 0 },
    ],
  },
  {
    id: 'N16-retry',
    fault: 'client disconnects before its call fails',
    promise: 'a call for which no client waits is not retried',
    slow: true,
    steps: [
      {
        async arrange(testEnvironment) {
          await only({ kind: 'answer', status: 503 })(testEnvironment);
          testEnvironment.fault({ fault: { kind: 'delay', ms: 1_000 } });
        },
        ...leaving(track(1)),
        settleMs: 1_800,
        api: 1,
      },
    ],
  },
  {
    id: 'N16-queue',
    fault: 'client disconnects while four of its five calls wait',
    promise: 'calls that are not sent yet are dropped when their client disconnects',
    environment: { UPSTREAM_CONCURRENCY: '1' },
    slow: true,
    steps: [
      {
        arrange: only({ kind: 'delay', ms: 1_000 }),
        ...leaving(tracks(range(5).map(trackId))),
        settleMs: 1_800,
        api: 1,
      },
    ],
  },
  {
    id: 'N16-pages',
    fault: 'client disconnects while the first page of five is in flight',
    promise: 'no further page is requested for a client that has disconnected',
    warm: [artist(fixtures.artists.bts)],
    slow: true,
    steps: [
      {
        arrange: only({ kind: 'delay', ms: 1_000 }),
        ...leaving(artistAlbums(fixtures.artists.bts, { first: 50 })),
        settleMs: 1_800,
        api: 1,
      },
    ],
  },
  {
    id: 'N16-shared',
    fault: 'one of two clients with the same operation disconnects',
    promise: 'a client that disconnects does not affect another one with the same operation',
    slow: true,
    steps: [
      {
        arrange: only({ kind: 'delay', ms: 300 }),
        async act(testEnvironment) {
          const [stays] = await Promise.all([
            testEnvironment.execute(track(1)),
            leaveAt(testEnvironment, track(1), sleep(50)),
          ]);
          return [stays];
        },
        client: 'ok',
        withinMs: 600,
        api: 1,
      },
    ],
  },
  {
    id: 'N16-first',
    fault: 'the first of two clients disconnects while the call is queued',
    promise:
      'a call for which another client still waits is sent, although the first client has disconnected',
    environment: { UPSTREAM_CONCURRENCY: '1' },
    slow: true,
    steps: [
      {
        arrange: only({ kind: 'delay', ms: 200 }),
        async act(testEnvironment) {
          const ahead = testEnvironment.execute(track(0));
          const leaves = leaveAt(testEnvironment, track(1), sleep(50));
          const stays = testEnvironment.execute(track(1));
          const outcomes = await Promise.all([ahead, stays]);
          await leaves;
          return outcomes;
        },
        client: 'ok',
        withinMs: 900,
        api: 2,
      },
    ],
  },
  {
    id: 'D17',
    fault: 'hundreds of calls, with every transport fault',
    promise: 'after many faults no more sockets are open than calls may be in flight',
    environment: { UPSTREAM_CONCURRENCY: '10' },
    proxied: 'api',
    slow: true,
    timeoutMs: 40_000,
    recovery: 60_000,
    steps: [
      {
        async act(testEnvironment) {
          const troubles: Trouble[] = [
            { kind: 'reset', in: 'headers' },
            { kind: 'reset', in: 'body' },
            { kind: 'slow-close', ms: 2_000 },
            { kind: 'half-open' },
            { kind: 'slice' },
            { kind: 'none' },
          ];
          const outcomes: Outcome[] = [];
          for (const [i, trouble] of troubles.entries()) {
            await testEnvironment.trouble(trouble);
            outcomes.push(
              ...(await executeAtRate(range(100, 100 * i).map(track), 100, (each) =>
                testEnvironment.execute(each),
              )),
            );
          }
          return outcomes;
        },
        withinMs: 8_250,
        check: ({ testEnvironment }) => {
          const spotifyHosts = new Set([
            `127.0.0.1:${testEnvironment.proxy.port}`,
            hostOf(testEnvironment.sandbox.apiUrl),
          ]);
          const open = testEnvironment.network
            .connections()
            .filter(({ host, port, socket }) => spotifyHosts.has(`${host}:${port}`) && !socket.destroyed)
            .filter(({ port }) => port === testEnvironment.proxy.port);
          expect(open.length).toBeLessThanOrEqual(10);
        },
        says: { client: 'ok or an error code', spotify: '≤ 10 sockets open' },
      },
    ],
  },
]);
