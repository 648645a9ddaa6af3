import {
  bareIdKinds,
  type Kind,
  kinds,
  type Market,
  parseReference,
  pluralsOf,
  type Reference,
  type SpotifyId,
  type SpotifyObject,
} from '../../datasources/spotify/index.ts';
import { idArg, idsArg, marketArg, rootMarket } from '../arguments.ts';
import { builder } from '../builder.ts';
import type { ResolvedField } from '../context.ts';
import { nodeLookupCost, nodeLookupsCost } from '../planning/object-costs.ts';
import { readWithPrefetch, type WithPrefetched } from '../planning/prefetch.ts';
import { mapIds } from '../resolvers.ts';
import { typeNames } from './object-types.ts';

/** Everything that has an id, and the reads and root fields that find it. */

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
      objectByReference(parseReference(id), rootMarket({}, context, info), { context, info }),
  }),
  nodes: t.field({
    type: [Node],
    nullable: { list: false, items: true },
    extensions: { cost: nodeLookupsCost },
    description: 'The same for many ids: one entry for each, in their order.',
    args: { ids: idsArg(t), market: marketArg(t) },
    resolve: (_, { ids, ...args }, context, info) => {
      const market = rootMarket(args, context, info);
      return mapIds(ids, (id, index) =>
        objectByReference(parseReference(id), market, { context, info, index }),
      );
    },
  }),
}));

/** Reads the object that a reference names. */
export function objectByReference(
  reference: Reference,
  market: Market | null,
  field: ResolvedField,
): Promise<SpotifyObject | null> {
  const [kind, ...others] = reference.kinds;
  if (kind && others.length === 0) return objectById(kind, reference.id, market, field);
  const { context, info, index } = field;
  return context.spotify.node(reference, market, context.fieldContext(info, index));
}

/**
 * Reads an object, and at the same time its selected fields that declare `prefetch`, if the object may be found.
 * @param market null if none is named
 */
export function objectById(
  kind: Kind,
  id: SpotifyId,
  market: Market | null,
  field: ResolvedField,
): Promise<WithPrefetched<SpotifyObject> | null> {
  const { context, info, index } = field;
  const read = () => context.spotify.object(kind, id, market, context.fieldContext(info, index));
  // Without the object, the calls for its fields would be spent for nothing.
  if (!context.spotify.mayBeFound(kind, id)) return read();
  return readWithPrefetch(typeNames[kind], { id, market }, read, field);
}
