import type { Album, Artist, Catalogue, Image, QuotaMode, Track } from '../../src/sandbox/index.ts';

/** The expected response data of artists, albums and tracks of the catalogue, for operations without a market. */

export const artistFields = `
  id name uri externalUrl images { url width height } genres followers { total } popularity`;

export const albumFields = `
  id name uri externalUrl albumType totalTracks releaseDate { date precision }
  images { url width height } artists { id name uri externalUrl } isPlayable restrictions { reason }
  copyrights { text type } externalIds { isrc upc ean } genres label popularity`;

export const trackFields = `
  id name uri externalUrl discNumber trackNumber durationMs explicit isLocal isPlayable
  restrictions { reason } linkedFrom { id uri externalUrl } previewUrl
  artists { id name } album { id name } externalIds { isrc upc ean } popularity`;

const knownReasons = ['market', 'product', 'explicit'];

const identity = (kind: string, id: string, name: string) => ({
  id,
  name,
  uri: `spotify:${kind}:${id}`,
  externalUrl: `https://open.spotify.com/${kind}/${id}`,
});

/** Images as the response contains them. */
export const imagesAt = (imagesUrl: string, images: readonly Image[]) =>
  images.map(({ file, width, height }) => ({ url: imagesUrl + file, width, height }));

const restrictions = (reason: string | undefined) =>
  reason === undefined ? null : { reason: knownReasons.includes(reason) ? reason.toUpperCase() : 'OTHER' };

/** @param imagesUrl base URL of the sandbox's images */
export function expectedObjects(catalogue: Catalogue, mode: QuotaMode, imagesUrl: string) {
  const inExtended = <T>(value: T): T | null => (mode === 'extended' ? value : null);
  const nameOf = (id: string) => catalogue.artist(id)?.name ?? '';

  return {
    artist: ({ id, name, images, genres, followers, popularity }: Artist) => ({
      ...identity('artist', id, name),
      images: imagesAt(imagesUrl, images),
      genres: inExtended(genres),
      followers: inExtended({ total: followers }),
      popularity: inExtended(popularity),
    }),

    album: (album: Album) => ({
      ...identity('album', album.id, album.name),
      albumType: ['album', 'single', 'compilation'].includes(album.type) ? album.type.toUpperCase() : 'OTHER',
      totalTracks: album.totalTracks,
      releaseDate: { date: album.releaseDate, precision: album.precision.toUpperCase() },
      images: imagesAt(imagesUrl, album.images),
      artists: album.artistIds.map((id) => identity('artist', id, nameOf(id))),
      isPlayable: null,
      restrictions: restrictions(album.restriction),
      copyrights: ['C', 'P'].map((type) => ({
        text: `${album.releaseDate.slice(0, 4)} ${album.label}`,
        type,
      })),
      externalIds: { isrc: null, upc: album.upc, ean: null },
      genres: [],
      label: inExtended(album.label),
      popularity: inExtended(album.popularity),
    }),

    track: (track: Track) => ({
      ...identity('track', track.id, track.name),
      discNumber: track.disc,
      trackNumber: track.number,
      durationMs: track.durationMs,
      explicit: track.explicit,
      isLocal: false,
      // Without a market, Spotify states this only for apps in development mode.
      isPlayable: mode === 'development' ? track.restriction === undefined : null,
      restrictions: restrictions(track.restriction),
      linkedFrom: null,
      previewUrl: inExtended(track.restriction === undefined ? track.previewUrl : null),
      artists: track.artistIds.map((id) => ({ id, name: nameOf(id) })),
      album: { id: track.albumId, name: catalogue.album(track.albumId)?.name },
      externalIds: { isrc: track.isrc, upc: null, ean: null },
      popularity: inExtended(track.popularity),
    }),
  };
}
