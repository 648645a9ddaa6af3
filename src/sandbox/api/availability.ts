import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Album, Track } from '../catalogue/model.ts';

/** What a track is in one market. */
export interface MarketTrack {
  /** The track that is shown: the one asked for, or the one that stands in for it (relinking). */
  track: Track;
  /** The track that was asked for, when another one stands in. */
  linkedFrom: Track | null;
  isPlayable: boolean;
  /** Why it cannot be played. */
  restriction: string | null;
}

/** Whether an artist's list or a search, asked for one market, shows the album. */
export const isListed = (album: Album, market: string | null): boolean =>
  market === null || album.markets.includes(market);

/** Finds what is played in the market when the track is asked for there; null is no market. */
export function trackIn(catalogue: Catalogue, track: Track, market: string | null): MarketTrack {
  const own = { track, linkedFrom: null, isPlayable: true, restriction: null };
  if (track.restriction !== undefined) return { ...own, isPlayable: false, restriction: track.restriction };
  if (market === null || track.markets.includes(market)) return own;
  const twin = catalogue.twinOf(track);
  if (twin?.markets.includes(market)) return { ...own, track: twin, linkedFrom: track };
  return { ...own, isPlayable: false, restriction: 'market' };
}

/** Why the album cannot be played in the market; null if it can. Its other edition's tracks count as its own. */
export function albumRestriction(catalogue: Catalogue, album: Album, market: string | null): string | null {
  if (album.restriction !== undefined) return album.restriction;
  const other = album.otherEditionId === undefined ? undefined : catalogue.album(album.otherEditionId);
  const playable = isListed(album, market) || (other !== undefined && isListed(other, market));
  return playable ? null : 'market';
}
