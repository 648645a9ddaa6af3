import { expect, test } from 'vitest';
import { createRetryBudget } from '../../../../src/datasources/spotify/quota/retry-budget.ts';

function createFilled(calls: number) {
  const budget = createRetryBudget();
  const addCalls = (count: number) => {
    for (let i = 0; i < count; i++) budget.addCall(0);
  };
  const takeRetries = (count: number, nowMs = 0) =>
    Array.from({ length: count }, () => budget.takeRetry(nowMs));
  addCalls(calls);
  return { addCalls, takeRetries };
}

test('three retries in ten seconds are always allowed', () => {
  const { takeRetries } = createFilled(0);
  expect(takeRetries(5)).toEqual([true, true, true, false, false]);
  expect(takeRetries(1, 10_500)).toEqual([true]);
});

test('a tenth of the calls of the last ten seconds may be retries, not counting the retries themselves', () => {
  const { addCalls, takeRetries } = createFilled(0);
  takeRetries(3);
  addCalls(39 + 3);
  expect(takeRetries(1)).toEqual([false]);
  addCalls(1);
  expect(takeRetries(2)).toEqual([true, false]);
});
