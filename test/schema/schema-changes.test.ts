import { readFileSync } from 'node:fs';
import { buildSchema } from 'graphql';
import { describe, expect, test } from 'vitest';
import { policyViolations } from '../support/schema-changes.ts';

/** The schema changes as CONTRIBUTING.md promises: every breaking change is announced. */

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
const released = read('../fixtures/released-schema.sdl');
const page = read('../../docs/breaking-changes.md');

/** The schema coordinates under the heading of the next release. */
const announced = Array.from(
  /^## Next release$(.*?)(?=^## )/ms.exec(page)?.[1]?.matchAll(/^- `([^`]+)`: ./gm) ?? [],
  ([, path = '']) => path,
);

test('every breaking change since the last release was deprecated there and is announced', async () => {
  expect(page).toMatch(/^## Next release$/m);
  expect(
    await policyViolations(buildSchema(released), buildSchema(read('../../schema.graphql')), announced),
  ).toEqual([]);
});

describe('the policy', () => {
  const baseSchema = `
    type Query { artist(group: Group, market: String): Artist }
    enum Group { ALBUM APPEARS_ON }
    type Artist { name: String! genres: [String!] }`;
  const deprecated = 'genres: [String!] @deprecated(reason: "Use `tags`.")';
  const change = (from: string, to: string) => {
    if (!baseSchema.includes(from)) throw new Error(`${from} is not in the schema`);
    return baseSchema.replace(from, to);
  };
  const judge = (before: string, after: string, places: string[] = []) =>
    policyViolations(buildSchema(before), buildSchema(after), places);

  test('a field can be added and deprecated without an announcement', async () => {
    const after = change('genres: [String!]', `${deprecated} tags: [String!]`);
    expect(await judge(baseSchema, after)).toEqual([]);
  });

  test('a deprecated field can be removed only if the removal is announced', async () => {
    const before = change('genres: [String!]', deprecated);
    const after = change('genres: [String!]', '');
    expect(await judge(before, after, ['Artist.genres'])).toEqual([]);
    expect(await judge(before, after)).toEqual([
      expect.stringMatching(/^Artist\.genres breaks clients and is not announced: /),
    ]);
  });

  test('the type of a field can change only if the change is announced', async () => {
    const after = change('name: String!', 'name: String');
    expect(await judge(baseSchema, after, ['Artist.name'])).toEqual([]);
    expect(await judge(baseSchema, after)).toEqual([
      expect.stringMatching(/^Artist\.name breaks clients and is not announced: /),
    ]);
  });

  test.each([
    ['a removed field', change('genres: [String!]', ''), 'Artist.genres'],
    ['a removed argument', change('group: Group, ', ''), 'Query.artist.group'],
    ['a removed enum value', change('APPEARS_ON', ''), 'Group.APPEARS_ON'],
  ])('%s that was not deprecated is rejected, with and without an announcement', async (_, after, place) => {
    const notDeprecated = `${place} was not deprecated in the last release`;
    expect(await judge(baseSchema, after, [place])).toEqual([notDeprecated]);
    expect(await judge(baseSchema, after)).toContain(notDeprecated);
  });

  test('an announcement without a breaking change and a deprecation without a replacement are rejected', async () => {
    const after = change('genres: [String!]', 'genres: [String!] @deprecated');
    expect(await judge(baseSchema, after, ['Artist.name'])).toEqual([
      'Artist.name is announced, but nothing breaks there',
      'Artist.genres is deprecated without saying what to use instead',
    ]);
  });
});
