import type { Image } from '../catalogue/model.ts';
import { withheldFields } from '../quota-mode.ts';
import type { LinkParameter } from './page.ts';
import type { RequestContext } from './request-context.ts';

/** A JSON object as Spotify sends it. */
export type JsonObject = Record<string, unknown>;

/** The parts that objects of all kinds have, as Spotify sends them for one call. */
export type ObjectParts = ReturnType<typeof createObjectParts>;

/** @param market the market that the call is for, null for none */
export function createObjectParts(request: RequestContext, market: string | null) {
  const { catalogue, conditions, apiUrl, imagesUrl } = request;
  const inMarket = market !== null;

  const links = (type: 'artist' | 'album' | 'track', id: string) => ({
    external_urls: { spotify: `https://open.spotify.com/${type}/${id}` },
    href: `${apiUrl}/${type}s/${id}`,
    id,
  });
  const identity = (type: 'artist' | 'album' | 'track', id: string) => ({
    type,
    uri: `spotify:${type}:${id}`,
  });

  const images = (catalogueImages: readonly Image[]) =>
    catalogueImages.map(({ file, width, height }) => ({ url: imagesUrl + file, width, height }));

  const artistReference = (id: string): JsonObject => ({
    ...links('artist', id),
    name: catalogue.artist(id)?.name ?? '',
    ...identity('artist', id),
  });

  return {
    request,
    market,
    inMarket,
    // In development mode a full track and its album have `is_playable`, with or without a market.
    fullTracksSayPlayable: inMarket || conditions.quotaMode === 'development',
    withheld: withheldFields[conditions.quotaMode],
    links,
    identity,
    images,
    artistReference,
  };
}

/** The market as links repeat it. */
export const marketParameter = (market: string | null): LinkParameter[] =>
  market === null ? [] : [['market', market]];

export function without(names: readonly string[], object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));
}
