/** How fields read from Spotify's objects, for peers whose resolvers are a map. */

const releaseDate = (album) => ({
  date: album.release_date,
  precision: album.release_date_precision.toUpperCase(),
});

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
};
