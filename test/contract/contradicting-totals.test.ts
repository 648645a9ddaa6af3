import { expect, test } from 'vitest';
import { itemId, type ListKind, listKinds, startList } from '../support/scripted-lists.ts';

/** Lists whose pages contradict each other: the page after the end has another total than the pages with items. */

const scripted = ({ size }: ListKind, total: number, totalAfterEnd: number) => [
  { items: size, total, next: true },
  { items: 5, total: 2 * size, next: false },
  { items: 0, total: totalAfterEnd, next: false },
];
const allIds = ({ size }: ListKind) => Array.from({ length: size + 5 }, (_, slot) => itemId(slot));

const tested = listKinds.flatMap((kind) => [0, 1, kind.size - 3].map((total) => ({ kind, total })));

test.each(tested)(
  'the last items of a list are found although its total is too large and is $total in an empty page: $kind.name',
  async ({ kind, total }) => {
    const list = await startList(kind, scripted(kind, 3 * kind.size, total));
    for (let time = 0; time < 2; time++) {
      const { nodes, pageInfo } = await list.window('last: 6');
      expect(nodes.map(({ id }) => id)).toEqual(allIds(kind).slice(-6));
      expect([pageInfo.hasNextPage, pageInfo.hasPreviousPage]).toEqual([false, true]);
    }
    expect(list.offsets().length).toBeLessThanOrEqual(4); // a page with another total may be read again
  },
);

test.each(listKinds)(
  'all items of a list are found after an empty page has stated another total: $name',
  async (kind) => {
    const list = await startList(kind, scripted(kind, 3 * kind.size, 0));
    await list.window('last: 6');
    expect((await list.walk(7)).ids).toEqual(allIds(kind));
  },
);

test('a window of a list whose total falls from page to page and from call to call costs at most two calls for a page', async () => {
  const kind = listKinds.find(({ size, embeds }) => size === 10 && !embeds) as ListKind;
  const pages = Array.from({ length: 10 }, (_, page) => ({
    items: kind.size,
    total: [0, 1, 2, 3].map((call) => 200 - 10 * call - page),
    next: page < 9,
  }));
  const list = await startList(kind, pages);
  const { nodes } = await list.window('first: 100');
  expect(nodes.map(({ id }) => id)).toEqual(Array.from({ length: 100 }, (_, slot) => itemId(slot)));
  expect(list.offsets().length).toBeLessThanOrEqual(20);
});
