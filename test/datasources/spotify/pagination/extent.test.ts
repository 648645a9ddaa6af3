import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type AnyPage, extentOf } from '../../../../src/datasources/spotify/pagination/extent.ts';
import { createListLengths } from '../../../../src/datasources/spotify/pagination/lengths.ts';
import { epochMs } from '../../../../src/observability/clock.ts';
import { noPurges } from '../../../support/no-purges.ts';

/** How far a list reaches, by its pages. */

const endless = Number.POSITIVE_INFINITY;
const page = (offset: number, length: number, hasNext: boolean, total = 100): AnyPage => ({
  ...{ offset, limit: 10, total, totalSource: 'sent' as const, hasNext, asOfMs: 0 },
  items: { length },
});

const anyPages = fc.uniqueArray(
  fc
    .record({
      offset: fc.nat(6).map((i) => i * 10),
      length: fc.constantFrom(0, 3, 10),
      hasNext: fc.boolean(),
      total: fc.nat(80),
    })
    .map(({ offset, length, hasNext, total }) => page(offset, length, hasNext, total)),
  { selector: ({ offset }) => offset, minLength: 1 },
);

test('the extent of a list does not depend on the order in which its pages arrive', () => {
  fc.assert(
    fc.property(anyPages, fc.func(fc.integer()), (pages, rank) => {
      const shuffled = pages.toSorted((one, other) => rank(one.offset) - rank(other.offset));
      expect(extentOf(shuffled, endless)).toEqual(extentOf(pages, endless));

      // Totals that drift mean no change of the list; then only the last total depends on the order.
      const list = { key: 'list', hasStableTotal: false, freshMs: 60_000, maxOffset: 1_000 };
      const learned = [pages, shuffled].map((inOrder) => {
        const lengths = createListLengths(60_000, () => undefined, noPurges.isPurged);
        const nowMs = epochMs();
        for (const [i, one] of inOrder.entries()) lengths.record(list, { ...one, asOfMs: nowMs - i }, nowMs);
        const { minLength, maxLength, end, isReliable } = lengths.of(list) ?? {};
        return { minLength, maxLength, end, isReliable };
      });
      expect(learned[1]).toEqual(learned[0]);
    }),
  );
});

test('a list is as long as its pages: no item lies after its known end, and the end is not after its bound', () => {
  fc.assert(
    fc.property(anyPages, (pages) => {
      const { minLength, maxLength, end } = extentOf(pages, endless);
      const itemsEnd = Math.max(
        ...pages.map(({ offset, items }) => (items.length > 0 ? offset + items.length : 0)),
      );
      expect(minLength).toBeGreaterThanOrEqual(itemsEnd);
      if (maxLength !== null) expect(maxLength).toBeGreaterThanOrEqual(itemsEnd);
      if (end !== null) expect(end).toBe(itemsEnd);
    }),
  );
});

test.each<[string, AnyPage[], { minLength: number; maxLength: number | null; end: number | null }]>([
  ['a page with a next one', [page(0, 10, true)], { minLength: 11, maxLength: null, end: null }],
  ['a last page', [page(20, 4, false)], { minLength: 24, maxLength: 24, end: 24 }],
  ['an empty page alone', [page(30, 0, false)], { minLength: 0, maxLength: 30, end: null }],
  [
    'an empty page after a full one',
    [page(0, 10, true), page(10, 0, false)],
    { minLength: 10, maxLength: 10, end: 10 },
  ],
  [
    'an empty page after a gap',
    [page(0, 10, true), page(30, 0, false)],
    { minLength: 11, maxLength: 30, end: null },
  ],
  [
    'two empty pages',
    [page(0, 4, true), page(10, 0, true), page(20, 0, true)],
    { minLength: 4, maxLength: 10, end: 4 },
  ],
  [
    'an item after a last page',
    [page(0, 4, false), page(10, 10, true)],
    { minLength: 21, maxLength: null, end: null },
  ],
  [
    'a full page without `next` and with a larger total',
    [page(0, 10, false)],
    { minLength: 10, maxLength: null, end: null },
  ],
])('the end of a list is known by its pages: %s', (_, pages, extent) => {
  expect(extentOf(pages, endless)).toMatchObject(extent);
});

test('a page from before a list became shorter does not count, and of two pages at one offset only the later one counts', () => {
  const list = { key: 'list', hasStableTotal: true, freshMs: 60_000, maxOffset: endless };
  const nowMs = epochMs();
  const lengths = createListLengths(60_000, () => undefined, noPurges.isPurged);
  const [before, later] = [page(100, 4, false, 104), page(0, 10, true, 50)].map((one, i) => ({
    ...one,
    asOfMs: nowMs + i,
  })) as [AnyPage, AnyPage];
  lengths.record(list, before, nowMs);
  expect(lengths.of(list, [before])?.end).toBe(104);
  lengths.record(list, later, nowMs + 1);
  expect(lengths.of(list, [before])).toMatchObject({ minLength: 11, end: null, length: 50 });
  const older = { ...later, hasNext: false, items: { length: 4 }, asOfMs: nowMs };
  expect(lengths.of(list, [older])).toMatchObject({ minLength: 11, end: null });
});
