import { expect } from 'vitest';
import type { FaultRule } from '../../src/sandbox/index.ts';
import { pass } from '../support/clock.ts';
import type { FaultCase, Step, StepResult } from '../support/fault-case.ts';
import type { TestEnvironment } from '../support/fault-environment.ts';
import {
  album,
  artist,
  artistAlbums,
  artistId,
  artists,
  catalogue,
  fixtures,
  type Operation,
  range,
  search,
  track,
  trackId,
  unknownId,
} from '../support/fault-operations.ts';
import { faultSuite } from '../support/fault-runner.ts';
import { only, onlyAfterRetries } from '../support/fault-steps.ts';
import { startForeignHost } from '../support/foreign-host.ts';

const latencyMs = 30;

const minute = 61_000; // and one second

const refusal = (status: number, message: string): FaultRule['fault'] => ({
  kind: 'answer',
  status,
  json: { error: { status, message } },
});

const usualConcurrency = 24;

/** At most 24 calls at the same time: the 25th is sent when the first has its response. */
function expectUsualConcurrency({ api }: StepResult): void {
  const singles = api.filter(({ path }) => !path.includes('ids='));
  for (const [i, { atMs }] of singles.entries()) {
    const next = singles[i + usualConcurrency];
    if (next) expect(next.atMs - atMs).toBeGreaterThanOrEqual(latencyMs - 2);
  }
}

const batchesIn = ({ api }: StepResult) => api.filter(({ path }) => path.includes('ids=')).length;

const withdrawnBatch = (id: string, status: 403 | 404 | 410): FaultCase => ({
  id,
  fault: `batch read gets ${status}, for good`,
  promise: `a batch endpoint that responds ${status} gets one call, and single calls replace it`,
  sandbox: { quotaMode: 'extended', latencyMs },
  environment: { SPOTIFY_QUOTA_MODE: 'auto' },
  steps: [
    {
      arrange: only({ kind: 'withdrawn', status }, { on: { batch: true } }),
      execute: artists(range(30).map(artistId)),
      client: 'ok',
      withinMs: latencyMs * 4 + 400,
      api: 31,
      check(result) {
        expect(batchesIn(result)).toBe(1);
        expectUsualConcurrency(result);
      },
      says: { spotify: '1 batch, then singles, 24 at a time' },
    },
    {
      execute: artists(range(10, 30).map(artistId)),
      client: 'ok',
      api: 10,
      check: (result) => expect(batchesIn(result)).toBe(0),
      says: { spotify: 'no batch' },
    },
  ],
});

const statuses = (list: readonly number[], step: (status: number, i: number) => Partial<Step>): Step[] =>
  list.map((status, i) => ({
    arrange: only(refusal(status, 'No.')),
    execute: track(i),
    client: 'UPSTREAM_BAD_RESPONSE',
    withinMs: 500,
    api: 1,
    aside: i > 0,
    ...step(status, i),
  }));

const topTracks: Operation = {
  kind: 'artist',
  query: 'query ($id: ID!) { artist(id: $id) { id topTracks(market: "DE") { id } } }',
  variables: { id: fixtures.artists.bts },
  truth: {
    artist: {
      id: fixtures.artists.bts,
      topTracks: catalogue.topTracksOf(fixtures.artists.bts).map(({ id }) => ({ id })),
    },
  },
};

faultSuite('U', 'Upstream 4xx', [
  {
    id: 'U1',
    fault: '404 for an unknown artist, album or track',
    promise: 'an object that does not exist is null without an error, and costs one call a minute',
    steps: [artist, album, track].flatMap((kind, i): Step[] => [
      { execute: kind(unknownId(1)), client: 'ok', withinMs: 500, api: 1, aside: i > 0 },
      { execute: kind(unknownId(1)), times: 20, client: 'ok', api: 0, aside: i > 0 },
      {
        arrange: () => pass(61_000),
        execute: kind(unknownId(1)),
        client: 'ok',
        api: 1,
        aside: i > 0,
        says: { within: 'a minute later' },
      },
    ]),
  },
  {
    id: 'U1-list',
    fault: '404 for an artist and, with it, for its albums',
    promise: 'an artist that does not exist is null, whatever fields are selected',
    steps: [
      {
        execute: artistAlbums(unknownId(2)),
        truth: { artist: null },
        client: 'ok',
        api: { atMost: 2 },
        settleMs: 300, // the call for the albums may arrive at the sandbox after the response
      },
      { execute: artistAlbums(unknownId(2)), truth: { artist: null }, client: 'ok', api: 0 },
    ],
  },
  {
    id: 'U2',
    fault: '400 for a well-formed request',
    promise: 'a 400 without a cause that the gateway can remove is an error at once',
    steps: [artist(1), search('amber'), track(1)].map((operation, i) => ({
      arrange: only(refusal(400, 'Bad request.')),
      execute: operation,
      client: 'UPSTREAM_BAD_RESPONSE' as const,
      withinMs: 500,
      api: 1,
      aside: i > 0,
    })),
  },
  {
    id: 'U3',
    fault: '403 `Insufficient client scope`; 403 for a lapsed subscription, as JSON and as text',
    promise: 'a 403 has its own error code and does not replace the token',
    warm: [track(0)],
    shutMs: 60_000,
    steps: [
      refusal(403, 'Insufficient client scope'),
      { kind: 'premium-lapsed' } as const,
      { kind: 'premium-lapsed', form: 'text' } as const,
    ].map((fault, i) => ({
      async arrange(testEnvironment: TestEnvironment) {
        await pass(minute);
        await only(fault)(testEnvironment);
      },
      execute: track(i + 1),
      client: 'UPSTREAM_FORBIDDEN' as const,
      withinMs: 500,
      api: 1,
      token: 0,
    })),
  },
  {
    id: 'U3-batch',
    fault: '403 on every read for a while',
    promise: 'an app that is forbidden everything for a while does not count as one without batch reads',
    sandbox: { quotaMode: 'extended' },
    environment: { SPOTIFY_QUOTA_MODE: 'auto' },
    steps: [
      {
        arrange: only(refusal(403, 'Forbidden')),
        execute: artists(range(5).map(artistId)),
        client: 'UPSTREAM_FORBIDDEN',
        api: 1 + 5,
      },
      { arrange: ({ lift }) => lift(), execute: artists(range(5, 5).map(artistId)), client: 'ok', api: 1 },
    ],
  },
  {
    id: 'U3-feature',
    fault: '403 for a lapsed subscription, as text, on an endpoint that not every app has',
    promise: 'a lapsed subscription does not count as a missing feature',
    sandbox: { quotaMode: 'extended' },
    environment: { SPOTIFY_QUOTA_MODE: 'auto' },
    warm: [artist(fixtures.artists.bts)],
    steps: [
      {
        arrange: only({ kind: 'premium-lapsed', form: 'text' }),
        execute: topTracks,
        client: 'UPSTREAM_FORBIDDEN',
        api: 1,
      },
      {
        async arrange({ lift }) {
          await lift();
          await pass(minute);
        },
        execute: topTracks,
        client: 'ok',
        api: 1,
      },
    ],
  },
  {
    id: 'U3-premium',
    fault: '403 for a lapsed subscription on every read for three minutes, 50 operations a minute',
    promise: 'with a lapsed subscription one call a minute is sent, and stale data is served meanwhile',
    environment: { CACHE_TTL_SECONDS: '1' },
    warm: [track(0)],
    shutMs: minute,
    steps: [1, 2, 3].flatMap((n): Step[] => [
      {
        async arrange(testEnvironment) {
          await pass(minute);
          await only({ kind: 'premium-lapsed', form: n % 2 === 0 ? 'json' : 'text' })(testEnvironment);
        },
        execute: range(50, 1).map(track),
        manner: 'in turn',
        client: 'UPSTREAM_FORBIDDEN',
        medianMs: 20,
        token: 0,
        api: 1,
      },
      { execute: track(0), client: 'ok, stale', p99Ms: 50, token: 0, api: 0 },
    ]),
  },
  {
    id: 'U3-edge',
    fault: '403 of a proxy of Spotify with an empty body or with HTML, once',
    promise: 'a rejection by a proxy of Spotify affects its own read only',
    steps: ['', '<html>Forbidden</html>'].flatMap((text, i): Step[] => [
      {
        arrange: only({ kind: 'answer', status: 403, text }, { times: 1 }),
        execute: track(i),
        client: 'UPSTREAM_FORBIDDEN',
        withinMs: 500,
        token: i === 0 ? 1 : 0,
        api: 1,
      },
      { execute: track(i), client: 'ok', api: 1 },
    ]),
  },
  withdrawnBatch('U4', 403),
  withdrawnBatch('U4-404', 404),
  withdrawnBatch('U4-410', 410),
  {
    id: 'U5',
    fault: '402, 405, 406, 409, 411, 413 to 418, 422 to 424, 426, 428, 431, 451 and 499',
    promise: 'a 4xx without a meaning for a read is an error at once',
    steps: statuses(
      [409, 418, 451, 499, 402, 405, 406, 411, 413, 414, 415, 416, 417, 422, 423, 424, 426, 428, 431],
      () => ({}),
    ),
  },
  {
    id: 'U5-421',
    fault: '421',
    promise: 'a 421 is an error at once, like its neighbours',
    steps: statuses([421], () => ({})),
  },
  {
    id: 'U5-2xx',
    fault: '201, 202, 203, 205, 206 and 226',
    promise: 'a success other than 200 is an error',
    steps: statuses([201, 202, 203, 205, 206, 226], () => ({})),
  },
  {
    id: 'U6',
    fault: '408 or 425, for ever',
    promise: 'a 408 or 425 is retried as a 503 is',
    steps: statuses([408, 425], (status) => ({
      arrange: onlyAfterRetries(refusal(status, 'Later.')),
      client: 'UPSTREAM_UNAVAILABLE',
      withinMs: 1_000,
      api: 3,
    })),
  },
  {
    id: 'U6-once',
    fault: '408 or 425, once',
    promise: 'a 408 or 425 that occurs once causes no error',
    steps: statuses([408, 425], (status) => ({
      arrange: only(refusal(status, 'Later.'), { times: 1 }),
      client: 'ok',
      api: 2,
    })),
  },
  {
    id: 'U7',
    fault: '301, 302, 303, 307 or 308 to another host',
    promise: 'no redirect is followed, and no token goes to another host',
    steps: [301, 302, 303, 307, 308].map((status, i) => ({
      async arrange(testEnvironment: TestEnvironment) {
        const { origin, calls } = await startForeignHost(testEnvironment);
        await only({ kind: 'redirect', to: `${origin}/v1/tracks/${trackId(i)}`, status })(testEnvironment);
        testEnvironment.defer(() => expect(calls()).toBe(0));
      },
      execute: track(i),
      client: 'UPSTREAM_BAD_RESPONSE' as const,
      withinMs: 500,
      api: 1,
      says: { spotify: 'the other host 0' },
    })),
  },
  {
    id: 'U8',
    fault: '304 for an object that is not cached',
    promise: 'a 304 to an unconditional request is an error',
    steps: [
      {
        arrange: only({ kind: 'answer', status: 304 }),
        execute: track(1),
        client: 'UPSTREAM_BAD_RESPONSE',
        api: 1,
      },
    ],
  },
  {
    id: 'U9',
    fault: 'an id that no object can have, among valid ids',
    promise: 'an id that Spotify would reject does not affect its batch',
    sandbox: { quotaMode: 'extended' },
    steps: [
      {
        execute: artists([...range(5).map(artistId), 'ZZZZZZZZZZZZZZZZZZZZZZ', unknownId(3)]),
        client: 'ok',
        api: 2,
      },
    ],
  },
  {
    id: 'U1-wordless',
    fault: '404 without a message of Spotify (empty, HTML, JSON), once; then for ever',
    promise: 'only a 404 with Spotify’s own body means that an object is absent',
    steps: ['', '<html>Not Found</html>', '{"error":{"status":404}}'].flatMap((text, i): Step[] => [
      {
        arrange: onlyAfterRetries({ kind: 'answer', status: 404, text }, { times: 1 }),
        execute: [artist(i), track(i), search('amber')][i] as Operation,
        client: 'ok',
        api: 2,
      },
      {
        arrange: onlyAfterRetries({ kind: 'answer', status: 404, text }),
        execute: artist(i + 10),
        client: 'UPSTREAM_BAD_RESPONSE',
        withinMs: 1_000,
        api: 3,
      },
      { arrange: ({ lift }) => lift(), execute: artist(i + 10), client: 'ok', api: 1 },
    ]),
  },
  {
    id: 'U10',
    fault: '404 on every second call',
    promise: 'a temporary 404 is cached for a minute and no longer',
    allow: { nullIsTrue: true },
    steps: [
      {
        arrange: only({ kind: 'withdrawn', status: 404 }, { times: 1 }),
        execute: artist(1),
        client: 'ok',
        api: 1,
      },
      { arrange: () => pass(61_000), execute: artist(1), client: 'ok', api: 1 },
      {
        execute: artist(1),
        client: 'ok',
        api: 0,
        check: ({ outcomes }) => expect(outcomes[0]?.data).toEqual(artist(1).truth),
      },
    ],
  },
]);
