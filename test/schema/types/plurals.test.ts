import { describe, expect, test } from 'vitest';
import { artists, catalogue, fine, inMode, modes, quoted, seen, unknownApp } from '../../support/asking.ts';

const kinds = ['artist', 'album', 'track'] as const;

describe('an app whose kind nobody has told', () => {
  test.each(modes)(
    'gets a hundred albums all the same, though its batches must be tried first (%s)',
    async (quotaMode) => {
      const ids = catalogue
        .albums()
        .slice(0, 100)
        .map(({ id }) => id);
      const { ask, apiCalls } = await unknownApp(quotaMode);
      expect(seen(await ask(`{ albums(ids: ${quoted(ids)}) { id } }`))).toEqual(
        fine({ albums: ids.map((id) => ({ id })) }),
      );
      const tries = apiCalls().filter((path) => path.startsWith('/albums?ids='));
      expect(tries).toHaveLength(quotaMode === 'extended' ? 5 : 1);
    },
  );
});

describe('more ids than a plural field takes', () => {
  const refused = async (
    { ask, sandbox }: Awaited<ReturnType<typeof inMode>>,
    kind: string,
    many: number,
  ) => {
    const ids = Array(many).fill(`spotify:${kind === 'node' ? 'artist' : kind}:${artists.bts}`);
    const { status, errors } = await ask(`query ($ids: [ID!]!) { ${kind}s(ids: $ids) { id } }`, { ids });
    expect([status, errors.map(({ path, extensions }) => [path, extensions])]).toEqual([
      200,
      [[[`${kind}s`], { code: 'BAD_USER_INPUT' }]],
    ]);
    expect(sandbox.calls()).toEqual([]);
  };

  test.each([...kinds, 'node'])('are refused whole, without a call: 101 ids of %ss', async (kind) => {
    await refused(await inMode('extended', { MAX_UPSTREAM_CALLS: '1000' }), kind, 101);
  });

  test.each([...kinds, 'node'])(
    'are refused for that, and not for what they would have cost: 1500 ids of %ss',
    async (kind) => {
      await refused(await unknownApp('development'), kind, 1_500);
    },
  );
});
