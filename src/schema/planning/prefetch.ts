import { type FieldNode, type GraphQLResolveInfo, getArgumentValues } from 'graphql';
import type { OwnerKey } from '../../datasources/spotify/index.ts';
import { type Context, childFieldRead, type FieldRead, fieldRead, type ResolvedField } from '../context.ts';
import type { FieldCost } from './cost.ts';

/**
 * Some fields need only the id of their object. Their reads start together with the read of the object, which halves the
 * latency of the response. The object carries the promises to the resolvers of the fields.
 */

/** Reads that started before their object was read, by the first nodes of their fields. */
type Prefetched = ReadonlyMap<FieldNode | undefined, Promise<unknown>>;

/** An object of which some fields may already be read. */
export type WithPrefetched<T> = T & { prefetched?: Prefetched };

type ReadField<Args, Value> = (
  parent: OwnerKey,
  args: Args,
  context: Context,
  field: FieldRead,
) => Promise<Value>;

declare module 'graphql' {
  interface GraphQLFieldExtensions<_TSource, _TContext, _TArgs> {
    /** See `prefetchedField`. */
    prefetch?: ReadField<never, unknown>;
  }
}

/**
 * The options of a field that is prefetched.
 * @param read reads the field; it needs only the id and the market of its object
 * @param extensions the cost of the field, and others
 */
export const prefetchedField = <Args, Value, Extensions extends { cost: FieldCost }>(
  read: ReadField<Args, Value>,
  extensions: Extensions,
) => ({
  extensions: { ...extensions, prefetch: read },
  resolve(
    parent: WithPrefetched<OwnerKey>,
    args: Args,
    context: Context,
    info: GraphQLResolveInfo,
  ): Promise<Value> {
    const started = parent.prefetched?.get(info.fieldNodes[0]) as Promise<Value> | undefined;
    return started ?? read(parent, args, context, fieldRead(context, info));
  },
});

/**
 * Reads an object by its id. The selected fields of it that declare `prefetch` start at the same time.
 * @param typeName of the object
 * @param key of the object, with the market in which its fields are read
 */
export function readWithPrefetch<T extends object>(
  typeName: string,
  key: OwnerKey,
  read: () => Promise<T | null>,
  field: ResolvedField,
): Promise<WithPrefetched<T> | null> {
  const prefetched = prefetch(typeName, key, field);
  const object = read();
  return prefetched.size === 0 ? object : object.then((found) => found && { ...found, prefetched });
}

function prefetch(typeName: string, key: OwnerKey, owner: ResolvedField): Prefetched {
  const { context, info } = owner;
  const prefetched = new Map<FieldNode | undefined, Promise<unknown>>();
  const typeSelection = context.selection.field(info)?.below.find(({ type }) => type.name === typeName);
  for (const selection of typeSelection?.fields ?? []) {
    const { field, nodes } = selection;
    const [node] = nodes;
    const read = field.extensions.prefetch;
    if (!node || !read) continue;
    // Errors are reported by the resolver of the field, which does not run if the object does not exist.
    const start = async () => {
      const args = getArgumentValues(field, node, info.variableValues) as never;
      return read(key, args, context, childFieldRead(owner, selection));
    };
    const started = start();
    started.catch(() => undefined);
    prefetched.set(node, started);
  }
  return prefetched;
}
