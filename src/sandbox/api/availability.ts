import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Album, Track } from '../catalogue/model.ts';

/** A track as one market sees it. */
export interface MarketTrack {
  /** The track in the response: the requested one, or the one that replaces it (relinking). */
  track: Track;
  /** The requested track, if another one replaces it. */
  linkedFrom: Track | null;
  isPlayable: boolean;
  /** Why it cannot be played. */
  restriction: string | null;
}

/** Whether a list or a search for this market contains the album, the show or the audiobook. */
export const isListed = ({ markets }: Pick<Album, 'markets'>, market: string | null): boolean =>
  market === null || markets.includes(market);

/** The track that Spotify sends for a request with this market; null is a request without one. */
export function trackIn(catalogue: Catalogue, track: Track, market: string | null): MarketTrack {
  const requestedTrack = { track, linkedFrom: null, isPlayable: true, restriction: null };
  if (track.restriction !== undefined)
    return { ...requestedTrack, isPlayable: false, restriction: track.restriction };
  if (market === null || track.markets.includes(market)) return requestedTrack;
  const relinkedTrack = catalogue.relinkedTrack(track);
  if (relinkedTrack?.markets.includes(market))
    return { ...requestedTrack, track: relinkedTrack, linkedFrom: track };
  return { ...requestedTrack, isPlayable: false, restriction: 'market' };
}

/** Why the album cannot be played in the market; null if it can. The tracks of its other edition count too. */
export function albumRestriction(catalogue: Catalogue, album: Album, market: string | null): string | null {
  if (album.restriction !== undefined) return album.restriction;
  const otherEdition = album.otherEditionId === undefined ? undefined : catalogue.album(album.otherEditionId);
  const isPlayable =
    isListed(album, market) || (otherEdition !== undefined && isListed(otherEdition, market));
  return isPlayable ? null : 'market';
}
