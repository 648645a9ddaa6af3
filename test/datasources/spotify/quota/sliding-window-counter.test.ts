import { expect, test } from 'vitest';
import { createSlidingWindowCounter } from '../../../../src/datasources/spotify/quota/sliding-window-counter.ts';

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
