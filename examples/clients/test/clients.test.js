import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ApolloClient, gql, InMemoryCache } from '@apollo/client';
import { BatchHttpLink } from '@apollo/client/link/batch-http';
import { isAbstractType, isObjectType, parse } from 'graphql';
import { createYoga } from 'graphql-yoga';
import relay from 'relay-runtime';
import { schema } from 'spotify-graphql-gateway';
import {
  apolloClient,
  keys,
  possibleTypes,
  relayEnvironment,
  typePolicies,
  urqlClient,
} from '../src/clients.js';
import { createConcerts } from '../src/concerts.js';
import { expressHost, fastifyHost, honoHost, nextRoute } from '../src/hosts.js';
import * as parents from '../src/parents.js';
import albumsQuery from '../src/relay/__generated__/albumsQuery.graphql.js';
import episodesPageQuery from '../src/relay/__generated__/episodesPageQuery.graphql.js';
import episodesQuery from '../src/relay/__generated__/episodesQuery.graphql.js';
import { serve, startServers } from '../src/servers.js';

/** Each parent, client and server costs as many Spotify calls as direct queries. */

async function startServersFor(t, options) {
  const servers = await startServers(options);
  t.after(servers.close);
  return servers;
}

/** The calls of these queries if the gateway itself gets them. */
async function directCalls(t, ...queries) {
  const { gateway, spotifyCalls } = await startServersFor(t);
  for (const query of queries) {
    const { errors } = await gateway.execute({ document: parse(query) });
    assert.equal(errors, undefined);
  }
  return spotifyCalls();
}

const byName = (one, other) => one.localeCompare(other);

/** Artists with some albums each. */
const idsIn = ({ catalogue: { artists, fixtures, albumsOf } }) =>
  artists()
    .map(({ id }) => id)
    .filter((id) => !Object.values(fixtures.artists).includes(id) && albumsOf(id).length >= 2)
    .slice(0, 10);

for (const [name, startParent] of Object.entries(parents)) {
  test(`${name}: 10 concerts with 2 albums of each artist cost the calls of the artists alone`, async (t) => {
    const { url, sandbox, spotifyCalls } = await startServersFor(t);
    const ids = idsIn(sandbox);
    const concerts = ids.map((id, i) => ({ city: `City ${i}`, headlinerId: id }));
    const own = await serve(createYoga({ schema: createConcerts(concerts), logging: false }));
    t.after(own.close);
    const parent = await startParent({ spotify: url, concerts: own.url });
    t.after(parent.close);

    const fields = 'name albums(first: 2) { nodes { name } }';
    const { data, errors } = await parent.run(`{ concerts { city headliner { ${fields} } } }`);

    assert.equal(errors, undefined);
    assert.deepEqual(
      data.concerts.map(({ city, headliner }) => [city, headliner.name, headliner.albums.nodes.length]),
      ids.map((id, i) => [`City ${i}`, sandbox.catalogue.artist(id).name, 2]),
    );
    const direct = await directCalls(t, `{ artists(ids: ${JSON.stringify(ids)}) { ${fields} } }`);
    assert.deepEqual(spotifyCalls(), direct);
  });
}

/** An artist, a query for two pages of five albums, and the calls of the query. */
async function albumsOf(t) {
  const servers = await startServersFor(t);
  const { bts } = servers.sandbox.catalogue.fixtures.artists;
  const shown = servers.sandbox.catalogue
    .albumsOf(bts)
    .flatMap((slot) => (slot.shows === 'album' ? [servers.sandbox.catalogue.album(slot.albumId).name] : []))
    .slice(0, 10);
  const direct = await directCalls(
    t,
    `{ artist(id: "${bts}") { name albums(first: 10) { nodes { name } } } }`,
  );
  return { ...servers, bts, shown, direct };
}

const document = `query Albums($id: ID!, $first: Int!, $after: String) {
  artist(id: $id) {
    id
    name
    albums(first: $first, after: $after) {
      nodes { id }
      edges { node { id name images { url } releaseDate { date } } }
      pageInfo { endCursor hasNextPage }
    }
  }
}`;

const namesIn = ({ edges }) => edges.map(({ node }) => node.name);

test('Relay merges two pages of a list, for the calls of one page of ten', async (t) => {
  const { url, bts, shown, direct, spotifyCalls } = await albumsOf(t);
  const environment = relayEnvironment(url);
  const variables = { id: bts, first: 5, after: null };
  const operation = relay.createOperationDescriptor(albumsQuery, variables);
  environment.retain(operation);
  const seen = () => environment.lookup(operation.fragment).data.artist.albums;

  await relay.fetchQuery(environment, albumsQuery, variables).toPromise();
  const after = seen().pageInfo.endCursor;
  await relay.fetchQuery(environment, albumsQuery, { ...variables, after }).toPromise();

  assert.deepEqual(namesIn(seen()), shown);
  assert.deepEqual(spotifyCalls(), direct);
});

test('Relay reads further episodes of a show by a fragment of `Query`: `node` does not find a show that is not cached', async (t) => {
  const { url, sandbox } = await startServersFor(t);
  const id = sandbox.catalogue.fixtures.shows.episodes130;
  const environment = relayEnvironment(url);
  const variables = { id, first: 5 };
  const operation = relay.createOperationDescriptor(episodesQuery, variables);
  environment.retain(operation);
  /** The merged list, as the components of a page read it from the store. */
  const readList = (read) =>
    relay.commitLocalUpdate(environment, (store) => {
      const show = store.getRoot().getLinkedRecord('show', { id });
      read(relay.ConnectionHandler.getConnection(show, 'episodes_episodes'));
    });

  await relay.fetchQuery(environment, episodesQuery, variables).toPromise();
  let after;
  readList((list) => {
    after = list.getLinkedRecord('pageInfo').getValue('endCursor');
  });
  await relay.fetchQuery(environment, episodesPageQuery, { ...variables, after }).toPromise();

  readList((list) => assert.equal(new Set(list.getLinkedRecords('edges')).size, 10));
  const { gateway } = await startServersFor(t);
  const page = `... on Show { episodes(first: 5, after: "${after}") { nodes { id } } }`;
  const read = (ref) => gateway.execute({ document: parse(`{ node(id: "${ref}") { ${page} } }`) });
  assert.equal((await read(id)).data.node, null, 'the documented rule is no longer needed');
  assert.equal((await read(`spotify:show:${id}`)).data.node.episodes.nodes.length, 5);
});

test('Apollo Client merges the edges of two pages, for the calls of one page of ten', async (t) => {
  const { url, bts, shown, direct, spotifyCalls } = await albumsOf(t);
  const client = apolloClient(url);
  t.after(() => client.stop());
  const query = gql(document);
  const variables = { id: bts, first: 5 };

  const observable = client.watchQuery({ query, variables });
  const { data } = await new Promise((resolve, reject) => {
    const next = (result) => result.loading || resolve(result);
    const subscription = observable.subscribe({ next, error: reject });
    t.after(() => subscription.unsubscribe());
  });
  await observable.fetchMore({ variables: { after: data.artist.albums.pageInfo.endCursor } });
  const { albums } = client.readQuery({ query, variables }).artist;

  assert.deepEqual(namesIn(albums), shown);
  assert.equal(
    albums.nodes.length,
    5,
    '`relayStylePagination` merges edges; `nodes` are those of the last page',
  );
  assert.deepEqual(spotifyCalls(), direct);
});

test("Apollo's `BatchHttpLink` hides the reason for which the gateway rejects a batch, so the docs name it", async (t) => {
  const { url, sandbox, spotifyCalls } = await startServersFor(t);
  const { bts } = sandbox.catalogue.fixtures.artists;
  const client = new ApolloClient({ link: new BatchHttpLink({ uri: url }), cache: new InMemoryCache() });
  t.after(() => client.stop());
  const message = 'server returned results with length 1';
  await assert.rejects(
    Promise.all(
      ['a', 'b'].map((name) => client.query({ query: gql(`{ ${name}: artist(id: "${bts}") { name } }`) })),
    ),
    new RegExp(message),
  );
  assert.ok(readFileSync('../../docs/composition.md', 'utf8').includes(message));
  assert.deepEqual(spotifyCalls(), []);
});

for (const mergeMode of ['inwards', 'outwards']) {
  test(`urql puts two pages of a list together (${mergeMode}), for the calls of one page of ten, without a warning`, async (t) => {
    const { url, bts, shown, direct, spotifyCalls } = await albumsOf(t);
    const warnings = t.mock.method(console, 'warn', () => undefined);
    const client = urqlClient(url, mergeMode);
    const execute = async (variables, options) => {
      const { data, error } = await client.query(document, variables, options).toPromise();
      assert.equal(error, undefined);
      return data.artist.albums;
    };

    const first = await execute({ id: bts, first: 5 });
    await execute({ id: bts, first: 5, after: first.pageInfo.endCursor });
    const all = await execute({ id: bts, first: 5 }, { requestPolicy: 'cache-only' });

    assert.deepEqual(namesIn(all), shown);
    assert.equal(all.nodes.length, 10, '`relayPagination` merges `nodes` too');
    assert.deepEqual(
      warnings.mock.calls.flatMap((call) => call.arguments),
      [],
    );
    assert.deepEqual(spotifyCalls(), direct);
  });
}

test('the configuration of the caches has every type of the schema that needs one', () => {
  const types = Object.values(schema.getTypeMap()).filter(({ name }) => !name.startsWith('_'));
  const roots = [schema.getQueryType()];
  const withoutId = types.filter(
    (type) =>
      isObjectType(type) &&
      !roots.includes(type) &&
      !type.getFields().id &&
      !/PageInfo$|Connection$|Edge$/.test(type.name), // which graphcache handles
  );
  assert.deepEqual(Object.keys(keys).toSorted(byName), withoutId.map(({ name }) => name).toSorted(byName));
  for (const { name } of withoutId) assert.equal(typePolicies[name]?.merge, true, name);
  for (const type of types.filter(isAbstractType)) {
    const names = schema.getPossibleTypes(type).map(({ name }) => name);
    assert.deepEqual(possibleTypes[type.name]?.toSorted(byName), names.toSorted(byName), type.name);
  }
});

test('urql matches fragments on the types of `node` without a warning', async (t) => {
  const { url, sandbox } = await startServersFor(t);
  const warnings = t.mock.method(console, 'warn', () => undefined);
  const uri = `spotify:artist:${sandbox.catalogue.fixtures.artists.bts}`;
  const query = `{ node(id: "${uri}") { id ... on Album { name } ... on Artist { name } } }`;
  const { data } = await urqlClient(url).query(query, {}).toPromise();
  assert.equal(data.node.name, 'BTS');
  assert.deepEqual(
    warnings.mock.calls.flatMap((call) => call.arguments),
    [],
  );
});

/** A gateway that counts the requests of its clients. */
async function startCountingServers(t) {
  let requests = 0;
  const servers = await startServersFor(t, {
    mount:
      ({ listener }) =>
      (request, response) => {
        requests++;
        listener(request, response);
      },
  });
  return { ...servers, requests: () => requests };
}

/** Both clients with the same function to read; it returns the data. */
const readers = {
  'Apollo Client'(url, t) {
    const client = apolloClient(url);
    t.after(() => client.stop());
    return async (query, variables) => {
      const fetchPolicy = variables?.after ? 'network-only' : 'cache-first'; // further pages as `fetchMore` reads them
      return (await client.query({ query: gql(query), variables, fetchPolicy })).data;
    };
  },
  urql(url) {
    const client = urqlClient(url);
    return async (query, variables) => (await client.query(query, variables).toPromise()).data;
  },
};

for (const [name, createReader] of Object.entries(readers)) {
  test(`${name} shows a list that Spotify withholds as null, keeps the data around it, and does not read it again`, async (t) => {
    const { url, sandbox, requests } = await startCountingServers(t);
    const read = createReader(url, t);
    const [id] = Object.values(sandbox.catalogue.fixtures.playlists);
    const query = `query Items($id: ID!) {
      playlist(id: $id) { id name items(first: 5) { edges { cursor } pageInfo { hasNextPage endCursor } } }
    }`;
    for (const _ of ['from the gateway', 'from the cache']) {
      const { playlist } = await read(query, { id });
      assert.equal(playlist.name, sandbox.catalogue.playlist(id).name);
      assert.equal(playlist.items, null);
    }
    assert.equal(requests(), 1);
  });

  test(`${name} keeps the albums of a search while it reads more of its artists`, async (t) => {
    const { url, requests } = await startCountingServers(t);
    const read = createReader(url, t);
    const page = 'edges { node { id name } } pageInfo { hasNextPage endCursor }';
    const both = `{ search(q: "the") { artists(first: 2) { ${page} } albums(first: 2) { ${page} } } }`;
    const more = `query More($after: String) { search(q: "the") { artists(first: 2, after: $after) { ${page} } } }`;
    const { search } = await read(both);
    await read(more, { after: search.artists.pageInfo.endCursor });
    const shown = (await read(both)).search;
    assert.deepEqual([shown.artists.edges.length, shown.albums.edges.length], [4, 2]);
    assert.equal(requests(), 2);
  });

  test(`${name} keeps the fields of an object without an id that another query has selected`, async (t) => {
    const { url, sandbox, requests } = await startCountingServers(t);
    const read = createReader(url, t);
    const id = sandbox.catalogue.fixtures.albums.tracks20;
    for (const field of ['date', 'precision', 'date'])
      assert.ok(
        (await read(`{ album(id: "${id}") { id releaseDate { ${field} } } }`)).album.releaseDate[field],
      );
    assert.equal(requests(), 2);
  });

  test(`${name} shows a list without arguments`, async (t) => {
    const { url, sandbox, requests } = await startCountingServers(t);
    const { bts } = sandbox.catalogue.fixtures.artists;
    const read = createReader(url, t);
    for (const _ of ['from the gateway', 'from the cache']) {
      const { artist } = await read(`{ artist(id: "${bts}") { id albums { totalCount nodes { id } } } }`);
      assert.equal(artist.albums.nodes.length, 20);
    }
    assert.equal(requests(), 1);
  });
}

for (const [name, createReader] of Object.entries(readers)) {
  test(`${name} mixes the markets that one client reads, and not those of one client for each market`, async (t) => {
    const { url, sandbox } = await startServersFor(t);
    const id = sandbox.catalogue.fixtures.albums.partlyOutsideSpain;
    const query = `query Playable($id: ID!, $market: Market) {
      album(id: $id, market: $market) { id tracks(first: 3) { edges { node { id isPlayable } } } }
    }`;
    const playableIn = async (market, read) => {
      const { album } = await read(query, { id, market });
      return album.tracks.edges.map(({ node }) => node.isPlayable);
    };
    const inSpain = [true, true, false];
    const inUs = [true, true, true];
    const shared = createReader(url, t);
    const [forSpain, forUs] = [createReader(url, t), createReader(url, t)];
    assert.deepEqual(await playableIn('ES', shared), inSpain);
    assert.deepEqual(await playableIn('US', shared), inUs);
    assert.deepEqual(await playableIn('ES', shared), inUs, 'the documented rule is no longer needed');
    assert.deepEqual(await playableIn('ES', forSpain), inSpain);
    assert.deepEqual(await playableIn('US', forUs), inUs);
    assert.deepEqual(await playableIn('ES', forSpain), inSpain);
  });
}

for (const [name, mount] of Object.entries({ expressHost, fastifyHost, honoHost })) {
  test(`${name}: a query costs the calls of a direct query, beside a route of the server`, async (t) => {
    const { url, sandbox, spotifyCalls } = await startServersFor(t, { mount });
    const { bts } = sandbox.catalogue.fixtures.artists;
    const query = `{ artist(id: "${bts}") { name } }`;
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query }),
    });
    assert.deepEqual(await response.json(), { data: { artist: { name: 'BTS' } } });
    const own = await fetch(new URL('/own', url));
    assert.deepEqual(await own.json(), { own: true });
    assert.deepEqual(spotifyCalls(), await directCalls(t, query));
  });
}

test('nextRoute: a route handler takes a Request, and costs the calls of a direct query', async (t) => {
  const { gateway, sandbox, spotifyCalls } = await startServersFor(t);
  const { bts } = sandbox.catalogue.fixtures.artists;
  const query = `{ artist(id: "${bts}") { name } }`;
  const response = await nextRoute(gateway).POST(
    new Request('http://localhost/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query }),
    }),
  );
  assert.deepEqual(await response.json(), { data: { artist: { name: 'BTS' } } });
  assert.deepEqual(spotifyCalls(), await directCalls(t, query));
});
