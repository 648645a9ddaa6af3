import { describe, expect, test } from 'vitest';
import { albumPage, idsOf, slots } from '../../../support/album-pages.ts';
import { testList } from '../../../support/lists.ts';
import { artists, modes, startInMode, startWithUnknownApp } from '../../../support/schema-tests.ts';

/** Lists with flaws; `paging.property.test.ts` generates more of them. */

describe.each(modes)('odd lists, for an app in %s mode', (mode) => {
  test('a list of no album, of one album or of exactly one page has its albums, its length and no further page', async () => {
    const gateway = await startInMode(mode);
    for (const [key, length] of [
      ['albums0', 0],
      ['albums1', 1],
      ['albums10', 10],
      ['albums50', 50],
    ] as const) {
      const page = await albumPage(gateway, 'first: 50', artists[key]);
      expect(idsOf(page)).toEqual(slots(0, undefined, artists[key]));
      expect(page).toMatchObject({
        totalCount: length,
        pageInfo: { hasNextPage: false, hasPreviousPage: false },
      });
    }
  });

  test('a list with gaps and nulls has every item, and no window has an item twice', async () => {
    const gateway = await startInMode(mode);
    for (const id of [artists.gapped, artists.nullsAndRepeats]) {
      const all = slots(0, undefined, id);
      for (const size of [7, 100]) {
        const walked: string[] = [];
        let after = '';
        for (let page = 0; page < 20; page++) {
          const { pageInfo, nodes } = await albumPage(gateway, `first: ${size}${after}`, id);
          const ids = idsOf({ nodes });
          expect(ids).toEqual([...new Set(ids)]);
          walked.push(...ids);
          if (!pageInfo.hasNextPage) break;
          expect(pageInfo.endCursor).not.toBeNull();
          after = `, after: "${pageInfo.endCursor}"`;
        }
        expect([...new Set(walked)]).toEqual([...new Set(all)]);
      }
    }
  });

  test('cursors lead across an empty slot in both directions', async () => {
    const gateway = await startInMode(mode);
    const id = artists.nullsAndRepeats;
    const [fourth, sixth] = [slots(3, 4, id), slots(5, 6, id)];
    const before = await albumPage(gateway, 'first: 4', id);
    const empty = await albumPage(gateway, `first: 1, after: "${before.pageInfo.endCursor}"`, id);
    expect([empty.nodes, empty.pageInfo.hasNextPage, empty.pageInfo.startCursor]).toEqual([[], true, null]);
    const next = await albumPage(gateway, `first: 1, after: "${empty.pageInfo.endCursor}"`, id);
    expect(idsOf(next)).toEqual(sixth);
    const back = await albumPage(gateway, `last: 1, before: "${next.pageInfo.startCursor}"`, id);
    expect([back.nodes, back.pageInfo.hasPreviousPage, back.pageInfo.startCursor]).toEqual([
      [],
      true,
      expect.any(String),
    ]);
    expect(idsOf(await albumPage(gateway, `last: 1, before: "${back.pageInfo.startCursor}"`, id))).toEqual(
      fourth,
    );
  });

  test('a list whose total is larger than its number of items ends at the first empty page', async () => {
    const gateway = await startInMode(mode);
    const id = artists.overstated;
    const first = await albumPage(gateway, 'first: 10', id);
    expect(idsOf(first)).toEqual(slots(0, 4, id));
    expect(first.totalCount).toBe(97);
    const second = await albumPage(gateway, `first: 100, after: "${first.pageInfo.endCursor}"`, id);
    expect([second.nodes, second.pageInfo.hasNextPage]).toEqual([[], false]);
  });
});

test.each(modes)(
  'an app whose page sizes are unknown gets the same windows as any other app (%s)',
  async (quotaMode) => {
    const gateway = await startWithUnknownApp(quotaMode);
    expect(idsOf(await albumPage(gateway, 'first: 25'))).toEqual(slots(0, 25));
    expect(idsOf(await albumPage(gateway, 'last: 25'))).toEqual(slots(79, 104));
  },
);

test('the last items of a list whose first page is short cost the first page and their own pages alone', async () => {
  const slots = Array.from({ length: 95 }, (_, slot) => (slot % 12 === 3 ? ('hidden' as const) : slot));
  const { page, requests } = testList({ slots, ceiling: 10, manner: 'refuse' }, { mode: 'development' });
  expect((await page({ last: 3 })).ids).toEqual([92, 93, 94]);
  expect(requests.map(({ offset }) => offset)).toEqual([0, 90]);
});
