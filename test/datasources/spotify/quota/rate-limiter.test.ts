import { describe, expect, test, vi } from 'vitest';
import { createCallStats } from '../../../../src/datasources/spotify/quota/call-stats.ts';
import { createRateLimiter } from '../../../../src/datasources/spotify/quota/rate-limiter.ts';
import type { SharedState } from '../../../../src/datasources/spotify/shared-state/shared-state.ts';
import { settle, startRequestQueue, useClockOfOwn } from '../../../support/request-queue.ts';

useClockOfOwn();

describe('the share of retries', () => {
  test('is three in ten seconds, or a tenth of the calls where that is more', () => {
    const callStats = createCallStats();
    expect(Array.from({ length: 5 }, () => callStats.mayRetry(0))).toEqual([true, true, true, false, false]);
    for (let i = 0; i < 59; i++) callStats.add('artists', 0);
    expect([callStats.mayRetry(0), callStats.mayRetry(0), callStats.mayRetry(0)]).toEqual([
      true,
      true,
      false,
    ]);
    expect([callStats.mayRetry(10_500), callStats.report(10_500)]).toEqual([
      true,
      [{ family: 'artists', recentCalls: 59, callsLast24h: 59 }],
    ]);
    expect(callStats.report(31_000)).toEqual([{ family: 'artists', recentCalls: 0, callsLast24h: 59 }]);
  });

  test('is a tenth of the calls that are no retries themselves', () => {
    const callStats = createCallStats();
    const send = (calls: number) => {
      for (let i = 0; i < calls; i++) callStats.add('artists', 0);
    };
    for (let i = 0; i < 3; i++) callStats.mayRetry(0);
    send(39 + 3);
    expect(callStats.mayRetry(0)).toBe(false);
    send(1);
    expect([callStats.mayRetry(0), callStats.mayRetry(0)]).toEqual([true, false]);
  });

  test('counts every call that the request queue has sent, and reports how each family stands', async () => {
    const { requestQueue, call } = startRequestQueue();
    call('a');
    call('b', 'search');
    await settle();
    requestQueue.backOff('search', 'quota', null);
    expect(requestQueue.report()).toEqual([
      { family: 'artists', recentCalls: 1, callsLast24h: 1, bar: null },
      {
        family: 'search',
        recentCalls: 1,
        callsLast24h: 1,
        bar: { reason: 'quota', waitMs: 3_600_000, wholeWaitMs: 3_600_000 },
      },
    ]);
    expect([
      requestQueue.mayRetry(),
      requestQueue.mayRetry(),
      requestQueue.mayRetry(),
      requestQueue.mayRetry(),
    ]).toEqual([true, true, true, false]);
  });
});

describe('the own ceiling on calls', () => {
  test('is kept over any 30 s, and tells when there is a place again', async () => {
    const { call, end, names, ended } = startRequestQueue({ rateLimit: 3, concurrency: 10 });
    call('a');
    await vi.advanceTimersByTimeAsync(20_000);
    for (const name of ['b', 'c', 'd']) call(name);
    await settle();
    expect([names(), ended]).toEqual([['a', 'b', 'c'], ['d UPSTREAM_RATE_LIMITED 11']]);
    for (const name of ['a', 'b', 'c']) await end(name);

    // A short wait is waited, a longer one is told.
    await vi.advanceTimersByTimeAsync(9_600);
    call('e');
    call('f');
    await vi.advanceTimersByTimeAsync(899);
    expect([names(), ended.slice(1)]).toEqual([[], ['a 200', 'b 200', 'c 200']]);
    await vi.advanceTimersByTimeAsync(1);
    expect(names()).toEqual(['e']);
    expect(ended.slice(4)).toEqual(['f UPSTREAM_RATE_LIMITED 20']);
  });

  test('is none where none is set', async () => {
    const rateLimiter = createRateLimiter(null);
    for (let i = 0; i < 1_000; i++) rateLimiter.spend(0);
    expect([rateLimiter.waitMs(0), await rateLimiter.confirm()]).toEqual([0, true]);
  });

  test('is shared with other processes, which may have left no place: the call waits or is told', async () => {
    const waits = [0, 700, 0, 5_000];
    const spent: number[][] = [];
    const sharedState: SharedState = {
      publish: () => undefined,
      subscribe: () => undefined,
      whenSynced: async () => undefined,
      reserveCall: async (...what) => {
        spent.push(what);
        return waits.shift() ?? 0;
      },
    };
    const { call, names, ended } = startRequestQueue({ rateLimit: 3, concurrency: 10, sharedState });
    call('a');
    await settle();
    call('b');
    await settle();
    expect(names()).toEqual(['a']);
    await vi.advanceTimersByTimeAsync(700);
    expect(names()).toEqual(['a', 'b']);
    call('c');
    await settle();
    expect([names(), ended]).toEqual([['a', 'b'], ['c UPSTREAM_RATE_LIMITED 5']]);
    expect(spent).toEqual(Array(4).fill([3, 30_500]));
  });
});

describe('messages from other processes', () => {
  const told: [topic: string, fact: unknown][] = [];
  let hear: (topic: string, fact: unknown) => void = () => undefined;
  const sharedState: SharedState = {
    publish: (topic, fact) => void told.push([topic, fact]),
    subscribe: (listener) => {
      hear = listener;
    },
    whenSynced: async () => undefined,
    reserveCall: async () => 0,
  };
  const epochMs = () => performance.timeOrigin + performance.now();

  test('of a silence stop the calls here as well, a day at most', async () => {
    const { call, ended } = startRequestQueue({ sharedState });
    hear('silence:artists', { reason: 'quota', untilMs: epochMs() + 900_000 });
    hear('silence:search', { reason: 'quota', untilMs: epochMs() + 9e12 });
    call('a');
    call('b', 'search');
    await settle();
    expect(ended).toEqual(['a UPSTREAM_QUOTA_EXCEEDED 900', 'b UPSTREAM_QUOTA_EXCEEDED 86400']);
  });

  test('that are old, or about something else, or no message at all, stop nothing', async () => {
    const { call, names } = startRequestQueue({ sharedState, concurrency: 10 });
    for (const [topic, fact] of [
      ['silence:artists', { reason: 'rate', untilMs: epochMs() - 1 }],
      ['silence:artists', { reason: 'rate', untilMs: 'soon' }],
      ['silence:artists', { untilMs: epochMs() + 900_000 }],
      ['silence:artists', null],
      ['silence:elsewhere', { reason: 'rate', untilMs: epochMs() + 900_000 }],
      ['ability:artists', { reason: 'rate', untilMs: epochMs() + 900_000 }],
      ['silence', { reason: 'rate', untilMs: epochMs() + 900_000 }],
    ] as const)
      hear(topic, fact);
    call('a');
    await settle();
    expect(names()).toEqual(['a']);
  });

  test('are told of every silence, with its end', () => {
    told.length = 0;
    const { requestQueue } = startRequestQueue({ sharedState });
    requestQueue.backOff('tracks', 'rate', 30_000);
    expect(told).toEqual([
      ['silence:tracks', { reason: 'rate', untilMs: expect.closeTo(epochMs() + 30_000, 0) }],
    ]);
  });
});
