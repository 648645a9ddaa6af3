import { describe, expect, test } from 'vitest';
import { caseNames, parseCase, readCase } from '../support/case-format.ts';
import { runCase } from '../support/case-runner.ts';
import { plainId, plainPage, shortAlbum } from '../support/plain-objects.ts';
import { sharedPath } from '../support/shared.ts';

const folder = sharedPath('cases');

describe.skipIf(folder === null)('reported behaviour of Spotify', () => {
  const names = folder === null ? [] : caseNames(folder);

  test('the folder of the reported cases contains cases', () => expect(names).not.toEqual([]));

  for (const name of names) {
    test(`the gateway responds as the case ${name} states`, { timeout: 60_000 }, () =>
      runCase(readCase(folder ?? '', name)),
    );
  }
});

describe('a case that is not as documented', () => {
  const plain = { upstream: [], steps: [{ query: '{ __typename }', right: { any: true } }] };

  test.each([
    ['a key of the case', 'rules', { ...plain, rules: [] }],
    ['a key of a rule', 'headers', { ...plain, upstream: [{ path: '^/x', headers: {} }] }],
    ['a key of a step', 'wait', { ...plain, steps: [{ ...plain.steps[0], wait: 1 }] }],
    ['a value of `right`', 'lastLimit', { ...plain, steps: [{ query: '{ a }', right: { lastLimit: 'x' } }] }],
  ])('a case fails with the name of the key if it has an undocumented entry: %s: %s', (_, key, testCase) => {
    expect(() => parseCase(testCase)).toThrow(key);
  });

  test('a case reads a path that the response lacks as undefined, not as null', async () => {
    const testCase = { ...plain, steps: [{ query: '{ __typename }', right: { 'artist.name': null } }] };
    await expect(runCase(parseCase(testCase))).rejects.toThrow('artist.name is undefined');
  });

  test('a case fails if its walk does not end', async () => {
    const body = plainPage([shortAlbum(plainId(2))], { limit: 10, total: 1_000_000, next: 'more' });
    const testCase = {
      env: { SPOTIFY_QUOTA_MODE: 'development' },
      upstream: [
        { path: '^/artists/[^/]+$', echo: 'artist' },
        { path: '/albums$', echoPage: true, body },
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
    await expect(runCase(parseCase(testCase))).rejects.toThrow('has not ended');
  });

  test('a case fails if the schema rejects its document, even where any response is right', async () => {
    const testCase = { ...plain, steps: [{ query: '{ nothing }', right: { any: true } }] };
    await expect(runCase(parseCase(testCase))).rejects.toThrow('is refused');
  });
});

describe('every form of `right`', () => {
  const id = plainId(3);
  const upstream = [
    { path: '^/artists/[^/]+$', query: { market: 'DE' }, status: 500, raw: '' },
    { path: '^/artists/[^/]+$', times: 1, echo: 'artist' as const },
    { path: '^/artists/[^/]+$', status: 418, body: { error: { status: 418, message: 'Teapot' } } },
    { path: '/albums$', echoPage: true, body: plainPage([1, 2].map(plainId).map(shortAlbum), { limit: 1 }) },
  ];
  const env = { SPOTIFY_QUOTA_MODE: 'development', CACHE_TTL_SECONDS: '1' };
  const list = 'nodes { id } pageInfo { hasNextPage endCursor }';
  const one = { query: `{ artist(id: "${id}") { name albums(first: 2) { ${list} } } }` };
  const other = { query: `{ artist(id: "${plainId(4)}") { name } }` };
  const walk = {
    walk: `query ($after: String) { artist(id: "${id}") { albums(first: 1, after: $after) { ${list} } } }`,
    pick: 'artist.albums',
  };
  const run = (steps: unknown[]) => runCase(parseCase({ env, upstream, steps }));

  test.each<[form: string, step: object, holds: object, fails: object]>([
    ['a value', one, { 'artist.albums.nodes.0.id': plainId(1) }, { 'artist.albums.nodes.0.id': plainId(2) }],
    ['a length', one, { 'artist.albums.nodes.length': 2 }, { 'artist.albums.nodes.length': 3 }],
    ['no errors', one, { noErrors: true }, { errorCode: 'UPSTREAM_UNAVAILABLE' }],
    [
      'one of several',
      one,
      { oneOf: [{ 'artist.name': 'X' }, { noErrors: true }] },
      { oneOf: [{ 'artist.name': 'X' }] },
    ],
    ['the ids of a walk', walk, { ids: [1, 2].map(plainId) }, { ids: [plainId(1)] }],
    ['the least limit', one, { lastLimit: 10 }, { lastLimit: 11 }],
  ])('a form of `right` can hold and can fail: %s', async (_, step, holds, fails) => {
    await run([{ ...step, right: holds }]);
    await expect(run([{ ...step, right: fails }])).rejects.toThrow('step 1 of 1');
  });

  test('the form `errorCode` of `right` can hold and can fail, and `any` holds, after an upstream rule for one call', async () => {
    const right = { errorCode: ['UPSTREAM_BAD_RESPONSE', 'UPSTREAM_UNAVAILABLE'] };
    await run([
      { ...one, right: { any: true } },
      { ...other, right },
      { ...other, right: { any: true } },
    ]);
    await expect(run([{ ...one, right }])).rejects.toThrow('has error codes []');
    await expect(
      run([
        { ...one, right: { any: true } },
        { ...other, right: { noErrors: true } },
      ]),
    ).rejects.toThrow('step 2 of 2: has errors');
  });

  test('a case lets time pass before a step, so that the cache entry of the step is stale', async () => {
    const stale = { query: `{ artist(id: "${id}") { name } }`, right: { any: true } };
    const late = { ...stale, waitMs: 600_000, right: { lastLimit: 1 } };
    // The stale entry replaces the response of the rejected call, which the report lists.
    await expect(run([stale, late])).rejects.toThrow('418 /artists');
  });
});
