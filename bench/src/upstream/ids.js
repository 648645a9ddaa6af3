/**
 * Ids that contain their object: any 8 characters (the seed) are an artist, whose albums and tracks have the same 8. So the
 * upstream has any number of artists and stores none.
 */

export const seedLength = 8;
const tail = 'BenchBench';
const kinds = { artist: '1', album: '2', track: '3', show: '4', episode: '5', playlist: '6' };

const digits = (number, length) => String(number).padStart(length, '0');

export const seedOf = (number) => number.toString(36).padStart(seedLength, '0');

export const artistId = (seed) => `${kinds.artist}000${seed}${tail}`;
export const albumId = (seed, album) => `${kinds.album}${digits(album, 3)}${seed}${tail}`;
export const trackId = (seed, album, track) =>
  `${kinds.track}${digits(album, 3)}${seed}Bench${digits(track, 5)}`;

export const showId = (seed) => `${kinds.show}000${seed}${tail}`;
export const episodeId = (seed, episode) => `${kinds.episode}${digits(episode, 3)}${seed}${tail}`;
export const playlistId = (seed) => `${kinds.playlist}000${seed}${tail}`;

/** The object of an id; null if the id is not one of the bench. */
export function parseId(id, kind) {
  if (id.length !== 22 || id[0] !== kinds[kind]) return null;
  return { seed: id.slice(4, 4 + seedLength), album: Number(id.slice(1, 4)) };
}
