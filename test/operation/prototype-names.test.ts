import { parse } from 'graphql';
import { describe, expect, test } from 'vitest';
import { retryWhileShed } from '../support/clock.ts';
import { type TestGateway, withSandbox } from '../support/gateway.ts';
import { postJson } from '../support/post-json.ts';
import { endAfterAll } from '../support/process.ts';
import { albums, artists, catalogue, startInMode, unknownId, withoutCache } from '../support/schema-tests.ts';
import { manifestOf } from '../support/temporary-files.ts';

/** Names that every object inherits are ordinary names of aliases, variables, fragments and operations. */

const names = ['__proto__', 'constructor', 'toString', 'valueOf', 'hasOwnProperty', '__defineGetter__'];
const { bts } = artists;

/** An object whose keys may have any name, created by JSON.parse. */
const objectOf = (...entries: [name: string, value: unknown][]): Record<string, unknown> =>
  JSON.parse(
    `{${entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join()}}`,
  );

interface Case {
  title: string;
  document: (name: string) => string;
  variables?: (name: string) => Record<string, unknown>;
  data?: (name: string) => Record<string, unknown>;
  code?: string;
}

const cases: Case[] = [
  {
    title: 'an alias at the root',
    document: (name) => `{ ${name}: artist(id: "${bts}") { name } }`,
    data: (name) => objectOf([name, { name: 'BTS' }]),
  },
  {
    title: 'an alias of a leaf',
    document: (name) => `{ artist(id: "${bts}") { ${name}: name other: uri } }`,
    data: (name) => ({ artist: objectOf([name, 'BTS'], ['other', `spotify:artist:${bts}`]) }),
  },
  {
    title: 'an alias in a list',
    document: (name) => `{ artists(ids: ["${bts}"]) { ${name}: name } }`,
    data: (name) => ({ artists: [objectOf([name, 'BTS'])] }),
  },
  {
    title: 'an alias of a list that is prefetched with its parent',
    document: (name) => `{ artist(id: "${bts}") { ${name}: albums(first: 1) { totalCount } } }`,
    data: (name) => ({ artist: objectOf([name, { totalCount: 104 }]) }),
  },
  {
    title: 'an alias of a failing field',
    document: (name) => `{ ${name}: artist(id: "no id") { name } }`,
    data: (name) => objectOf([name, null]),
    code: 'BAD_USER_INPUT',
  },
  {
    title: 'a variable with a text',
    document: (name) => `query ($${name}: ID!) { artist(id: $${name}) { name } }`,
    variables: (name) => objectOf([name, bts]),
    data: () => ({ artist: { name: 'BTS' } }),
  },
  {
    title: 'a variable with a list',
    document: (name) => `query ($${name}: [ID!]!) { artists(ids: $${name}) { name } }`,
    variables: (name) => objectOf([name, [bts, unknownId]]),
    data: () => ({ artists: [{ name: 'BTS' }, null] }),
  },
  {
    title: 'a variable inside a list',
    document: (name) => `query ($${name}: ID!) { artists(ids: [$${name}]) { name } }`,
    variables: (name) => objectOf([name, bts]),
    data: () => ({ artists: [{ name: 'BTS' }] }),
  },
  {
    title: 'a variable in a condition',
    document: (name) =>
      `query ($${name}: Boolean!) { artist(id: "${bts}") { name uri @include(if: $${name}) id @skip(if: $${name}) } }`,
    variables: (name) => objectOf([name, false]),
    data: () => ({ artist: { name: 'BTS', id: bts } }),
  },
  {
    title: 'a variable that is left out',
    document: (name) =>
      `query ($${name}: Int) { artist(id: "${bts}") { albums(first: $${name}) { nodes { __typename } } } }`,
    data: () => ({ artist: { albums: { nodes: Array(20).fill({ __typename: 'Album' }) } } }),
  },
  {
    title: 'a variable with a default',
    document: (name) => `query ($${name}: ID! = "${bts}") { artist(id: $${name}) { name } }`,
    data: () => ({ artist: { name: 'BTS' } }),
  },
  {
    title: 'a required variable that is left out',
    document: (name) => `query ($${name}: ID!) { artist(id: $${name}) { name } }`,
    code: 'BAD_USER_INPUT',
  },
  {
    title: 'a fragment and an operation',
    document: (name) =>
      `query ${name} { artist(id: "${bts}") { ...${name} } } fragment ${name} on Artist { name }`,
    data: () => ({ artist: { name: 'BTS' } }),
  },
  {
    title: 'the type of a representation',
    document: (name) =>
      `{ _entities(representations: [{ __typename: "${name}", id: "${name}" }]) { __typename } }`,
    data: () => ({ _entities: [null] }),
    code: 'BAD_USER_INPUT',
  },
  {
    title: 'a key of a representation',
    document: () => 'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Album { name } } }',
    variables: (name) => ({
      r: [objectOf(['__typename', 'Album'], ['id', albums.tracks1], [name, { id: 'x' }])],
    }),
    data: () => ({ _entities: [{ name: 'Single Lantern' }] }),
  },
  {
    title: 'a variable that the document does not declare',
    document: () => `query ($id: ID!) { artist(id: $id) { name } }`,
    variables: (name) => objectOf(['id', bts], [name, { id: 'x' }]),
    data: () => ({ artist: { name: 'BTS' } }),
  },
];

const outcome = ({ data, errors = [] }: { data?: unknown; errors?: readonly object[] }) => ({
  // As text, because some assertions ignore a key `__proto__`.
  data: JSON.stringify(data),
  codes: errors.map((error) => (error as { extensions: { code: string } }).extensions.code),
});

describe.each(cases)('$title', ({ title, document, variables, data, code }) => {
  const expected = (name: string) => ({ data: JSON.stringify(data?.(name)), codes: code ? [code] : [] });
  const body = (name: string) => ({ query: document(name), variables: variables?.(name) ?? {} });
  const onEnd = endAfterAll();
  const start = () => startInMode('development', withoutCache, { onEnd });
  let [ofPosts, ofOthers]: [TestGateway?, TestGateway?] = [];

  test.each(names)(
    `${title} may be named %s: each of four runs has the same response, over POST`,
    async (name) => {
      ofPosts ??= await start();
      const { execute } = ofPosts;
      const { query, variables: values } = body(name);
      for (let run = 1; run <= 4; run++)
        expect(outcome(await execute(query, values))).toEqual(expected(name));
    },
  );

  test.each(names)(`${title} may be named %s: over GET and in the same process`, async (name) => {
    ofOthers ??= await start();
    const { fetch, gateway } = ofOthers;
    const { query, variables: values } = body(name);
    const search = new URLSearchParams({ query, variables: JSON.stringify(values) });
    for (let run = 1; run <= 4; run++) {
      const response = await retryWhileShed(() =>
        fetch(`/graphql?${search}`, { headers: { accept: 'application/json' } }),
      );
      expect(outcome((await response.json()) as object)).toEqual(expected(name));
      const result = await gateway.execute({ document: parse(query), variables: values });
      expect(outcome(result)).toEqual(expected(name));
    }
  });
});

test.each(names)(
  'a trusted document may have the hash %s, and no document is found by another hash',
  async (name) => {
    const manifest = manifestOf(objectOf([name, `{ artist(id: "${bts}") { ${name}: name } }`]));
    const { fetch } = await withSandbox({ TRUSTED_DOCUMENTS: manifest }, { catalogue });
    const execute = async (documentId: string): Promise<object> =>
      (await retryWhileShed(() => fetch('/graphql', postJson({ documentId })))).json();
    for (let run = 1; run <= 3; run++) {
      expect(outcome(await execute(name)).data).toEqual(JSON.stringify({ artist: objectOf([name, 'BTS']) }));
      for (const other of names.filter((otherName) => otherName !== name)) {
        expect(outcome(await execute(other))).toEqual({ data: undefined, codes: [expect.any(String)] });
      }
    }
  },
);
