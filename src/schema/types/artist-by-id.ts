import type { GraphQLResolveInfo } from 'graphql';
import type { Artist, SpotifyId } from '../../datasources/spotify/index.ts';
import type { Context } from '../context.ts';
import { readWithPrefetch, type WithPrefetched } from '../planning/prefetch.ts';

/**
 * Reads an artist, and the selected lists of the artist at the same time unless the artist is known not to exist.
 * @param index of the artist in the list that the resolved field gives, if it gives one
 */
export function artistById(
  id: SpotifyId,
  context: Context,
  info: GraphQLResolveInfo,
  index?: number,
): Promise<WithPrefetched<Artist> | null> {
  const read = () => context.spotify.object('artist', id, null, context.fieldContext(info));
  if (context.spotify.isAbsent('artist', id)) return read();
  return readWithPrefetch('Artist', id, read, context, info, index);
}
