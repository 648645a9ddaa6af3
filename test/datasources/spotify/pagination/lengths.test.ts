import { describe, expect, test } from 'vitest';
import { createListLengths } from '../../../../src/datasources/spotify/pagination/lengths.ts';
import { epochMs } from '../../../../src/observability/clock.ts';
import { endless } from '../../../support/letter-pages.ts';
import { noPurges } from '../../../support/no-purges.ts';

/** The length of a list, as its pages show it. */

describe('the length of a list', () => {
  const list = { key: 'list', hasStableTotal: true, freshMs: 60_000, maxOffset: endless };
  const nowMs = epochMs();

  const start = (freshMs: number | null = 60_000) => {
    let changes = 0;
    const onChange = () => {
      changes += 1;
    };
    const lengths = createListLengths(freshMs, onChange, noPurges.isPurged);
    return { ...lengths, changes: () => changes };
  };

  /** A full page in the middle of a list with this total, read `laterMs` later. */
  const page = (total: number, laterMs: number, rest = {}) => ({
    ...{
      offset: 0,
      limit: 1,
      totalSource: 'sent' as const,
      hasNext: total > 1,
      items: { length: 1 },
      total,
      asOfMs: nowMs + laterMs,
    },
    ...rest,
  });

  test('the length of a list is the total of the latest page, which outdates the pages with another total', () => {
    const { of, record, isConsistent, changes } = start();
    expect([of(list), isConsistent(list, page(1, -1)), changes()]).toEqual([null, true, 0]);
    record(list, page(10, 0), nowMs);
    record(list, page(10, -1), nowMs);
    record(list, page(10, 1), nowMs);
    expect([of(list)?.length, changes()]).toEqual([10, 0]);
    record(list, page(11, 2), nowMs + 2);
    expect([of(list)?.length, changes()]).toEqual([11, 1]);
    expect([
      isConsistent(list, page(10, 1)),
      isConsistent(list, page(11, 1)),
      isConsistent(list, page(10, 3)),
    ]).toEqual([false, true, true]);
    record(list, page(10, 1), nowMs + 2);
    expect([of(list)?.length, changes()]).toEqual([11, 1]);
  });

  test('a page that is later than the cached page which shows that a list grew is not outdated by it', () => {
    const { record, isConsistent } = start();
    record(list, page(10, 0), nowMs);
    record(list, page(11, 1), nowMs + 3);
    expect([isConsistent(list, page(12, 2)), isConsistent(list, page(10, 0))]).toEqual([true, false]);
  });

  test('the length of a list is at least the number of slots in its pages, and one slot more if `next` is set', () => {
    const { of, record } = start();
    const shown = (offset: number, count: number, hasNext: boolean, laterMs: number) =>
      record(list, page(0, laterMs, { offset, limit: 10, hasNext, items: { length: count } }), nowMs);
    shown(0, 10, true, 0);
    expect(of(list)).toMatchObject({ reportedTotal: 0, length: 11, end: null, isReliable: false });
    shown(10, 10, true, 1);
    expect(of(list)).toMatchObject({ reportedTotal: 0, length: 21, end: null });
    shown(20, 3, false, 2);
    expect(of(list)).toMatchObject({ reportedTotal: 0, length: 23, end: 23 });
  });

  test('a list ends at the end of a page without `next`, although the total is larger', () => {
    const { of, record } = start();
    record(list, page(97, 0, { limit: 10, hasNext: false, items: { length: 4 } }), nowMs);
    expect(of(list)).toMatchObject({ length: 97, end: 4, isReliable: false });
  });

  test('a list that grows while its pages are read leaves these pages consistent', () => {
    const { record, isConsistent, changes } = start();
    record(list, page(10, 0), nowMs);
    record(list, page(11, 1), nowMs);
    record(list, page(12, 2), nowMs);
    expect([isConsistent(list, page(10, 0)), isConsistent(list, page(11, 1)), changes()]).toEqual([
      true,
      true,
      2,
    ]);
  });

  test('a list that has shrunk makes older pages inconsistent with newer pages', () => {
    const { record, isConsistent, changes } = start();
    record(list, page(20, 0), nowMs);
    record(list, page(10, 1), nowMs + 1);
    expect([isConsistent(list, page(20, 0)), changes()]).toEqual([false, 1]);
    record(list, page(11, 2), nowMs + 2);
    expect([isConsistent(list, page(20, 0)), isConsistent(list, page(10, 1))]).toEqual([false, false]);
  });

  test('a list that returns to an earlier total outdates no page any more, with any number of alternating totals', () => {
    const { record, isConsistent, changes } = start();
    for (const [i, total] of [10, 11, 12, 10, 11, 12, 10].entries()) {
      record(list, page(total, i), nowMs + i);
    }
    expect([changes(), isConsistent(list, page(11, 4)), isConsistent(list, page(12, 5))]).toEqual([
      2,
      true,
      true,
    ]);
  });

  test('a total that drifts, as in a search, outdates no page', () => {
    const { of, record, isConsistent, changes } = start();
    const drifting = { key: 'search', hasStableTotal: false, freshMs: 60_000, maxOffset: 1_000 };
    record(drifting, page(10, 0), nowMs);
    record(drifting, page(12, 1), nowMs + 1);
    expect([of(drifting)?.length, isConsistent(drifting, page(10, 0)), changes()]).toEqual([12, true, 0]);
  });

  test('the length of a list is used no longer than a response is fresh', () => {
    const { of, record } = start(1_000);
    record(list, page(10, -2_000), nowMs);
    expect(of(list)).toBeNull();
  });

  test('the length of a list is used as long as the pages of the list are fresh, unless one freshness is configured for all lists', () => {
    const { of, record } = start(null);
    const configured = start(7_200_000);
    const hourly = { ...list, key: 'hourly', freshMs: 3_600_000 };
    for (const one of [list, hourly]) {
      for (const lengths of [{ record }, configured]) lengths.record(one, page(10, -1_800_000), nowMs);
    }
    expect(of(list)).toBeNull();
    expect(of(hourly)?.freshUntilMs).toBe(nowMs + 1_800_000);
    for (const one of [list, hourly]) {
      expect(configured.of(one)?.freshUntilMs).toBe(nowMs + 5_400_000);
    }
  });
});
