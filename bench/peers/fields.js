/** Resolvers that read fields of Spotify's objects, for peers with a map of resolvers. */

const releaseDate = (album) => ({
  date: album.release_date,
  precision: album.release_date_precision.toUpperCase(),
});

/** The type name of an item of a playlist. */
export function typeNameOf({ type }) {
  return type === 'track' ? 'Track' : 'Episode';
}

export const fieldResolvers = {
  Album: {
    albumType: (album) => album.album_type.toUpperCase(),
    releaseDate,
    totalTracks: (album) => album.total_tracks,
  },
  Track: {
    durationMs: (track) => track.duration_ms,
    trackNumber: (track) => track.track_number,
    discNumber: (track) => track.disc_number,
  },
  Episode: {
    durationMs: (episode) => episode.duration_ms,
    releaseDate,
  },
  PlaylistItem: {
    addedAt: (item) => item.added_at,
  },
  TrackOrEpisode: {
    __resolveType: typeNameOf,
  },
};
