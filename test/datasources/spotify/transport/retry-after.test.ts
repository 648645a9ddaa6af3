import { expect, test } from 'vitest';
import { maxRetryAfterMs, retryAfterMs } from '../../../../src/datasources/spotify/transport/retry-after.ts';

const nowMs = Date.UTC(2026, 9, 21, 7, 28, 0);

test.each<[string | null, number | null]>([
  [null, null],
  ['', null],
  ['1', 1_000],
  [' 30 ', 30_000],
  ['0', 0],
  ['-1', null],
  ['1.5', null],
  ['5 1', null],
  ['5, 3600', 3_600_000],
  ['86400,86400', 86_400_000],
  ['5, soon', null],
  ['999999999999', maxRetryAfterMs],
  ['Wed, 21 Oct 2026 07:28:30 GMT', 30_000],
  ['Wed, 21 Oct 2026 07:27:00 GMT', 0],
  ['Wed, 21 Oct 2126 07:28:00 GMT', maxRetryAfterMs],
  ['soon', null],
  ['NaN', null],
  ['Infinity', null],
  ['1e3', null],
])('a Retry-After of %j is %o ms', (header, ms) => {
  expect(retryAfterMs(header, nowMs)).toBe(ms);
});
