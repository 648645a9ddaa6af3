import { describe, expect, test, vi } from 'vitest';
import { createRateLimiter } from '../../../../src/datasources/spotify/quota/rate-limiter.ts';
import type { SharedStore } from '../../../../src/datasources/spotify/shared-state/shared-store.ts';
import { settle, startRequestQueue, useClockOfOwn } from '../../../support/request-queue.ts';

useClockOfOwn();

describe('the rate limiter', () => {
  test('the rate limit holds in any 30 s; a call waits up to a second for it, or is rejected with the seconds to wait', async () => {
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

  test('without a rate limit no call waits', async () => {
    const rateLimiter = createRateLimiter(null);
    for (let i = 0; i < 1_000; i++) rateLimiter.record(0);
    expect([rateLimiter.waitMs(0), await rateLimiter.reserveShared()]).toEqual([0, true]);
  });

  test('a call waits or is rejected if the calls of other processes have used up the shared rate limit', async () => {
    const waits = [0, 700, 0, 5_000];
    const reservations: number[][] = [];
    const sharedState: Pick<SharedStore, 'publish' | 'subscribe' | 'reserveRate'> = {
      publish: () => undefined,
      subscribe: () => undefined,
      reserveRate: async (...args) => {
        reservations.push(args);
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
    expect(reservations).toEqual(Array(4).fill([3, 30_500]));
  });
});
