import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Album } from '../../../../src/datasources/spotify/kinds/album.ts';
import { MalformedResponse } from '../../../../src/datasources/spotify/kinds/decoding/json.ts';
import { decodePage, type Page } from '../../../../src/datasources/spotify/kinds/decoding/page.ts';
import { kinds } from '../../../../src/datasources/spotify/kinds/index.ts';
import { createListLengths } from '../../../../src/datasources/spotify/pagination/lengths.ts';
import {
  type CursorPosition,
  nextOffsets,
  offsetsOf,
  slotRangeOf,
  type WindowArgs,
  worstCaseOffsets,
} from '../../../../src/datasources/spotify/pagination/slots.ts';
import { windowOf } from '../../../../src/datasources/spotify/pagination/windows.ts';
import { type Body, readBody } from '../../../../src/datasources/spotify/transport/body.ts';
import { epochMs } from '../../../../src/observability/clock.ts';
import { noPurges } from '../../../support/no-purges.ts';
import { plainPage } from '../../../support/plain-objects.ts';

/** The arithmetic of paging; `paging.property.test.ts` tests whole lists. */

const endless = Number.POSITIVE_INFINITY;
const stableList = { maxOffset: endless, hasStableTotal: true };
const noArgs: WindowArgs = { first: null, last: null, after: null, before: null };
const at = (slot: number, id: string | null = null, total = 100): CursorPosition => ({ slot, id, total });

/** A page of albums, named by letters; `-` is null. Slots that the text does not reach are missing. */
function page(offset: number, letters: string, rest: Partial<Page<Album>> = {}): Page<Album> {
  const items = Array.from(letters, (id) => (id === '-' ? null : ({ id } as unknown as Album)));
  return { offset, limit: 5, total: 100, isTotalMalformed: false, hasNext: true, asOfMs: 0, items, ...rest };
}

describe('a range of a list', () => {
  test.each<[string, Partial<WindowArgs>, number | null, [number, number] | null]>([
    ['from the front', { first: 5 }, null, [0, 5]],
    ['behind a cursor', { first: 5, after: at(9) }, null, [10, 15]],
    ['up to a cursor', { first: 50, before: at(9) }, null, [0, 9]],
    ['between two cursors', { first: 5, after: at(2), before: at(4) }, null, [3, 4]],
    ['between two that cross', { first: 5, after: at(9), before: at(4) }, null, [10, 10]],
    ['of nothing', { first: 0, after: at(9) }, null, [10, 10]],
    ['without first and last', {}, null, [0, 0]],
    ['from the end', { last: 5 }, 42, [37, 42]],
    ['from the end of a list of unknown length', { last: 5 }, null, null],
    ['from the end of a shorter list', { last: 50 }, 42, [0, 42]],
    ['from the end of an empty list', { last: 5 }, 0, [0, 0]],
    ['from the end, in front of a cursor', { last: 5, before: at(9) }, null, [4, 9]],
    ['from the end, behind a cursor', { last: 50, after: at(9) }, 42, [10, 42]],
    ['from the end, between two cursors', { last: 5, after: at(2), before: at(30) }, null, [25, 30]],
    ['from the end, between two that cross', { last: 5, after: at(30), before: at(2) }, null, [31, 31]],
  ])(
    'the range of a window follows from its arguments, its cursors and the length of the list: %s',
    (_, range, total, span) => {
      const expected = span && { start: span[0], end: span[1] };
      expect(slotRangeOf({ ...noArgs, ...range }, total, endless)).toEqual(expected);
    },
  );

  test.each<[Partial<WindowArgs>, number, [number, number]]>([
    [{ first: 20, after: at(989) }, 5_000, [990, 1_000]],
    [{ first: 20, after: at(999) }, 5_000, [1_000, 1_000]],
    [{ last: 3 }, 5_000, [997, 1_000]],
    [{ last: 3 }, 700, [697, 700]],
    [{ last: 3, before: at(2_000) }, 5_000, [997, 1_000]],
  ])(
    'the range of a window with the arguments %o ends at the largest offset of the list at the latest',
    (range, total, [start, end]) => {
      expect(slotRangeOf({ ...noArgs, ...range }, total, 1_000)).toEqual({ start, end });
    },
  );
});

describe('the pages of a span', () => {
  test.each([
    [0, 10, 10, [0]],
    [0, 11, 10, [0, 10]],
    [9, 11, 10, [0, 10]],
    [10, 20, 10, [10]],
    [95, 100, 50, [50]],
    [0, 0, 10, []],
  ])(
    'the pages of the span from %i to %i are aligned, and an empty span has no page',
    (start, end, limit, offsets) => {
      expect(offsetsOf({ start, end }, limit)).toEqual(offsets);
    },
  );

  test('the pages of a span at worst are the first page, and as many pages at the end as the window may touch', () => {
    const count = (range: Partial<WindowArgs>, limit = 10) =>
      worstCaseOffsets({ ...noArgs, ...range }, limit, endless, true).length;
    expect([
      count({ first: 25 }),
      count({ first: 10, after: at(4) }),
      count({ last: 1 }),
      count({ last: 10 }),
    ]).toEqual([3, 3, 2, 3]);
    expect([
      count({ last: 11 }),
      count({ last: 12 }),
      count({ last: 0 }),
      count({ last: 5, before: at(5) }),
    ]).toEqual([3, 4, 1, 1]);
    expect(count({})).toBe(0);
  });

  test('the plan counts one more page for the item of a cursor that may have moved, but not for a window with `last` between two cursors', () => {
    const count = (range: Partial<WindowArgs>) =>
      worstCaseOffsets({ ...noArgs, last: 5, before: at(9, 'b'), ...range }, 10, endless, true).length;
    expect([count({}), count({ after: at(2, 'a') })]).toEqual([2, 1]);
  });
});

describe('a window', () => {
  const cut = (
    pages: Page<Album>[],
    span: [number, number],
    range: Partial<WindowArgs> = { first: span[1] - span[0] },
    isShortened = false,
  ) => {
    const {
      slots,
      last: _,
      ...rest
    } = windowOf(
      { pages, isShortened },
      { start: span[0], end: span[1] },
      { ...noArgs, ...range },
      stableList,
      pages[0] ? { length: 100, end: null, reportedTotal: pages[0].total, isTotalMalformed: false } : null,
    );
    const line = slots.map(({ slot, item }) => `${slot}${'id' in item ? item.id : '!'}`).join(' ');
    return { line, ...rest };
  };

  test('a window has the items of its slots, each item once, and no null', () => {
    const pages = [page(0, 'ab-ad'), page(5, 'eafg'), page(10, 'hijkl')];
    expect(cut(pages, [1, 12])).toEqual({
      ...{ line: '1b 4d 5e 6a 7f 8g 10h 11i', start: 1, end: 12 },
      ...{ length: 100, hasNext: true, hasPrevious: true },
    });
    expect(cut(pages, [0, 9]).line).toBe('0a 1b 4d 5e 7f 8g');
  });

  test('a window without pages has no items and no length', () => {
    const line = { line: '', start: 7, end: 7, length: null, hasNext: false, hasPrevious: true };
    expect(cut([], [7, 7])).toEqual(line);
  });

  test('a window ends at an empty page without `next`, and at the second of two empty pages', () => {
    const [full, later] = [page(0, 'abcde'), page(15, 'hijkl')];
    const ends = [
      [full, page(5, '', { hasNext: false }), later],
      [full, page(5, ''), page(10, ''), later],
    ];
    for (const pages of ends) {
      expect(cut(pages, [0, 20])).toMatchObject({ line: '0a 1b 2c 3d 4e', hasNext: false });
    }
    expect(cut([full, page(5, ''), page(10, 'fghij')], [0, 15]).line).toContain('10f');
  });

  test('a shortened window ends with the last page that was read, and has a next page regardless of its total', () => {
    const pages = [page(0, 'abcde'), page(5, 'fg---', { total: 10, hasNext: true })];
    const shortened = { line: '3d 4e 5f 6g', start: 3, end: 10, hasNext: true };
    expect(cut(pages, [3, 20], undefined, true)).toMatchObject(shortened);
    expect(cut(pages, [3, 20], { last: 17 }, true)).toMatchObject(shortened);
  });

  test('a window has a next page if its last page has `next` or slots left, or is full with a larger total', () => {
    expect(cut([page(0, 'abcde', { total: 5, hasNext: false })], [0, 5]).hasNext).toBe(false);
    expect(cut([page(0, 'abcde', { total: 0, hasNext: true })], [0, 5]).hasNext).toBe(true);
    expect(cut([page(0, 'abcde', { total: 5, hasNext: false })], [0, 4]).hasNext).toBe(true);
    expect(cut([page(0, 'abcde', { total: 6, hasNext: false })], [0, 5]).hasNext).toBe(true);
    expect(cut([page(0, 'abc', { total: 5, hasNext: false })], [0, 5]).hasNext).toBe(false);
    expect(cut([page(5, '', { hasNext: true }), page(10, '')], [5, 10]).hasNext).toBe(false);
    expect(cut([page(5, '', { hasNext: true }), page(10, 'ab')], [5, 10]).hasNext).toBe(true);
  });

  test('a window that reaches beyond a page without `next` has a next page only if that page is full and its total is larger', () => {
    const full = cut([page(0, 'abcde', { total: 50, hasNext: false })], [0, 20]);
    expect([full.hasNext, full.end]).toEqual([true, 5]);
    expect(cut([page(0, 'abcd', { total: 50, hasNext: false })], [0, 20]).hasNext).toBe(false);
  });

  test('a window has no gap and no item twice if one page overlaps the next', () => {
    const long = page(0, 'abcdefgh', { limit: 8 });
    expect(cut([long, page(5, 'fghij')], [0, 10]).line).toBe('0a 1b 2c 3d 4e 5f 6g 7h 8i 9j');
  });

  test('a window begins after the item of its cursor if the item has moved with the list', () => {
    const grown = [page(0, 'xyabc', { total: 102 }), page(5, 'defgh', { total: 102 })];
    expect(cut(grown, [2, 6], { first: 4, after: at(1, 'b') })).toMatchObject({
      line: '4c 5d',
      start: 4,
      end: 6,
    });
    const shrunk = [page(0, 'cdefg', { total: 98 })];
    expect(cut(shrunk, [3, 5], { first: 2, after: at(2, 'c') })).toMatchObject({
      line: '1d 2e',
      start: 1,
      end: 3,
    });
  });

  test('a window begins after the item of its cursor although the item has moved behind the requested slots', () => {
    const grown = [page(5, 'abcde', { total: 103 })];
    expect(cut(grown, [5, 7], { first: 2, after: at(4, 'c') })).toMatchObject({ line: '8d 9e', end: 10 });
    const inLastSlot = cut(grown, [5, 7], { first: 2, after: at(4, 'e', 98) });
    expect(inLastSlot).toMatchObject({ line: '', hasNext: true, start: 9, end: 10 });
  });

  test('a window does not follow an equal entry if the item of its cursor is still in its slot', () => {
    const entries = Array.from('abacd', (id) => ({ id, isListEntry: true }) as unknown as Album);
    const shrunk = [page(0, '', { items: entries, total: 90 })];
    expect(cut(shrunk, [3, 5], { first: 2, after: at(2, 'a') }).line).toBe('3c 4d');
  });

  test('a window does not follow an item that has moved farther than the list has grown, or that is missing', () => {
    const elsewhere = [page(0, 'xcbac', { total: 101 })];
    expect(cut(elsewhere, [2, 4], { first: 2, after: at(1, 'a') })).toMatchObject({ start: 2, line: '2b' });
    expect(cut(elsewhere, [2, 4], { first: 2, after: at(1, 'q') })).toMatchObject({
      start: 2,
      line: '2b 3a',
    });
  });

  test('a window does not follow a repetition of its cursor item against the direction in which the list has moved', () => {
    const shrunk = [page(5, 'cdefa', { total: 90 })];
    expect(cut(shrunk, [5, 10], { first: 5, after: at(4, 'a') }).line).toBe('5c 6d 7e 8f');
    const grown = [page(0, 'abcde', { total: 110 })];
    expect(cut(grown, [3, 5], { first: 2, after: at(2, 'a') }).line).toBe('3d 4e');
  });

  test('a window has a malformed item in its slot', () => {
    const broken = page(0, 'ab', { items: [{ malformed: 'album.name' }, { malformed: 'album.name' }] });
    expect(cut([broken], [0, 5]).line).toBe('0! 1!');
  });
});

describe('a page whose items are decoded when they are read', () => {
  const idOf = (letter: string) => letter.padStart(22, '0');

  /** A page decoded from JSON: `-` is null, and a capital letter is an album without a name, which is malformed. */
  function textPage(letters: string): Page<Album> {
    const items = Array.from(letters, (letter) =>
      letter === '-' ? null : { id: idOf(letter.toLowerCase()), ...(letter > 'Z' && { name: letter }) },
    );
    const { json } = readBody(Buffer.from(JSON.stringify(plainPage(items, { limit: 5 })))) as Body;
    return decodePage(json, { offset: 0, limit: 5, market: null, kinds }, (item) => {
      const { id, name } = item as { id: string; name?: string };
      if (name === undefined) throw new MalformedResponse('album.name');
      return { id, name } as unknown as Album;
    });
  }

  test('a window of a page is the same whether the items of the page have been decoded before or not', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'A', 'B', '-'), maxLength: 5 });
    fc.assert(
      fc.property(letters, fc.nat(5), fc.nat(5), (all, start, size) => {
        const page = textPage(all);
        const window = () =>
          windowOf(
            { pages: [page], isShortened: false },
            { start, end: start + size },
            { ...noArgs, first: size },
            stableList,
            null,
          );
        const notDecoded = JSON.stringify(window());
        for (let i = 0; i < page.items.length; i += 1) page.items.at(i);
        expect(JSON.stringify(window())).toBe(notDecoded);
      }),
    );
  });

  test('a window has a valid item beside a malformed item with the same id', () => {
    const { slots } = windowOf(
      { pages: [textPage('Aab')], isShortened: false },
      { start: 0, end: 3 },
      { ...noArgs, first: 3 },
      stableList,
      null,
    );
    expect(slots.map(({ slot, item }) => [slot, 'id' in item])).toEqual([
      [0, false],
      [1, true],
      [2, true],
    ]);
  });
});

describe('the next pages of a span', () => {
  const unknown = null;
  const totalOf = (length: number, rest = {}) => ({
    ...{ length, minLength: 0, maxLength: null, isReliable: true },
    ...rest,
  });
  const whole = { start: 0, end: 20 };

  test.each<[string, Page<Album>[], ReturnType<typeof totalOf> | null, number[]]>([
    ['the first one alone, while the length is unknown', [], unknown, [0]],
    ['all of them, where the length is known', [], totalOf(12), [0, 5, 10]],
    ['the first one alone, where the length is unreliable', [], totalOf(12, { isReliable: false }), [0]],
    ['the others together, after a full page', [page(0, 'abcde')], totalOf(12), [5, 10]],
    ['one at a time, while totals are wrong', [page(0, 'abcde')], totalOf(0, { isReliable: false }), [5]],
    ['one more, where `next` is set behind the total', [page(0, 'abcde')], totalOf(5), [5]],
    ['none, where `next` is null', [page(0, 'abcde', { hasNext: false })], totalOf(100), []],
    ['none, where the end is known', [page(0, 'abcde')], totalOf(100, { maxLength: 5 }), []],
    ['one more, after an empty page with `next`', [page(0, 'abcde'), page(5, '')], totalOf(100), [10, 15]],
    ['none, after two empty pages', [page(0, 'a'), page(5, ''), page(10, '')], totalOf(100), []],
    ['none, where the span is covered', [0, 5, 10, 15].map((at) => page(at, 'abcde')), totalOf(100), []],
    ['the rest, after a page smaller than requested', [page(0, 'ab', { limit: 2 })], unknown, [2]],
  ])('the next pages of a span are %s', (_, pages, length, offsets) => {
    expect(nextOffsets(pages, whole, 5, length, endless)).toEqual(offsets);
  });

  test('the next pages of a span include the page behind an empty page in which the span ends', () => {
    expect(nextOffsets([page(15, '')], { start: 15, end: 20 }, 5, totalOf(100), endless)).toEqual([20]);
  });

  test('the next pages of a span that is counted from its end include a page that is known to have items, also after a page without `next`', () => {
    const pages = [page(0, 'abcde', { hasNext: false })];
    expect(nextOffsets(pages, whole, 5, totalOf(10, { minLength: 10 }), endless, true)).toEqual([5]);
    expect(nextOffsets(pages, whole, 5, totalOf(10, { minLength: 5 }), endless, true)).toEqual([]);
  });

  test('the next pages of a span end at the largest offset of the list', () => {
    expect(nextOffsets([page(5, 'abcde')], { start: 5, end: 20 }, 5, totalOf(100), 10)).toEqual([]);
  });
});

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
      isTotalMalformed: false,
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
