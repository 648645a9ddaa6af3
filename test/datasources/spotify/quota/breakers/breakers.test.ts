import { describe, expect, test, vi } from 'vitest';
import type { SharedStore } from '../../../../../src/datasources/spotify/shared-state/shared-store.ts';
import type { Fault } from '../../../../../src/sandbox/index.ts';
import { settle, startRequestQueue, useFakeClock } from '../../../../support/request-queue.ts';
import {
  albums,
  artistQuery,
  artistResult,
  artists,
  dataAndErrorCodes,
  firstGapMs,
  startInMode,
  withFault,
} from '../../../../support/schema-tests.ts';

describe('a 429', () => {
  const limited = (retryAfterSeconds?: number, form: 'text' | 'json' | 'quota' = 'text'): Fault => ({
    kind: 'rate-limit',
    form,
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  });

  test('a 429 with a Retry-After of one second is followed by a retry after at least one second', async () => {
    const gateway = await withFault(limited(1), 1);
    expect(dataAndErrorCodes(await gateway.execute(artistQuery))).toEqual(artistResult);
    expect(gateway.apiCalls()).toHaveLength(2);
    expect(firstGapMs(gateway)).toBeGreaterThanOrEqual(1_000);
    expect(firstGapMs(gateway)).toBeLessThan(1_400);
  });

  test('a single 500 soon after a 429 is retried, and is no outage of the endpoint', async () => {
    const gateway = await startInMode('development');
    gateway.sandbox.faults.add({ times: 1, fault: limited(1) });
    gateway.sandbox.faults.add({ skip: 2, times: 1, fault: { kind: 'answer', status: 500 } });
    expect(dataAndErrorCodes(await gateway.execute(artistQuery))).toEqual(artistResult);
    const other = `{ artist(id: "${artists.albums9}") { id } }`;
    expect(dataAndErrorCodes(await gateway.execute(other))).toEqual({
      data: { artist: { id: artists.albums9 } },
      errors: [],
    });
    const statuses = gateway.sandbox.calls().flatMap(({ kind, status }) => (kind === 'api' ? [status] : []));
    expect(statuses).toEqual([429, 200, 500, 200]);
  });

  test.each([
    [limited(30), 'UPSTREAM_RATE_LIMITED', 30],
    [limited(3, 'json'), 'UPSTREAM_RATE_LIMITED', 3],
    [limited(600), 'UPSTREAM_RATE_LIMITED', 600],
    [limited(601), 'UPSTREAM_QUOTA_EXCEEDED', 601],
    [limited(86_400), 'UPSTREAM_QUOTA_EXCEEDED', 86_400],
    [limited(2_592_000), 'UPSTREAM_QUOTA_EXCEEDED', 86_400],
    [limited(), 'UPSTREAM_RATE_LIMITED', 5],
    [limited(undefined, 'quota'), 'UPSTREAM_QUOTA_EXCEEDED', 3_600],
    [limited(20, 'quota'), 'UPSTREAM_QUOTA_EXCEEDED', 20],
  ])(
    'the fault %o is reported at once as %s with %i s to wait, and to later operations without a call',
    async (fault, code, retryAfter) => {
      const { execute, apiCalls } = await withFault(fault, 1);
      for (const id of [artists.bts, artists.albums1]) {
        const startedMs = performance.now();
        const { data, errors } = await execute(`{ artist(id: "${id}") { name } }`);
        expect({ data, errors: errors.map(({ path, extensions }) => [path, extensions]) }).toEqual({
          data: { artist: null },
          errors: [[['artist'], { code, retryAfter }]],
        });
        expect(performance.now() - startedMs).toBeLessThan(500);
      }
      expect(apiCalls()).toHaveLength(1);
    },
  );

  test.each([
    [limited(30), 'Spotify limits the rate of calls of artists: no calls for 30 seconds'],
    [limited(86_400), 'the daily quota of artists is used up: no calls for 24 hours'],
  ])('the fault %o is logged as a sentence', async (fault, message) => {
    const { execute, logged } = await withFault(fault, 1);
    await execute(artistQuery);
    expect(logged.filter(({ level }) => level === 'warn').map((line) => line.message)).toContain(message);
  });

  test('a 429 of one endpoint family does not affect other families and cached data', async () => {
    const { execute, sandbox, apiCalls } = await startInMode('development');
    expect(dataAndErrorCodes(await execute(artistQuery))).toEqual(artistResult);
    sandbox.faults.add({ on: { route: 'artists' }, fault: limited(30) });
    const document = `{ cached: artist(id: "${artists.bts}") { name albums(first: 1) { totalCount } }
      refused: artist(id: "${artists.albums1}") { name } album(id: "${albums.tracks1}") { name } }`;
    for (let time = 0; time < 2; time++) {
      expect(dataAndErrorCodes(await execute(document))).toEqual({
        data: {
          cached: { name: 'BTS', albums: { totalCount: 104 } },
          refused: null,
          album: { name: 'Single Lantern' },
        },
        errors: [['refused', 'UPSTREAM_RATE_LIMITED']],
      });
    }
    expect(apiCalls().filter((path) => path === `/artists/${artists.albums1}`)).toHaveLength(1);
  });
});

describe('back-offs of other processes', () => {
  useFakeClock();

  const published: [topic: string, message: unknown][] = [];
  const listeners = new Set<(topic: string, message: unknown) => void>();
  const deliver = (topic: string, message: unknown) => {
    for (const listener of listeners) listener(topic, message);
  };
  const store: Pick<SharedStore, 'publish' | 'subscribe' | 'reserveRate'> = {
    publish: (topic, message) => void published.push([topic, message]),
    subscribe: (listener) => void listeners.add(listener),
    reserveRate: async () => 0,
  };
  const epochMs = () => performance.timeOrigin + performance.now();

  test('a back-off of another process stops the calls of this process, for a day at most', async () => {
    const { call, ended } = startRequestQueue({ store });
    deliver('back-off:artists', { reason: 'quota', untilMs: epochMs() + 900_000 });
    deliver('back-off:search', { reason: 'quota', untilMs: epochMs() + 9e12 });
    call('a');
    call('b', 'search');
    await settle();
    expect(ended).toEqual(['a UPSTREAM_QUOTA_EXCEEDED 900', 'b UPSTREAM_QUOTA_EXCEEDED 86400']);
  });

  test('messages that are old, malformed or about another topic stop no call', async () => {
    const { call, names } = startRequestQueue({ store, concurrency: 10 });
    for (const [topic, message] of [
      ['back-off:artists', { reason: 'rate', untilMs: epochMs() - 1 }],
      ['back-off:artists', { reason: 'rate', untilMs: 'soon' }],
      ['back-off:artists', { untilMs: epochMs() + 900_000 }],
      ['back-off:artists', { reason: 'rate', untilMs: epochMs() + 900_000, waitMs: -1 }],
      ['back-off:artists', null],
      ['back-off:elsewhere', { reason: 'rate', untilMs: epochMs() + 900_000 }],
      ['ability:artists', { reason: 'rate', untilMs: epochMs() + 900_000 }],
      ['back-off', { reason: 'rate', untilMs: epochMs() + 900_000 }],
    ] as const)
      deliver(topic, message);
    call('a');
    await settle();
    expect(names()).toEqual(['a']);
  });

  test('a back-off of a process whose clock is ahead stops no calls for longer than it lasts', async () => {
    const { call, ended, names } = startRequestQueue({ store });
    const message = { reason: 'rate', untilMs: epochMs() + 630_000, waitMs: 30_000 };
    deliver('back-off:artists', message);
    call('a');
    await settle();
    expect(ended).toEqual(['a UPSTREAM_RATE_LIMITED 30']);
    await vi.advanceTimersByTimeAsync(30_000);
    deliver('back-off:artists', message); // as after a reconnection to the store
    call('b');
    await settle();
    expect(names()).toEqual(['b']);
  });

  test('a back-off of a process whose clock is behind ends with its end', async () => {
    const { call, ended } = startRequestQueue({ store });
    deliver('back-off:artists', { reason: 'rate', untilMs: epochMs() + 20_000, waitMs: 30_000 });
    call('a');
    await settle();
    expect(ended).toEqual(['a UPSTREAM_RATE_LIMITED 20']);
  });

  test('every back-off is published with its end and its length', () => {
    published.length = 0;
    const { requestQueue } = startRequestQueue({ store });
    requestQueue.startBackOff('tracks', 'rate', 30_000);
    expect(published).toEqual([
      ['back-off:tracks', { reason: 'rate', untilMs: expect.closeTo(epochMs() + 30_000, 0), waitMs: 30_000 }],
    ]);
  });

  test.each(['rate', 'unavailable'] as const)(
    'a quota back-off keeps its cause, here and in other processes, if a shorter back-off is requested meanwhile: %s',
    async (reason) => {
      published.length = 0;
      const { requestQueue, call, ended } = startRequestQueue({ store });
      requestQueue.startBackOff('artists', 'quota', 36_000_000);
      expect(requestQueue.startBackOff('artists', reason, 1_000)).toEqual({
        reason: 'quota',
        waitMs: 36_000_000,
      });
      expect(published).toMatchObject([['back-off:artists', { reason: 'quota', waitMs: 36_000_000 }]]);
      call('a');
      await settle();
      expect(ended).toEqual(['a UPSTREAM_QUOTA_EXCEEDED 36000']);
    },
  );
});
