/**
 * The forty requests whose responses must have the same bytes on every host.
 * @param {import('spotify-graphql-gateway/sandbox').Sandbox['catalogue']['fixtures']} fixtures
 * @returns {{ path?: string, method?: string, headers?: Record<string, string>, body?: string }[]}
 */
export function requestsOf({ artists, albums, tracks, shows, episodes, audiobooks, chapters, playlists }) {
  const unknown = '0000000000000000000001';
  const link = (kind, id) => `https://open.spotify.com/intl-de/${kind}/${id}?si=x`;
  return [
    // Objects of every kind.
    query(
      `{ artist(id: "${artists.bts}") { id uri name genres popularity followers { total } images { url width } } }`,
    ),
    query(`{ artists(ids: ["${artists.bts}", "${unknown}", "no id", "${artists.edgeCases}"]) { id name } }`),
    query(
      `{ album(id: "${albums.tracks20}") { name label albumType releaseDate { date precision } copyrights { text type }
        externalIds { upc } artists { name } tracks(first: 3) { nodes { name durationMs } } } }`,
    ),
    query(`{ albums(ids: ["${albums.yearOnly}", "${albums.junkDate}", "${albums.unknownType}"])
      { name albumType releaseDate { date precision } images { url width height } } }`),
    query(
      `{ track(id: "${tracks.severalArtists}") { name explicit album { name label } artists { name genres } } }`,
    ),
    query(
      `{ tracks(ids: ["${tracks.explicit}", "${tracks.restricted}"]) { name trackNumber restrictions { reason } } }`,
    ),
    query(`{ show(id: "${shows.episodes3}") { name publisher description episodes { nodes { name } } } }`),
    query(`{ episode(id: "${episodes.monthOnly}") { name releaseDate { date precision } show { name } } }`),
    query(`{ audiobook(id: "${audiobooks.chapters3}", market: "GB") { name chapters { nodes { name } } } }`),
    query(`{ chapter(id: "${chapters.first}", market: "GB") { name durationMs audiobook { name } } }`),
    query(`{ playlist(id: "${playlists.items3}") { name owner { id } items { nodes { addedAt } } } }`),
    query(
      `{ node(id: "${artists.albums9}") { __typename id ... on Artist @skip(if: false) { name } }
        nodes(ids: ["spotify:album:${albums.tracks1}", "${link('track', tracks.explicit)}"]) { __typename id } }`,
    ),
    query(`{ trackByIsrc(isrc: "USRC17607839") { name } albumByUpc(upc: "012345678905") { name } }`),
    query(`{ newReleases(first: 2) { nodes { name } } categories(first: 2) { nodes { name } } }`),
    query('{ quota { family used limit limitSource remaining } }'),
    // Search and markets.
    query(
      `{ search(q: "bts") { artists(first: 3) { totalCount nodes { name } } albums(first: 2) { nodes { name } } } }`,
    ),
    query(
      `{ search(q: "봄날 “été”", type: [TRACK]) { tracks(first: 2) { nodes { name } pageInfo { endCursor } } } }`,
    ),
    query(`{ track(id: "${tracks.relinked}", market: "ES") { id name linkedFrom { id } } }`),
    query(
      `{ album(id: "${albums.onlyKorea}", market: "DE") { name } artist(id: "${artists.bts}") { name } }`,
    ),
    query(`{ track(id: "${tracks.explicit}", market: "Korea") { name } }`),
    // Paging.
    query(`{ artist(id: "${artists.albums120}") { albums(first: 25) { ${page} } } }`),
    query(`{ artist(id: "${artists.albums120}") { albums(last: 15) { ${page} } } }`),
    query(`{ artist(id: "${artists.nullsAndRepeats}") { albums(first: 30) { ${page} } } }`),
    query(`{ artist(id: "${artists.overstated}") { albums(first: 100) { ${page} } } }`),
    query(`{ artist(id: "${artists.albums0}") { albums { ${page} } } }`),
    query(`{ album(id: "${albums.tracks130}") { tracks(first: 100) { ${page} } } }`),
    query(`{ artist(id: "${artists.albums11}") { albums(first: 101) { ${page} } } }`),
    query(`{ artist(id: "${artists.albums11}") { albums(after: "bad cursor") { ${page} } } }`),
    // Documents: variables, fragments, directives, introspection, federation, and documents that are rejected.
    query(named, { variables: { id: artists.albums10 }, operationName: 'Named' }),
    query(named, { variables: { id: artists.albums11 } }), // compiled, if the host allows it
    query(
      '{ __schema { types { name kind fields { name type { name } } } } __type(name: "Artist") { description } }',
    ),
    query(
      'query ($all: [_Any!]!) { _entities(representations: $all) { __typename ... on Album { name } } }',
      {
        variables: { all: [{ __typename: 'Album', id: albums.tracks50 }] },
      },
    ),
    query('{ artist(id: "x") { name '),
    query('{ artist { nam } }'),
    query('mutation { artist }'),
    query(`{ artists(ids: ${JSON.stringify(Array(101).fill(artists.bts))}) { name } }`),
    query(`{ ${Array.from({ length: 101 }, (_, i) => `a${i}: __typename`).join(' ')} }`),
    // HTTP.
    { path: `/graphql?query=${encodeURIComponent(`{ artist(id: "${artists.bts}") { name } }`)}` },
    { method: 'POST', headers: { 'content-type': 'text/plain' }, body: '{ __typename }' },
    { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"query": ' },
  ];
}

const page =
  'totalCount edges { cursor node { name } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }';

const named = `
  query Named($id: ID!) { artist(id: $id) { ...Names } }
  fragment Names on Artist { name }`;

const query = (text, params = {}) => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json' },
  body: JSON.stringify({ query: text, ...params }),
});
