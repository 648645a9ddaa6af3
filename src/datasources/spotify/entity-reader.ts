import type { ReadThroughCache } from './cache/read-through-cache.ts';
import { inMarket } from './kinds/embedded-objects.ts';
import { byId } from './kinds/endpoint-request.ts';
import { kinds, type Reference } from './kinds/index.ts';
import { type Entity, getKind, type KindRegistry } from './kinds/kind.ts';
import type { Market } from './kinds/markets.ts';
import type { SpotifyId } from './kinds/spotify-id.ts';
import type { FieldContext } from './usage/field-context.ts';

/** Reads single objects of every kind. A `market` of null means the default market. */
export interface EntityReader {
  /** The object in any form; null if Spotify has no such object. */
  find(
    kind: string,
    id: SpotifyId,
    market: Market | null,
    fieldContext: FieldContext,
  ): Promise<Entity | null>;
  /** The full form of an object; null if it does not exist any more. */
  full(object: Entity, fieldContext: FieldContext): Promise<Entity | null>;
  /** The object that a reference names; a bare id is looked up in the order of the registry. */
  node(reference: Reference<string>, fieldContext: FieldContext): Promise<Entity | null>;
  /** Whether Spotify has said lately that the object does not exist. */
  isAbsent(kind: string, id: SpotifyId): boolean;
}

export function createEntityReader(
  cache: ReadThroughCache,
  defaultMarket: Market | null,
  registry: KindRegistry = kinds,
): EntityReader {
  const requestOf = (kind: string, id: SpotifyId, market: Market | null) =>
    byId(getKind(registry, kind), id, market ?? defaultMarket, registry);

  const find: EntityReader['find'] = (kind, id, market, fieldContext) =>
    cache.getAnyForm(requestOf(kind, id, market), fieldContext);

  /** The object that another one replaces in a market: if the market is named, Spotify sends the other one. */
  async function original({ kind, id, market }: Entity, fieldContext: FieldContext): Promise<Entity | null> {
    const object = await cache.get(byId(getKind(registry, kind), id, null, registry), fieldContext);
    return object && inMarket(object, market, registry);
  }

  return {
    find,
    full: (object, fieldContext) =>
      object.isReference
        ? original(object, fieldContext)
        : cache.get(requestOf(object.kind, object.id, object.market), fieldContext),
    async node({ kind, id }, fieldContext) {
      if (kind) return find(kind, id, null, fieldContext);
      const names = Object.keys(registry);
      const cachedName = names.find((name) => cache.has(requestOf(name, id, null)));
      for (const name of cachedName ? [cachedName] : names) {
        const object = await find(name, id, null, fieldContext);
        if (object) return object;
      }
      return null;
    },
    isAbsent: (kind, id) => cache.isAbsent(requestOf(kind, id, null)),
  };
}
