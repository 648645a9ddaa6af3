import { readFileSync, writeFileSync } from 'node:fs';
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

const notSupported = {
  errors: [{ message: 'PersistedQueryNotSupported', extensions: { code: 'PERSISTED_QUERY_NOT_SUPPORTED' } }],
};
const notFound = {
  errors: [{ message: 'PersistedQueryNotFound', extensions: { code: 'PERSISTED_QUERY_NOT_FOUND' } }],
};

const typenameOfQuery = { status: 200, body: { data: { __typename: 'Query' } } };

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

/** Sends the hash in each form, by POST and by GET, which must all get the response. */
async function expectForHash(
  { post, get }: Awaited<ReturnType<typeof start>>,
  accept: string,
  response: object,
) {
  for (const params of [byExtension, byId, byRelayId]) {
    expect(await post(params, accept)).toEqual(response);
  }
  for (const params of [{ extensions: JSON.stringify(extensions) }, byId, byRelayId]) {
    expect(await get(params, accept)).toEqual(response);
  }
}

const types = [
  ['application/json', 200],
  ['application/graphql-response+json', 400],
] as const;

test.each(types)('a hash without a manifest is not supported: %s gets status %i', async (accept, status) => {
  const gateway = await start({});
  await expectForHash(gateway, accept, { status, body: notSupported });
  expect(gateway.sandbox.calls()).toEqual([]);
});

test.each(types)('a hash that the manifest lacks is not found: %s gets status %i', async (accept, status) => {
  const gateway = await start({ TRUSTED_DOCUMENTS: manifestOf({ other: '{ __typename }' }) });
  await expectForHash(gateway, accept, { status, body: notFound });
});

test('a text is not executed with a hash that the manifest lacks, and the error is still that of the hash', async () => {
  const gateway = await start({ TRUSTED_DOCUMENTS: manifestOf({ other: '{ __typename }' }) });
  for (const params of [byExtension, byId, byRelayId]) {
    const response = await gateway.post({ ...params, query: '{ __typename }' }, 'application/json');
    expect(response).toEqual({ status: 200, body: notFound });
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
  'a document in the manifest of %s is executed by GET and POST, however the hash is sent, also after the prefix sha256:',
  async (_, content) => {
    const gateway = await start({ TRUSTED_DOCUMENTS: manifestOf(content), NODE_ENV: 'production' });
    await expectForHash(gateway, 'application/json', typenameOfQuery);
    const prefixed = { documentId: `sha256:${sha256Hash}` }; // the identifier of GraphQL over HTTP
    expect(await gateway.post(prefixed, 'application/json')).toEqual(typenameOfQuery);
    expect(await gateway.get(prefixed, 'application/json')).toEqual(typenameOfQuery);
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
  expect(response).toEqual(typenameOfQuery);
});

test('a manifest that begins with a byte order mark, as Windows tools write it, is read', async () => {
  const path = manifestOf({ [byId.documentId]: '{ __typename }' });
  writeFileSync(path, `\uFEFF${readFileSync(path, 'utf8')}`);
  const gateway = await start({ TRUSTED_DOCUMENTS: path });
  await expectForHash(gateway, 'application/json', typenameOfQuery);
  expect(gateway.sandbox.calls()).toEqual([]);
});
