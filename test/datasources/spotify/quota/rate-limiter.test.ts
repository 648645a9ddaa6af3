import { describe, expect, test, vi } from 'vitest';
import {
  createRateLimiter,
  learnRate,
  raisedRate,
} from '../../../../src/datasources/spotify/quota/rate-limiter.ts';
import type { SharedStore } from '../../../../src/datasources/spotify/shared-state/shared-store.ts';
import { createFakeSharedStore } from '../../../support/fake-shared-store.ts';
import { response, settle, startRequestQueue, useFakeClock } from '../../../support/request-queue.ts';

useFakeClock();

describe('the rate limiter', () => {
  test('the rate limit holds in any 30 s, and a call waits up to a second or is rejected with the seconds to wait', async () => {
    const { call, end, names, ended } = startRequestQueue({ rateLimit: 3, concurrency: 10 });
    call('a');
    await vi.advanceTimersByTimeAsync(20_000);
    for (const name of ['b', 'c', 'd']) call(name);
    await settle();
    expect([names(), ended]).toEqual([['a', 'b', 'c'], ['d UPSTREAM_RATE_LIMITED 11']]);
    for (const name of ['a', 'b', 'c']) await end(name);

    await vi.advanceTimersByTimeAsync(9_600);
    call('e');
    call('f');
    await vi.advanceTimersByTimeAsync(899);
    expect([names(), ended.slice(1)]).toEqual([[], ['a 200', 'b 200', 'c 200']]);
    await vi.advanceTimersByTimeAsync(1);
    expect(names()).toEqual(['e']);
    expect(ended.slice(4)).toEqual(['f UPSTREAM_RATE_LIMITED 20']);
  });

  test('a call that is not sent removes its own record, and not the record of a later call', () => {
    const rateLimiter = createRateLimiter({ limit: 1 });
    const remove = rateLimiter.record(0);
    rateLimiter.record(20_000);
    remove();
    expect(rateLimiter.waitMs(30_000)).toBe(20_500);
  });

  test('without a rate limit no call waits', async () => {
    const rateLimiter = createRateLimiter({ limit: null });
    for (let i = 0; i < 1_000; i++) rateLimiter.record(0);
    expect([rateLimiter.waitMs(0), await rateLimiter.reserveShared()]).toEqual([0, true]);
  });

  test('a call waits or is rejected if the calls of other processes have used up the shared rate limit', async () => {
    const waits = [0, 700, 0, 5_000];
    const reservations: number[][] = [];
    const store: Pick<SharedStore, 'publish' | 'subscribe' | 'reserveRate'> = {
      publish: () => undefined,
      subscribe: () => undefined,
      reserveRate: async (...args) => {
        reservations.push(args);
        return waits.shift() ?? 0;
      },
    };
    const { call, names, ended } = startRequestQueue({ rateLimit: 3, concurrency: 10, store });
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
    expect(reservations).toEqual(Array(4).fill([3, 30_500]));
  });
});

describe('a learned rate limit', () => {
  test.each([
    [29, null],
    [30, 30],
    [37, 30],
    [100, 80],
    [1_000, 800],
  ])('the rate limit that is learned from a rejection at %i calls in 30 s is %s', (calls, limit) => {
    expect(learnRate(calls, 5)).toEqual(limit && { limit, rejectedCalls: calls, learnedAtMs: 5 });
  });

  test.each([
    [-1_000, 80],
    [29_999, 80],
    [30_000, 81],
    [120 * 30_000, 200],
    [121 * 30_000, null],
  ])('%i ms after a rejection at 100 calls the learned rate limit is %s', (ms, limit) => {
    expect(raisedRate({ limit: 80, rejectedCalls: 100, learnedAtMs: 0 }, ms)).toBe(limit);
  });

  /** Sends as many calls as the rate limiter allows now. @returns the number of sent calls */
  async function sendAll(started: ReturnType<typeof startRequestQueue>, most = 100): Promise<number> {
    let sent = 0;
    for (; sent < most; sent++) {
      started.call(`${sent}`);
      await settle();
      if (!started.names().includes(`${sent}`)) break;
      await started.end(`${sent}`, response(200));
    }
    return sent;
  }

  test('a rejection at 50 calls limits all processes, also later processes, to 40 calls in 30 s', async () => {
    const store = createFakeSharedStore();
    const start = () => startRequestQueue({ store: store.connect(), concurrency: 10 });
    const [first, second] = [start(), start()];
    expect(await sendAll(first, 50)).toBe(50);
    first.requestQueue.startBackOff('search', 'rate', 3_000);
    expect(await sendAll(first)).toBe(40);
    await vi.advanceTimersByTimeAsync(30_600);
    const later = start();
    expect([await sendAll(first, 20), await sendAll(second), await sendAll(later)]).toEqual([20, 21, 0]);
  });

  test('no rate limit is learned from a rejection for the quota or after few calls', async () => {
    const started = startRequestQueue({ concurrency: 10 });
    await sendAll(started, 20);
    started.requestQueue.startBackOff('search', 'rate', 3_000);
    await sendAll(started, 50);
    started.requestQueue.startBackOff('search', 'quota', 3_000);
    expect(await sendAll(started)).toBe(100);
  });

  test('a rate limit that the operator has set is not changed by rejections', async () => {
    const started = startRequestQueue({ concurrency: 10, rateLimit: 60 });
    expect(await sendAll(started, 50)).toBe(50);
    started.requestQueue.startBackOff('search', 'rate', 3_000);
    expect(await sendAll(started)).toBe(10);
  });

  test('a rate limiter ignores messages that no gateway could have sent', async () => {
    const store = createFakeSharedStore();
    const process = store.connect();
    const started = startRequestQueue({ store: store.connect(), concurrency: 10 });
    for (const message of [
      null,
      'x',
      { limit: 0 },
      { limit: 31, rejectedCalls: 1e9, learnedAtMs: 0 },
    ] as object[])
      process.publish('rate-limit', message);
    expect(await sendAll(started)).toBe(100);
  });
});
