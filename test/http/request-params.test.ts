import { describe, expect, test } from 'vitest';
import { withSandbox } from '../support/gateway.ts';
import { postJson } from '../support/post-json.ts';
import { artists } from '../support/schema-tests.ts';

/** Operations in a query string. */

const { bts } = artists;
const byId = 'query A($id: ID!) { artist(id: $id) { name } }';

const search = (params: Record<string, string> | [string, string][]) =>
  `/graphql?${new URLSearchParams(params)}`;

describe.each(['application/graphql-response+json', 'application/json'])(
  'a GET that accepts %s',
  (accept) => {
    test(`a GET that accepts ${accept} gets the response to an operation with variables and a name`, async () => {
      const { fetch } = await withSandbox();
      const variables = JSON.stringify({ id: bts });
      const path = search({ query: byId, variables, operationName: 'A', extensions: '{}' });
      const response = await fetch(path, { headers: { accept } });
      expect(await response.json()).toEqual({ data: { artist: { name: 'BTS' } } });
    });

    const values = [
      '{',
      'x',
      '[]',
      '[1]',
      '7',
      '"text"',
      'true',
      '{"id":}',
      `${'['.repeat(5_000)}`,
      '\u0000',
    ];

    test.each(['variables', 'extensions'].flatMap((name) => values.map((value) => [name, value])))(
      `a GET that accepts ${accept} is 400 if its %s are %s, costs no call, and logs no error`,
      async (name, value) => {
        const { fetch, sandbox, logged } = await withSandbox();
        const response = await fetch(search({ query: '{ __typename }', [name]: value }), {
          headers: { accept },
        });
        expect(response.status).toBe(400);
        expect(await response.json()).toEqual({
          errors: [{ message: expect.stringContaining(`"${name}"`), extensions: { code: 'BAD_REQUEST' } }],
        });
        expect(logged.filter(({ level }) => level === 'error')).toEqual([]);
        expect(sandbox.calls()).toEqual([]);
      },
    );

    test.each(['query', 'variables', 'operationName', 'extensions', 'documentId', 'doc_id'])(
      `a GET that accepts ${accept} is 400 if its query string has %s twice`,
      async (name) => {
        const { fetch, sandbox } = await withSandbox();
        const path = search([
          ['query', '{ __typename }'],
          [name, '{}'],
          [name, '{}'],
        ]);
        const response = await fetch(path, { headers: { accept } });
        expect(response.status).toBe(400);
        expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_REQUEST' } }] });
        expect(sandbox.calls()).toEqual([]);
      },
    );

    test(`a GET that accepts ${accept} may have empty and null variables and extensions`, async () => {
      const { fetch } = await withSandbox();
      for (const value of ['', 'null', '{}']) {
        const path = search({ query: '{ __typename }', variables: value, extensions: value });
        expect(await (await fetch(path, { headers: { accept } })).json()).toEqual({
          data: { __typename: 'Query' },
        });
      }
    });

    test(`a GET that accepts ${accept} is 414 if its query string is longer than the limit of bodies`, async () => {
      const { fetch, sandbox } = await withSandbox();
      const path = search({ query: byId, variables: JSON.stringify({ id: 'x'.repeat(200_000) }) });
      const response = await fetch(path, { headers: { accept } });
      expect(response.status).toBe(414);
      expect(await response.json()).toMatchObject({
        errors: [{ extensions: { code: 'QUERY_TOO_COMPLEX', limit: 100_000, actual: expect.any(Number) } }],
      });
      expect(sandbox.calls()).toEqual([]);
    });
  },
);

const headers = { 'content-type': 'application/json' };

test.each<[name: string, path: string, init: RequestInit]>([
  ['a POST of an empty object', '/graphql', { method: 'POST', headers, body: '{}' }],
  ['a POST with an empty text', '/graphql', { method: 'POST', headers, body: '{"query": ""}' }],
  ['a POST with null', '/graphql', { method: 'POST', headers, body: '{"query": null}' }],
  ['a GET', '/graphql', {}],
])(
  'a request without a document is 400 with a message that shows a valid body: %s',
  async (_, path, init) => {
    const { fetch, sandbox } = await withSandbox();
    const response = await fetch(path, init);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      errors: [
        {
          message: expect.stringMatching(/send JSON such as \{"query": "\{ __typename \}"\}/),
          extensions: { code: 'BAD_REQUEST' },
        },
      ],
    });
    expect(sandbox.calls()).toEqual([]);
  },
);

test.each<[title: string, query: string, operationName: unknown, message: string]>([
  ...[false, 7, {}].map((operationName): [string, string, unknown, string] => [
    `has an operation name that is ${JSON.stringify(operationName)}`,
    '{ __typename }',
    operationName,
    'The "operationName" of a request must be a string.',
  ]),
  [
    'names an operation that the document lacks',
    'query A { __typename }',
    'C',
    'The document has no operation "C".',
  ],
  [
    'names none of several operations',
    'query A { __typename } query B { __typename }',
    undefined,
    'The document has several operations: name one as "operationName".',
  ],
])('a request that %s gets a message that states the reason', async (_, query, operationName, message) => {
  const { fetch } = await withSandbox();
  const response = await fetch('/graphql', postJson({ query, operationName }));
  expect(response.status).toBe(400);
  expect(await response.json()).toEqual({ errors: [{ message, extensions: { code: 'BAD_REQUEST' } }] });
});

test('a request that is a batch of operations gets a message that states what to send', async () => {
  const { fetch } = await withSandbox();
  const response = await fetch('/graphql', postJson([{ query: '{ __typename }' }]));
  expect(response.status).toBe(400);
  expect(await response.json()).toEqual({
    errors: [
      {
        message: 'A batch of operations is not supported: send one operation in a request.',
        extensions: { code: 'BAD_REQUEST' },
      },
    ],
  });
});
