import type { GraphQLResolveInfo } from 'graphql';
import {
  type Album as AlbumObject,
  type Artist as ArtistObject,
  type Kind,
  parseReference,
  type Reference,
  type SpotifyObject,
  type Track as TrackObject,
} from '../../datasources/spotify/index.ts';
import { idArg, idsArg, mapIds } from '../arguments.ts';
import { builder } from '../builder.ts';
import type { Context } from '../context.ts';
import { nodeLookup, nodeLookups } from '../planning/object-costs.ts';
import { artistById, type WithPrefetched } from '../planning/prefetch.ts';

/** The types of the catalogue's objects, which refer to each other: one line for each kind. */

export const Artist = builder.objectRef<WithPrefetched<ArtistObject>>('Artist');
export const Album = builder.objectRef<AlbumObject>('Album');
export const Track = builder.objectRef<TrackObject>('Track');

/** Everything that has an id, and the root fields that find it. */

export const typeNames: Readonly<Record<Kind, string>> = { artist: 'Artist', album: 'Album', track: 'Track' };

export const Node = builder.interfaceRef<SpotifyObject>('Node').implement({
  description: 'Something in the catalogue that has an id.',
  fields: (t) => ({
    id: t.exposeID('id', { description: "Spotify's own id: 22 characters." }),
  }),
  resolveType: ({ kind }) => typeNames[kind],
});

builder.queryFields((t) => ({
  node: t.field({
    type: Node,
    nullable: true,
    extensions: { cost: nodeLookup },
    description:
      'Whatever the id names. For a bare id, artists, albums and tracks are searched in this order: a URI or link costs fewer calls.',
    args: { id: idArg(t) },
    resolve: (_, { id }, context, info) => readObject(parseReference(id), context, info),
  }),
  nodes: t.field({
    type: [Node],
    nullable: { list: false, items: true },
    extensions: { cost: nodeLookups },
    description: 'The same for many ids: one entry for each, in their order.',
    args: { ids: idsArg(t) },
    resolve: (_, { ids }, context, info) =>
      mapIds(ids, (id, index) => readObject(parseReference(id), context, info, index)),
  }),
}));

/**
 * Reads the object that a reference names.
 * @param index of the object in the list that the resolved field gives, if it gives one
 */
export function readObject(
  reference: Reference,
  context: Context,
  info: GraphQLResolveInfo,
  index?: number,
): Promise<SpotifyObject | null> {
  if (reference.kind === 'artist') return artistById(reference.id, context, info, index);
  return context.spotify.node(reference, context.fieldContext(info));
}
