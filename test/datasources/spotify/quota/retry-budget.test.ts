import { expect, test } from 'vitest';
import { createRetryBudget } from '../../../../src/datasources/spotify/quota/retry-budget.ts';

function startRetryBudget() {
  const retryBudget = createRetryBudget();
  const addCalls = (count: number) => {
    for (let i = 0; i < count; i++) retryBudget.recordCall(0);
  };
  const takeRetries = (count: number, nowMs = 0) =>
    Array.from({ length: count }, () => retryBudget.takeRetry(nowMs));
  return { addCalls, takeRetries };
}

test('three retries in ten seconds are always allowed', () => {
  const { takeRetries } = startRetryBudget();
  expect(takeRetries(5)).toEqual([true, true, true, false, false]);
  expect(takeRetries(1, 10_500)).toEqual([true]);
});

test('a tenth of the calls of the last ten seconds may be retries, not counting the retries themselves', () => {
  const { addCalls, takeRetries } = startRetryBudget();
  takeRetries(3);
  addCalls(39 + 3);
  expect(takeRetries(1)).toEqual([false]);
  addCalls(1);
  expect(takeRetries(2)).toEqual([true, false]);
});
