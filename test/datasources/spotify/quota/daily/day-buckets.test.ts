import { expect, test } from 'vitest';
import {
  bucketMs,
  createDayBuckets,
} from '../../../../../src/datasources/spotify/quota/daily/day-buckets.ts';

const now = 1_000_000 * bucketMs;

test('a call that another process has counted is a new call once, and not again if that process undoes it', () => {
  const [one, other] = [createDayBuckets('one'), createDayBuckets('other')];
  const exchange = () => other.merge(one.reservation(now, null).counters, now);
  const name = one.raise(now);
  expect([exchange().newCalls, other.total(now)]).toEqual([1, 1]);
  one.undo(name, now);
  expect([exchange().newCalls, other.total(now)]).toEqual([0, 0]);
});

test('the oldest call is in a bucket with a call, not in an earlier one whose counter is 0', () => {
  const counters = createDayBuckets('one');
  counters.reservation(now, null);
  expect(counters.oldestMs(now)).toBeNull();
  counters.raise(now + 2 * bucketMs);
  expect(counters.oldestMs(now + 2 * bucketMs)).toBe(now + 2 * bucketMs);
});
