import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Page,
  pagedLists,
  type TestList,
  type TestQuota,
  type TestSlot,
  testList,
} from '../../../support/lists.ts';

/**
 * Lists of every kind and any length, with empty slots and with items that are twice in one page: in both directions a
 * client gets every item once and in order, and the gateway requests no page larger than Spotify allows.
 */

const numRuns = Number(process.env['PROPERTY_RUNS'] ?? 60);
const longestMs = Math.max(10_000, numRuns * 200);
// The search for the smallest counterexample ends before the timeout of the test, which would hide the failure.
const limits = { numRuns, interruptAfterTimeLimit: longestMs };

const smallestPageSize = 10; // of Spotify

const lists: fc.Arbitrary<TestList> = fc
  .record({
    of: fc.constantFrom(...pagedLists.keys()),
    flaws: fc.array(
      fc.oneof(
        { weight: 12, arbitrary: fc.constant('item' as const) },
        { weight: 1, arbitrary: fc.constantFrom('null' as const, 'hidden' as const, 'repeat' as const) },
      ),
      { maxLength: 300, size: 'max' },
    ),
    manner: fc.constantFrom('refuse' as const, 'clamp' as const),
    ceiling: fc.integer({ min: 1, max: 50 }),
  })
  .map(({ of, flaws, manner, ceiling }) => {
    // Spotify rejects every page above 10 or 50; an upstream that sends smaller pages may send any size.
    const realCeiling = manner === 'clamp' ? ceiling : ceiling < 50 ? 10 : 50;
    // Until that size is known, pages are cut at other slots, and a repeat is left out only within its page.
    const usedFlaws =
      manner === 'clamp' ? flaws.map((flaw) => (excludedFlaws(of).includes(flaw) ? 'item' : flaw)) : flaws;
    return { of, slots: slotsOf(usedFlaws, realCeiling), ceiling: realCeiling, manner };
  })
  // Such a page does not show how large it is: Spotify also reports a size of 1 for empty pages of the usual size.
  .filter((list) => list.ceiling >= smallestPageSize || !hasEmptyPage(list));

/** Lists of which some pages have no item; the first and the last page have items. */
const gappyLists: fc.Arbitrary<TestList> = fc
  .record({
    of: fc.constantFrom(...pagedLists.keys()),
    arePagesEmpty: fc.array(fc.boolean(), { maxLength: 12 }),
    lastPage: fc.integer({ min: 1, max: 10 }),
  })
  .map(({ of, arePagesEmpty, lastPage }) => {
    const slots = [false, ...arePagesEmpty].flatMap((isEmpty, page) =>
      Array.from({ length: 10 }, (_, i): TestSlot => (isEmpty ? 'hidden' : page * 10 + i + 1)),
    );
    const last = Array.from({ length: lastPage }, (_, i) => slots.length + i + 1);
    return { of, slots: [...slots, ...last], ceiling: 10, manner: 'refuse' };
  });

/** Flaws that are not generated: after a short page of another size entries move, and equal entries are no repetition. */
const excludedFlaws = (of: string): readonly string[] =>
  pagedLists.get(of)?.isOfEntries ? ['repeat', 'hidden'] : ['repeat'];

function slotsOf(flaws: ('item' | 'null' | 'hidden' | 'repeat')[], ceiling: number): TestSlot[] {
  const slots: TestSlot[] = [];
  for (const [i, flaw] of flaws.entries()) {
    const earlier = slots.slice(i - (i % ceiling)).filter((slot) => typeof slot === 'number');
    if (flaw === 'repeat') slots.push(earlier[0] ?? i + 1);
    else slots.push(flaw === 'item' ? i + 1 : flaw === 'null' ? null : 'hidden');
  }
  return slots;
}

/** The visible items with their slots: without nulls, and without repeated objects within a page of Spotify. */
function visible({ of, slots, ceiling }: TestList): { slot: number; id: number }[] {
  const found: { slot: number; id: number }[] = [];
  const isOfEntries = pagedLists.get(of ?? '')?.isOfEntries;
  let emptyPages = 0;
  for (let offset = 0; offset < slots.length; offset += ceiling) {
    const items = slots.slice(offset, offset + ceiling).filter((slot) => slot !== 'hidden');
    emptyPages = items.length === 0 ? emptyPages + 1 : 0;
    if (emptyPages === 2) return found;
    const pageIds = new Set<number>();
    for (const [i, id] of items.entries()) {
      if (id === null || (pageIds.has(id) && !isOfEntries)) continue;
      pageIds.add(id);
      found.push({ slot: offset + i, id });
    }
  }
  return found;
}

/** The slot at which the last page ends, without its missing slots. */
function endOf({ slots, ceiling }: TestList): number {
  const offset = Math.max(0, Math.ceil(slots.length / ceiling) - 1) * ceiling;
  return offset + slots.slice(offset).filter((slot) => slot !== 'hidden').length;
}

const hasEmptyPage = ({ slots, ceiling }: TestList): boolean =>
  Array.from({ length: Math.ceil(slots.length / ceiling) }, (_, i) =>
    slots.slice(i * ceiling, (i + 1) * ceiling),
  ).some((page) => page.every((slot) => slot === 'hidden'));

/** Slots count the items of a page, so the items behind a missing slot have other slots in pages of another size. */
const hasMovingSlots = ({ slots, manner }: TestList): boolean =>
  manner === 'clamp' && slots.includes('hidden');

type TestedList = ReturnType<typeof testList>;

async function walk(tested: TestedList, size: number, forward: boolean): Promise<number[]> {
  const pages: Page[] = [];
  let cursor: string | null = null;
  for (let i = 0; i < 1_000; i++) {
    const page: Page = await tested.page(
      forward ? { first: size, after: cursor } : { last: size, before: cursor },
    );
    pages.push(page);
    const hasMore: boolean = forward ? page.hasNextPage : page.hasPreviousPage;
    cursor = forward ? page.endCursor : page.startCursor;
    if (!hasMore) break;
    expect(cursor, 'a walk that goes on needs a cursor').not.toBeNull();
  }
  return (forward ? pages : pages.reverse()).flatMap(({ ids }) => ids);
}

/** Walks forward; on a day without calls left, the client returns with its cursor on the next day. */
async function walkOverDays(tested: TestedList, quota: TestQuota, callsPerDay: number, size: number) {
  const ids: number[] = [];
  let cursor: string | null = null;
  for (let visit = 0; visit < 1_000; visit++) {
    let page: Page;
    try {
      page = await tested.page({ first: size, after: cursor });
    } catch (error) {
      expect(error).toMatchObject({ originalError: { code: 'UPSTREAM_QUOTA_EXCEEDED' } });
      expect(quota.callsLeft, 'a window is rejected only if no call is left').toBe(0);
      quota.callsLeft = callsPerDay;
      continue;
    }
    ids.push(...page.ids);
    if (!page.hasNextPage) return ids;
    expect(page.endCursor, 'a walk that goes on needs a cursor').not.toBeNull();
    cursor = page.endCursor;
  }
  throw new Error('The walk does not end.');
}

function expectMinimalRequests({ requests, list }: TestedList): void {
  const granted = requests.filter(({ limit, refused }) => !refused && limit <= list.ceiling);
  const tooLarge = requests.filter(({ limit }) => limit > list.ceiling);
  const sizes = pagedLists.get(list.of ?? '')?.definition.pageSizes ?? [];
  const largerSizes = sizes.filter((size) => size > list.ceiling).length;
  // The page size limit is found by one rejection for each larger size, or by the first page and those of a wave that
  // are smaller than requested.
  expect(tooLarge.length).toBeLessThanOrEqual(
    list.ceiling === 50 ? 0 : list.manner === 'clamp' ? 4 : largerSizes,
  );
  expect(requests.slice(tooLarge.length).every(({ limit }) => limit === list.ceiling)).toBe(true);
  expect(granted.every(({ offset }) => offset % list.ceiling === 0)).toBe(true);
  const offsets = granted.map(({ offset }) => offset);
  expect(new Set(offsets).size, 'no page is requested twice').toBe(offsets.length);
}

const walks = fc.record({
  size: fc.integer({ min: 1, max: 100 }),
  callsPerDay: fc.integer({ min: 1, max: 6 }),
});

/** The second page begins at slot 27, not at slot 50 as the page that was requested would. */
const listOfSmallPages: TestList = {
  of: 'artists/albums',
  slots: Array.from({ length: 55 }, (_, i) => (i === 50 ? 'hidden' : i + 1)),
  ceiling: 27,
  manner: 'clamp',
};

/** A window at any place, with or without items as bounds. */
const windows = fc.record({
  size: fc.integer({ min: 0, max: 100 }),
  fromEnd: fc.boolean(),
  after: fc.option(fc.nat(1_000)),
  before: fc.option(fc.nat(1_000)),
});

/** The slots of a window: the slots between its bounds, limited to its size from the start or the end. */
function spanOf(
  { size, fromEnd }: { size: number; fromEnd: boolean },
  after: number | null,
  before: number | null,
  length: number,
) {
  const lower = after === null ? 0 : after + 1;
  const upper = before ?? length;
  if (!fromEnd) return { start: lower, end: Math.max(lower, Math.min(lower + size, upper)) };
  const start = Math.max(lower, upper - size);
  return { start, end: Math.max(start, upper) };
}

/** The cursor of every item, in their order: two entries may have one id. */
async function cursorsOf(tested: TestedList): Promise<string[]> {
  const cursors: string[] = [];
  let after: string | null = null;
  for (;;) {
    const page: Page = await tested.page({ first: 100, after });
    cursors.push(...page.cursors);
    if (!page.hasNextPage) return cursors;
    after = page.endCursor;
  }
}

describe('paging over any list', { timeout: longestMs + 5_000 }, () => {
  test('paging forward returns every item once and in order', () =>
    fc.assert(
      fc.asyncProperty(lists, fc.integer({ min: 1, max: 100 }), async (list, size) => {
        const tested = testList(list);
        expect(await walk(tested, size, true)).toEqual(visible(list).map(({ id }) => id));
        expectMinimalRequests(tested);
      }),
      limits,
    ));

  test.each([true, false])(
    'paging forward over days with few calls returns every item once and in order (the gateway knows its quota: %s)',
    (isKnown) =>
      fc.assert(
        fc.asyncProperty(lists, walks, async (list, { size, callsPerDay }) => {
          fc.pre(!hasEmptyPage(list)); // two of them end the list, but not if a client gets them on different days
          const quota = { callsLeft: callsPerDay, isKnown };
          const tested = testList(list, { quota });
          expect(await walkOverDays(tested, quota, callsPerDay, size)).toEqual(
            visible(list).map(({ id }) => id),
          );
          expectMinimalRequests(tested);
        }),
        {
          ...limits,
          numRuns: Math.ceil(numRuns / 2),
          examples: [[listOfSmallPages, { size: 24, callsPerDay: 1 }]],
        },
      ),
  );

  test('paging backward returns every item once and in order', () =>
    fc.assert(
      fc.asyncProperty(lists, fc.integer({ min: 1, max: 100 }), async (list, size) => {
        fc.pre(!hasEmptyPage(list) && !hasMovingSlots(list));
        const tested = testList(list);
        expect(await walk(tested, size, false)).toEqual(visible(list).map(({ id }) => id));
        expectMinimalRequests(tested);
      }),
      limits,
    ));

  test('paging backward over a list with empty pages in its middle returns every item once and in order', () =>
    fc.assert(
      fc.asyncProperty(gappyLists, fc.integer({ min: 1, max: 100 }), async (list, size) => {
        const tested = testList(list);
        const items = list.slots.filter((slot) => typeof slot === 'number');
        expect(await walk(tested, size, false)).toEqual(items);
        expectMinimalRequests(tested);
      }),
      limits,
    ));

  test('any window between two cursors has the items of its slots, and correct page info', () =>
    fc.assert(
      fc.asyncProperty(lists, windows, async (list, window) => {
        const all = visible(list);
        fc.pre(!hasEmptyPage(list) && all.length > 0);
        const tested = testList(list);
        const cursors = await cursorsOf(tested);
        const pick = (place: number | null) => {
          const index = (place ?? 0) % all.length;
          return place === null ? null : { slot: all[index]?.slot ?? 0, cursor: cursors[index] ?? '' };
        };
        const [after, before] = [pick(window.after), pick(window.before)];
        const page = await tested.page({
          ...(window.fromEnd ? { last: window.size } : { first: window.size }),
          after: after?.cursor ?? null,
          before: before?.cursor ?? null,
        });

        const { start, end } = spanOf(window, after?.slot ?? null, before?.slot ?? null, endOf(list));
        const slots = all.filter(({ slot }) => slot >= start && slot < end);
        expect(page.ids).toEqual(slots.map(({ id }) => id));
        expect(page.hasPreviousPage).toBe(start > 0);
        expect(page.totalCount).toBe(list.slots.length);
        const isShort = list.slots.includes('hidden');
        if (!isShort) expect(page.hasNextPage).toBe(end > start && end < list.slots.length);
      }),
      limits,
    ));
});
