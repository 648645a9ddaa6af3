import { describe, expect, test } from 'vitest';
import type { Album } from '../../../../src/datasources/spotify/kinds/album.ts';
import type { Page } from '../../../../src/datasources/spotify/kinds/decoding/page.ts';
import {
  nextOffsets,
  offsetsOf,
  worstCaseOffsets,
} from '../../../../src/datasources/spotify/pagination/pages.ts';
import type { WindowArgs } from '../../../../src/datasources/spotify/pagination/slots.ts';
import { cursorAt, endless, letterPage, noArgs } from '../../../support/letter-pages.ts';

/** The pages that a slot range needs. */

describe('the pages of a slot range', () => {
  test.each([
    [0, 10, 10, [0]],
    [0, 11, 10, [0, 10]],
    [9, 11, 10, [0, 10]],
    [10, 20, 10, [10]],
    [95, 100, 50, [50]],
    [0, 0, 10, []],
  ])(
    'the pages of the slot range from %i to %i are aligned, and an empty slot range has no page',
    (start, end, limit, offsets) => {
      expect(offsetsOf({ start, end }, limit)).toEqual(offsets);
    },
  );

  test('the pages of a window at worst are the first page, and as many pages at the end as the window may touch', () => {
    const count = (range: Partial<WindowArgs>, limit = 10) =>
      worstCaseOffsets({ ...noArgs, ...range }, limit, endless, true).length;
    expect([
      count({ first: 25 }),
      count({ first: 10, after: cursorAt(4) }),
      count({ last: 1 }),
      count({ last: 10 }),
    ]).toEqual([3, 3, 2, 3]);
    expect([
      count({ last: 11 }),
      count({ last: 12 }),
      count({ last: 0 }),
      count({ last: 5, before: cursorAt(5) }),
    ]).toEqual([3, 4, 1, 1]);
    expect(count({})).toBe(0);
  });

  test('the plan counts one more page for the item of a cursor that may have moved, but not for a window with `last` between two cursors', () => {
    const count = (range: Partial<WindowArgs>) =>
      worstCaseOffsets({ ...noArgs, last: 5, before: cursorAt(9, 'b'), ...range }, 10, endless, true).length;
    expect([count({}), count({ after: cursorAt(2, 'a') })]).toEqual([2, 1]);
  });
});

describe('the next pages of a slot range', () => {
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
    ['the others together, after a full page', [letterPage(0, 'abcde')], totalOf(12), [5, 10]],
    [
      'one at a time, while totals are wrong',
      [letterPage(0, 'abcde')],
      totalOf(0, { isReliable: false }),
      [5],
    ],
    ['one more, where `next` is set behind the total', [letterPage(0, 'abcde')], totalOf(5), [5]],
    ['none, where `next` is null', [letterPage(0, 'abcde', { hasNext: false })], totalOf(100), []],
    ['none, where the end is known', [letterPage(0, 'abcde')], totalOf(100, { maxLength: 5 }), []],
    [
      'one more, after an empty page with `next`',
      [letterPage(0, 'abcde'), letterPage(5, '')],
      totalOf(100),
      [10, 15],
    ],
    [
      'none, after two empty pages',
      [letterPage(0, 'a'), letterPage(5, ''), letterPage(10, '')],
      totalOf(100),
      [],
    ],
    [
      'none, where the span is covered',
      [0, 5, 10, 15].map((at) => letterPage(at, 'abcde')),
      totalOf(100),
      [],
    ],
    ['the rest, after a page smaller than requested', [letterPage(0, 'ab', { limit: 2 })], unknown, [2]],
  ])('the next pages of a slot range are %s', (_, pages, length, offsets) => {
    expect(nextOffsets(pages, whole, 5, length, endless)).toEqual(offsets);
  });

  test('the next pages of a slot range include the page behind an empty page in which the slot range ends', () => {
    expect(nextOffsets([letterPage(15, '')], { start: 15, end: 20 }, 5, totalOf(100), endless)).toEqual([20]);
  });

  test('the next pages of a slot range that is counted from its end include a page that is known to have items, also after a page without `next`', () => {
    const pages = [letterPage(0, 'abcde', { hasNext: false })];
    expect(nextOffsets(pages, whole, 5, totalOf(10, { minLength: 10 }), endless, true)).toEqual([5]);
    expect(nextOffsets(pages, whole, 5, totalOf(10, { minLength: 5 }), endless, true)).toEqual([]);
  });

  test('the next pages of a slot range end at the largest offset of the list', () => {
    expect(nextOffsets([letterPage(5, 'abcde')], { start: 5, end: 20 }, 5, totalOf(100), 10)).toEqual([]);
  });
});
