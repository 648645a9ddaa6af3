import { describe, expect, test } from 'vitest';
import {
  decideByAge,
  extendedFreshUntilMs,
  type ReadDecision,
  readableCount,
} from '../../../../src/datasources/spotify/cache/decide-read.ts';
import type { EntryAge } from '../../../../src/datasources/spotify/cache/entry.ts';

const hour = 3_600_000;
const now = 1_000 * hour;

/** An entry that was read `hours` ago, fresh for an hour by default. */
const readBefore = (hours: number, freshMs = hour): EntryAge => {
  const freshUntilMs = now - hours * hour + freshMs;
  return { freshUntilMs, freshMs, usableUntilMs: freshUntilMs + 168 * hour };
};

const unlimited = { remaining: Number.POSITIVE_INFINITY, usedShare: 0 };
const share = (usedShare: number, remaining = 100) => ({ remaining, usedShare });

describe('one read', () => {
  test.each<[string, typeof unlimited, EntryAge | undefined, ReadDecision]>([
    ['without an entry is a call', unlimited, undefined, 'call'],
    ['with a fresh entry uses the entry', unlimited, readBefore(0.5), 'use'],
    [
      'with an entry that was fresh until now refreshes the entry in the background',
      unlimited,
      readBefore(1),
      'revalidate',
    ],
    [
      'within one more period of freshness refreshes the entry in the background',
      unlimited,
      readBefore(1.99),
      'revalidate',
    ],
    ['after two periods of freshness is a call', unlimited, readBefore(2), 'call'],
    ['with an entry that is no longer usable is a call', unlimited, readBefore(169), 'call'],
    ['without freshness is a call at once', unlimited, readBefore(0, 0), 'call'],
    [
      'below a half of the limit refreshes the entry, as without a limit',
      share(0.49),
      readBefore(1),
      'revalidate',
    ],
    [
      'at seven tenths of the limit uses an entry for almost five periods',
      share(0.7),
      readBefore(4.8),
      'use',
    ],
    [
      'at seven tenths of the limit refreshes an entry in the period after that',
      share(0.7),
      readBefore(5.8),
      'revalidate',
    ],
    ['at seven tenths of the limit is a call after six periods', share(0.7), readBefore(6), 'call'],
    ['at nine tenths of the limit uses an entry for 24 periods', share(0.9), readBefore(23.9), 'use'],
    ['at nine tenths of the limit is no call if there is an entry', share(0.9), readBefore(24), 'useStale'],
    ['at nine tenths of the limit is a call without an entry', share(0.9), undefined, 'call'],
    ['with no call left uses a fresh entry', share(0.98, 0), readBefore(0.5), 'use'],
    [
      'with no call left uses a stale entry, which is listed as stale',
      share(0.98, 0),
      readBefore(1),
      'useStale',
    ],
    ['with no call left is rejected without an entry', share(0.98, 0), undefined, 'reject'],
    [
      'with no call left is rejected if the entry is no longer usable',
      share(0.98, 0),
      readBefore(169),
      'reject',
    ],
    [
      'above a presumed limit is a call without an entry',
      share(1.5, Number.POSITIVE_INFINITY),
      undefined,
      'call',
    ],
    [
      'above a presumed limit is no call with an entry',
      share(1.5, Number.POSITIVE_INFINITY),
      readBefore(30),
      'useStale',
    ],
    [
      'with no call left uses a stale entry, also if less than a half of a small limit is used',
      share(0.4, 0),
      readBefore(3),
      'useStale',
    ],
  ])('a read %s', (_, quota, entry, decision) => {
    expect(decideByAge(quota, entry, now)).toBe(decision);
  });

  test('a read at nine tenths of the limit never uses an entry that is no longer usable', () => {
    const entry = { ...readBefore(10), usableUntilMs: now - 1 };
    expect(decideByAge(share(0.9), entry, now)).toBe('call');
  });
});

test.each<[string, number, (EntryAge | undefined)[], number]>([
  ['beyond the calls that are left are not readable', 2, [undefined, undefined, undefined, undefined], 2],
  ['beyond the calls of a limit that is no whole number are not readable', 0.5, [undefined, undefined], 0],
  ['with an entry cost no call', 1, [readBefore(0), undefined, readBefore(3), undefined], 3],
  ['without a limit are all readable', Number.POSITIVE_INFINITY, [undefined, readBefore(169)], 2],
  ['with an entry that is no longer usable need a call', 0, [readBefore(3), readBefore(169)], 1],
])('reads of a window %s', (_, remaining, ages, count) => {
  expect(readableCount(remaining, ages, now)).toBe(count);
});

test('thrift extends the freshness of an entry until the end of its use at the latest', () => {
  const entry = { freshUntilMs: now, freshMs: hour, usableUntilMs: now + 2 * hour };
  expect(extendedFreshUntilMs(entry, 0.9)).toBe(now + 2 * hour);
});
