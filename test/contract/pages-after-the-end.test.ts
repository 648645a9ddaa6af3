import { expect, test } from 'vitest';
import { idsOf } from '../support/album-pages.ts';
import type { WrittenRule } from '../support/case-format.ts';
import { itemId, type ListKind, requestedLists, startList } from '../support/scripted-lists.ts';

/** Pages that are requested together with the last one, because the total is too large. */

const error = (status: number, message: string): Partial<WrittenRule> => ({
  status,
  body: { error: { status, message } },
});
const failures: [string, Partial<WrittenRule>][] = [
  ['a 404', error(404, 'Not found.')],
  ['a 400', error(400, 'Invalid offset')],
  ['a 500 without a body', { status: 500 }],
  ['a quota error', error(429, 'Too many requests')],
  ['no page', { body: {} }],
];

/** Lists of which a window has more than two pages. */
const lists = requestedLists.filter(({ size }) => size === 10);

const ids = (count: number): string[] => Array.from({ length: count }, (_, i) => itemId(i));

test.each(
  lists.flatMap((kind) => failures.map(([name, failure]) => [name, kind.name, kind, failure] as const)),
)(
  '%s for a page after the end does not matter: the window has its items (%s)',
  async (_, __, kind, failure) => {
    const { size, path } = kind;
    for (const lastItems of [3, size]) {
      const total = 4 * size;
      const list = await startList(
        kind,
        [
          { items: size, total, next: true },
          { items: lastItems, total, next: false },
        ],
        [2, 3].map((i): WrittenRule => ({ path, query: { offset: `${i * size}` }, ...failure })),
      );
      const window = await list.window('first: 100');
      expect(idsOf(window)).toEqual(ids(size + lastItems));
      if (lastItems < size) expect(window.pageInfo.hasNextPage).toBe(false);
    }
  },
);

test('a page that fails before another page with items is an error, although `next` is null before it', async () => {
  const [kind] = lists as [ListKind];
  const { size, path } = kind;
  const total = 4 * size;
  const list = await startList(
    kind,
    [
      { items: size, total, next: true },
      { items: size, total, next: false },
      { items: size, total, next: true },
      { items: size, total, next: false },
    ],
    [{ path, query: { offset: `${2 * size}` }, ...error(404, 'Not found.') }],
  );
  const { errors } = await list.gateway.execute(kind.document('first: 100'));
  expect(errors.map(({ extensions }) => extensions?.['code'])).toEqual(['UPSTREAM_BAD_RESPONSE']);
});
