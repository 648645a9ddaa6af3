import { expect, test } from 'vitest';
import { codesOf, withSandbox } from '../support/gateway.ts';
import { albums, artists, jsonList as list, startInMode, unknownId } from '../support/schema-tests.ts';

/** A repeated operation is compiled, and its response stays the same in every bit. */

const { bts, albums9 } = artists;

const operations = {
  'an artist with nested albums': `{ artist(id: "${bts}") { __typename id name images { url } albums(first: 3) { totalCount
     pageInfo { endCursor } edges { cursor albumGroup node { id artists { name } tracks(first: 2) { nodes { name } } } } } } }`,
  'an artist that does not exist': `{ artist(id: "${unknownId}") { name albums { totalCount } } }`,
  'a wrong id': '{ artist(id: "no id") { name } }',
  'an error in the first element': `{ artists(ids: ${list(['no id', bts])}) { name } }`,
  'an error in the last element': `{ artists(ids: ${list([bts, albums9, 'no id'])}) { name } }`,
  'errors between other elements': `{ albums(ids: ${list([albums.tracks1, 'no id', albums.tracks20, unknownId, ''])}) { name } }`,
  'a list that is rejected as a whole': `{ artists(ids: ${list(Array(101).fill(bts))}) { name } albums(ids: []) { name } }`,
  'two rejected lists': `{ a: artists(ids: ${list(Array(101).fill(bts))}) { name } b: tracks(ids: ${list(Array(101).fill(bts))}) { name } }`,
  'a wrong page and a wrong market': `{ artist(id: "${bts}") { name
     a: albums(first: 101) { totalCount } b: albums(after: "x") { nodes { id } } } album(id: "${albums.tracks1}", market: "xx") { name } }`,
  'representations of entities': `{ _entities(representations: [{ __typename: "Artist", id: "no id" }, { __typename: "Nobody", id: "1" },
     { __typename: "Artist", id: "${bts}" }, { __typename: "Album", id: "" }]) { __typename ... on Artist { name } } }`,
  'an interface and its types': `{ nodes(ids: ${list([bts, `spotify:album:${albums.tracks1}`, 'no id'])}) { __typename id ... on Artist { name }
     ... on Album { albumType } ...Both } } fragment Both on Node { id ... on Artist { uri } ... on Album { uri } }`,
  'a search': '{ search(q: "love") { artists(first: 2) { nodes { name } } albums(last: 2) { totalCount } } }',
  introspection:
    '{ __schema { queryType { name } } __type(name: "Artist") { fields { name type { kind } } } }',
};

test.each(Object.entries(operations))(
  'the compiled operation has the same response as the first run: %s',
  async (_, document) => {
    const { execute } = await startInMode('extended');
    const response = async () => {
      const { status, data, errors } = await execute(document);
      const inOrder = errors.map((error) => JSON.stringify(error)).toSorted();
      return JSON.stringify([status, data, inOrder]);
    };
    const first = await response();
    for (let again = 0; again < 3; again++) expect(await response()).toBe(first);
  },
);

test('variables are coerced for the compiled operation too, and conditions hold for each run', async () => {
  const { execute } = await withSandbox();
  const document = `query ($id: ID!, $first: Int = 2, $with: Boolean!) { artist(id: $id) { name
    uri @include(if: $with) ...Albums @skip(if: $with) } }
    fragment Albums on Artist { albums(first: $first) { nodes { name } } }`;
  const sizes = async (variables: Record<string, unknown>) => {
    const { data, errors } = await execute<{ artist: Record<string, unknown> }, unknown>(document, variables);
    return errors.length > 0 ? codesOf({ errors }) : Object.keys(data.artist);
  };
  for (let run = 0; run < 3; run++) {
    expect(await sizes({ id: bts, with: true })).toEqual(['name', 'uri']);
    expect(await sizes({ id: bts, with: false })).toEqual(['name', 'albums']);
    expect(await sizes({ id: bts, with: false, first: null })).toEqual(['name', 'albums']);
    expect(await sizes({ id: bts, with: 'yes' })).toEqual(['BAD_USER_INPUT']);
    expect(await sizes({ with: true })).toEqual(['BAD_USER_INPUT']);
  }
});

test.each([
  ['a number', `query ($v: Int! = 2) { artist(id: "${bts}") { albums(first: $v) { nodes { name } } } }`],
  ['an id', `query ($v: ID! = "${bts}") { artist(id: $v) { name } }`],
  ['one id in the place of a list', `query ($v: [ID!]! = "${bts}") { artists(ids: $v) { name } }`],
  [
    'a list of enum values',
    `query ($v: [AlbumGroup!]! = [SINGLE]) { artist(id: "${bts}") { albums(includeGroups: $v) { totalCount } } }`,
  ],
  [
    'a representation',
    `query ($v: _Any! = { __typename: "Artist", id: "${bts}" }) { _entities(representations: [$v]) { __typename } }`,
  ],
])(
  'a variable that must not be null and is left out has its default value in each run: %s',
  async (_, document) => {
    const { execute } = await withSandbox();
    const first = await execute(document);
    expect(first.errors).toEqual([]);
    for (let again = 0; again < 3; again++) {
      const { data, errors } = await execute(document);
      expect({ data, errors }).toEqual({ data: first.data, errors: [] });
    }
  },
);
