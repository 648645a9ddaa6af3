import { describe, expect, test } from 'vitest';
import { idsOf } from '../support/album-pages.ts';
import {
  itemId,
  type ListEnvironment,
  type ListKind,
  listKinds,
  type ScriptedPage,
  startList,
  type Walk,
} from '../support/scripted-lists.ts';

/** No wrong `total` of a list loses an item, repeats an item or makes a walk endless. */

interface Scenario {
  name: string;
  pages(size: number): ScriptedPage[];
  /** The number of pages that a walk of the list reads; default: all pages. */
  pagesRead?: number;
  /** The maximum number of reads of a page, because pages with different totals may be read again; default: 1. */
  mostReads?: number;
}

const scenarios: readonly Scenario[] = [
  { name: 'of one page with the total 0', pages: () => [{ items: 3, total: 0, next: false }] },
  {
    name: 'of one full page with the total 0',
    pages: (size) => [{ items: size, total: 0, next: false }],
  },
  {
    name: 'of three pages with the total 0',
    pages: (size) => [
      { items: size, total: 0, next: true },
      { items: size, total: 0, next: true },
      { items: 3, total: 0, next: false },
    ],
  },
  { name: 'of one page with a smaller total', pages: () => [{ items: 5, total: 2, next: false }] },
  {
    name: 'of three pages with a total within the first page',
    pages: (size) => [
      { items: size, total: 1, next: true },
      { items: size, total: 1, next: true },
      { items: 3, total: 1, next: false },
    ],
  },
  {
    name: 'of three pages with a total within the second page',
    pages: (size) => [
      { items: size, total: size + 2, next: true },
      { items: size, total: size + 2, next: true },
      { items: 3, total: size + 2, next: false },
    ],
  },
  {
    name: 'of short pages with a total that counts the items alone',
    pages: (size) => [
      { items: size - 4, total: size - 1, next: true },
      { items: 3, total: size - 1, next: false },
    ],
  },
  {
    name: 'with a correct total',
    pages: (size) => [
      { items: size, total: size + 3, next: true },
      { items: 3, total: size + 3, next: false },
    ],
  },
  {
    name: 'with a larger total on each page',
    pages: (size) => [
      { items: size, total: 2 * size + 2, next: true },
      { items: size, total: 2 * size + 3, next: true },
      { items: 3, total: 2 * size + 4, next: false },
    ],
    mostReads: 2,
  },
  {
    name: 'with a smaller total on each page',
    pages: (size) => [
      { items: size, total: 2 * size + 4, next: true },
      { items: size, total: 2 * size + 3, next: true },
      { items: 3, total: 2 * size + 2, next: false },
    ],
    mostReads: 2,
  },
  {
    name: 'with a total that changes between two values',
    pages: (size) => [
      { items: size, total: [2 * size + 3, 5, 2 * size + 3, 5], next: true },
      { items: size, total: [5, 2 * size + 3, 5, 2 * size + 3], next: true },
      { items: 3, total: [2 * size + 3, 5, 2 * size + 3, 5], next: false },
    ],
    mostReads: 2,
  },
  {
    name: 'with an empty page that has `next` set and a page after it',
    pages: (size) => [
      { items: size, total: 2 * size + 3, next: true },
      { items: 0, total: 2 * size + 3, next: true },
      { items: 3, total: 2 * size + 3, next: false },
    ],
  },
  {
    name: 'with an empty page that has `next` set, a page after it, and the total 0',
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
    name: 'with a larger total that ends in empty pages with `next` set',
    pages: (size) => [
      { items: 4, total: 9 * size, next: true },
      ...Array.from({ length: 8 }, () => ({ items: 0, total: 9 * size, next: true })),
    ],
    pagesRead: 3,
  },
];

/** The items of the pages before the first two empty pages in succession. */
function itemsOf(pages: readonly ScriptedPage[], size: number): string[] {
  const end = pages.findIndex((page, i) => page.items === 0 && pages[i + 1]?.items === 0);
  return pages
    .slice(0, end === -1 ? pages.length : end)
    .flatMap(({ items }, i) => Array.from({ length: items }, (_, slot) => itemId(i * size + slot)));
}

/** `totalCount` is at least the number of items of all windows so far, and one more if there is a next page. */
function expectLengths({ windows }: Walk): void {
  let itemCount = 0;
  for (const { totalCount, nodes, pageInfo } of windows) {
    itemCount += nodes.length;
    expect(totalCount ?? 0).toBeGreaterThanOrEqual(itemCount + (pageInfo.hasNextPage ? 1 : 0));
  }
}

function expectReads(
  list: ListEnvironment,
  { embeds, size }: ListKind,
  pages: number,
  mostReads: number,
): void {
  const expected = Array.from({ length: pages }, (_, i) => i * size);
  const offsets = [...(embeds ? [0] : []), ...list.offsets()]; // the response for the owner contains the first page
  expect([...new Set(offsets)].toSorted((one, other) => one - other)).toEqual(expected);
  for (const offset of expected) {
    expect(offsets.filter((other) => other === offset).length).toBeLessThanOrEqual(mostReads);
  }
}

/** The slot of an item. */
const slotOf = (id = ''): number => Number(id.slice(1)) - 1;

for (const kind of listKinds) {
  describe(`the list of ${kind.name}`, () => {
    for (const { name, pages: script, pagesRead, mostReads = 1 } of scenarios) {
      const pages = script(kind.size);
      const all = itemsOf(pages, kind.size);
      const listName = `${kind.name}: a list ${name}`;

      test(`${listName} has all items in two walks, which read each page once, and its last items and a consistent length between them`, async () => {
        const list = await startList(kind, pages);
        const walk = await list.walk(kind.size);
        expect(walk.ids).toEqual(all);
        expectLengths(walk);
        expectReads(list, kind, pagesRead ?? pages.length, mostReads);
        const calls = list.upstream.log();
        const last = await list.window('last: 3');
        expect(idsOf(last)).toEqual(all.slice(-3));
        expect(last.pageInfo.hasNextPage).toBe(false);
        expect(last.pageInfo.hasPreviousPage).toBe(slotOf(all.at(-1)) > 2);
        expect(last.totalCount ?? 0).toBeGreaterThanOrEqual(all.length);
        if (mostReads === 1) expect(list.upstream.log()).toEqual(calls);
        const again = await list.walk(kind.size);
        expect(again.ids).toEqual(all);
        expectLengths(again);
        if (mostReads === 1) expect(list.upstream.log()).toEqual(calls);
      });

      test(`${listName} has all items in windows of other sizes than its pages`, async () => {
        const list = await startList(kind, pages);
        for (const size of [kind.size - 3, 100, Math.ceil(kind.size / 4), kind.size + 1]) {
          const walk = await list.walk(size);
          expect(walk.ids, `first: ${size}`).toEqual(all);
          expectLengths(walk);
        }
      });
    }

    test(`${kind.name}: a list has its last items without a walk, whatever its totals are`, async () => {
      for (const { name, pages: script } of scenarios) {
        const pages = script(kind.size);
        const list = await startList(kind, pages);
        const last = await list.window('last: 3');
        expect(idsOf(last), name).toEqual(itemsOf(pages, kind.size).slice(-3));
        expect(last.pageInfo.hasNextPage, name).toBe(false);
      }
    });

    test(`${kind.name}: a list of one page with a larger total is read no further`, async () => {
      for (const args of ['first: 100', `first: ${kind.size}`, 'last: 3']) {
        const list = await startList(kind, [{ items: 4, total: 97, next: false }]);
        const window = await list.window(args);
        expect(idsOf(window), args).toEqual([0, 1, 2, 3].map(itemId).slice(args === 'last: 3' ? -3 : 0));
        expect(list.offsets(), args).toEqual(kind.embeds ? [] : [0]);
      }
    });

    test(`${kind.name}: a list of two pages with a larger total ends, and has all items`, async () => {
      const pages = [
        { items: kind.size, total: 97 * kind.size, next: true },
        { items: 4, total: 97 * kind.size, next: false },
      ];
      const all = itemsOf(pages, kind.size);
      const list = await startList(kind, pages);
      expect((await list.walk(kind.size)).ids).toEqual(all);
      expectReads(list, kind, 2, 1);
      expect((await list.walk(7)).ids).toEqual(all);
      expectReads(list, kind, 2, 1);
    });
  });
}
