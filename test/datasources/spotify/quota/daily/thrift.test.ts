import { expect, test } from 'vitest';
import {
  afterCalls,
  firstReadsOnlyFromShare,
  freshnessFactor,
} from '../../../../../src/datasources/spotify/quota/daily/thrift.ts';

test('freshness is extended exponentially from 1 time at a half to 24 times at nine tenths of the limit', () => {
  expect([0, 0.5, 0.9, 1, 3].map(freshnessFactor)).toEqual([1, 1, 24, 24, 24]);
  expect(freshnessFactor(0.7)).toBeCloseTo(Math.sqrt(24));
});

test('calls that reach nine tenths of a limit together with the calls before them count as nine tenths, also with a rounding error', () => {
  for (const [limit, used, calls] of [
    [70, 47, 16],
    [270, 156, 87],
  ] as const) {
    const quota = { limit, remaining: limit - used, usedShare: used / limit };
    expect(afterCalls(quota, calls).usedShare).toBe(firstReadsOnlyFromShare);
  }
});
