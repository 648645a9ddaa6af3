import { expect, test } from 'vitest';
import {
  createCallCounts,
  createSlidingWindowCounter,
} from '../../../../src/datasources/spotify/quota/recent-calls.ts';

const second = 1_000;

test('a sliding window counter counts the events of its window, with the precision of a twentieth of it', () => {
  const counter = createSlidingWindowCounter(10 * second);
  counter.add(0);
  counter.add(4_900);
  counter.add(5_000);
  expect([counter.total(5_000), counter.total(9_499), counter.total(10_000), counter.total(14_999)]).toEqual([
    3, 3, 2, 1,
  ]);
  expect(counter.total(15_000)).toBe(0);
});

test('a sliding window counter is empty after a pause of any length, and after clear', () => {
  const counter = createSlidingWindowCounter(10 * second);
  for (let nowMs = 0; nowMs < 10_000; nowMs += 100) counter.add(nowMs);
  expect(counter.total(9_999)).toBe(100);
  expect(counter.total(1_000_000)).toBe(0);
  counter.add(1_000_000);
  expect(counter.total(1_000_000)).toBe(1);
  counter.clear();
  expect(counter.total(1_000_000)).toBe(0);
});

test('a sliding window counter counts an event whose time is earlier than that of the last one', () => {
  const counter = createSlidingWindowCounter(10 * second);
  counter.add(9_000);
  counter.add(8_000);
  expect(counter.total(9_000)).toBe(2);
});

function startCallCounts() {
  const callCounts = createCallCounts();
  const addCalls = (count: number) => {
    for (let i = 0; i < count; i++) callCounts.add('artists', 0);
  };
  const takeRetries = (count: number, nowMs = 0) =>
    Array.from({ length: count }, () => callCounts.takeRetry(nowMs));
  return { addCalls, takeRetries };
}

test('three retries in ten seconds are always allowed', () => {
  const { takeRetries } = startCallCounts();
  expect(takeRetries(5)).toEqual([true, true, true, false, false]);
  expect(takeRetries(1, 10_500)).toEqual([true]);
});

test('a tenth of the calls of the last ten seconds may be retries, not counting the retries themselves', () => {
  const { addCalls, takeRetries } = startCallCounts();
  takeRetries(3);
  addCalls(39 + 3);
  expect(takeRetries(1)).toEqual([false]);
  addCalls(1);
  expect(takeRetries(2)).toEqual([true, false]);
});
