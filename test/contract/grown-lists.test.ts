import { expect, test } from 'vitest';
import { itemId, type ListKind, listKinds, startList } from '../support/scripted-lists.ts';

/** Lists that grow at the front while a client pages through them. */

/** The rule that returns the second page as it is after the list has grown by this number of items at the front. */
function grownPage(kind: ListKind, inserted: number) {
  const { size } = kind;
  const items = Array.from({ length: size }, (_, i) => kind.item(itemId(size - inserted + i)));
  const page = { href: '', items, limit: size, offset: size, previous: null };
  const body = kind.wrap({ ...page, total: 3 * size + inserted, next: 'https://api.spotify.com/v1/next' });
  return { path: kind.path, query: { offset: `${size}` }, body };
}

const withStableTotals = listKinds.filter(({ name }) => name !== 'a search');

test.each(withStableTotals.flatMap((kind) => [2, 3, 9].map((inserted) => ({ kind, inserted }))))(
  'a client with windows of 2 gets no item twice and misses none if the list grows by $inserted after the first page: $kind.name',
  async ({ kind, inserted }) => {
    const { size } = kind;
    const pages = [0, 1, 2].map((i) => ({ items: size, total: 3 * size, next: i < 2 }));
    const list = await startList(kind, pages, [grownPage(kind, inserted)]);
    const ids: string[] = [];
    let args = 'first: 2';
    while (ids.length < 2 * size - inserted) {
      const { nodes, pageInfo } = await list.window(args);
      ids.push(...nodes.map(({ id }) => id));
      args = `first: 2, after: "${pageInfo.endCursor}"`;
    }
    expect(ids.slice(0, 2 * size - inserted)).toEqual(
      Array.from({ length: 2 * size - inserted }, (_, slot) => itemId(slot)),
    );
  },
);
