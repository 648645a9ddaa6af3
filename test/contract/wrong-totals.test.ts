import { describe, expect, test } from 'vitest';
import {
  type Connection,
  itemId,
  type ListKind,
  type ListWorld,
  listKinds,
  type ScriptedPage,
  startList,
  type Walk,
} from '../support/scripted-lists.ts';

/** What a list's length is said to be is no bound: no such number loses an item, repeats one or ends no walk. */

interface Scenario {
  name: string;
  pages(size: number): ScriptedPage[];
  /** How many pages a client that pages through the list costs; default as many as there are. */
  pagesRead?: number;
  /** Where pages tell different lengths, they may be read again to find out which holds; default 1. */
  mostReads?: number;
}

const scenarios: readonly Scenario[] = [
  { name: 'of one page that is said to be empty', pages: () => [{ items: 3, total: 0, next: false }] },
  {
    name: 'of one full page that is said to be empty',
    pages: (size) => [{ items: size, total: 0, next: false }],
  },
  {
    name: 'of three pages that is said to be empty',
    pages: (size) => [
      { items: size, total: 0, next: true },
      { items: size, total: 0, next: true },
      { items: 3, total: 0, next: false },
    ],
  },
  { name: 'of one page that is said to be shorter', pages: () => [{ items: 5, total: 2, next: false }] },
  {
    name: 'of three pages that is said to end within the first',
    pages: (size) => [
      { items: size, total: 1, next: true },
      { items: size, total: 1, next: true },
      { items: 3, total: 1, next: false },
    ],
  },
  {
    name: 'of three pages that is said to end within the second',
    pages: (size) => [
      { items: size, total: size + 2, next: true },
      { items: size, total: size + 2, next: true },
      { items: 3, total: size + 2, next: false },
    ],
  },
  {
    name: 'of short pages whose length counts the items alone',
    pages: (size) => [
      { items: size - 4, total: size - 1, next: true },
      { items: 3, total: size - 1, next: false },
    ],
  },
  {
    name: 'of the length that it is said to have',
    pages: (size) => [
      { items: size, total: size + 3, next: true },
      { items: 3, total: size + 3, next: false },
    ],
  },
  {
    name: 'that is said to be longer on each page',
    pages: (size) => [
      { items: size, total: 2 * size + 2, next: true },
      { items: size, total: 2 * size + 3, next: true },
      { items: 3, total: 2 * size + 4, next: false },
    ],
    mostReads: 2,
  },
  {
    name: 'that is said to be shorter on each page',
    pages: (size) => [
      { items: size, total: 2 * size + 4, next: true },
      { items: size, total: 2 * size + 3, next: true },
      { items: 3, total: 2 * size + 2, next: false },
    ],
    mostReads: 2,
  },
  {
    name: 'that is said to be now longer, now shorter',
    pages: (size) => [
      { items: size, total: [2 * size + 3, 5, 2 * size + 3, 5], next: true },
      { items: size, total: [5, 2 * size + 3, 5, 2 * size + 3], next: true },
      { items: 3, total: [2 * size + 3, 5, 2 * size + 3, 5], next: false },
    ],
    mostReads: 2,
  },
  {
    name: 'with an empty page that has `next` set and more behind it',
    pages: (size) => [
      { items: size, total: 2 * size + 3, next: true },
      { items: 0, total: 2 * size + 3, next: true },
      { items: 3, total: 2 * size + 3, next: false },
    ],
  },
  {
    name: 'with such an empty page that is said to be empty as a whole',
    pages: (size) => [
      { items: size, total: 0, next: true },
      { items: 0, total: 0, next: true },
      { items: 3, total: 0, next: false },
    ],
  },
  {
    name: 'that begins with an empty page that has `next` set',
    pages: (size) => [
      { items: 0, total: size + 3, next: true },
      { items: 3, total: size + 3, next: false },
    ],
  },
  {
    name: 'that is said to be longer and ends in empty pages that have `next` set',
    pages: (size) => [
      { items: 4, total: 9 * size, next: true },
      ...Array.from({ length: 8 }, () => ({ items: 0, total: 9 * size, next: true })),
    ],
    pagesRead: 3,
  },
];

/** All that the pages hold, up to two empty ones in succession. */
function itemsOf(pages: readonly ScriptedPage[], size: number): string[] {
  const end = pages.findIndex((page, i) => page.items === 0 && pages[i + 1]?.items === 0);
  return pages
    .slice(0, end === -1 ? pages.length : end)
    .flatMap(({ items }, i) => Array.from({ length: items }, (_, slot) => itemId(i * size + slot)));
}

/** A list is at least as long as what has been given of it, and one longer where there is more. */
function expectLengths({ windows }: Walk): void {
  let given = 0;
  for (const { totalCount, nodes, pageInfo } of windows) {
    given += nodes.length;
    expect(totalCount ?? 0).toBeGreaterThanOrEqual(given + (pageInfo.hasNextPage ? 1 : 0));
  }
}

function expectReads(world: ListWorld, { embeds, size }: ListKind, pages: number, mostReads: number): void {
  const expected = Array.from({ length: pages }, (_, i) => i * size).slice(embeds ? 1 : 0);
  const offsets = world.offsets();
  expect([...new Set(offsets)].toSorted((one, other) => one - other)).toEqual(expected);
  for (const offset of expected) {
    expect(offsets.filter((each) => each === offset).length).toBeLessThanOrEqual(mostReads);
  }
}

/** The slot in which an item stands. */
const slotOf = (id = ''): number => Number(id.slice(1)) - 1;

const idsIn = ({ nodes }: Connection): string[] => nodes.map(({ id }) => id);

for (const kind of listKinds) {
  describe(`the list of ${kind.name}`, () => {
    for (const { name, pages: script, pagesRead, mostReads = 1 } of scenarios) {
      const pages = script(kind.size);
      const all = itemsOf(pages, kind.size);
      const whole = `${kind.name}: a list ${name}`;

      test(`${whole} comes whole, each page read once, for the first client and the second`, async () => {
        const world = await startList(kind, pages);
        const walk = await world.walk(kind.size);
        expect(walk.ids).toEqual(all);
        expectLengths(walk);
        expectReads(world, kind, pagesRead ?? pages.length, mostReads);
        const calls = world.upstream.log();
        const again = await world.walk(kind.size);
        expect(again.ids).toEqual(all);
        expectLengths(again);
        if (mostReads === 1) expect(world.upstream.log()).toEqual(calls);
      });

      test(`${whole} comes whole in windows that fit no page, and then again in others`, async () => {
        const world = await startList(kind, pages);
        for (const size of [kind.size - 3, 100, 2, kind.size + 1]) {
          const walk = await world.walk(size);
          expect(walk.ids, `first: ${size}`).toEqual(all);
          expectLengths(walk);
        }
      });

      test(`${whole} gives its last items once it is known, and what it says of its length fits`, async () => {
        const world = await startList(kind, pages);
        await world.walk(kind.size);
        const calls = world.upstream.log();
        const last = await world.window('last: 3');
        expect(idsIn(last)).toEqual(all.slice(-3));
        expect(last.pageInfo.hasNextPage).toBe(false);
        expect(last.pageInfo.hasPreviousPage).toBe(slotOf(all.at(-1)) > 2);
        expect(last.totalCount ?? 0).toBeGreaterThanOrEqual(all.length);
        if (mostReads === 1) expect(world.upstream.log()).toEqual(calls);
      });
    }

    test(`${kind.name}: a list of one page that is said to be longer is read no further`, async () => {
      for (const args of ['first: 100', `first: ${kind.size}`, 'last: 3']) {
        const world = await startList(kind, [{ items: 4, total: 97, next: false }]);
        const window = await world.window(args);
        expect(idsIn(window), args).toEqual([0, 1, 2, 3].map(itemId).slice(args === 'last: 3' ? -3 : 0));
        expect(world.offsets(), args).toEqual(kind.embeds ? [] : [0]);
      }
    });

    test(`${kind.name}: a list of two pages that is said to be longer ends, and comes whole`, async () => {
      const pages = [
        { items: kind.size, total: 97 * kind.size, next: true },
        { items: 4, total: 97 * kind.size, next: false },
      ];
      const all = itemsOf(pages, kind.size);
      const world = await startList(kind, pages);
      expect((await world.walk(kind.size)).ids).toEqual(all);
      expectReads(world, kind, 2, 1);
      expect((await world.walk(7)).ids).toEqual(all);
      expectReads(world, kind, 2, 1);
    });
  });
}
