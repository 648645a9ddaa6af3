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

  const identity = (type: 'artist' | 'album' | 'track', id: string) => ({
    external_urls: { spotify: `https://open.spotify.com/${type}/${id}` },
    href: `${apiUrl}/${type}s/${id}`,
    id,
    type,
    uri: `spotify:${type}:${id}`,
  });

  const artistReference = (id: string): Wire => ({
    ...identity('artist', id),
    name: catalogue.artist(id)?.name ?? '',
  });

  const albumBase = (album: Album, group?: AlbumGroup): Wire => {
    const restriction = albumRestriction(catalogue, album, market);
    return {
      album_type: album.type,
      total_tracks: album.totalTracks,
      ...(inMarket ? { is_playable: restriction === null } : { available_markets: album.markets }),
      ...identity('album', album.id),
      images: album.images,
      name: album.name,
      release_date: album.releaseDate,
      release_date_precision: album.precision,
      ...(restriction !== null && { restrictions: { reason: restriction } }),
      artists: album.artistIds.map(artistReference),
      ...(group !== undefined && { album_group: group }),
    };
  };

  const trackBase = (asked: Track): Wire => {
    const { track, linkedFrom, isPlayable, restriction } = trackIn(catalogue, asked, market);
    return {
      artists: track.artistIds.map(artistReference),
      ...(inMarket ? { is_playable: isPlayable } : { available_markets: track.markets }),
      ...(linkedFrom && { linked_from: identity('track', linkedFrom.id) }),
      ...(restriction !== null && { restrictions: { reason: restriction } }),
      disc_number: track.disc,
      duration_ms: track.durationMs,
      explicit: track.explicit,
      ...identity('track', track.id),
      name: track.name,
      // Apps from after November 2024 get null here, always; others where the track cannot be played.
      preview_url: conditions.quotaMode === 'extended' && isPlayable ? track.previewUrl : null,
      track_number: track.number,
      is_local: false,
    };
  };

  const albumTrack = (track: Track) => without(withheld.track, trackBase(track));
  const album = (it: Album, group?: AlbumGroup) => without(withheld.album, albumBase(it, group));

  return {
    album,
    albumTrack,
    artist: (artist) =>
      without(withheld.artist, {
        ...identity('artist', artist.id),
        followers: { href: null, total: artist.followers },
        genres: artist.genres,
        images: artist.images,
        name: artist.name,
        popularity: artist.popularity,
      }),
    fullAlbum: (it) => {
      const window = { offset: 0, limit: embeddedTracks };
      const tracks = catalogue.tracksOf(it.id);
      const parameters = marketParameter(market);
      const size = { window, total: tracks.length, parameters };
      return without(withheld.album, {
        ...albumBase(it),
        tracks: writePage(ask, `albums/${it.id}/tracks`, size, cut(tracks, window).map(albumTrack)),
        copyrights: [
          { text: `${it.releaseDate.slice(0, 4)} ${it.label}`, type: 'C' },
          { text: `${it.releaseDate.slice(0, 4)} ${it.label}`, type: 'P' },
        ],
        external_ids: { upc: it.upc },
        genres: [], // empty for every album on record, 2014 to 2026
        label: it.label,
        popularity: it.popularity,
      });
    },
    track: (asked) => {
      const { track } = trackIn(catalogue, asked, market);
      const home = catalogue.album(track.albumId);
      return without(withheld.track, {
        ...trackBase(asked),
        album: home && album(home),
        external_ids: { isrc: track.isrc },
        popularity: track.popularity,
      });
    },
  };
}

/** The market as links repeat it. */
export const marketParameter = (market: string | null): LinkParameter[] =>
  market === null ? [] : [['market', market]];

function without(names: readonly string[], object: Wire): Wire {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));
}
