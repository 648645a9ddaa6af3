import type { GraphQLResolveInfo } from 'graphql';
import type { Context } from '../context.ts';
import type { SpotifyObject } from '../datasources/spotify/index.ts';

/**
 * Resolves a field that short forms may lack: from the object itself, else from the full one. What is there is
 * given as it is: a promise for each field of a hundred albums takes as long as all the rest of their execution.
 */
export const full =
  <K extends string>(name: K) =>
  <T extends SpotifyObject & Record<K, unknown>>(
    object: T,
    _args: unknown,
    context: Context,
    info: GraphQLResolveInfo,
  ) =>
    object[name] !== undefined ? object[name] : context.spotify.field(object, name, context.asker(info));
