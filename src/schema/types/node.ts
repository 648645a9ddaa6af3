import type { GraphQLResolveInfo } from 'graphql';
import {
  type Album as AlbumObject,
  type Artist as ArtistObject,
  parseReference,
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

const typeNames = { artist: 'Artist', album: 'Album', track: 'Track' } as const;

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
    resolve: (_, { id }, context, info) => readNode(id, context, info),
  }),
  nodes: t.field({
    type: [Node],
    nullable: { list: false, items: true },
    extensions: { cost: nodeLookups },
    description: 'The same for many ids: one entry for each, in their order.',
    args: { ids: idsArg(t) },
    resolve: (_, { ids }, context, info) => mapIds(ids, (id, index) => readNode(id, context, info, index)),
  }),
}));

function readNode(
  input: string,
  context: Context,
  info: GraphQLResolveInfo,
  index?: number,
): Promise<SpotifyObject | null> {
  const reference = parseReference(input);
  if (reference.kind === 'artist') return artistById(reference.id, context, info, index);
  return context.spotify.node(reference, context.fieldContext(info));
}
