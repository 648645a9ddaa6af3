/** Converts Hive Gateway's responses to our schema, to compare them. Clients that want connections have to do the same. */

const album = ({ album_type, release_date, release_date_precision, total_tracks, tracks, ...rest }) => ({
  ...rest,
  ...(album_type && { albumType: album_type.toUpperCase() }),
  ...(release_date && {
    releaseDate: { date: release_date, precision: release_date_precision.toUpperCase() },
  }),
  ...(total_tracks && { totalTracks: total_tracks }),
  ...(tracks && {
    tracks: { totalCount: tracks.total, edges: tracks.items.map((item) => ({ node: track(item) })) },
  }),
});

const track = ({ duration_ms, track_number, disc_number, ...rest }) => ({
  ...rest,
  durationMs: duration_ms,
  trackNumber: track_number,
  discNumber: disc_number,
});

/** The pages of a list as one connection, with the fields that the operation selects. */
function albumsOf(pages, parts) {
  const nodes = pages.flatMap(({ items }) => items.map(album));
  const { total } = pages[0];
  return {
    ...(parts.total && { totalCount: total }),
    ...(parts.pageInfo && {
      pageInfo: {
        hasNextPage: nodes.length < total,
        hasPreviousPage: false,
        startCursor: 'offset',
        endCursor: 'offset',
      },
    }),
    edges: nodes.map((node) => ({ ...(parts.pageInfo && { cursor: 'offset' }), node })),
  };
}

const partsOf = {
  Q2: { total: true, pageInfo: true },
  Q3: { total: true, pageInfo: true },
  Q4: { total: true },
  Q5: { pageInfo: true },
};

function artistOf(json, name) {
  if (name === 'Q1') return json;
  const pages = Object.keys(json).filter((key) => /^p\d+$/.test(key));
  const rest = Object.fromEntries(Object.entries(json).filter(([key]) => !pages.includes(key)));
  return {
    ...rest,
    albums: albumsOf(
      pages.map((key) => json[key]),
      partsOf[name],
    ),
  };
}

/** @param response a whole GraphQL response */
export function translate(name, { data, ...rest }) {
  if (!data) return rest;
  if (name !== 'Q4') return { ...rest, data: { artist: artistOf(data.artist, name) } };
  const artists = data.artists?.artists ?? Object.values(data);
  return { ...rest, data: { artists: artists.map((artist) => artistOf(artist, name)) } };
}
