import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { Client, fetchExchange } from '@urql/core';
import { persistedExchange } from '@urql/exchange-persisted';
import { print } from 'graphql';
import relay from 'relay-runtime';
import albumsQuery from '../src/relay/__generated__/albumsQuery.graphql.js';
import { startServers } from '../src/servers.js';

/** The clients' own links for persisted queries work with a gateway in production, with a manifest and without one. */

const document = gql('query Name($id: ID!) { artist(id: $id) { name } }');
const sha256 = (text) => createHash('sha256').update(text).digest('hex');

/** Each reads the name of an artist by its link for persisted queries. */
const clients = {
  async 'Apollo Client'(url, id, t) {
    const link = new PersistedQueryLink({ sha256 });
    const client = new ApolloClient({
      link: ApolloLink.from([link, new HttpLink({ uri: url })]),
      cache: new InMemoryCache(),
    });
    t.after(() => client.stop());
    const { data } = await client.query({ query: document, variables: { id } });
    return data.artist.name;
  },
  async urql(url, id) {
    const persisted = persistedExchange({ preferGetForPersistedQueries: false });
    const client = new Client({ url, preferGetMethod: false, exchanges: [persisted, fetchExchange] });
    const { data, error } = await client.query(document, { id }).toPromise();
    if (error) throw error;
    return data.artist.name;
  },
};

/** A gateway with a manifest, if there is one, and the parameters that it has received by POST. */
async function startGateway(t, manifest) {
  const environment = { NODE_ENV: 'production' };
  if (manifest) {
    const folder = mkdtempSync(join(tmpdir(), 'manifest-'));
    t.after(() => rmSync(folder, { recursive: true }));
    environment.TRUSTED_DOCUMENTS = join(folder, 'manifest.json');
    writeFileSync(environment.TRUSTED_DOCUMENTS, JSON.stringify(manifest));
  }
  const received = [];
  const servers = await startServers({
    environment,
    mount:
      ({ listener }) =>
      (request, response) => {
        let body = '';
        request.on('data', (chunk) => {
          body += chunk;
        });
        request.on('end', () => body && received.push(JSON.parse(body)));
        listener(request, response);
      },
  });
  t.after(servers.close);
  return { ...servers, received, bts: servers.sandbox.catalogue.fixtures.artists.bts };
}

for (const [name, read] of Object.entries(clients)) {
  test(`${name} sends the text if the gateway has no manifest, for one call`, async (t) => {
    const { url, bts, received, spotifyCalls } = await startGateway(t);
    assert.equal(await read(url, bts, t), 'BTS');
    assert.equal(received.length, 2, 'the hash alone, then the text');
    assert.equal(received[0].query, undefined);
    assert.ok(received[1].query);
    assert.equal(spotifyCalls().length, 1);
  });
}

test('urql without options sends text by GET, and the response names the options', async (t) => {
  const { url, bts } = await startGateway(t);
  for (const exchanges of [[fetchExchange], [persistedExchange(), fetchExchange]]) {
    const { error } = await new Client({ url, exchanges }).query(document, { id: bts }).toPromise();
    assert.match(error.message, /urql needs `preferGetMethod: false`.*`preferGetForPersistedQueries: false`/);
  }
});

test("Apollo Client's hashes alone suffice for a gateway with Apollo's manifest", async (t) => {
  const body = print(new InMemoryCache().transformDocument(document)); // as Apollo's tool writes it, with `__typename`
  const operations = [{ id: sha256(body), name: 'Name', type: 'query', body }];
  const manifest = { format: 'apollo-persisted-query-manifest', version: 1, operations };
  const { url, bts, received, spotifyCalls } = await startGateway(t, manifest);
  assert.equal(await clients['Apollo Client'](url, bts, t), 'BTS');
  assert.deepEqual(
    received.map(({ query }) => query),
    [undefined],
  );
  assert.equal(spotifyCalls().length, 1);
});

for (const [name, read] of Object.entries(clients)) {
  test(`${name} tells a page that the manifest lacks its document, after it has sent the text too`, async (t) => {
    const { url, bts, spotifyCalls } = await startGateway(t, { other: '{ __typename }' });
    await assert.rejects(read(url, bts, t), /PersistedQueryNotFound/);
    assert.deepEqual(spotifyCalls(), []);
  });
}

test("Relay's `doc_id` alone suffices for a gateway with Relay's manifest", async (t) => {
  const { text } = albumsQuery.params;
  const { url, bts, spotifyCalls } = await startGateway(t, { [sha256(text)]: text });
  const environment = new relay.Environment({
    network: relay.Network.create(async ({ text: sentText }, variables) => {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ doc_id: sha256(sentText), variables }),
      });
      return response.json();
    }),
    store: new relay.Store(new relay.RecordSource()),
  });
  const { artist } = await relay.fetchQuery(environment, albumsQuery, { id: bts, first: 5 }).toPromise();
  assert.equal(artist.name, 'BTS');
  assert.equal(artist.albums.edges.length, 5);
  assert.equal(spotifyCalls().length, 2);
});
