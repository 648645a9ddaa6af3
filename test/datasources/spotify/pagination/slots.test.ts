import { describe, expect, test } from 'vitest';
import { slotRangeOf, type WindowArgs } from '../../../../src/datasources/spotify/pagination/slots.ts';
import { cursorAt, endless, noArgs } from '../../../support/letter-pages.ts';

/** The slots that the arguments of a connection select. */

describe('a range of a list', () => {
  test.each<[string, Partial<WindowArgs>, number | null, [number, number] | null]>([
    ['from the front', { first: 5 }, null, [0, 5]],
    ['behind a cursor', { first: 5, after: cursorAt(9) }, null, [10, 15]],
    ['up to a cursor', { first: 50, before: cursorAt(9) }, null, [0, 9]],
    ['between two cursors', { first: 5, after: cursorAt(2), before: cursorAt(4) }, null, [3, 4]],
    ['between two that cross', { first: 5, after: cursorAt(9), before: cursorAt(4) }, null, [10, 10]],
    ['of nothing', { first: 0, after: cursorAt(9) }, null, [10, 10]],
    ['without first and last', {}, null, [0, 0]],
    ['from the end', { last: 5 }, 42, [37, 42]],
    ['from the end of a list of unknown length', { last: 5 }, null, null],
    ['from the end of a shorter list', { last: 50 }, 42, [0, 42]],
    ['from the end of an empty list', { last: 5 }, 0, [0, 0]],
    ['from the end, in front of a cursor', { last: 5, before: cursorAt(9) }, null, [4, 9]],
    ['from the end, behind a cursor', { last: 50, after: cursorAt(9) }, 42, [10, 42]],
    [
      'from the end, between two cursors',
      { last: 5, after: cursorAt(2), before: cursorAt(30) },
      null,
      [25, 30],
    ],
    [
      'from the end, between two that cross',
      { last: 5, after: cursorAt(30), before: cursorAt(2) },
      null,
      [31, 31],
    ],
  ])(
    'the range of a window follows from its arguments, its cursors and the length of the list: %s',
    (_, range, total, span) => {
      const expected = span && { start: span[0], end: span[1] };
      expect(slotRangeOf({ ...noArgs, ...range }, total, endless)).toEqual(expected);
    },
  );

  test.each<[Partial<WindowArgs>, number, [number, number]]>([
    [{ first: 20, after: cursorAt(989) }, 5_000, [990, 1_000]],
    [{ first: 20, after: cursorAt(999) }, 5_000, [1_000, 1_000]],
    [{ last: 3 }, 5_000, [997, 1_000]],
    [{ last: 3 }, 700, [697, 700]],
    [{ last: 3, before: cursorAt(2_000) }, 5_000, [997, 1_000]],
  ])(
    'the range of a window with the arguments %o ends at the largest offset of the list at the latest',
    (range, total, [start, end]) => {
      expect(slotRangeOf({ ...noArgs, ...range }, total, 1_000)).toEqual({ start, end });
    },
  );
});
