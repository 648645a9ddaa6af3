import { expect, test } from 'vitest';
import type { TestGateway } from '../support/gateway.ts';
import { postJson } from '../support/post-json.ts';
import { albums, artists, startInMode } from '../support/schema-tests.ts';

/** The cached part of a plan, compared with the calls that the operation then saves. */

const { bts, albums9 } = artists;
const both = `["${bts}", "${albums9}"]`;
const lists = `{ artist(id: "${bts}") { topTracks { name } relatedArtists { name } } }`;
const inAlbum = `{ album(id: "${albums.tracks1}") { name artists { id } } }`;
const unknownCategory = '{ category(id: "unknown") { name } }';

interface Report {
  extensions: { spotify: { plannedCalls: number; held: { family: string; calls: number }[] } };
}

async function planOf({ fetch }: TestGateway, query: string) {
  const response = await fetch('/graphql', postJson({ query }, { 'x-spotify-trace': 'plan' }));
  const { plannedCalls, held } = ((await response.json()) as Report).extensions.spotify;
  return { plannedCalls, held: held.map(({ family, calls }) => `${family} ${calls}`) };
}

interface Saved {
  title: string;
  before: string;
  query: string;
  held: string[];
  sent: number;
}

const allOfLists = ['artists 1', 'artists/top-tracks 1', 'artists/related-artists 1'];
const cases: Saved[] = [
  { title: 'lists without pages', before: lists, query: lists, held: allOfLists, sent: 0 },
  {
    title: 'the lists without pages of some of several artists',
    before: `{ artist(id: "${bts}") { topTracks { name } } }`,
    query: `{ artists(ids: ${both}) { topTracks { name } } }`,
    held: ['artists/top-tracks 1'],
    sent: 2,
  },
  {
    title: 'no list for another market',
    before: `{ artist(id: "${bts}") { topTracks(market: DE) { name } } }`,
    query: `{ artist(id: "${bts}") { topTracks(market: FR) { name } } }`,
    held: ['artists 1'],
    sent: 1,
  },
  {
    title: 'no related artists, although the top tracks are cached',
    before: `{ artist(id: "${bts}") { topTracks { name } } }`,
    query: lists,
    held: ['artists 1', 'artists/top-tracks 1'],
    sent: 1,
  },
  {
    title: 'a category that does not exist',
    before: unknownCategory,
    query: unknownCategory,
    held: ['browse/categories 1'],
    sent: 0,
  },
  {
    title: 'no category in another language',
    before: unknownCategory,
    query: '{ category(id: "unknown", locale: "sv_SE") { name } }',
    held: [],
    sent: 1,
  },
];

test.each(cases)('the held part of a plan is what an operation saves: $title', async (saved) => {
  const gateway = await startInMode('extended');
  await gateway.execute(saved.before);
  gateway.sandbox.clearCalls();
  const { held } = await planOf(gateway, saved.query);
  expect((await gateway.execute(saved.query)).errors).toEqual([]);
  expect({ held, sent: gateway.apiCalls().length }).toEqual({ held: saved.held, sent: saved.sent });
});

test('a simplified object saves the read of an object of which only lists are selected, and no read of its other fields', async () => {
  const artistOf = async (gateway: Awaited<ReturnType<typeof startInMode>>) => {
    const { data } = await gateway.execute<{ album: { artists: { id: string }[] } }, never>(inAlbum);
    gateway.sandbox.clearCalls();
    return data.album.artists[0]?.id;
  };
  for (const [fields, held, sent] of [
    ['albums(first: 3) { nodes { name } }', ['artists 1'], 1],
    ['albums(first: 3) { nodes { name } } genres', [], 2],
    ['topTracks { name } relatedArtists { name }', ['artists 1'], 2],
  ] as const) {
    const gateway = await startInMode('extended');
    const query = `{ artist(id: "${await artistOf(gateway)}") { ${fields} } }`;
    expect((await planOf(gateway, query)).held).toEqual(held);
    expect((await gateway.execute(query)).errors).toEqual([]);
    expect(gateway.apiCalls()).toHaveLength(sent);
  }
});
