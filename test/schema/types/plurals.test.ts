import { describe, expect, test } from 'vitest';
import {
  artists,
  catalogue,
  dataOf,
  jsonList,
  modes,
  startInMode,
  startWithUnknownApp,
} from '../../support/schema-tests.ts';

const kinds = ['artist', 'album', 'track'] as const;

test.each(modes)(
  'an app of unknown quota mode gets a hundred albums, although the gateway must try a batch first (%s)',
  async (quotaMode) => {
    const ids = catalogue
      .albums()
      .slice(0, 100)
      .map(({ id }) => id);
    const { execute, apiCalls } = await startWithUnknownApp(quotaMode);
    expect(await dataOf({ execute }, `{ albums(ids: ${jsonList(ids)}) { id } }`)).toEqual({
      albums: ids.map((id) => ({ id })),
    });
    const tries = apiCalls().filter((path) => path.startsWith('/albums?ids='));
    expect(tries).toHaveLength(quotaMode === 'extended' ? 5 : 1);
  },
);

describe('more ids than a plural field takes', () => {
  const expectRejected = async (
    { execute, sandbox }: Awaited<ReturnType<typeof startInMode>>,
    kind: string,
    count: number,
  ) => {
    const ids = Array(count).fill(`spotify:${kind === 'node' ? 'artist' : kind}:${artists.bts}`);
    const { status, errors } = await execute(`query ($ids: [ID!]!) { ${kind}s(ids: $ids) { id } }`, { ids });
    expect([status, errors.map(({ path, extensions }) => [path, extensions])]).toEqual([
      200,
      [[[`${kind}s`], { code: 'BAD_USER_INPUT' }]],
    ]);
    expect(sandbox.calls()).toEqual([]);
  };

  test.each([...kinds, 'node'])(
    'more ids than a plural field takes are one error without a call: 101 ids of %ss',
    async (kind) => {
      await expectRejected(await startInMode('extended', { MAX_UPSTREAM_CALLS: '1000' }), kind, 101);
    },
  );

  test.each([...kinds, 'node'])(
    'more ids than a plural field takes are rejected for their number, not for their cost: 1500 ids of %ss',
    async (kind) => {
      await expectRejected(await startWithUnknownApp('development'), kind, 1_500);
    },
  );
});
