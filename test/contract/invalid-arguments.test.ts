import { expect, test } from 'vitest';
import type { TestGateway } from '../support/gateway.ts';
import { albums, artists, modes, startInMode } from '../support/schema-tests.ts';

/** Arguments that are invalid cost no call, and the plan does not count one for them. */

const foreignCursor = async ({ execute }: TestGateway): Promise<string> => {
  const document = `{ artist(id: "${artists.albums120}") { albums(first: 1) { pageInfo { endCursor } } } }`;
  const { data } = await execute<{ artist: { albums: { pageInfo: { endCursor: string } } } }, object>(
    document,
  );
  return data.artist.albums.pageInfo.endCursor;
};

/** The fields, the path of the one that is invalid, and the calls of the others. */
const operations: [fields: string, path: string, calls: number][] = [
  ['category(id: "a/b") { name playlists { nodes { name } } }', 'category', 0],
  ['category(id: "") { name }', 'category', 0],
  ['category(id: "pop", locale: "sv-SE") { name playlists { nodes { name } } }', 'category', 0],
  ['categories(locale: "") { nodes { name } }', 'categories', 0],
  ['categories(locale: "x") { totalCount nodes { playlists { nodes { name } } } }', 'categories', 0],
  ['categories(after: $cursor) { nodes { name } }', 'categories', 0],
  ['newReleases(after: $cursor) { nodes { label } }', 'newReleases', 0],
  ['search(q: "a") { albums(after: $cursor) { nodes { label } } }', 'search.albums', 0],
  [
    `artist(id: "${artists.bts}") { albums(first: 100, after: $cursor) { nodes { tracks { nodes { id } } } } }`,
    'artist.albums',
    1,
  ],
  [
    `artist(id: "${artists.bts}") { albums(includeGroups: [OTHER]) { nodes { tracks { nodes { id } } } } }`,
    'artist.albums',
    1,
  ],
  [
    `album(id: "${albums.tracks130}") { tracks(first: 100, after: $cursor) { nodes { id } } }`,
    'album.tracks',
    1,
  ],
  [
    `album(id: "${albums.tracks130}") { tracks(before: $cursor, market: "DE") { totalCount } }`,
    'album.tracks',
    1,
  ],
  [
    `node(id: "spotify:album:${albums.tracks130}") { ... on Album { tracks(last: 9, before: $cursor) { totalCount } } }`,
    'node.tracks',
    1,
  ],
];

test.each(modes.flatMap((mode) => operations.map((operation) => [...operation, mode] as const)))(
  'an invalid argument is BAD_USER_INPUT, and costs neither a call nor a planned call: %s (%#)',
  async (fields, path, calls, mode) => {
    const gateway = await startInMode(mode);
    const cursor = await foreignCursor(gateway);
    gateway.sandbox.clearCalls();
    const document = fields.includes('$cursor')
      ? `query ($cursor: String) { ${fields} good: __typename }`
      : `{ ${fields} good: __typename }`;
    const response = await gateway.execute<{ good: string }, object>(document, { cursor });
    expect(response.data.good).toBe('Query');
    expect(response.errors.map((error) => [error.path?.join('.'), error.extensions?.['code']])).toEqual([
      [path, 'BAD_USER_INPUT'],
    ]);
    expect([response.extensions.spotify?.plannedCalls, gateway.apiCalls().length]).toEqual([calls, calls]);
  },
);
