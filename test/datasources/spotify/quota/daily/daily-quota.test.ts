import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  createDailyQuota,
  type DailyQuota,
  type DailyQuotaOptions,
} from '../../../../../src/datasources/spotify/quota/daily/daily-quota.ts';
import { createDayBuckets } from '../../../../../src/datasources/spotify/quota/daily/day-buckets.ts';
import { createSharedCounters } from '../../../../../src/datasources/spotify/quota/daily/shared-counters.ts';
import { createRateLimiter } from '../../../../../src/datasources/spotify/quota/rate-limiter.ts';
import { createFakeSharedStore } from '../../../../support/fake-shared-store.ts';
import { response, settle, startRequestQueue, useFakeClock } from '../../../../support/request-queue.ts';

const family = 'artists/albums';
const hour = 3_600_000;
const day = 24 * hour;

useFakeClock('setInterval', 'clearInterval');

let passedMs = 0;
const clock = () => 20_000 * day + passedMs + performance.now();
const started: DailyQuota[] = [];
afterEach(() => {
  for (const quota of started.splice(0)) quota.dispose();
  passedMs = 0;
});

function start(options: DailyQuotaOptions = {}): DailyQuota {
  const quota = createDailyQuota({ clock, ...options });
  started.push(quota);
  return quota;
}

const limitOf = (limit: number) => new Map([[family, limit]]);

/** Sends calls until the quota allows no more. @returns the number of sent calls */
async function spend(quota: DailyQuota, most = 200): Promise<number> {
  for (let sent = 0; sent < most; sent++) {
    const call = await quota.reserve(family);
    if (!call) return sent;
    call.end();
  }
  return most;
}

const pass = async (ms: number) => {
  passedMs += Math.max(0, ms - 2_000);
  await vi.advanceTimersByTimeAsync(Math.min(ms, 2_000));
};

describe('counting', () => {
  test('calls are counted for 24 h, and for 5 to 10 minutes more', async () => {
    const quota = start();
    await spend(quota, 3);
    await pass(hour);
    await spend(quota, 2);
    expect(quota.stateOf(family).used).toBe(5);
    await pass(day - hour + 5 * 60_000);
    expect(quota.stateOf(family).used).toBe(5);
    await pass(5 * 60_000);
    expect(quota.stateOf(family).used).toBe(2);
    await pass(hour);
    expect(quota.stateOf(family)).toMatchObject({
      used: 0,
      limit: null,
      limitSource: 'NONE',
      resetAtMs: null,
    });
  });

  test('the counts of all processes are added up, kept across restarts, and survive the loss of the store', async () => {
    const store = createFakeSharedStore();
    const [first, second] = [start({ store: store.connect() }), start({ store: store.connect() })];
    await spend(first, 3);
    await spend(second, 2);
    await pass(10_000);
    await vi.advanceTimersByTimeAsync(8_000);
    const used = () => started.map((quota) => quota.stateOf(family).used);
    expect(used()).toEqual([5, 5]);
    first.dispose();
    start({ store: store.connect() });
    await vi.advanceTimersByTimeAsync(1);
    expect(used().at(-1)).toBe(5);
    store.flush();
    await vi.advanceTimersByTimeAsync(20_000);
    start({ store: store.connect() });
    await vi.advanceTimersByTimeAsync(1);
    expect(used().at(-1)).toBe(5);
  });

  test('a call that did not reach Spotify does not count for any process, and its bucket expires like that of a call', async () => {
    const store = createFakeSharedStore();
    const options = { store: store.connect(), configured: limitOf(4) };
    const [first, second] = [start(options), start({ ...options, store: store.connect() })];
    await pass(2_000);
    const calls = [await first.reserve(family), await first.reserve(family), await first.reserve(family)];
    expect(await second.reserve(family)).toBeNull();
    await pass(6 * 60_000);
    for (const call of calls) {
      call?.undo();
      call?.end();
    }
    await pass(2_000);
    expect([first, second].map((quota) => quota.stateOf(family).used)).toEqual([0, 0]);
    const spent = spend(second);
    await pass(2_000);
    expect([await spent, await spend(first)]).toEqual([3, 0]);
    await pass(day);
    expect([first, second].map((quota) => quota.stateOf(family).remaining)).toEqual([0, 0]);
    await pass(10 * 60_000);
    expect([first, second].map((quota) => quota.stateOf(family).remaining)).toEqual([3, 3]);
  });

  test('the store gets a counter of unsent calls only with the counter of the calls, because it may move both', () => {
    const counters = createDayBuckets('p');
    const name = counters.raise(clock());
    counters.merge({ [name]: 1 }, clock());
    expect(counters.reservation(clock(), null).counters).toEqual({});
    counters.undo(name, clock());
    expect(counters.reservation(clock(), null).counters).toEqual({ [name]: 1, [`${name}-unsent`]: 1 });
    counters.undo(name, clock());
    expect([counters.total(clock()), counters.own(clock())]).toEqual([0, { name, value: 1 }]);
  });

  test('after the loss of the store a running process publishes the learned rate limit and every other message again', async () => {
    const store = createFakeSharedStore();
    const connected = store.connect();
    start({ store: connected });
    createRateLimiter({ limit: null, store: connected }).recordRejection(100);
    connected.publish('ability:batch', { value: false, learnedAtMs: 1 });
    await vi.advanceTimersByTimeAsync(3_000);
    const published = new Map(store.topics);
    store.flush();
    await vi.advanceTimersByTimeAsync(4_000);
    expect([...published.keys()]).toEqual(['rate-limit', 'ability:batch']);
    expect(store.topics).toEqual(published);
  });

  test('a loss of the store during a sleep of the machine of more than a day loses no call of another process', async () => {
    const store = createFakeSharedStore();
    const [first, second] = [1, 2].map(() => start({ store: store.connect(), configured: limitOf(6) })) as [
      DailyQuota,
      DailyQuota,
    ];
    await vi.advanceTimersByTimeAsync(2_000);
    passedMs += 25 * hour; // no timer runs meanwhile
    const ofFirst = spend(first, 1);
    for (let turn = 0; turn < 50; turn += 1) await Promise.resolve(); // until it is counted in the store
    store.flush();
    const ofSecond = spend(second);
    await vi.advanceTimersByTimeAsync(5_000);
    expect([await ofFirst, await ofSecond]).toEqual([1, 4]);
  });

  test('a store that loses its data all the time delays calls by seconds, and does not stop them', async () => {
    const store = createFakeSharedStore();
    const quota = start({ store: store.connect(), configured: limitOf(10) });
    const losses = setInterval(store.flush, 700);
    await vi.advanceTimersByTimeAsync(2_000);
    const startedMs = performance.now();
    const call = quota.reserve(family).then((counted) => ({ counted, ms: performance.now() - startedMs }));
    await vi.advanceTimersByTimeAsync(20_000);
    clearInterval(losses);
    await vi.advanceTimersByTimeAsync(5_000);
    expect((await call).counted).not.toBeNull();
    expect((await call).ms).toBeLessThan(5_000);
    const rest = spend(quota);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await rest).toBe(8);
  });

  test('a process continues with its own counts while the store does not respond', async () => {
    const store = createFakeSharedStore();
    const quota = start({ store: store.connect(), configured: limitOf(10) });
    await vi.advanceTimersByTimeAsync(1_200);
    expect(await spend(quota, 4)).toBe(4);
    store.setDown(true);
    expect(await spend(quota)).toBe(5);
    store.setDown(false);
    const other = start({ store: store.connect(), configured: limitOf(10) });
    await vi.advanceTimersByTimeAsync(2_000);
    expect([await spend(other), other.stateOf(family).used]).toEqual([0, 9]);
  });

  test('invalid counters in the store use up no limit', async () => {
    const store = createFakeSharedStore();
    const process = store.connect();
    vi.spyOn(process, 'reserveCall').mockResolvedValue({
      isWithinLimit: false,
      counters: { nonsense: 1, '66:x': Number.NaN, [`${Math.floor(clock() / 300_000)}:x`]: 1e9 },
    });
    const quota = start({ store: process, configured: limitOf(10) });
    const spent = spend(quota);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await spent).toBe(9);
  });

  test('calls are counted in the process if the store rejects, and in the store as soon as it responds again', async () => {
    const store = createFakeSharedStore();
    const process = store.connect();
    const quota = start({ store: process, configured: limitOf(10) });
    await vi.advanceTimersByTimeAsync(1_200);
    const broken = vi.spyOn(process, 'reserveCall').mockRejectedValue(new Error('broken'));
    expect(await spend(quota, 2)).toBe(2);
    await vi.advanceTimersByTimeAsync(1_000);
    broken.mockRestore();
    expect(await spend(quota, 1)).toBe(1);
    expect([...(store.counters.get(family) ?? new Map()).values()]).toEqual([3]);
  });

  test('a call without a limit is counted separately from a call with a limit that is counted at the same time', async () => {
    const store = createFakeSharedStore();
    const process = store.connect();
    const { reserveCall } = process;
    let added: Promise<void> | undefined;
    vi.spyOn(process, 'reserveCall').mockImplementation((name, reservation) => {
      if (reservation.limit !== null) added ??= counters.add(family).stored;
      return reserveCall(name, reservation);
    });
    const counters = createSharedCounters({
      store: process,
      clock,
      names: [family],
      isLimited: () => true,
      onCalls: () => undefined,
      onLoss: () => undefined,
    });
    await vi.advanceTimersByTimeAsync(1_200);
    expect(await counters.addBelowLimit(family, 10)).not.toBeNull();
    await added;
    expect([...(store.counters.get(family) ?? new Map()).values()]).toEqual([2]);
    expect(counters.of(family).total(clock())).toBe(2);
    counters.dispose();
  });
});

describe('a configured limit', () => {
  test('calls that are rejected because the sum exceeds the limit after a loss of the store do not count any more', async () => {
    const store = createFakeSharedStore();
    const quotas = [1, 2].map(() => start({ store: store.connect(), configured: limitOf(100) })) as [
      DailyQuota,
      DailyQuota,
    ];
    await pass(2_000);
    for (const quota of quotas) await spend(quota, 45);
    await pass(10 * 60_000);
    store.flush();
    const reserved = Promise.all(
      quotas.flatMap((quota) => Array.from({ length: 8 }, () => quota.reserve(family))),
    );
    await vi.advanceTimersByTimeAsync(10_000);
    const sent = (await reserved).filter((call) => call !== null).length;
    expect(quotas.map((quota) => quota.stateOf(family).used)).toEqual([90 + sent, 90 + sent]);
    expect([await spend(quotas[0]), await spend(quotas[1])]).toEqual([8 - sent, 0]);
  });

  test('a configured limit is not exceeded by concurrent calls of several processes', async () => {
    const store = createFakeSharedStore();
    const quotas = [1, 2, 3].map(() => start({ store: store.connect(), configured: limitOf(50) }));
    await vi.advanceTimersByTimeAsync(1_200);
    const reserved = await Promise.all(
      quotas.flatMap((quota) => Array.from({ length: 40 }, () => quota.reserve(family))),
    );
    expect(reserved.filter((call) => call !== null)).toHaveLength(49);
  });

  test('concurrent calls under a configured limit share one exchange with the store, also if only some of them are within the limit', async () => {
    const store = createFakeSharedStore();
    const process = store.connect();
    const { reserveCall } = process;
    let exchanges = 0;
    vi.spyOn(process, 'reserveCall').mockImplementation(async (name, reservation) => {
      if (reservation.limit !== null) exchanges += 1;
      await new Promise((resolve) => setTimeout(resolve, 60));
      return reserveCall(name, reservation);
    });
    const [quota, other] = [
      start({ store: process, configured: limitOf(101) }),
      start({ store: store.connect(), configured: limitOf(101) }),
    ];
    await pass(2_000);
    const reserveMany = async (count: number) => {
      const reserved = Promise.all(Array.from({ length: count }, () => quota.reserve(family)));
      await pass(2_000);
      return (await reserved).filter((call) => call !== null).length;
    };
    expect([await reserveMany(80), exchanges]).toEqual([80, 1]);
    const ofOther = spend(other, 10);
    expect([await reserveMany(30), exchanges, await ofOther]).toEqual([8, 2, 10]);
    expect(quota.stateOf(family).used).toBe(98);
  });

  test('the state of a configured limit has the remaining calls and the time at which a call is available again', async () => {
    const quota = start({ configured: limitOf(10) });
    await spend(quota, 5);
    expect(quota.stateOf(family)).toMatchObject({
      used: 5,
      limit: 10,
      limitSource: 'CONFIGURED',
      remaining: 4,
      usedShare: 0.5,
    });
    await pass(2 * hour);
    await spend(quota);
    const { remaining, resetAtMs } = quota.stateOf(family);
    expect(remaining).toBe(0);
    await pass((resetAtMs as number) - performance.timeOrigin - performance.now() - 1);
    expect(quota.stateOf(family).remaining).toBe(0);
    await pass(1);
    expect(quota.stateOf(family).remaining).toBe(5);
  });

  test('a limit that has just been used up is reset within 24 h, although its calls are counted for some minutes more', async () => {
    const quota = start({ configured: limitOf(3) });
    await pass(60_000);
    await spend(quota);
    const leftMs = () =>
      (quota.stateOf(family).resetAtMs as number) - performance.timeOrigin - performance.now();
    expect(leftMs()).toBeCloseTo(day, 0);
    const { requestQueue, call, ended } = startRequestQueue({ dailyQuota: quota, concurrency: 10 });
    const [reported] = requestQueue.quota(new Set([family]));
    expect(reported?.resetAtMs).toBe(quota.stateOf(family).resetAtMs);
    call('c', family);
    await settle();
    expect(ended).toEqual(['c UPSTREAM_QUOTA_EXCEEDED 86400']);
    await pass(day);
    expect([quota.stateOf(family).remaining, leftMs() <= 10 * 60_000]).toEqual([0, true]);
  });

  test('a configured limit that is used up rejects calls at once with the seconds until a call is available again', async () => {
    const dailyQuota = start({ configured: limitOf(3) });
    const { call, end, names, ended, requestQueue } = startRequestQueue({ dailyQuota, concurrency: 10 });
    for (const name of ['a', 'b', 'c']) call(name, family);
    await settle();
    expect(names()).toEqual(['a', 'b']);
    expect(ended).toEqual([expect.stringMatching(/^c UPSTREAM_QUOTA_EXCEEDED 86400$/)]);
    for (const name of names()) await end(name);
    call('d', family);
    call('other', 'artists');
    await settle();
    expect([names(), ended.at(-1)]).toEqual([['other'], expect.stringMatching(/^d UPSTREAM_QUOTA_EXCEEDED/)]);
    expect(requestQueue.quota()).toMatchObject([
      { family: 'artists', used: 1, limit: null, limitSource: 'NONE', remaining: null, backOffUntilMs: null },
      { family, used: 2, limit: 3, limitSource: 'CONFIGURED', remaining: 0, backOffUntilMs: null },
    ]);
  });
});

describe('a learned limit', () => {
  test('a learned limit is the number of calls that Spotify has accepted, also if many calls are rejected at the same time', async () => {
    const store = createFakeSharedStore();
    const [first, second] = [start({ store: store.connect() }), start({ store: store.connect() })];
    await spend(first, 70);
    await spend(second, 34);
    await pass(2_000);
    first.recordRejection(family, { waitMs: day - 2_000 });
    second.recordRejection(family, { waitMs: day - 2_000 });
    first.recordRejection(family, { waitMs: day - 2_000 });
    second.recordRejection(family, { waitMs: day - 2_000 });
    await pass(2_000);
    const expected = { used: 104, limit: 100, limitSource: 'LEARNED', remaining: 0 };
    expect([first.stateOf(family), second.stateOf(family)]).toMatchObject([expected, expected]);
  });

  const longWaitMs = 900_000; // more than the 600 s from which a wait counts as a used-up quota
  test.each([
    ['few calls, of which the first is the oldest that Spotify counts', 3, day - 5_000, true, 2],
    ['one call before the rejected one', 2, day - 5_000, true, null],
    ['no call before the rejected one', 1, day, true, null],
    ['few calls, while Spotify counts older calls', 3, hour, true, null],
    ['few calls, without a Retry-After', 3, null, true, null],
    ['at least half of the presumed calls, while Spotify counts older calls', 51, hour, true, 50],
    ['at least half of the presumed calls, without a Retry-After', 51, null, true, 50],
    [
      'many calls, if only a wait that ends before they are a day old indicates the quota',
      101,
      longWaitMs,
      false,
      null,
    ],
    [
      'many calls, if only a wait until the first is a day old indicates the quota',
      101,
      day - 5_000,
      false,
      100,
    ],
  ])(
    'the learned limit follows from the calls before the rejection: %s',
    async (_, calls, waitMs, isQuotaStated, limit) => {
      const quota = start();
      await spend(quota, calls);
      await pass(5_000);
      quota.recordRejection(family, { waitMs, isQuotaStated });
      await pass(1);
      expect(quota.stateOf(family).limit).toBe(limit);
    },
  );

  test('a learned limit does not include calls that did not reach Spotify', async () => {
    const quota = start();
    await spend(quota, 61);
    for (let i = 0; i < 30; i++) {
      const call = await quota.reserve(family);
      call?.undo();
      call?.end();
    }
    quota.recordRejection(family, { waitMs: null });
    await pass(1);
    expect(quota.stateOf(family)).toMatchObject({ used: 61, limit: 60 });
  });

  test('no limit is learned if all of many concurrent calls are rejected', async () => {
    const dailyQuota = start();
    const { call, end, requestQueue } = startRequestQueue({ dailyQuota, concurrency: 100 });
    for (let i = 0; i < 24; i++) call(`${i}`, family);
    await settle();
    for (let i = 0; i < 24; i++) {
      await end(`${i}`, response(429));
      requestQueue.startBackOff(family, 'quota', day);
    }
    await settle();
    expect(requestQueue.quota()).toMatchObject([{ used: 24, limit: null, limitSource: 'NONE' }]);
  });

  test('no limit is learned for a family with a configured limit', async () => {
    const quota = start({ configured: limitOf(200) });
    await spend(quota, 100);
    quota.recordRejection(family, { waitMs: day });
    await pass(1);
    expect(quota.stateOf(family)).toMatchObject({ limit: 200, limitSource: 'CONFIGURED' });
  });

  test('a limit is learned from a rejection that passes the request queue', async () => {
    const dailyQuota = start();
    const { call, end, requestQueue } = startRequestQueue({ dailyQuota, concurrency: 100 });
    for (let i = 0; i < 60; i++) call(`${i}`, family);
    await settle();
    for (let i = 0; i < 60; i++) await end(`${i}`);
    requestQueue.startBackOff(family, 'quota', day);
    await settle();
    expect(requestQueue.quota()).toMatchObject([
      {
        family,
        used: 60,
        limit: 59,
        limitSource: 'LEARNED',
        remaining: 0,
        backOffUntilMs: expect.closeTo(performance.timeOrigin + performance.now() + day, -1),
      },
    ]);
  });
});

test('the log states once when a half, nine tenths and all of a limit are used, and when a limit is learned', async () => {
  const lines: unknown[] = [];
  const line = (level: string) => (fields: object, message: string) =>
    void lines.push([level, message, fields]);
  const log = { info: line('info'), warn: line('warn') } as DailyQuotaOptions['log'];
  const quota = start({ configured: limitOf(20), log });
  await spend(quota);
  const fields = (used: number) => ({ family, used, limit: 20, limitSource: 'CONFIGURED' });
  expect(lines).toEqual([
    ['info', `the daily limit of ${family} is half used: 10 of 20 calls`, fields(10)],
    ['info', `the daily limit of ${family} is nine tenths used: 18 of 20 calls`, fields(18)],
    [
      'warn',
      `the daily limit of ${family} is used up: 19 of 20 calls are sent, and the rest is a reserve; docs/quota.md says how to make it last`,
      fields(19),
    ],
  ]);
  lines.length = 0;
  for (let i = 0; i < 12; i++) (await quota.reserve('tracks'))?.end();
  quota.recordRejection('tracks', { waitMs: null });
  quota.recordRejection('tracks', { waitMs: null });
  await pass(1);
  expect(lines).toEqual([
    [
      'warn',
      // The advice has the limits of all families, because a second line for the variable would replace the first.
      `Spotify rejected a call: the daily limit of tracks is 10 calls. Cached data is still served; SPOTIFY_DAILY_LIMITS=${family}=20,tracks=10 avoids such rejections`,
      { family: 'tracks', limit: 10 },
    ],
  ]);
});

test('the log recommends no limit of a family whose limit has been forgotten', async () => {
  const warn = vi.fn();
  const store = createFakeSharedStore();
  const quota = start({ store: store.connect(), log: { warn } as unknown as DailyQuotaOptions['log'] });
  const publisher = store.connect();
  publisher.publish('daily-limit:albums', { limit: 9, learnedAtMs: clock() });
  publisher.publish('daily-limit:search', { limit: 150, learnedAtMs: clock() });
  publisher.publish('daily-limit:artists', { limit: 0, learnedAtMs: clock() });
  await pass(8 * day);
  for (let i = 0; i < 12; i++) {
    const call = quota.reserve('tracks');
    await vi.advanceTimersByTimeAsync(2_000);
    (await call)?.end();
  }
  quota.recordRejection('tracks', { waitMs: null });
  await pass(2_000);
  expect(warn.mock.calls.map(([, message]) => message)).toEqual([
    'Spotify rejected a call: the daily limit of tracks is 11 calls. Cached data is still served; SPOTIFY_DAILY_LIMITS=search=157,tracks=11 avoids such rejections',
  ]);
});
