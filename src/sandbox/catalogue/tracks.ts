import type { AlbumPlan } from './fixture-albums.ts';
import { everywhere, usualLimits } from './markets.ts';
import type { Album, Track } from './model.ts';
import { base62, createRandom, decimal, hexadecimal, idOf, type Random } from './random.ts';
import { trackTitle } from './words.ts';

const shortestMs = 95_000;
const longestMs = 420_000;
const explicitShare = 0.1;
// Share of tracks with fewer markets than their album.
const narrowerShare = 0.02;
// Share of tracks without a preview, for apps that still get previews.
const previewlessShare = 0.1;

// ISRC: country, registrant of 3 characters, year of 2, designation of 5 digits.
const isrcCountry = 'QZ';
const isrcAlphabet = base62.slice(0, 10) + base62.slice(36);

/** The id of the track at index `place` of an album, known without generating the track. */
export const trackIdOf = (albumId: string, place: number): string => idOf(`track:${albumId}:${place}`);

/**
 * Generates the tracks of an album.
 * @param guests artists of single tracks that are not artists of the album; on a compilation by various artists
 *   the tracks are divided among them
 * @param fixedProperties of single tracks of a fixture album
 */
export function drawTracks(
  album: Album,
  guests: readonly string[],
  isByVariousArtists: boolean,
  fixedProperties: AlbumPlan['tracks'] = {},
): Track[] {
  // Two editions contain the same recordings, so both generate them from one seed.
  const [recordings = album.id] = [album.id, album.otherEditionId ?? album.id].sort();

  return discsAndNumbers(album.discs).map(({ disc, number }, place): Track => {
    const random = createRandom(`track:${recordings}:${place}`);
    return {
      id: trackIdOf(album.id, place),
      name: trackTitle(random),
      albumId: album.id,
      artistIds: isByVariousArtists
        ? guestArtist(guests, place)
        : [...album.artistIds, ...visitors(guests, place, album)],
      disc,
      number,
      durationMs: random.between(shortestMs, longestMs),
      explicit: random.chance(explicitShare),
      isrc: drawIsrc(random, album.releaseDate),
      previewUrl: random.chance(previewlessShare)
        ? null
        : `https://p.scdn.co/mp3-preview/${random.text(hexadecimal, 40)}`,
      popularity: random.below(80),
      markets: narrowed(album, random),
      ...fixedProperties[place],
    };
  });
}

function discsAndNumbers(discs: readonly number[]) {
  return discs.flatMap((tracks, disc) =>
    Array.from({ length: tracks }, (_, number) => ({ disc: disc + 1, number: number + 1 })),
  );
}

/** The guests on one track: each guest of the album is on exactly one track. */
function visitors(guests: readonly string[], place: number, album: Album): string[] {
  return guests.filter((_, index) => index % album.totalTracks === place);
}

function guestArtist(guests: readonly string[], place: number): string[] {
  const guest = guests[place % guests.length];
  return guest === undefined ? [] : [guest];
}

function narrowed(album: Album, random: Random) {
  // A track never has more markets than its album.
  return album.markets === everywhere && random.chance(narrowerShare)
    ? random.pick(usualLimits)
    : album.markets;
}

function drawIsrc(random: Random, releaseDate: string): string {
  return isrcCountry + random.text(isrcAlphabet, 3) + releaseDate.slice(2, 4) + random.text(decimal, 5);
}
