import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { createDailyQuota } from '../../../../src/datasources/spotify/quota/daily/daily-quota.ts';
import type { Outcome } from '../../../../src/datasources/spotify/transport/http.ts';
import type { Family } from '../../../../src/datasources/spotify/usage/observer.ts';
import { createFakeSharedStore } from '../../../support/fake-shared-store.ts';
import {
  response,
  settle,
  startRequestQueue,
  useFakeClock,
  waiters,
} from '../../../support/request-queue.ts';

useFakeClock();

const fault = (kind: 'timeout' | 'transport' | 'tls' | 'too-large' | 'not-json'): Outcome => ({
  kind: 'fault',
  fault: kind,
  code: 'E',
});

describe('the queue', () => {
  test('calls are sent up to the concurrency, the calls of one operation in their order', async () => {
    const { call, end, names, ended } = startRequestQueue();
    for (const name of ['a', 'b', 'c', 'd', 'e']) call(name);
    await settle();
    expect(names()).toEqual(['a', 'b']);
    await end('b');
    expect(names()).toEqual(['a', 'c']);
    await end('a');
    await end('c');
    expect(names()).toEqual(['d', 'e']);
    expect(ended).toEqual(['b 200', 'a 200', 'c 200']);
  });

  test('a queued call for which no client waits any more is not sent', async () => {
    const { call, end, names, ended } = startRequestQueue({ concurrency: 1 });
    const gone = waiters();
    call('a');
    call('b', 'artists', gone);
    call('c');
    await settle();
    gone.leave();
    await end('a');
    expect(names()).toEqual(['c']);
    expect(ended).toEqual(['a 200', 'b UPSTREAM_TIMEOUT -']);
  });

  test('a retry is sent before the calls that wait for their first attempt', async () => {
    const { call, end, names } = startRequestQueue({ concurrency: 1 });
    for (const name of ['a', 'b', 'c']) call(name);
    for (const name of ['d', 'e']) call(name, 'artists', waiters(), true);
    const sent: string[] = [];
    for (let i = 0; i < 5; i++) {
      await settle();
      const [name = ''] = names();
      sent.push(name);
      await end(name);
    }
    expect(sent).toEqual(['a', 'd', 'e', 'b', 'c']);
  });

  test('a call is OVERLOADED if a thousand calls are queued', async () => {
    const { call, ended } = startRequestQueue({ concurrency: 1 });
    for (let i = 0; i < 1_002; i++) call(`${i}`);
    await settle();
    expect(ended).toEqual(['1001 OVERLOADED -']);
  });

  test('the queue goes on if the sending of a call throws an unexpected error', async () => {
    const { requestQueue, call, names } = startRequestQueue({ concurrency: 1 });
    const broken = requestQueue.schedule('artists', waiters(), {
      goesFirst: false,
      prepare: async () => undefined,
      run: () => Promise.reject(new Error('a bug')),
    });
    call('b');
    await expect(broken).rejects.toThrow('a bug');
    await settle();
    expect(names()).toEqual(['b']);
  });
});

test('a call that cannot be prepared is neither sent nor counted', async () => {
  const { requestQueue, call, names } = startRequestQueue({ concurrency: 1, rateLimit: 1 });
  const send = vi.fn<() => Promise<Outcome>>();
  const prepare = () => Promise.reject(new Error('no token'));
  await expect(
    requestQueue.schedule('artists', waiters(), { goesFirst: false, prepare, run: send }),
  ).rejects.toThrow('no token');
  expect([send.mock.calls, requestQueue.report()]).toEqual([[], []]);
  call('a');
  await settle();
  expect(names()).toEqual(['a']);
});

test('the report has the calls and the back-off of each family of which a call was sent', async () => {
  const { requestQueue, call } = startRequestQueue();
  call('a');
  call('b', 'search');
  await settle();
  requestQueue.startBackOff('search', 'quota', null);
  expect(requestQueue.report()).toEqual([
    { family: 'artists', recentCalls: 1, openState: null },
    {
      family: 'search',
      recentCalls: 1,
      openState: { reason: 'quota', waitMs: 3_600_000, totalWaitMs: 3_600_000 },
    },
  ]);
});

describe('a back-off', () => {
  test('a back-off rejects all calls of its family at once, queued calls too, and no call of another family', async () => {
    const { requestQueue, call, end, names, ended } = startRequestQueue();
    for (const name of ['a', 'b', 'c']) call(name);
    await settle();
    expect(requestQueue.startBackOff('artists', 'rate', 30_000)).toEqual({ reason: 'rate', waitMs: 30_000 });
    await settle();
    expect(ended).toEqual(['c UPSTREAM_RATE_LIMITED 30']);
    await end('a');
    await end('b');
    call('d');
    call('e', 'artists/albums');
    await settle();
    expect([names(), ended.slice(1)]).toEqual([['e'], ['a 200', 'b 200', 'd UPSTREAM_RATE_LIMITED 30']]);
    await vi.advanceTimersByTimeAsync(29_500);
    call('f', 'artists', waiters(400));
    await settle();
    expect(ended.at(-1)).toBe('f UPSTREAM_RATE_LIMITED 1');
  });

  test('calls wait for the end of a back-off of at most two seconds, and one of them is sent first', async () => {
    const { requestQueue, call, end, names, ended } = startRequestQueue({ concurrency: 10 });
    requestQueue.startBackOff('artists', 'rate', 2_000);
    for (const name of ['a', 'b', 'c', 'd']) call(name);
    await vi.advanceTimersByTimeAsync(1_999);
    expect([names(), ended]).toEqual([[], []]);
    await vi.advanceTimersByTimeAsync(1);
    expect(names()).toEqual(['a']);
    await end('a');
    expect(names()).toEqual(['b', 'c']);
    await end('b');
    expect(names()).toEqual(['c', 'd']);
  });

  test('a back-off because of an outage rejects calls at once, even a short one', async () => {
    const { requestQueue, call, ended } = startRequestQueue();
    requestQueue.startBackOff('artists', 'unavailable', 1_000);
    call('a');
    await settle();
    expect(ended).toEqual(['a UPSTREAM_UNAVAILABLE -']);
  });

  test('queued calls wait for a repeated back-off, and are rejected if the back-off becomes too long', async () => {
    const { requestQueue, call, names, ended } = startRequestQueue();
    requestQueue.startBackOff('artists', 'rate', 1_000);
    call('a');
    await vi.advanceTimersByTimeAsync(500);
    requestQueue.startBackOff('artists', 'rate', 2_000);
    await vi.advanceTimersByTimeAsync(1_999);
    expect([names(), ended]).toEqual([[], []]);
    requestQueue.startBackOff('artists', 'rate', 10_000);
    await settle();
    expect(ended).toEqual(['a UPSTREAM_RATE_LIMITED 10']);
  });

  test('a disposed queue leaves no timer', () => {
    const { requestQueue, call } = startRequestQueue();
    requestQueue.startBackOff('artists', 'rate', 1_000);
    call('a');
    requestQueue.dispose();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a call that may be sent, and waits for the shared counts', () => {
  /** A call `a` that is counted, but whose count has not arrived in the store. */
  async function startHeldCall(callWaiters = waiters()) {
    const dailyQuota = createDailyQuota({ configured: new Map([['artists', 10]]) });
    onTestFinished(dailyQuota.dispose);
    let letGo: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const started = startRequestQueue({
      concurrency: 10,
      rateLimit: 1,
      dailyQuota: {
        ...dailyQuota,
        async reserve(family) {
          const counted = await dailyQuota.reserve(family);
          await held;
          return counted;
        },
      },
    });
    started.call('a', 'artists', callWaiters);
    await settle();
    const used = () => started.requestQueue.quota()[0]?.used;
    expect(used()).toBe(1);
    const go = async () => {
      letGo();
      await settle();
    };
    return { ...started, go, used };
  }

  test('a call that waits for the shared counts is sent if nothing has changed meanwhile', async () => {
    const { go, names, used } = await startHeldCall();
    await go();
    expect([names(), used()]).toEqual([['a'], 1]);
  });

  test('a call that waits for the shared counts is rejected and does not count if a back-off has begun meanwhile', async () => {
    const { requestQueue, call, go, names, ended, used } = await startHeldCall();
    requestQueue.startBackOff('artists', 'rate', 30_000);
    await go();
    expect([names(), ended, used()]).toEqual([[], ['a UPSTREAM_RATE_LIMITED 30'], 0]);
    call('b', 'albums');
    await settle();
    expect(names()).toEqual(['b']); // the rate limit of one call has not been used
  });

  test('a call that waits for the shared counts waits for the end of a short back-off that has begun meanwhile', async () => {
    const { requestQueue, go, names, used } = await startHeldCall();
    requestQueue.startBackOff('artists', 'rate', 1_000);
    await go();
    expect([names(), used()]).toEqual([[], 0]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect([names(), used()]).toEqual([['a'], 1]);
  });

  test('a call that waits for the shared counts is rejected and does not count if the Premium subscription has lapsed meanwhile', async () => {
    const store = createFakeSharedStore();
    const other = startRequestQueue({ store: store.connect() });
    const dailyQuota = createDailyQuota({ configured: new Map([['artists', 10]]), store: store.connect() });
    onTestFinished(dailyQuota.dispose);
    const { call, names, ended, requestQueue } = startRequestQueue({
      dailyQuota,
      store: store.connect(),
    });
    call('a');
    await settle();
    other.call('first', 'albums');
    await settle();
    await other.end('first', premiumLapsed);
    await vi.advanceTimersByTimeAsync(2_000);
    expect([names(), ended, requestQueue.quota()[0]?.used]).toEqual([[], ['a UPSTREAM_FORBIDDEN -'], 0]);
  });

  test('a call that waits for the shared counts is dropped and does not count if every client has gone meanwhile', async () => {
    const gone = waiters();
    const { go, names, ended, used } = await startHeldCall(gone);
    gone.leave();
    await go();
    expect([names(), ended, used()]).toEqual([[], ['a UPSTREAM_TIMEOUT -'], 0]);
  });
});

const premiumLapsed: Outcome = {
  ...response(403),
  body: { error: { message: 'Active premium subscription required for the owner of the app.' } },
};

describe('a lapsed Premium subscription', () => {
  const lapsed = premiumLapsed;

  /** The subscription has lapsed, a minute has passed, and three calls of three families are scheduled. */
  async function startMinuteAfterLapse() {
    const started = startRequestQueue({ concurrency: 10 });
    started.call('first');
    await settle();
    await started.end('first', lapsed);
    await vi.advanceTimersByTimeAsync(60_000);
    started.call('try', 'albums');
    started.call('b', 'artists');
    started.call('c', 'search');
    await settle();
    return started;
  }

  test('while the Premium subscription has lapsed one call a minute is sent, and other calls wait for the outcome of that call', async () => {
    const { requestQueue, end, names, ended } = await startMinuteAfterLapse();
    expect([names(), ended]).toEqual([['try'], ['first 403']]);
    await end('try');
    expect([names(), requestQueue.isPremiumLapsed()]).toEqual([['b', 'c'], false]);
  });

  test('a call that was sent before the Premium subscription lapsed does not end the lapse', async () => {
    const { requestQueue, call, end, names } = startRequestQueue({ concurrency: 10 });
    for (const name of ['early', 'first']) call(name);
    await settle();
    await end('first', lapsed);
    await vi.advanceTimersByTimeAsync(60_000);
    call('try', 'albums');
    await settle();
    await end('early');
    call('b', 'search');
    await settle();
    expect([names(), requestQueue.isPremiumLapsed()]).toEqual([['try'], true]);
    await end('try');
    expect([names(), requestQueue.isPremiumLapsed()]).toEqual([['b'], false]);
  });

  test.each([lapsed, response(500), response(429), fault('timeout')])(
    'after the one call a minute of a lapsed Premium subscription has failed, calls are rejected for a minute (%o)',
    async (outcome) => {
      const { requestQueue, call, end, names, ended } = await startMinuteAfterLapse();
      await end('try', outcome);
      expect([names(), requestQueue.isPremiumLapsed()]).toEqual([[], true]);
      expect(ended.slice(2).toSorted()).toEqual(['b UPSTREAM_FORBIDDEN -', 'c UPSTREAM_FORBIDDEN -']);
      await vi.advanceTimersByTimeAsync(59_000);
      call('d', 'tracks');
      await settle();
      expect(ended.at(-1)).toBe('d UPSTREAM_FORBIDDEN -');
      await vi.advanceTimersByTimeAsync(1_000);
      call('e', 'tracks');
      await settle();
      expect(names()).toEqual(['e']);
    },
  );

  test('another call is sent at once if the one call a minute of a lapsed Premium subscription ends with a 401 or a 403', async () => {
    for (const outcome of [response(401), response(403)]) {
      const { end, names } = await startMinuteAfterLapse();
      await end('try', outcome);
      expect(names()).toEqual(['b']);
    }
  });
});

describe('the circuit breakers', () => {
  const failing = async (outcomes: readonly Outcome[]) => {
    const started = startRequestQueue({ concurrency: 100 });
    for (const [i, outcome] of outcomes.entries()) {
      started.call(`${i}`);
      await settle();
      await started.end(`${i}`, outcome);
    }
    const { ended } = started;
    ended.length = 0;
    started.call('same');
    started.call('other', 'search');
    await settle();
    return { ...started, ended };
  };

  test('calls of a family are rejected if its last twenty calls were 5xx', async () => {
    const { names, ended } = await failing(Array(20).fill(response(503)));
    expect([names(), ended]).toEqual([['other'], ['same UPSTREAM_UNAVAILABLE -']]);
  });

  test('calls of a family are rejected if its last twenty calls were 404 without a message', async () => {
    const { names, ended } = await failing(Array(20).fill(response(404)));
    expect([names(), ended]).toEqual([['other'], ['same UPSTREAM_UNAVAILABLE -']]);
  });

  test('calls of all families are rejected if the last twenty calls had no response', async () => {
    for (const kind of ['timeout', 'transport', 'tls'] as const) {
      const { names, ended } = await failing(Array(20).fill(fault(kind)));
      expect([names(), ended]).toEqual([[], ['same UPSTREAM_UNAVAILABLE -', 'other UPSTREAM_UNAVAILABLE -']]);
    }
  });

  test('only calls of a family are rejected if its last twenty calls had no response in time, and another family responds', async () => {
    const { call, end, names, ended } = startRequestQueue({ concurrency: 100 });
    for (let i = 0; i < 20; i++) {
      call(`${i}`, 'search');
      call(`artist ${i}`, 'artists');
      await settle();
      await end(`artist ${i}`);
      await end(`${i}`, fault('timeout'));
    }
    ended.length = 0;
    call('search', 'search');
    call('artist', 'artists');
    await settle();
    expect([names(), ended]).toEqual([['artist'], ['search UPSTREAM_UNAVAILABLE -']]);
  });

  const edge403: Outcome = { ...response(403), body: undefined } as Outcome;

  test('calls of a family are rejected if a proxy of Spotify has rejected its last twenty calls', async () => {
    const { names, ended } = await failing(Array(20).fill(edge403));
    expect([names(), ended]).toEqual([['other'], ['same UPSTREAM_UNAVAILABLE -']]);
  });

  test('calls of all families are rejected if a proxy of Spotify rejects calls of several families', async () => {
    const { call, end, names, ended } = startRequestQueue({ concurrency: 100 });
    const refuse = async (families: Family[]) => {
      for (const [i, family] of families.entries()) {
        call(`${i}`, family);
        await settle();
        await end(`${i}`, edge403);
      }
    };
    const manyFamilies = Array.from({ length: 7 }, (): Family[] => ['artists', 'albums', 'tracks']).flat();
    await refuse(manyFamilies.slice(0, 18));
    call('success', 'albums');
    await settle();
    await end('success');
    await refuse(Array(10).fill('artists'));
    call('still open', 'search');
    await settle();
    expect(names()).toEqual(['still open']);
    await end('still open');
    await refuse(manyFamilies);
    ended.length = 0;
    call('other', 'search');
    await settle();
    expect([names(), ended]).toEqual([[], ['other UPSTREAM_UNAVAILABLE -']]);
  });

  test('rejections and unusable responses do not open a circuit breaker', async () => {
    const unknownId: Outcome = {
      ...response(404),
      body: { error: { message: 'Resource not found' } },
    } as Outcome;
    for (const outcome of [response(429), unknownId, response(403), fault('too-large'), fault('not-json')]) {
      const { names, ended } = await failing(Array(40).fill(outcome));
      expect([names(), ended]).toEqual([['same', 'other'], []]);
    }
  });

  test('the first calls after an outage that ended an hour ago are all sent, one after another', async () => {
    const { call, end, names, ended } = await failing(Array(20).fill(response(500)));
    await vi.advanceTimersByTimeAsync(3_600_000);
    for (const name of ['p', 'q']) call(name);
    await settle();
    expect(names()).toEqual(['other', 'p']);
    await end('p');
    await settle();
    expect([names(), ended.slice(1)]).toEqual([['other', 'q'], ['p 200']]);
  });

  test('the first calls after an outage that ended an hour ago are rejected if the outage has not ended', async () => {
    const { call, end, names, ended } = await failing(Array(20).fill(response(500)));
    await vi.advanceTimersByTimeAsync(3_600_000);
    for (const name of ['p', 'q']) call(name);
    await settle();
    await end('p', response(500));
    await settle();
    expect([names(), ended.slice(1)]).toEqual([['other'], ['p 500', 'q UPSTREAM_UNAVAILABLE -']]);
  });

  test('one call at a time probes during an outage, and all calls are sent after calls have succeeded', async () => {
    const { call, end, names, ended } = await failing(Array(20).fill(response(500)));
    await vi.advanceTimersByTimeAsync(5_000);
    for (const name of ['p', 'q']) call(name);
    await settle();
    expect([names(), ended.slice(1)]).toEqual([['other', 'p'], ['q UPSTREAM_UNAVAILABLE -']]);
    await end('p', response(500));
    await vi.advanceTimersByTimeAsync(9_999);
    call('r');
    await settle();
    expect(ended.at(-1)).toBe('r UPSTREAM_UNAVAILABLE -');
    await vi.advanceTimersByTimeAsync(1);
    for (const name of ['s', 't', 'u', 'v']) {
      call(name);
      await settle();
      await end(name);
    }
    for (let i = 0; i < 30; i++) call(`last ${i}`);
    await settle();
    expect(names()).toHaveLength(31);
  });
});
