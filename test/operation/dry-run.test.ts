import { parse } from 'graphql';
import { describe, expect, test } from 'vitest';
import type { TestGateway } from '../support/gateway.ts';
import { postJson } from '../support/post-json.ts';
import { albums, artists, episodes, startInMode } from '../support/schema-tests.ts';
import { portOf } from '../support/test-server.ts';

/** With `x-spotify-trace: plan` an operation does not run, and the response states its cost. */

const { bts, albums9 } = artists;
const albumPages = `{ artist(id: "${bts}") { name albums(first: 20) { nodes { name } } } }`;

const headers = { 'x-spotify-trace': 'plan' };
const post = (query: string) => postJson({ query }, headers);
const search = (query: string) => `/graphql?${new URLSearchParams({ query })}`;

const listen = async ({ gateway }: TestGateway): Promise<string> =>
  `http://127.0.0.1:${await portOf(gateway.listener)}`;

const plansBy: Record<string, (gateway: TestGateway, query: string) => Promise<unknown>> = {
  'POST to the handler': async ({ fetch }, query) => (await fetch('/graphql', post(query))).json(),
  'GET to the handler': async ({ fetch }, query) => (await fetch(search(query), { headers })).json(),
  'POST to the listener': async (gateway, query) =>
    (await fetch(`${await listen(gateway)}/graphql`, post(query))).json(),
  'GET to the listener': async (gateway, query) =>
    (await fetch((await listen(gateway)) + search(query), { headers })).json(),
  'gateway.execute': ({ gateway }, query) => gateway.execute({ document: parse(query), trace: 'plan' }),
};

const planOf = async (gateway: TestGateway, query: string) => {
  const response = await plansBy['POST to the handler']?.(gateway, query);
  return (response as { extensions: { spotify: unknown } }).extensions.spotify;
};

test.each(Object.keys(plansBy))(
  'a dry run states the calls by endpoint family, without data and without a call: %s',
  async (entry) => {
    const gateway = await startInMode('development');
    expect(await plansBy[entry]?.(gateway, albumPages)).toEqual({
      extensions: {
        spotify: {
          plannedCalls: 3,
          families: [
            { family: 'artists', calls: 1 },
            { family: 'artists/albums', calls: 2 },
          ],
          held: [],
        },
      },
    });
    expect(gateway.sandbox.calls()).toEqual([]);
  },
);

test('a dry run counts the list of a show inside an episode in the family of the list', async () => {
  const gateway = await startInMode('development');
  const document = `{ episode(id: "${episodes.newest}") { show { episodes(first: 5) { nodes { name } } } } }`;
  expect(await planOf(gateway, document)).toMatchObject({
    families: [
      { family: 'episodes', calls: 1 },
      { family: 'shows/episodes', calls: 1 },
    ],
  });
  await gateway.execute(document);
  expect(gateway.apiCalls()).toEqual([
    `/episodes/${episodes.newest}?market=US`,
    expect.stringMatching(/^\/shows\/\w+\/episodes\?/),
  ]);
});

test('a dry run is neither served from the response cache nor stored in it', async () => {
  const gateway = await startInMode('development');
  const send = async (trace: Record<string, string>) =>
    (await gateway.fetch('/graphql', postJson({ query: albumPages }, trace))).json();
  const dryRun = { extensions: { spotify: expect.objectContaining({ plannedCalls: 3 }) } };
  expect(await send({ 'x-spotify-trace': 'plan' })).toEqual(dryRun);
  const withData = { data: { artist: expect.objectContaining({ name: 'BTS' }) } };
  expect(await send({})).toEqual(withData);
  expect(await send({ 'x-spotify-trace': 'plan' })).toEqual(dryRun);
  expect(await send({})).toEqual(withData);
  expect(gateway.apiCalls()).toHaveLength(3);
});

test('a dry run states the cost of an operation that would be rejected for its cost', async () => {
  const gateway = await startInMode('development', { MAX_UPSTREAM_CALLS: '2' });
  expect(await planOf(gateway, albumPages)).toMatchObject({ plannedCalls: 3 });
  expect(gateway.sandbox.calls()).toEqual([]);
});

test('a dry run of an invalid operation has its errors', async () => {
  const { fetch } = await startInMode('development');
  const response = await fetch('/graphql', post('{ nothing }'));
  expect(await response.json()).toEqual({
    errors: [expect.objectContaining({ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } })],
  });
});

describe('the held part of a plan', () => {
  const calls = (family: string, count: number) => ({ family, calls: count });

  interface Held {
    title: string;
    before: string;
    query: string;
    held: { family: string; calls: number }[];
  }

  const cases: Held[] = [
    {
      title: 'an object and the pages of its list',
      before: albumPages,
      query: albumPages,
      held: [calls('artists', 1), calls('artists/albums', 2)],
    },
    {
      title: 'the first pages of a list',
      before: albumPages,
      query: `{ artist(id: "${bts}") { albums(first: 40) { nodes { name } } } }`,
      held: [calls('artists', 1), calls('artists/albums', 2)],
    },
    {
      title: 'a page after the cached end of a list',
      before: `{ artist(id: "${albums9}") { albums(first: 10) { nodes { name } } } }`,
      query: `{ artist(id: "${albums9}") { albums(first: 20) { nodes { name } } } }`,
      held: [calls('artists', 1), calls('artists/albums', 2)],
    },
    {
      title: 'no list of other groups',
      before: albumPages,
      query: `{ artist(id: "${bts}") { albums(includeGroups: [SINGLE]) { nodes { name } } } }`,
      held: [calls('artists', 1)],
    },
    {
      title: 'some of several objects',
      before: `{ artist(id: "${bts}") { name } }`,
      query: `{ artists(ids: ["${bts}", "${albums9}"]) { name } }`,
      held: [calls('artists', 1)],
    },
    {
      title: 'an object that came with another one, if no field needs the full object',
      before: `{ album(id: "${albums.tracks1}") { tracks { nodes { id } } artists { id } } }`,
      query: `{ album(id: "${albums.tracks1}") { label } }`,
      held: [calls('albums', 1)],
    },
    {
      title: 'an object by its bare id',
      before: `{ album(id: "${albums.tracks1}") { name } }`,
      query: `{ node(id: "${albums.tracks1}") { id } }`,
      held: [calls('artists', 1), calls('albums', 1), calls('tracks', 1)],
    },
    {
      title: 'an object that does not exist',
      before: '{ artist(id: "0000000000000000000001") { name } }',
      query: '{ artist(id: "0000000000000000000001") { name } }',
      held: [calls('artists', 1)],
    },
    {
      title: 'the pages of a search that all selected kinds share',
      before: '{ search(q: "the") { tracks(first: 10) { nodes { name } } } }',
      query: '{ search(q: " the ") { tracks(first: 20) { nodes { name } } } }',
      held: [calls('search', 1)],
    },
    {
      title: 'no page of a search that another selected kind needs',
      before: '{ search(q: "love") { artists(first: 10) { nodes { name } } } }',
      query:
        '{ search(q: "love") { artists(first: 10) { nodes { name } } albums(first: 10) { nodes { name } } } }',
      held: [],
    },
  ];

  test.each(cases)('the held part of a plan contains $title', async ({ before, query, held }) => {
    const gateway = await startInMode('development');
    expect(await planOf(gateway, query)).toMatchObject({ held: [] });
    expect((await gateway.execute(before)).errors).toEqual([]);
    gateway.sandbox.clearCalls();
    expect(await planOf(gateway, query)).toMatchObject({ held });
    expect(gateway.sandbox.calls()).toEqual([]);
  });
});

test('a dry run of an operation with invalid arguments counts no call for their fields', async () => {
  const gateway = await startInMode('extended');
  const fields = [
    `artist(id: "${bts}") { albums(includeGroups: [OTHER]) { nodes { id } } }`,
    'categories(locale: "x") { nodes { id } }',
    'search(q: "a", type: [ALBUM]) { tracks { nodes { id } } }',
  ];
  const families = [{ family: 'artists', calls: 1 }];
  expect(await planOf(gateway, `{ ${fields.join(' ')} }`)).toMatchObject({ plannedCalls: 1, families });
  expect(gateway.apiCalls()).toEqual([]);
});
