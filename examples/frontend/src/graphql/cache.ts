import { cacheExchange, type Resolver } from '@urql/exchange-graphcache';
import { relayPagination } from '@urql/exchange-graphcache/extras';
import type { Exchange } from 'urql';

/**
 * Stores every artist, album, track, show and playlist once, by its id, so that pages share their data; and merges the
 * windows of a list, whichever queries have read them.
 */
export function createCache(): Exchange {
  return cacheExchange({
    possibleTypes: { TrackOrEpisode: ['Track', 'Episode'] },
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

/** Finds objects that another query has read, such as the artist in the results of a search. */
const heldById =
  (typename: 'Artist' | 'Album' | 'Track'): Resolver =>
  (_, args, cache, { fieldName }) => {
    const id = String(args['id']);
    const entity = { __typename: typename, id };
    return cache.resolve(entity, 'id')
      ? entity
      : (cache.resolve('Query', fieldName, { id }) as string | null);
  };

/** A list that Spotify withholds is null. `relayPagination` alone would treat it as a list that was not read yet. */
const unlessNull =
  (paginate: Resolver): Resolver =>
  (parent, args, cache, info) =>
    cache.resolve(info.parentKey, info.fieldName, args) === null ? null : paginate(parent, args, cache, info);

/** For types without an id: they are stored in the object that contains them. */
const withoutId = () => null;
