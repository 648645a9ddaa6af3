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
