import { describe, expect, test } from 'vitest';
import { caseNames, parseCase, readCase } from './support/case-format.ts';
import { runCase } from './support/case-runner.ts';
import { plainId, shortAlbum } from './support/plain-objects.ts';
import { sharedPath } from './support/shared.ts';

/** Cases that the gateway still answers wrongly. */
const notYet: readonly string[] = [];

const folder = sharedPath('cases');

describe.skipIf(folder === null)('what others have reported of Spotify is answered rightly', () => {
  const names = folder === null ? [] : caseNames(folder);

  test('there are cases', () => expect(names).not.toEqual([]));

  for (const name of names) {
    const run = notYet.includes(name) ? test.fails : test;
    run(`${name} is answered as the case says`, { timeout: 60_000 }, () =>
      runCase(readCase(folder ?? '', name)),
    );
  }
});

describe('a case that is not as documented fails with the name of the key', () => {
  const plain = { upstream: [], steps: [{ query: '{ __typename }', right: { any: true } }] };

  test.each([
    ['a key of the case', 'rules', { ...plain, rules: [] }],
    ['a key of a rule', 'headers', { ...plain, upstream: [{ path: '^/x', headers: {} }] }],
    ['a key of a step', 'wait', { ...plain, steps: [{ ...plain.steps[0], wait: 1 }] }],
    [
      'a value of what is right',
      'lastLimit',
      { ...plain, steps: [{ query: '{ a }', right: { lastLimit: 'x' } }] },
    ],
  ])('%s: %s', (_, key, written) => {
    expect(() => parseCase(written)).toThrow(key);
  });

  test('a path that leads nowhere is not null', async () => {
    const written = { ...plain, steps: [{ query: '{ __typename }', right: { 'artist.name': null } }] };
    await expect(runCase(parseCase(written))).rejects.toThrow('artist.name is undefined');
  });

  test('a walk that does not end fails', async () => {
    const page = { href: '', limit: 10, offset: 0, total: 1_000_000, next: 'more', previous: null };
    const written = {
      env: { SPOTIFY_QUOTA_MODE: 'development' },
      upstream: [
        { path: '^/artists/[^/]+$', echo: 'artist' },
        { path: '/albums$', echoPage: true, body: { ...page, items: [shortAlbum(plainId(2))] } },
      ],
      steps: [
        {
          walk: `query ($after: String) { artist(id: "${plainId(3)}") {
            albums(first: 10, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } }
          } }`,
          pick: 'artist.albums',
          right: { ids: [plainId(2)] },
        },
      ],
    };
    await expect(runCase(parseCase(written))).rejects.toThrow('has not ended');
  });

  test('a document that the schema refuses fails, whatever is right', async () => {
    const written = { ...plain, steps: [{ query: '{ nothing }', right: { any: true } }] };
    await expect(runCase(parseCase(written))).rejects.toThrow('is refused');
  });
});
