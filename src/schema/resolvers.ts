import type { GraphQLResolveInfo } from 'graphql';
import {
  type Entity,
  type FieldContext,
  isMalformed,
  type Malformed,
  recordUnavailable,
  type SpotifyObject,
} from '../datasources/spotify/index.ts';
import { BadUserInput, UpstreamBadResponse } from '../errors.ts';
import { maxIds } from './argument-limits.ts';
import type { Context } from './context.ts';

/**
 * Resolvers for the fields that Spotify fills. A value that is not as documented is an error of its field alone, and a
 * value that Spotify does not send is null. Both are listed in `extensions.spotify.unavailable`.
 */

/**
 * The item, or its error, which does not affect the other items.
 * @param fieldContext the location of the item in the response
 */
export function itemOrError<T extends Entity>(item: T | Malformed, fieldContext: () => FieldContext): T {
  if (!isMalformed(item)) return item;
  recordUnavailable(fieldContext(), 'MALFORMED');
  return errorInPlace(malformedError(item));
}

/** The items of a list, each of them or its error. @param fieldContext the location of the list in the response */
export const itemsOrErrors = <T extends Entity>(
  items: readonly (T | Malformed)[],
  { operation, location }: FieldContext,
): T[] =>
  items.map((item, index) =>
    itemOrError(item, () => {
      const { field, path } = location();
      return { operation, location: () => ({ field, path: [...path, index] }) };
    }),
  );

/** The error of a value that is not as documented. */
const malformedError = ({ malformed: where }: Malformed): UpstreamBadResponse =>
  new UpstreamBadResponse(`Spotify's response is not as documented (${where}).`);

/**
 * An error in the place of a value. GraphQL.js and graphql-jit treat it like a thrown error. For a promise that is rejected
 * inside a list, graphql-jit would put the null in the wrong place.
 */
const errorInPlace = (error: unknown) => error as never;

/**
 * One entry for each id; an entry that fails does not affect the others.
 * @throws BadUserInput if there are more than `maxIds`
 */
export function mapIds<T>(
  ids: readonly string[],
  find: (id: string, index: number) => Promise<T>,
): Promise<T>[] {
  if (ids.length > maxIds)
    throw new BadUserInput(`At most ${maxIds} ids at a time; these are ${ids.length}.`);
  return ids.map((id, index) => entryOrError(() => find(id, index)));
}

/** An entry of a list. A synchronous error is returned without a promise: thousands of promises would be slow. */
export function entryOrError<T>(find: () => Promise<T>): Promise<T> {
  try {
    return find().catch(errorInPlace);
  } catch (error) {
    return errorInPlace(error);
  }
}

/** A field that simplified objects and full objects have: the full object is never read for it. */
export const fromAnyForm = <K extends string>(name: K) => fromObject(name, true);

/** A field whose value is undefined in some simplified objects: it is read from the full object. */
export const fromFullObject = <K extends string>(name: K) => fromObject(name, false);

/** A field of a value that belongs to an object, such as the width of an image. */
export const value =
  <K extends string>(name: K) =>
  <T extends Record<K, unknown>>(
    { [name]: found }: T,
    _args: unknown,
    context: Context,
    info: GraphQLResolveInfo,
  ): ClientValue<T[K]> | null => {
    if (found === undefined) recordUnavailable(context.fieldContext(info), 'NOT_SENT');
    return valueOrError(found, context, info);
  };

/**
 * A field that is never null.
 * @param missing the message for the client if Spotify has no value: the reason
 */
export const required = <P, R>(resolve: Resolve<P, R | null>, missing: string): Resolve<P, R> => {
  const orFailure = (result: R | null): R => result ?? errorInPlace(new UpstreamBadResponse(missing));
  return (parent, args, context, info) => {
    const result = resolve(parent, args, context, info);
    return result instanceof Promise ? result.then(orFailure) : orFailure(result);
  };
};

type Resolve<P, R> = (parent: P, args: unknown, context: Context, info: GraphQLResolveInfo) => R | Promise<R>;

/** The value in the form that a client receives; markers have become errors. */
export type ClientValue<T> = T extends readonly (infer E)[]
  ? readonly Exclude<E, Malformed>[]
  : Exclude<T, Malformed | undefined>;

function fromObject<K extends string>(name: K, isInSimplifiedObject: boolean) {
  return <T extends SpotifyObject & Record<K, unknown>>(
    object: T,
    _args: unknown,
    context: Context,
    info: GraphQLResolveInfo,
  ): ClientValue<T[K]> | null | Promise<ClientValue<T[K]> | null> => {
    const sentValue: T[K] = object[name];
    // A promise for each field of a hundred albums takes as long as all the rest of their execution.
    if (sentValue !== undefined) return valueOrError(sentValue, context, info);
    return context.spotify
      .field(object, name, context.fieldContext(info), isInSimplifiedObject)
      .then((filled) => valueOrError<T[K] | null>(filled, context, info));
  };
}

/** The value itself, or an error in its place and in the place of each element that is malformed. */
export function valueOrError<T>(found: T, context: Context, info: GraphQLResolveInfo): ClientValue<T> | null {
  if (found === undefined || found === null) return null;
  if (isMalformed(found)) {
    recordUnavailable(context.fieldContext(info), 'MALFORMED');
    return errorInPlace(malformedError(found));
  }
  const hasMissingElement =
    Array.isArray(found) && found.some((element) => element === null || isMalformed(element));
  return (hasMissingElement ? elements(found, context, info) : found) as ClientValue<T>;
}

function elements(found: readonly unknown[], context: Context, info: GraphQLResolveInfo): unknown[] {
  return found.map((element, index) => {
    if (element !== null && !isMalformed(element)) return element;
    recordUnavailable(context.fieldContext(info, index), element === null ? 'NOT_SENT' : 'MALFORMED');
    return element === null ? null : errorInPlace(malformedError(element));
  });
}
