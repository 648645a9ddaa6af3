import {
  type FieldNode,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  getArgumentValues,
} from 'graphql';
import type { Artist, SpotifyId } from '../../datasources/spotify/index.ts';
import type { Context } from '../context.ts';
import { selectionOf } from './selection.ts';

/**
 * Together, not one after the other: what a selection surely needs of an artist and only the id is needed
 * to ask for goes out with the artist itself. The fields below then find their answers under way.
 */

const earlyFields = new Set(['albums', 'topTracks', 'relatedArtists']);

/**
 * Starts the early fields of one artist, unless that is known not to exist.
 * @param index of the artist in the list that the field gives, if it gives one
 */
export function startEarly(id: SpotifyId, context: Context, info: GraphQLResolveInfo, index?: number): void {
  if (context.spotify.isAbsent('artist', id)) return;
  const parentType = info.schema.getType('Artist') as GraphQLObjectType;
  const { below } = selectionOf(context, info);
  const { fields = [] } = below.find(({ type }) => type === parentType) ?? {};
  const here = index === undefined ? info.path : { prev: info.path, key: index, typename: undefined };

  for (const { responseName, field, nodes } of fields) {
    if (!earlyFields.has(field.name)) continue;
    const path = { prev: here, key: responseName, typename: parentType.name };
    const place = {
      ...info,
      fieldName: field.name,
      fieldNodes: nodes,
      returnType: field.type,
      parentType,
      path,
    };
    const start = async () =>
      field.resolve?.(
        provisional(id),
        getArgumentValues(field, nodes[0] as FieldNode, info.variableValues),
        context,
        place,
      );
    const started = start();
    started.catch(() => undefined); // seen by the field itself, if the artist turns out to be there
    context.early.set(keyOf(path), started);
  }
}

/** Lets the early fields of a schema take what was started for them. */
export function takeEarly(schema: GraphQLSchema): void {
  const artist = schema.getType('Artist') as GraphQLObjectType;
  for (const name of earlyFields) {
    const field = artist.getFields()[name];
    if (!field) continue;
    const { resolve } = field;
    field.resolve = (parent, args, context: Context, info) => {
      const key = keyOf(info.path);
      const started = context.early.get(key);
      context.early.delete(key);
      return started ?? resolve?.(parent, args, context, info);
    };
  }
}

/** As much of an artist as its early fields read. */
const provisional = (id: SpotifyId): Pick<Artist, 'kind' | 'id' | 'market'> => ({
  kind: 'artist',
  id,
  market: null,
});

function keyOf(path: GraphQLResolveInfo['path']): string {
  return path.prev ? `${keyOf(path.prev)}.${path.key}` : `${path.key}`;
}
