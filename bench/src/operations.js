import { artistId, playlistId, showId } from './upstream/ids.js';

/** The operations. Their lists have `after`, so that requests for cached data can differ from each other. */

const albumFields = `
  id name albumType releaseDate { date precision } totalTracks images { url width height } artists { id name }`;
const trackFields = 'id name durationMs trackNumber discNumber explicit artists { id name }';
const pageInfo = 'pageInfo { hasNextPage hasPreviousPage startCursor endCursor }';

const albumsOf = (first) => `
  albums(first: ${first}, after: $after) { totalCount ${pageInfo} edges { cursor node { ${albumFields} } } }`;

const artistsAtOnce = 20;
// Up to 40 calls each, ten at a time: with more clients, operations would wait for each other until they are rejected.
const fewConnections = 8;

/**
 * `calls` are the fewest calls with an empty cache, by quota mode. `warmArtists` limits the artists that a warm gateway has
 * to cache, `connections` the operations that wait for Spotify at a time; `warmUpShare` is the share of the warm-up time.
 */
export const operations = {
  Q1: {
    title: 'an artist',
    document: 'query Q1($id: ID!) { artist(id: $id) { id name uri genres images { url width height } } }',
    warmUpShare: 4,
    artists: 1,
    warmArtists: 64,
    calls: { extended: 1, development: 1 },
  },
  Q2: {
    title: 'an artist, 20 albums',
    document: `query Q2($id: ID!, $after: String) { artist(id: $id) { id name ${albumsOf(20)} } }`,
    warmUpShare: 3,
    artists: 1,
    warmArtists: 64,
    lastStart: 100,
    calls: { extended: 2, development: 3 },
  },
  Q3: {
    title: 'an artist, 100 albums',
    document: `query Q3($id: ID!, $after: String) { artist(id: $id) { id name ${albumsOf(100)} } }`,
    warmUpShare: 1,
    artists: 1,
    warmArtists: 64,
    lastStart: 20,
    calls: { extended: 3, development: 11 },
  },
  Q4: {
    title: '20 artists, 5 albums each',
    document: `query Q4($ids: [ID!]!) { artists(ids: $ids) {
      id name albums(first: 5) { totalCount edges { node { id name albumType releaseDate { date precision } } } } } }`,
    warmUpShare: 1,
    artists: artistsAtOnce,
    warmArtists: 60,
    connections: fewConnections,
    calls: { extended: 21, development: 40 },
  },
  Q5: {
    title: 'an artist, 20 albums, 10 tracks each',
    document: `query Q5($id: ID!, $after: String) { artist(id: $id) { id name albums(first: 20, after: $after) {
      ${pageInfo} edges { cursor node { id name tracks(first: 10) { totalCount edges { node { ${trackFields} } } } } }
    } } }`,
    warmUpShare: 1,
    artists: 1,
    connections: fewConnections,
    warmArtists: 8,
    lastStart: 100,
    calls: { extended: 3, development: 23 },
  },
  Q6: {
    title: 'a show, 20 episodes',
    document: `query Q6($id: ID!, $after: String) { show(id: $id) { id name description images { url width height }
      episodes(first: 20, after: $after) { totalCount ${pageInfo} edges { cursor node {
        id name description durationMs releaseDate { date precision } images { url width height } } } } } }`,
    idOf: showId,
    warmUpShare: 1,
    artists: 1,
    warmArtists: 64,
    calls: { extended: 1, development: 1 },
  },
  Q7: {
    title: 'a playlist, 50 items',
    document: `query Q7($id: ID!, $after: String) { playlist(id: $id) { id name
      items(first: 50, after: $after) { totalCount ${pageInfo} edges { cursor node { addedAt item { ... on Track {
        id name durationMs explicit artists { id name } album { id name images { url width height } } } } } } } } }`,
    idOf: playlistId,
    warmUpShare: 1,
    artists: 1,
    warmArtists: 64,
    calls: { extended: 1, development: 1 },
  },
};

/** The body of a request for the artists of some seeds. */
export function requestOf(name, seeds, variables = {}) {
  const ids = seeds.map(operations[name].idOf ?? artistId);
  const idVariables = operations[name].artists === 1 ? { id: ids[0] } : { ids };
  const query = operations[name].document;
  return JSON.stringify({ operationName: name, query, variables: { ...idVariables, ...variables } });
}
