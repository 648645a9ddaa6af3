import type { Album, AlbumGroup, Artist, Track } from '../catalogue/model.ts';
import { withheldFields } from '../quota-mode.ts';
import type { Ask } from './ask.ts';
import { albumRestriction, trackIn } from './availability.ts';
import { cut, type LinkParameter, writePage } from './page.ts';

/** A JSON object as Spotify sends it. */
export type Wire = Record<string, unknown>;

/** Writes the catalogue's objects as Spotify does for one call, without what the app may not see. */
export interface Objects {
  artist(artist: Artist): Wire;
  /** The short form, as in lists. `group` only in an artist's list. */
  album(album: Album, group?: AlbumGroup): Wire;
  fullAlbum(album: Album): Wire;
  /** The short form, as on an album. */
  albumTrack(track: Track): Wire;
  track(track: Track): Wire;
}

// However many tracks an album has, it brings at most these along.
const embeddedTracks = 50;

/** @param market the market that the call is for, null for none */
export function createObjects(ask: Ask, market: string | null): Objects {
  const { catalogue, conditions, apiUrl } = ask;
  const withheld = withheldFields[conditions.quotaMode];
  const inMarket = market !== null;
  // Development mode says on a full track, and on the album in it, whether it can be played, market or not.
  const fullTracksSayPlayable = inMarket || conditions.quotaMode === 'development';

  // Keys stand in the order of the captured responses.

  const links = (type: 'artist' | 'album' | 'track', id: string) => ({
    external_urls: { spotify: `https://open.spotify.com/${type}/${id}` },
    href: `${apiUrl}/${type}s/${id}`,
    id,
  });
  const identity = (type: 'artist' | 'album' | 'track', id: string) => ({
    type,
    uri: `spotify:${type}:${id}`,
  });

  const artistReference = (id: string): Wire => ({
    ...links('artist', id),
    name: catalogue.artist(id)?.name ?? '',
    ...identity('artist', id),
  });

  const albumBase = (album: Album): Wire => {
    const restriction = albumRestriction(catalogue, album, market);
    return {
      album_type: album.type,
      total_tracks: album.totalTracks,
      ...(inMarket ? { is_playable: restriction === null } : { available_markets: album.markets }),
      ...links('album', album.id),
      images: album.images,
      name: album.name,
      release_date: album.releaseDate,
      release_date_precision: album.precision,
      ...(restriction !== null && { restrictions: { reason: restriction } }),
      ...identity('album', album.id),
      artists: album.artistIds.map(artistReference),
    };
  };

  const albumOfTrack = (album: Album): Wire => {
    const restriction = albumRestriction(catalogue, album, market);
    return {
      album_type: album.type,
      artists: album.artistIds.map(artistReference),
      ...(!inMarket && { available_markets: album.markets }),
      ...links('album', album.id),
      images: album.images,
      ...(fullTracksSayPlayable && { is_playable: restriction === null }),
      name: album.name,
      release_date: album.releaseDate,
      release_date_precision: album.precision,
      ...(restriction !== null && { restrictions: { reason: restriction } }),
      total_tracks: album.totalTracks,
      ...identity('album', album.id),
    };
  };

  const linkedTrack = (track: Track): Wire => ({
    ...links('track', track.id),
    ...identity('track', track.id),
  });

  const track = (requested: Track): Wire => {
    const { track, linkedFrom, isPlayable, restriction } = trackIn(catalogue, requested, market);
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

  const albumTrack = (requested: Track): Wire => {
    const { track, linkedFrom, isPlayable, restriction } = trackIn(catalogue, requested, market);
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

  return {
    album: (it, group) =>
      without(withheld.album, { ...albumBase(it), ...(group !== undefined && { album_group: group }) }),
    albumTrack,
    artist: (artist) => {
      const { external_urls, ...rest } = links('artist', artist.id);
      return without(withheld.artist, {
        external_urls,
        followers: { href: null, total: artist.followers },
        genres: artist.genres,
        ...rest,
        images: artist.images,
        name: artist.name,
        popularity: artist.popularity,
        ...identity('artist', artist.id),
      });
    },
    fullAlbum: (it) => {
      const window = { offset: 0, limit: embeddedTracks };
      const tracks = catalogue.tracksOf(it.id);
      const details = { window, total: tracks.length, parameters: marketParameter(market) };
      const year = it.releaseDate.slice(0, 4);
      return without(withheld.album, {
        ...albumBase(it),
        tracks: writePage(ask, `albums/${it.id}/tracks`, details, cut(tracks, window).map(albumTrack)),
        copyrights: [
          { text: `${year} ${it.label}`, type: 'C' },
          { text: `${year} ${it.label}`, type: 'P' },
        ],
        external_ids: { upc: it.upc },
        genres: [], // empty for every album on record, 2014 to 2026
        label: it.label,
        popularity: it.popularity,
      });
    },
    track: (requested) => without(withheld.track, track(requested)),
  };
}

/** The market as links repeat it. */
export const marketParameter = (market: string | null): LinkParameter[] =>
  market === null ? [] : [['market', market]];

function without(names: readonly string[], object: Wire): Wire {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));
}
