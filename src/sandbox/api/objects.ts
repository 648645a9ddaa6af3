import type { Album, AlbumGroup, Artist, Track } from '../catalogue/model.ts';
import { albumRestriction, trackIn } from './availability.ts';
import {
  createObjectParts,
  type JsonObject,
  marketParameter,
  type ObjectParts,
  without,
} from './object-parts.ts';
import { slice, writePage } from './page.ts';
import type { RequestContext } from './request-context.ts';

/** Writes the catalogue's objects in Spotify's format, without the fields that the app may not see. */
export interface Objects {
  artist(artist: Artist): JsonObject;
  /** The simplified object, as in lists. `group` is set in an artist's list only. */
  album(album: Album, group?: AlbumGroup): JsonObject;
  fullAlbum(album: Album): JsonObject;
  /** The simplified object, as on an album. */
  albumTrack(track: Track): JsonObject;
  track(track: Track): JsonObject;
}

// An album embeds at most this number of tracks.
const embeddedTracks = 50;

/** @param market the market that the call is for, null for none */
export function createObjects(request: RequestContext, market: string | null): Objects {
  const parts = createObjectParts(request, market);
  const tracks = trackObjects(parts);
  return { artist: artistObject(parts), ...tracks, ...albumObjects(parts, tracks.albumTrack) };
}

// Keys are in the order of the recorded responses.

const artistObject =
  ({ withheld, links, identity, images }: ObjectParts) =>
  (artist: Artist): JsonObject => {
    const { external_urls, ...hrefAndId } = links('artist', artist.id);
    return without(withheld.artist, {
      external_urls,
      followers: { href: null, total: artist.followers },
      genres: artist.genres,
      ...hrefAndId,
      images: images(artist.images),
      name: artist.name,
      popularity: artist.popularity,
      ...identity('artist', artist.id),
    });
  };

function albumObjects(
  { request, market, inMarket, withheld, links, identity, images, artistReference }: ObjectParts,
  albumTrack: Objects['albumTrack'],
): Pick<Objects, 'album' | 'fullAlbum'> {
  const { catalogue } = request;

  const albumBase = (album: Album): JsonObject => {
    const restriction = albumRestriction(catalogue, album, market);
    return {
      album_type: album.type,
      total_tracks: album.totalTracks,
      ...(inMarket ? { is_playable: restriction === null } : { available_markets: album.markets }),
      ...links('album', album.id),
      images: images(album.images),
      name: album.name,
      release_date: album.releaseDate,
      release_date_precision: album.precision,
      ...(restriction !== null && { restrictions: { reason: restriction } }),
      ...identity('album', album.id),
      artists: album.artistIds.map(artistReference),
    };
  };

  return {
    album: (album, group) =>
      without(withheld.album, { ...albumBase(album), ...(group !== undefined && { album_group: group }) }),
    fullAlbum: (album) => {
      const window = { offset: 0, limit: embeddedTracks };
      const tracks = catalogue.tracksOf(album.id);
      const details = { window, total: tracks.length, parameters: marketParameter(market) };
      const year = album.releaseDate.slice(0, 4);
      return without(withheld.album, {
        ...albumBase(album),
        tracks: writePage(
          request,
          `albums/${album.id}/tracks`,
          details,
          slice(tracks, window).map(albumTrack),
        ),
        copyrights: [
          { text: `${year} ${album.label}`, type: 'C' },
          { text: `${year} ${album.label}`, type: 'P' },
        ],
        external_ids: { upc: album.upc },
        genres: [], // empty for every album on record, 2014 to 2026
        label: album.label,
        popularity: album.popularity,
      });
    },
  };
}

function trackObjects({
  request: { catalogue },
  market,
  inMarket,
  fullTracksSayPlayable,
  withheld,
  links,
  identity,
  images,
  artistReference,
}: ObjectParts): Pick<Objects, 'track' | 'albumTrack'> {
  const albumOfTrack = (album: Album): JsonObject => {
    const restriction = albumRestriction(catalogue, album, market);
    return {
      album_type: album.type,
      artists: album.artistIds.map(artistReference),
      ...(!inMarket && { available_markets: album.markets }),
      ...links('album', album.id),
      images: images(album.images),
      ...(fullTracksSayPlayable && { is_playable: restriction === null }),
      name: album.name,
      release_date: album.releaseDate,
      release_date_precision: album.precision,
      ...(restriction !== null && { restrictions: { reason: restriction } }),
      total_tracks: album.totalTracks,
      ...identity('album', album.id),
    };
  };

  const linkedTrack = (track: Track): JsonObject => ({
    ...links('track', track.id),
    ...identity('track', track.id),
  });

  const track = (requestedTrack: Track): JsonObject => {
    const { track, linkedFrom, isPlayable, restriction } = trackIn(catalogue, requestedTrack, market);
    const album = catalogue.album(track.albumId);
    return {
      ...(album && { album: without(withheld.album, albumOfTrack(album)) }),
      artists: track.artistIds.map(artistReference),
      ...(!inMarket && { available_markets: track.markets }),
      disc_number: track.disc,
      duration_ms: track.durationMs,
      explicit: track.explicit,
      external_ids: { isrc: track.isrc },
      ...links('track', track.id),
      is_local: false,
      ...(fullTracksSayPlayable && { is_playable: isPlayable }),
      ...(linkedFrom && { linked_from: linkedTrack(linkedFrom) }),
      name: track.name,
      popularity: track.popularity,
      preview_url: isPlayable ? track.previewUrl : null,
      ...(restriction !== null && { restrictions: { reason: restriction } }),
      track_number: track.number,
      ...identity('track', track.id),
    };
  };

  const albumTrack = (requestedTrack: Track): JsonObject => {
    const { track, linkedFrom, isPlayable, restriction } = trackIn(catalogue, requestedTrack, market);
    return without(withheld.track, {
      artists: track.artistIds.map(artistReference),
      ...(!inMarket && { available_markets: track.markets }),
      disc_number: track.disc,
      duration_ms: track.durationMs,
      explicit: track.explicit,
      ...links('track', track.id),
      ...(inMarket && { is_playable: isPlayable }),
      ...(linkedFrom && { linked_from: linkedTrack(linkedFrom) }),
      ...(restriction !== null && { restrictions: { reason: restriction } }),
      name: track.name,
      preview_url: isPlayable ? track.previewUrl : null,
      track_number: track.number,
      ...identity('track', track.id),
      is_local: false,
    });
  };

  return { track: (requestedTrack) => without(withheld.track, track(requestedTrack)), albumTrack };
}
