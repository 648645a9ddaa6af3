/** The visited pages: those of an application that shows the catalogue of the sandbox. */

const windowSize = 20;
const searchHits = 10;
const pageSize = 10; // of artists' albums, for an app in development mode

const artistQuery = `query Artist($id: ID!, $after: String) { artist(id: $id) { id name
  albums(first: ${windowSize}, after: $after) {
    pageInfo { hasNextPage endCursor }
    edges { node { id name albumType totalTracks releaseDate { date precision } } }
  } } }`;
const albumQuery = `query Album($id: ID!) { album(id: $id) { id name
  tracks(first: ${windowSize}) { edges { node { id name durationMs } } } } }`;
const searchQuery = `query Search($q: String!) { search(q: $q) {
  artists(first: ${searchHits}) { edges { node { id name } } } } }`;

/** The kinds of visits and their share of all. */
export const shares = { artist: 0.5, nextPage: 0.1, album: 0.25, search: 0.15 };

export const endCursorOf = ({ artist }) => artist?.albums?.pageInfo.endCursor ?? null;

/**
 * @param catalogue of the sandbox
 * @param ids of the artists, the most popular first
 * @returns a function from `{ kind, artist, album }` to the visit: `key` (equal keys need the same data), `query`,
 * `variables`, `itemsOf` (the items in the data of a response), `expected` (how many there are), `calls` (of which
 * family and how many a gateway without a cache needs, apart from families without a limit), `before` (the visit that
 * gives the cursor)
 */
export function createVisitedPages(catalogue, ids) {
  const lengthOf = (artist) => catalogue.albumsOf(ids[artist]).length;

  function artistVisit(artist, start = 0) {
    const expected = Math.min(windowSize, lengthOf(artist) - start);
    return {
      key: `artist ${artist} from ${start}`,
      query: artistQuery,
      variables: { id: ids[artist] },
      itemsOf: (data) => data.artist?.albums?.edges,
      expected,
      calls: { family: 'artists/albums', count: Math.ceil(expected / pageSize) },
      before: start === 0 ? null : artistVisit(artist),
    };
  }

  function albumVisit(artist, choice) {
    const listed = catalogue.albumsOf(ids[artist]).slice(0, windowSize);
    const id = listed[Math.floor(choice * listed.length)].albumId;
    return {
      key: `album ${id}`,
      query: albumQuery,
      variables: { id },
      itemsOf: (data) => data.album?.tracks?.edges,
      expected: Math.min(windowSize, catalogue.album(id).totalTracks),
      calls: null,
      before: null,
    };
  }

  function searchVisit(artist) {
    const q = catalogue.artist(ids[artist]).name;
    return {
      key: `search ${q}`,
      query: searchQuery,
      variables: { q },
      itemsOf: (data) => data.search?.artists?.edges,
      expected: Math.min(searchHits, catalogue.find('artist', q).length),
      calls: { family: 'search', count: 1 },
      before: null,
    };
  }

  return ({ kind, artist, album }) => {
    if (kind === 'album') return albumVisit(artist, album);
    if (kind === 'search') return searchVisit(artist);
    const hasNextPage = lengthOf(artist) > windowSize;
    return artistVisit(artist, kind === 'nextPage' && hasNextPage ? windowSize : 0);
  };
}
