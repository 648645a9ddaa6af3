import { readFileSync } from 'node:fs';
import { buildSchema } from 'graphql';
import { describe, expect, test } from 'vitest';
import { objections } from '../support/schema-changes.ts';

/** The schema changes as CONTRIBUTING.md promises: nothing that clients use goes without a word. */

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
const released = read('../fixtures/released-schema.sdl');
const page = read('../../docs/breaking-changes.md');

/** The places listed under the heading of the next release. */
const announced = Array.from(
  /^## Next release$(.*?)(?=^## )/ms.exec(page)?.[1]?.matchAll(/^- `([^`]+)`: ./gm) ?? [],
  ([, path = '']) => path,
);

test('the schema breaks nothing of the last release but what was deprecated there and is announced', async () => {
  expect(page).toMatch(/^## Next release$/m);
  expect(
    await objections(buildSchema(released), buildSchema(read('../../schema.graphql')), announced),
  ).toEqual([]);
});

describe('the policy', () => {
  const plain = `
    type Query { artist(group: Group, market: String): Artist }
    enum Group { ALBUM APPEARS_ON }
    type Artist { name: String! genres: [String!] }`;
  const deprecated = 'genres: [String!] @deprecated(reason: "Use `tags`.")';
  const change = (from: string, to: string) => {
    if (!plain.includes(from)) throw new Error(`${from} is not in the schema`);
    return plain.replace(from, to);
  };
  const judge = (before: string, after: string, places: string[] = []) =>
    objections(buildSchema(before), buildSchema(after), places);

  test('lets a field be added and deprecated freely', async () => {
    const after = change('genres: [String!]', `${deprecated} tags: [String!]`);
    expect(await judge(plain, after)).toEqual([]);
  });

  test('lets a deprecated field go when that is announced, and only then', async () => {
    const before = change('genres: [String!]', deprecated);
    const after = change('genres: [String!]', '');
    expect(await judge(before, after, ['Artist.genres'])).toEqual([]);
    expect(await judge(before, after)).toEqual([
      expect.stringMatching(/^Artist\.genres breaks clients and is not announced: /),
    ]);
  });

  test('lets the type of a field change when that is announced, and only then', async () => {
    const after = change('name: String!', 'name: String');
    expect(await judge(plain, after, ['Artist.name'])).toEqual([]);
    expect(await judge(plain, after)).toEqual([
      expect.stringMatching(/^Artist\.name breaks clients and is not announced: /),
    ]);
  });

  test.each([
    ['a field that goes', change('genres: [String!]', ''), 'Artist.genres'],
    ['an argument that goes', change('group: Group, ', ''), 'Query.artist.group'],
    ['an enum value that goes', change('APPEARS_ON', ''), 'Group.APPEARS_ON'],
  ])('objects to %s without having been deprecated, announced or not', async (_, after, place) => {
    const sudden = `${place} was not deprecated in the last release`;
    expect(await judge(plain, after, [place])).toEqual([sudden]);
    expect(await judge(plain, after)).toContain(sudden);
  });

  test('objects to an announcement of nothing, and to a deprecation that leaves clients alone', async () => {
    const after = change('genres: [String!]', 'genres: [String!] @deprecated');
    expect(await judge(plain, after, ['Artist.name'])).toEqual([
      'Artist.name is announced, but nothing breaks there',
      'Artist.genres is deprecated without saying what to use instead',
    ]);
  });
});
