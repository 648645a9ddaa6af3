import type { GraphQLResolveInfo } from 'graphql';
import {
  type Decoded,
  type Entity,
  type Kind,
  type KindOf,
  type ListOwner,
  type Market,
  type PagedEndpoint,
  type PagedListDefinition,
  recordUnavailable,
  type Spotify,
  type SpotifyId,
  type SpotifyObject,
} from '../../datasources/spotify/index.ts';
import { marketArg } from '../arguments.ts';
import type { FieldsOf } from '../builder.ts';
import type { Context } from '../context.ts';
import type { FieldCost } from '../planning/cost.ts';
import { embeddedListCost } from '../planning/list-costs.ts';
import { fullObjectCost, ownerCost } from '../planning/object-costs.ts';
import { resolveConnection } from '../relay/connect.ts';
import { connectionArgs } from '../relay/connection.ts';
import { fromFullObject } from '../resolvers.ts';

/** The options of a field whose read may cost a call: its resolver, and the cost that the planner counts for it. */

/** A field that simplified objects lack: it is read from the full object. */
export const fullObjectField = <K extends string>(kind: Kind, name: K) => ({
  extensions: { cost: fullObjectCost(kind, name) },
  resolve: fromFullObject(name),
});

/**
 * A field that the kind decodes as null if a simplified object has no value of it. The null is the result: a call for each
 * item of a list would cost too much.
 * @param needsFullObjectById see `FieldCost`; by default false, because the field is in `requiredFields` of the kind
 */
export const nullInListsField = <K extends string>(
  name: K,
  needsFullObjectById: FieldCost['needsFullObjectById'] = () => false,
) => ({
  extensions: { cost: { needsFullObjectById } },
  resolve: nullOrFromFullObject(name),
});

function nullOrFromFullObject<K extends string>(name: K) {
  const read = fromFullObject(name);
  return <T extends SpotifyObject & Record<K, unknown>>(
    object: T,
    args: unknown,
    context: Context,
    info: GraphQLResolveInfo,
  ) => {
    if (object[name] === null && !object.full) recordUnavailable(context.fieldContext(info), 'NOT_SENT');
    return read(object, args, context, info);
  };
}

type OwnerKind = 'album' | 'show' | 'audiobook';

/** The object to whose list an item belongs, such as the album of a track. The items of the list itself have only its id. */
export const ownerField = <K extends OwnerKind>(item: Kind, owner: K) => ({
  extensions: { cost: ownerCost(item, owner) },
  resolve: ownerOf(owner),
});

function ownerOf<K extends OwnerKind>(kind: K) {
  const fromItem = fromFullObject(kind);
  return <T extends SpotifyObject & Record<K, Decoded<KindOf[K]>> & Record<`${K}Id`, SpotifyId | undefined>>(
    item: T,
    args: unknown,
    context: Context,
    info: GraphQLResolveInfo,
  ) => {
    const id = item[`${kind}Id` as const];
    if (item[kind] !== undefined || id === undefined) return fromItem(item, args, context, info);
    const fieldContext = context.fieldContext(info);
    return context.spotify.object(kind, id, item.market, fieldContext).then((owner) => {
      if (owner === null) recordUnavailable(fieldContext, 'NOT_SENT');
      return owner;
    });
  };
}

/** A list of which the full `owner` contains the first page. */
export function embeddedListField<T extends Entity>(
  t: FieldsOf<SpotifyObject>,
  owner: Kind,
  list: PagedListDefinition<T> & { name: PagedEndpoint },
) {
  const listOf = (spotify: Pick<Spotify, 'pagedList'>, object: ListOwner, market: Market | null) =>
    spotify.pagedList(list, object, undefined, market);
  return {
    nullable: true,
    extensions: { cost: embeddedListCost(owner, list.name, listOf) },
    args: { market: marketArg(t), ...connectionArgs(t) },
    resolve: resolveConnection(listOf),
  } as const;
}
