import type { ArgBuilder } from '@pothos/core';
import type { SpotifyObject } from '../datasources/spotify/index.ts';
import { BadUserInput } from '../errors.ts';
import type { builder } from './builder.ts';
import { asListError } from './items.ts';
import { maxIds } from './limits.ts';

type Args = { arg: ArgBuilder<(typeof builder)['$inferSchemaTypes']> };

/** The argument of the fields that find one thing. */
export const idArg = ({ arg }: Args) =>
  arg.id({ required: true, description: 'An id, a Spotify URI or an open.spotify.com link.' });

/** The argument of their plurals. */
export const idsArg = ({ arg }: Args) =>
  arg.idList({
    required: true,
    description: `At most ${maxIds} ids, Spotify URIs or open.spotify.com links.`,
  });

/** Its Spotify URI, which its kind and its id make. */
export const uriOf = ({ kind, id }: SpotifyObject): string => `spotify:${kind}:${id}`;

/** Tells a stitching parent that a plural field finds objects by their keys; see composition.ts. */
export const mergedByIds = { directives: { merge: { keyField: 'id', keyArg: 'ids' } } };

/**
 * One entry for each id; one that fails costs only itself.
 * @throws BadUserInput when there are too many
 */
export function mapIds<T>(
  ids: readonly string[],
  find: (id: string, index: number) => Promise<T>,
): Promise<T>[] {
  if (ids.length > maxIds)
    throw new BadUserInput(`At most ${maxIds} ids at a time; these are ${ids.length}.`);
  return ids.map((id, index) => entryOrError(() => find(id, index)));
}

/** An entry of a list: an entry that fails at once is no promise, as a list may have thousands of those. */
export function entryOrError<T>(find: () => Promise<T>): Promise<T> {
  try {
    return find().catch(asListError);
  } catch (error) {
    return asListError(error);
  }
}
