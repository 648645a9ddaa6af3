import type { ObjectRef } from '@pothos/core';
import { type Kind, type KindOf, kindNames, type SpotifyObject } from '../../datasources/spotify/index.ts';
import { builder, type Types } from '../builder.ts';
import type { WithPrefetched } from '../planning/prefetch.ts';

/** The registry of the types of the catalogue's objects, which refer to each other. */

/** The name of each kind's type: the name of the kind with a capital. */
export const typeNames = byKind((kind) => `${kind.charAt(0).toUpperCase()}${kind.slice(1)}`);

const objectRef = <K extends Kind>(kind: K) => builder.objectRef<WithPrefetched<KindOf[K]>>(typeNames[kind]);

/** One line for each kind. */
export const objectTypes = {
  artist: objectRef('artist'),
  album: objectRef('album'),
  track: objectRef('track'),
  show: objectRef('show'),
  episode: objectRef('episode'),
  audiobook: objectRef('audiobook'),
  chapter: objectRef('chapter'),
  playlist: objectRef('playlist'),
} satisfies Record<Kind, unknown>;

export const { artist: Artist, album: Album, track: Track } = objectTypes;

/** The type of a kind that is known at run time only. */
export const objectTypeOf = (kind: Kind) => objectTypes[kind] as ObjectRef<Types, SpotifyObject>;

function byKind<T>(of: (kind: Kind) => T): Readonly<Record<Kind, T>> {
  return Object.fromEntries(kindNames.map((kind) => [kind, of(kind)])) as Record<Kind, T>;
}
