import type { ObjectRef } from '@pothos/core';
import type { GraphQLResolveInfo } from 'graphql';
import {
  bareIdKinds,
  type Kind,
  type KindOf,
  kindNames,
  kinds,
  type Market,
  parseReference,
  pluralsOf,
  type Reference,
  type SpotifyId,
  type SpotifyObject,
} from '../../datasources/spotify/index.ts';
import { idArg, idsArg, mapIds, marketArg, rootMarket } from '../arguments.ts';
import { builder, type Types } from '../builder.ts';
import type { Context } from '../context.ts';
import { nodeLookupCost, nodeLookupsCost } from '../planning/object-costs.ts';
import { readWithPrefetch, type WithPrefetched } from '../planning/prefetch.ts';

/** The name of each kind's type: the name of the kind with a capital. */
export const typeNames = byKind((kind) => `${kind.charAt(0).toUpperCase()}${kind.slice(1)}`);

const objectRef = <K extends Kind>(kind: K) => builder.objectRef<WithPrefetched<KindOf[K]>>(typeNames[kind]);

/** The types of the catalogue's objects, which refer to each other: one line for each kind. */
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

/** Everything that has an id, and the root fields that find it. */

export const Node = builder.interfaceRef<SpotifyObject>('Node').implement({
  description: 'An object of the catalogue with an id.',
  fields: (t) => ({
    id: t.exposeID('id', { description: "Spotify's own id: 22 characters." }),
  }),
  resolveType: ({ kind }) => typeNames[kind],
});

builder.queryFields((t) => ({
  node: t.field({
    type: Node,
    nullable: true,
    extensions: { cost: nodeLookupCost },
    description: `The object with this id. A bare id is looked up among ${pluralsOf(bareIdKinds(kinds))}, in this order: a URI or a link costs fewer calls. The market is that of the cursors below, otherwise the default market of the gateway; \`nodes\` has an argument for it.`,
    // Relay's compiler accepts no other argument.
    args: { id: idArg(t) },
    resolve: (_, { id }, context, info) =>
      readObject(parseReference(id), rootMarket({}, context, info), context, info),
  }),
  nodes: t.field({
    type: [Node],
    nullable: { list: false, items: true },
    extensions: { cost: nodeLookupsCost },
    description: 'The same for many ids: one entry for each, in their order.',
    args: { ids: idsArg(t), market: marketArg(t) },
    resolve: (_, { ids, ...args }, context, info) => {
      const market = rootMarket(args, context, info);
      return mapIds(ids, (id, index) => readObject(parseReference(id), market, context, info, index));
    },
  }),
}));

/** Reads the object that a reference names. @param index see `objectById` */
export function readObject(
  reference: Reference,
  market: Market | null,
  context: Context,
  info: GraphQLResolveInfo,
  index?: number,
): Promise<SpotifyObject | null> {
  const [kind, ...others] = reference.kinds;
  if (kind && others.length === 0) return objectById(kind, reference.id, market, context, info, index);
  return context.spotify.node(reference, market, context.fieldContext(info, index));
}

/**
 * Reads an object, and at the same time its selected fields that declare `prefetch`, if the object may be found.
 * @param market null if none is named
 * @param index of the object in the list, if the resolved field returns a list
 */
export function objectById(
  kind: Kind,
  id: SpotifyId,
  market: Market | null,
  context: Context,
  info: GraphQLResolveInfo,
  index?: number,
): Promise<WithPrefetched<SpotifyObject> | null> {
  const read = () => context.spotify.object(kind, id, market, context.fieldContext(info, index));
  // Without the object, the calls for its fields would be spent for nothing.
  if (!context.spotify.mayBeFound(kind, id)) return read();
  return readWithPrefetch(typeNames[kind], { id, market }, read, context, info, index);
}

function byKind<T>(of: (kind: Kind) => T): Readonly<Record<Kind, T>> {
  return Object.fromEntries(kindNames.map((kind) => [kind, of(kind)])) as Record<Kind, T>;
}
