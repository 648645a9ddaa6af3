import { artistId } from '../../src/upstream/ids.js';

/** The operations for the schema that Mesh generates from Spotify's OpenAPI document. */

const image = 'images { url width height }';
const albumFields = `
  id name album_type release_date release_date_precision total_tracks ${image} artists { id name }`;
const smallAlbumFields = 'id name album_type release_date release_date_precision';
const trackFields = 'id name duration_ms track_number disc_number explicit artists { id name }';
const ceilings = { extended: 50, development: 10 };

/** A window as pages within the limit of the quota mode, which the client has to know. */
function pagesOf(first, mode, fields) {
  const pages = [];
  for (let offset = 0; offset < first; offset += ceilings[mode]) {
    const limit = Math.min(ceilings[mode], first - offset);
    pages.push(`p${offset}: albums(limit: ${limit}, offset: ${offset}) { total items { ${fields} } }`);
  }
  return pages.join(' ');
}

const withTracks = `id name tracks(limit: 10, offset: 0) { total items { ${trackFields} } }`;
const oneArtist = (fields) => `($id: String!) { artist(id: $id) { id name ${fields} } }`;

const documents = {
  Q1: () => oneArtist(`uri genres ${image}`),
  Q2: (mode) => oneArtist(pagesOf(20, mode, albumFields)),
  Q3: (mode) => oneArtist(pagesOf(100, mode, albumFields)),
  Q4(mode, count) {
    const fields = `id name ${pagesOf(5, mode, smallAlbumFields)}`;
    if (mode === 'extended') return `($ids: String!) { artists(ids: $ids) { artists { ${fields} } } }`;
    const each = Array.from({ length: count }, (_, i) => i);
    const declared = each.map((i) => `$id${i}: String!`).join(', ');
    return `(${declared}) { ${each.map((i) => `a${i}: artist(id: $id${i}) { ${fields} }`).join(' ')} }`;
  },
  Q5: (mode) => oneArtist(pagesOf(20, mode, withTracks)),
};

/** @returns the counterpart of `requestOf` for this schema */
export function createRequestOf(mode) {
  const known = {};
  return (name, seeds) => {
    known[name] ??= `query ${name}${documents[name](mode, seeds.length)}`;
    return JSON.stringify({
      operationName: name,
      query: known[name],
      variables: variablesOf(seeds.map(artistId), name, mode),
    });
  };
}

function variablesOf(ids, name, mode) {
  if (name !== 'Q4') return { id: ids[0] };
  if (mode === 'extended') return { ids: ids.join(',') };
  return Object.fromEntries(ids.map((id, i) => [`id${i}`, id]));
}
