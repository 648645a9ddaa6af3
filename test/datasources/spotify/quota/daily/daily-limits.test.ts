import { describe, expect, test } from 'vitest';
import {
  createDailyLimits,
  type DailyLimits,
  type DailyLimitsOptions,
  raisedLimit,
  usableCalls,
} from '../../../../../src/datasources/spotify/quota/daily/daily-limits.ts';
import { createFakeSharedStore } from '../../../../support/fake-shared-store.ts';

const minute = 60_000;
const week = 7 * 24 * 3_600_000;
const start = (options: Partial<DailyLimitsOptions> = {}) =>
  createDailyLimits({ configured: new Map(), isDevelopmentMode: () => false, clock: () => 0, ...options });

/** The limits in two processes with a common store. */
function startTwo(nowMs: number): [DailyLimits, DailyLimits] {
  const store = createFakeSharedStore();
  const startOne = () => start({ store: store.connect(), clock: () => nowMs });
  return [startOne(), startOne()];
}

describe('the limit of a family', () => {
  test('the limit of a family is the configured limit, else the learned limit, else the presumed limit, else none', () => {
    const configured = new Map([
      ['search', 50],
      ['shows/episodes', 700],
    ]);
    const limits = start({ configured, isDevelopmentMode: () => true });
    limits.learn('search', 90, 0);
    limits.learn('artists/albums', 80, 0);
    const of = (family: string) => limits.of(family, 0);
    expect(of('search')).toEqual({ limit: 50, source: 'CONFIGURED', usable: 49 });
    expect(of('shows/episodes')).toMatchObject({ limit: 700, source: 'CONFIGURED' });
    expect(of('albums/tracks')).toMatchObject({ limit: 2_300, source: 'PRESUMED' });
    expect(of('artists/albums')).toEqual({ limit: 80, source: 'LEARNED', usable: 78 });
    expect(of('albums')).toEqual({ limit: null, source: 'NONE', usable: Number.POSITIVE_INFINITY });
  });

  test('the limit of a family is presumed only for an app in development mode, and is then not enforced', () => {
    let isDevelopmentMode = false;
    const limits = start({ isDevelopmentMode: () => isDevelopmentMode });
    expect(limits.of('artists/albums', 0).source).toBe('NONE');
    isDevelopmentMode = true;
    expect(limits.of('artists/albums', 0)).toEqual({
      limit: 100,
      source: 'PRESUMED',
      usable: Number.POSITIVE_INFINITY,
    });
    expect(limits.of('search', 0).limit).toBe(200);
    expect(limits.of('albums', 0).source).toBe('NONE');
  });

  test.each([
    [0, 0],
    [1, 0],
    [2, 1],
    [50, 49],
    [51, 49],
    [100, 98],
    [2_300, 2_254],
  ])('a limit of %i calls allows %i calls: the last 2 %, at least one call, stay unused', (limit, usable) => {
    expect(usableCalls(limit)).toBe(usable);
  });
});

describe('a learned limit', () => {
  test.each([
    [100, week - 1, 100],
    [100, week, 105],
    [100, 2 * week, 110],
    [10, 3 * week, 13],
    [1, week, 2],
    [100, -week, 100],
  ])(
    'a learned limit of %i calls becomes, after %i ms without a rejection, %i calls',
    (limit, ms, raised) => {
      expect(raisedLimit({ limit, learnedAtMs: 0 }, ms).limit).toBe(raised);
    },
  );

  test('a learned limit is that of the last rejection, and is new unless a limit was learned within the last half minute', () => {
    const limits = start();
    const learn = (limit: number, nowMs: number) => [
      limits.learn('search', limit, nowMs),
      limits.of('search', nowMs).limit,
    ];
    expect(learn(100, 0)).toEqual([true, 100]);
    expect(learn(97, 10)).toEqual([false, 97]);
    expect(learn(120, week)).toEqual([true, 120]);
  });

  test('a learned limit is forgotten in all processes if further rejections at the same time show that the limit is wrong', () => {
    const [first, second] = startTwo(200_000);
    first.learn('search', 100, 0);
    second.recordUnexplained('search', 120_000);
    expect(second.of('search', 120_000).limit).toBe(100);
    first.learn('search', 90, 130_000);
    second.recordUnexplained('search', 130_010);
    expect([first.of('search', 130_010).limit, second.of('search', 130_010).limit]).toEqual([null, null]);
  });

  test('a learned limit is raised a week after the last rejection, also if that rejection has taught no limit', () => {
    const [first, second] = startTwo(3 * week);
    first.learn('search', 100, 0);
    for (const limits of [first, second]) limits.recordUnexplained('search', week - 1);
    for (const limits of [first, second]) {
      const at = (nowMs: number) => limits.of('search', nowMs).limit;
      expect([at(week), at(2 * week - minute - 2), at(2 * week)]).toEqual([100, 100, 105]);
    }
  });

  test('a learned limit lasts if processes whose clocks differ by some seconds record rejections at the same time that teach no limit', () => {
    const [first, second] = startTwo(3 * week);
    first.learn('search', 100, 0);
    first.recordUnexplained('search', week - 1);
    second.recordUnexplained('search', week - 3_000);
    for (const limits of [first, second]) expect(limits.of('search', week).limit).toBe(100);
  });

  test('a learned limit reaches the other processes and later processes, and is published again with its raises', async () => {
    const store = createFakeSharedStore();
    const [first, second] = [start({ store: store.connect() }), start({ store: store.connect() })];
    first.learn('search', 100, 0);
    expect(second.of('search', 0).limit).toBe(100);
    store.flush();
    second.publish(week + 5);
    expect(store.topics.get('daily-limit:search')).toEqual({ limit: 105, learnedAtMs: week });
    const later = start({ store: store.connect(), clock: () => week + 5 });
    await Promise.resolve();
    expect(later.of('search', week + 5)).toEqual({ limit: 105, source: 'LEARNED', usable: 102 });
  });

  test('a learned limit that is implausibly low is forgotten after a week, so that the family is tried again', () => {
    const limits = start();
    limits.learn('artists/albums', 49, 0);
    limits.learn('albums', 9, 0);
    limits.learn('tracks', 10, 0);
    const at = (nowMs: number) =>
      ['artists/albums', 'albums', 'tracks'].map((family) => limits.of(family, nowMs).limit);
    expect([at(week - 1), at(week)]).toEqual([
      [49, 9, 10],
      [null, null, 11],
    ]);
  });

  test('no limit is learned from messages that no gateway could have sent', () => {
    const store = createFakeSharedStore();
    const limits = start({ store: store.connect() });
    const process = store.connect();
    for (const message of [
      null,
      5,
      {},
      { limit: 0, learnedAtMs: 0 },
      { limit: 1, learnedAtMs: 0 },
      { limit: -2, learnedAtMs: 0 },
      { limit: 10_000_001, learnedAtMs: 0 },
      { limit: 1.5, learnedAtMs: 0 },
      { limit: 9 },
    ])
      process.publish('daily-limit:search', message as object);
    process.publish('daily-limit', { limit: 9, learnedAtMs: 0 });
    process.publish('daily-limit:nonsense', { limit: 9, learnedAtMs: 0 });
    expect(limits.families(0)).not.toContain('nonsense');
    expect(limits.of('search', 0).limit).toBeNull();
    process.publish('daily-limit:search', { limit: 2, learnedAtMs: 0 });
    expect(limits.of('search', 0)).toMatchObject({ limit: 2, usable: 1 });
    process.publish('daily-limit:search', { limit: 1, learnedAtMs: 5 });
    expect(limits.of('search', 5)).toMatchObject({ limit: 2, usable: 1 });
  });
});
