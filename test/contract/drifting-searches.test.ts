import { expect, test } from 'vitest';
import { itemId, listKinds, startList } from '../support/scripted-lists.ts';

/** A search whose total is another one on each page: that does not mean that its results have moved. */

const search = listKinds.find(({ name }) => name === 'a search');
if (!search) throw new Error('no list of search results');
const { path, item, wrap } = search;

test.each([
  ['falls', 341, 328],
  ['rises', 328, 341],
])('a search whose total %s and that repeats the item of the cursor loses no item', async (_, ...totals) => {
  const slots = [0, 10].map((from) => Array.from({ length: 10 }, (__, i) => from + i));
  slots[1]?.splice(8, 1, 9); // the last item of the first page again
  const list = await startList(
    search,
    [],
    slots.map((page, i) => ({
      path,
      query: { offset: `${i * 10}` },
      body: JSON.parse(
        JSON.stringify(
          wrap({
            ...{
              offset: i * 10,
              limit: 10,
              total: totals[i],
              next: i === 0 ? 'https://api.spotify.com/v1/' : null,
            },
            items: page.map((slot) => item(itemId(slot))),
          }),
        ),
      ),
    })),
  );
  const expected = [...Array.from({ length: 18 }, (__, i) => i), 19].map(itemId);
  expect((await list.walk(10)).ids).toEqual(expected);
  expect(list.offsets()).toEqual([0, 10, 20]);
});
