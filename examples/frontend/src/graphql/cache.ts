import { cacheExchange, type Resolver } from '@urql/exchange-graphcache';
import { relayPagination } from '@urql/exchange-graphcache/extras';
import type { Exchange } from 'urql';

/**
 * Keeps every artist, album, track, show and playlist once, by its id, so that what one page has read the next one shows;
 * and puts the windows of a list together, whoever asked for which of them.
 */
export function createCache(): Exchange {
  return cacheExchange({
    keys: {
      Copyright: withoutId,
      ExternalIds: withoutId,
      Image: withoutId,
      PlaylistItem: withoutId,
      ReleaseDate: withoutId,
      SearchResults: withoutId,
    },
    resolvers: {
      Query: { artist: heldById('Artist'), album: heldById('Album'), track: heldById('Track') },
      Artist: { albums: relayPagination() },
      Album: { tracks: relayPagination() },
      Show: { episodes: relayPagination() },
      Playlist: { items: unlessNull(relayPagination()) },
    },
  });
}

/** Finds what another question has brought already, such as the artist that a search has found. */
const heldById =
  (typename: 'Artist' | 'Album' | 'Track'): Resolver =>
  (_, args, cache, { fieldName }) => {
    const id = String(args['id']);
    const entity = { __typename: typename, id };
    return cache.resolve(entity, 'id')
      ? entity
      : (cache.resolve('Query', fieldName, { id }) as string | null);
  };

/** A list that Spotify withholds is null. `relayPagination` alone would treat it as a list that was never read. */
const unlessNull =
  (paginate: Resolver): Resolver =>
  (parent, args, cache, info) =>
    cache.resolve(info.parentKey, info.fieldName, args) === null ? null : paginate(parent, args, cache, info);

/** Part of whatever holds it, and kept there. */
const withoutId = () => null;
