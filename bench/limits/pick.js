/** Reduces Spotify's objects to the fields that each operation selects. */

export const image = ({ url, width, height }) => ({ url, width, height });
const named = ({ id, name }) => ({ id, name });

const releaseDate = ({ release_date: date, release_date_precision: precision }) => ({
  date,
  precision: precision.toUpperCase(),
});

export const artist = ({ id, name, uri, genres = null, images }) => ({
  id,
  name,
  uri,
  genres,
  images: images.map(image),
});

export const album = (json) => ({
  id: json.id,
  name: json.name,
  albumType: json.album_type.toUpperCase(),
  releaseDate: releaseDate(json),
  totalTracks: json.total_tracks,
  images: json.images.map(image),
  artists: json.artists.map(named),
});

export const smallAlbum = (json) => ({
  id: json.id,
  name: json.name,
  albumType: json.album_type.toUpperCase(),
  releaseDate: releaseDate(json),
});

const track = (json) => ({
  id: json.id,
  name: json.name,
  durationMs: json.duration_ms,
  trackNumber: json.track_number,
  discNumber: json.disc_number,
  explicit: json.explicit,
  artists: json.artists.map(named),
});

export const episode = (json) => ({
  id: json.id,
  name: json.name,
  description: json.description,
  durationMs: json.duration_ms,
  releaseDate: releaseDate(json),
  images: json.images.map(image),
});

export const playlistItem = ({ added_at: addedAt, item }) => ({
  addedAt,
  item: {
    id: item.id,
    name: item.name,
    durationMs: item.duration_ms,
    explicit: item.explicit,
    artists: item.artists.map(named),
    album: { ...named(item.album), images: item.album.images.map(image) },
  },
});

export const tracks = ({ total, items }, first) => ({
  totalCount: total,
  edges: items.slice(0, first).map((item) => ({ node: track(item) })),
});

/** @param slots of the window that begins at slot 0 */
export function connection({ total, items }, node) {
  const edges = items.map((item, slot) => ({ cursor: String(slot), node: node(item) }));
  return {
    totalCount: total,
    pageInfo: {
      hasNextPage: items.length < total,
      hasPreviousPage: false,
      startCursor: '0',
      endCursor: String(items.length - 1),
    },
    edges,
  };
}
