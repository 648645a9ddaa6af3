import { describe, expect, test } from 'vitest';
import {
  afterCalls,
  decideReads,
  type EntryAge,
  extendedFreshUntilMs,
  firstReadsOnlyFromShare,
  freshnessFactor,
  type ReadDecision,
} from '../../../../src/datasources/spotify/quota/decide-reads.ts';

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
  test.each<[string, typeof unlimited, EntryAge | null, ReadDecision]>([
    ['without an entry is a call', unlimited, null, 'call'],
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
    ['at nine tenths of the limit is a call without an entry', share(0.9), null, 'call'],
    ['with no call left uses a fresh entry', share(0.98, 0), readBefore(0.5), 'use'],
    [
      'with no call left uses a stale entry, which is listed as stale',
      share(0.98, 0),
      readBefore(1),
      'useStale',
    ],
    ['with no call left is rejected without an entry', share(0.98, 0), null, 'reject'],
    [
      'with no call left is rejected if the entry is no longer usable',
      share(0.98, 0),
      readBefore(169),
      'reject',
    ],
    ['above a presumed limit is a call without an entry', share(1.5, Number.POSITIVE_INFINITY), null, 'call'],
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
    expect(decideReads(quota, [entry], now)).toEqual([decision]);
  });

  test('a read at nine tenths of the limit never uses an entry that is no longer usable', () => {
    const entry = { ...readBefore(10), usableUntilMs: now - 1 };
    expect(decideReads(share(0.9), [entry], now)).toEqual(['call']);
  });
});

describe('the reads of a window', () => {
  test.each<[string, typeof unlimited, (EntryAge | null)[], ReadDecision[]]>([
    [
      'beyond the calls that are left are rejected, and the reads at the front are sent',
      share(0.8, 2),
      [null, null, null, null],
      ['call', 'call', 'reject', 'reject'],
    ],
    [
      'with a fresh entry cost no call',
      share(0.8, 1),
      [readBefore(0), null, readBefore(0), null],
      ['use', 'call', 'use', 'reject'],
    ],
    [
      'without an entry come before reads that refresh an entry',
      share(0.1, 2),
      [readBefore(3), null, readBefore(3)],
      ['call', 'call', 'useStale'],
    ],
    [
      'that refresh an entry in the background count as calls',
      share(0.1, 1),
      [readBefore(1), readBefore(1)],
      ['revalidate', 'useStale'],
    ],
  ])('reads %s', (_, quota, reads, decisions) => {
    expect(decideReads(quota, reads, now)).toEqual(decisions);
  });
});

test('freshness is extended exponentially from 1 time at a half to 24 times at nine tenths of the limit', () => {
  expect([0, 0.5, 0.9, 1, 3].map(freshnessFactor)).toEqual([1, 1, 24, 24, 24]);
  expect(freshnessFactor(0.7)).toBeCloseTo(Math.sqrt(24));
});

test('thrift extends the freshness of an entry until the end of its use at the latest', () => {
  const entry = { freshUntilMs: now, freshMs: hour, usableUntilMs: now + 2 * hour };
  expect(extendedFreshUntilMs(entry, 0.9)).toBe(now + 2 * hour);
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
