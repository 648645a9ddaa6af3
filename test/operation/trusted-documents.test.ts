import { expect, test } from 'vitest';
import { postJson } from '../support/post-json.ts';
import { startInMode } from '../support/schema-tests.ts';
import { manifestOf } from '../support/temporary-files.ts';
import { portOf } from '../support/test-server.ts';

/** A persisted query that cannot be served is rejected in the form that lets Apollo's and urql's links send its text. */

const extensions = { persistedQuery: { version: 1, sha256Hash: 'ab'.repeat(32) } };
const byExtension = { extensions, variables: {} };
const byId = { documentId: 'ab'.repeat(32) };
const byRelayId = { doc_id: 'ab'.repeat(32) };

const manifest = (content: object = { other: '{ __typename }' }): string => manifestOf(content);

const notSupported = {
  errors: [{ message: 'PersistedQueryNotSupported', extensions: { code: 'PERSISTED_QUERY_NOT_SUPPORTED' } }],
};
const notFound = {
  errors: [{ message: 'PersistedQueryNotFound', extensions: { code: 'PERSISTED_QUERY_NOT_FOUND' } }],
};

async function start(environment: Record<string, string>) {
  const { gateway, sandbox } = await startInMode('development', environment);
  const url = `http://127.0.0.1:${await portOf(gateway.listener)}/graphql`;
  const read = async (response: Response) => ({ status: response.status, body: await response.json() });
  return {
    sandbox,
    post: async (params: object, accept: string) => read(await fetch(url, postJson(params, { accept }))),
    get: async (params: Record<string, string>, accept: string) =>
      read(await fetch(`${url}?${new URLSearchParams(params)}`, { headers: { accept } })),
  };
}

const types = [
  ['application/json', 200],
  ['application/graphql-response+json', 400],
] as const;

test.each(types)('a hash without a manifest is not supported: %s gets status %i', async (accept, status) => {
  const { post, get, sandbox } = await start({});
  for (const params of [byExtension, byId, byRelayId]) {
    expect(await post(params, accept)).toEqual({ status, body: notSupported });
  }
  for (const params of [{ extensions: JSON.stringify(extensions) }, byId, byRelayId]) {
    expect(await get(params, accept)).toEqual({ status, body: notSupported });
  }
  expect(sandbox.calls()).toEqual([]);
});

test.each(types)('a hash that the manifest lacks is not found: %s gets status %i', async (accept, status) => {
  const { post, get } = await start({ TRUSTED_DOCUMENTS: manifest() });
  for (const params of [byExtension, byId, byRelayId]) {
    expect(await post(params, accept)).toEqual({ status, body: notFound });
  }
  for (const params of [{ extensions: JSON.stringify(extensions) }, byId, byRelayId]) {
    expect(await get(params, accept)).toEqual({ status, body: notFound });
  }
});

const sha256Hash = extensions.persistedQuery.sha256Hash;
const typename = 'query Name { __typename }';

test.each([
  ['codegen', { [`sha256:${sha256Hash}`]: typename }],
  ['the Relay compiler', { [sha256Hash]: typename }],
  [
    'Apollo',
    {
      format: 'apollo-persisted-query-manifest',
      version: 1,
      operations: [{ id: sha256Hash, name: 'Name', type: 'query', body: typename }],
    },
  ],
])(
  'a document in the manifest of %s is executed by GET and POST, however the hash is sent',
  async (_, content) => {
    const { post, get } = await start({ TRUSTED_DOCUMENTS: manifest(content), NODE_ENV: 'production' });
    const accept = 'application/json';
    const typenameOfQuery = { status: 200, body: { data: { __typename: 'Query' } } };
    for (const params of [byExtension, byId, byRelayId]) {
      expect(await post(params, accept)).toEqual(typenameOfQuery);
    }
    for (const params of [{ extensions: JSON.stringify(extensions) }, byId, byRelayId]) {
      expect(await get(params, accept)).toEqual(typenameOfQuery);
    }
  },
);

test('in production, the response to a GET with the text of a document names the options that urql needs', async () => {
  const { get } = await start({ NODE_ENV: 'production' });
  const response = await get({ query: '{ __typename }' }, 'application/graphql-response+json');
  expect(response).toMatchObject({
    status: 400,
    body: {
      errors: [
        {
          message: expect.stringMatching(/`preferGetMethod: false`.*`preferGetForPersistedQueries: false`/),
          extensions: { code: 'BAD_REQUEST' },
        },
      ],
    },
  });
});

test('without a manifest, the text that a link sends with its hash is executed', async () => {
  const { post } = await start({});
  const response = await post({ ...byExtension, query: '{ __typename }' }, 'application/json');
  expect(response).toEqual({ status: 200, body: { data: { __typename: 'Query' } } });
});

test('an unknown property of a request is ignored', async () => {
  const { post } = await start({});
  const params = { query: '{ __typename }', unknown: { a: 1 }, onError: 'PROPAGATE' };
  const response = await post(params, 'application/json');
  expect(response).toEqual({ status: 200, body: { data: { __typename: 'Query' } } });
});
