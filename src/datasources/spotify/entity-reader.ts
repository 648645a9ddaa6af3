import type { ReadThroughCache } from './cache/read-through-cache.ts';
import type { Capabilities } from './capabilities/capabilities.ts';
import { type Reference, withheldFieldOf } from './kinds/index.ts';
import { type Entity, getKind, type KindDefinition } from './kinds/kind.ts';
import type { Market } from './kinds/markets.ts';
import { inMarket } from './kinds/requests/embedded-objects.ts';
import { byId, type EndpointRequest } from './kinds/requests/endpoint-request.ts';
import type { SpotifyId } from './kinds/spotify-id.ts';
import { type FieldContext, recordFreshness, recordUnavailable } from './usage/field-context.ts';
import type { Family } from './usage/observer.ts';

/**
 * Reads single objects of every kind. A `market` of null means the default market. If an object is the same in every market,
 * its `market` becomes the requested one, and its lists are read in that market.
 */
export interface EntityReader<Any extends Entity> {
  /** The object in any form; null if Spotify has no such object. */
  find<T extends Any>(
    kind: KindDefinition<T>,
    id: SpotifyId,
    market: Market | null,
    fieldContext: FieldContext,
  ): Promise<T | null>;
  /**
   * The object of a reference. It is looked up as each kind of the reference in turn. An object that is cached, or that
   * another field is reading, costs no call.
   */
  node(reference: Reference<string>, market: Market | null, fieldContext: FieldContext): Promise<Any | null>;
  /** See the methods of `Spotify` for these three. */
  mayBeFound(kind: KindDefinition, id: SpotifyId, maySend: MaySend): boolean;
  isObjectCached(kind: KindDefinition, id: SpotifyId, market: Market | null, form: 'full' | 'any'): boolean;
  isObjectAbsent(kind: KindDefinition, id: SpotifyId, market: Market | null): boolean;
  /**
   * One field of an object, from the full object if this one lacks it. Null if the full object lacks it too: then the
   * reason is recorded as unavailable.
   * @param isInSimplifiedObject whether every form of the object has the field, so that the full object need not be read
   */
  field<T extends Entity, K extends keyof T & string>(
    object: T,
    name: K,
    fieldContext: FieldContext,
    isInSimplifiedObject?: boolean,
  ): Promise<Exclude<T[K], undefined> | null>;
}

/** Whether so many calls of an endpoint family may be sent now. */
export type MaySend = (family: Family, calls: number) => boolean;

type RequestOf = <T extends Entity>(
  kind: KindDefinition<T>,
  id: SpotifyId,
  market: Market | null,
) => EndpointRequest<T>;

export interface EntityReaderOptions<Any extends Entity> {
  cache: ReadThroughCache;
  capabilities: Capabilities;
  defaultMarket: Market | null;
  registry: Readonly<Record<string, KindDefinition<Any>>>;
}

export function createEntityReader<Any extends Entity>({
  cache,
  capabilities,
  defaultMarket,
  registry,
}: EntityReaderOptions<Any>): EntityReader<Any> {
  const requestOf: RequestOf = (kind, id, market) => byId(kind, id, market ?? defaultMarket, registry);

  const find: EntityReader<Any>['find'] = (kind, id, market, fieldContext) => {
    const read = cache.getAnyForm(requestOf(kind, id, market), fieldContext);
    return market === null || kind.takesMarket
      ? read
      : read.then((object) => object && { ...object, market });
  };

  /**
   * Looks an object up as one kind after another. The first kind is the one as which the object is cached or another field is
   * reading it.
   * @param searchesStore whether to search the store too; false if it has been searched
   */
  async function lookUp(
    candidates: readonly KindDefinition<Any>[],
    id: SpotifyId,
    market: Market | null,
    fieldContext: FieldContext,
    searchesStore = true,
  ): Promise<Any | null> {
    const requests = candidates.map((kind) => requestOf(kind, id, market));
    const cheapest =
      requests.length > 1 ? await cache.findCachedOrInFlight(requests, searchesStore) : undefined;
    const next = candidates.find((_, i) => requests[i] === cheapest) ?? candidates[0];
    if (!next) return null;
    const others = candidates.filter((kind) => kind !== next);
    const lookUpOthers = () => lookUp(others, id, market, fieldContext, false);
    const object = await find(next, id, market, fieldContext).catch(async (error) => {
      // The read of another field may fail although the object is of another kind.
      const other = cheapest ? await lookUpOthers() : null;
      if (other) return other;
      throw error;
    });
    return object ?? lookUpOthers();
  }

  return {
    find,
    node: ({ kinds, id }, market, fieldContext) =>
      lookUp(
        kinds.map((kind) => getKind<Any>(registry, kind)),
        id,
        market,
        fieldContext,
      ),
    isObjectCached: (kind, id, market, form) => cache.isCached(requestOf(kind, id, market), form),
    isObjectAbsent: (kind, id, market) => cache.isAbsent(requestOf(kind, id, market)),
    mayBeFound(kind, id, maySend) {
      const request = requestOf(kind, id, null);
      // The requests in flight may use the calls that are left. Those of other families do not, but are counted too: then
      // the lists of an artist merely wait for the artist.
      const calls = cache.inFlightCount() + 1;
      return !cache.isAbsent(request) && (maySend(kind.plural, calls) || cache.isCached(request, 'any'));
    },
    field: createFieldReader({ cache, capabilities, registry }, requestOf),
  };
}

/** Reads the fields that simplified objects lack. @param requestOf the request for an object by its id */
function createFieldReader<Any extends Entity>(
  { cache, capabilities, registry }: Pick<EntityReaderOptions<Any>, 'cache' | 'capabilities' | 'registry'>,
  requestOf: RequestOf,
): EntityReader<Any>['field'] {
  /** The request for the full form. If another object replaces a reference in its market, it is without the market. */
  function fullRequestOf<T extends Entity>({ kind: name, id, market, isReference }: T) {
    const kind = getKind<T>(registry, name);
    return isReference ? byId(kind, id, null, registry) : requestOf(kind, id, market);
  }

  /** The full form of an object; null if it does not exist any more. */
  async function readFull<T extends Entity>(object: T, fieldContext: FieldContext): Promise<T | null> {
    const full = await cache.get(fullRequestOf(object), fieldContext);
    return full && object.isReference ? inMarket(full, object.market, registry) : full;
  }

  /** Whether the full object is cached with the field, and is read without a call, also without a refresh. */
  function isFieldCached<T extends Entity>(object: T, name: keyof T): boolean {
    const request = fullRequestOf(object);
    return isSent(cache.peek(request)?.[name]) && cache.isCached(request, 'full', 'refresh');
  }

  return async (object, name, fieldContext, isInSimplifiedObject = false) => {
    const sentValue = object[name];
    if (isSent(sentValue)) return sentValue;

    const withheldName = withheldField(getKind(registry, object.kind), name);
    const isComplete = object.full || (isInSimplifiedObject && !isReferenceWithout(object, name));
    const read = () => readFull(object, fieldContext);
    const readUnlessMissing = () =>
      withheldName === null || isFieldCached(object, name)
        ? read()
        : capabilities.nullIfFieldMissing(withheldName, read);
    const full = isComplete ? object : await readUnlessMissing();
    const value = full?.[name];
    if (isSent(value)) return value;

    const isWithheld = withheldName !== null && capabilities.has(withheldName) !== true;
    if (withheldName && full === null)
      recordFreshness(fieldContext, capabilities.withheldUntilMs(withheldName));
    recordUnavailable(fieldContext, isWithheld ? 'QUOTA_MODE' : 'NOT_SENT');
    return null;
  };
}

const isSent = <V>(value: V): value is Exclude<V, undefined> => value !== undefined;

/** Whether the object is a reference that lacks the field: it has only its id and `externalUrl`. */
const isReferenceWithout = (object: Entity, name: string): boolean =>
  object.isReference === true && name !== 'externalUrl';

/** The name of the field as a capability, such as `Album.label`; null if Spotify withholds it from no app. */
const withheldField = (kind: KindDefinition, name: string): string | null =>
  withheldFieldOf(kind, name) ?? kind.withheldWith?.[name] ?? null;
