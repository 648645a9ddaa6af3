import { expect, test } from 'vitest';
import { manifestWarnings } from '../../src/operation/manifest-check.ts';
import { schema } from '../../src/schema/index.ts';

/** The operator learns at the start which trusted documents the gateway will never execute. */

const check = (documents: Record<string, string>) =>
  manifestWarnings({ schema, introspection: false, trustedDocuments: new Map(Object.entries(documents)) });

test.each([
  ['a mutation', 'mutation Add { add }', 'A mutation is not supported: send a query.'],
  ['a subscription', 'subscription { added }', 'A subscription is not supported: send a query.'],
  [
    'a query and a mutation',
    'query Read { __typename } mutation Add { add }',
    'A mutation is not supported: send a query.',
  ],
  ['a syntax error', 'query {', 'Syntax Error: Expected Name, found <EOF>.'],
  ['nothing', '', 'Syntax Error: Unexpected <EOF>.'],
  [
    'a field that does not exist',
    '{ artist(id: "1") { nickname } }',
    'Cannot query field "nickname" on type "Artist".',
  ],
  [
    'introspection, which is off',
    '{ __schema { description } }',
    'GraphQL introspection has been disabled, but the requested query contained the field "__schema".',
  ],
])(
  'a manifest with a document that has %s causes one warning with the hash and the reason',
  async (_, text, reason) => {
    expect(await check({ good: '{ __typename }', bad: text })).toEqual([
      `TRUSTED_DOCUMENTS has 1 of 2 documents that the gateway rejects. The first one is "bad": ${reason}`,
    ]);
  },
);

test('a manifest with valid queries, of which a document may have several, causes no warning', async () => {
  expect(
    await check({
      one: '{ __typename }',
      two: 'query First { ...type } query Second { ...type } fragment type on Query { __typename }',
    }),
  ).toEqual([]);
  expect(await manifestWarnings({ schema, introspection: true, trustedDocuments: null })).toEqual([]);
});
