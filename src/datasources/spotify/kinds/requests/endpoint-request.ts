import { propertyOf } from '../../../../json.ts';
import type { ApiRequest } from '../../transport/api-client.ts';
import type { HttpResponse } from '../../transport/http.ts';
import { isUnexplained404, messageOf } from '../../transport/response-meaning.ts';
import { expectArray, expectObject, statedType } from '../decoding/json.ts';
import { kinds } from '../index.ts';
import {
  cacheKeyOf,
  type Entity,
  findKind,
  getKind,
  type KindDefinition,
  type KindRegistry,
  marketOfRequest,
  marketQuery,
} from '../kind.ts';
import type { Market } from '../markets.ts';
import { isInRange, type SpotifyId } from '../spotify-id.ts';
import { type EmbeddedObject, embeddedIn, embeddedPageOf } from './embedded-objects.ts';

/** One request to Spotify, with the decoding and the caching of its response. */
export interface EndpointRequest<T = unknown> {
  /** The key of the response in every cache: equal keys are equal requests. */
  key: string;
  apiRequest: ApiRequest;
  /** How long the value is fresh in the cache, in milliseconds. */
  freshMs: number;
  /** @throws MalformedResponse */
  decode(body: unknown): T;
  /** Whether the JSON of a response means that there is no such object. */
  meansAbsent?(body: unknown): boolean;
  /**
   * The meaning of a status other than 200 and 304: null for absent, undefined for a failure.
   * @throws LimitRejected, FeatureWithheld
   */
  onErrorStatus(response: HttpResponse): null | undefined;
  /** How this request joins a batch call, and its key inside that batch. */
  batch?: Batch;
  batchKey?: string;
  /** The feature that the app needs for it, and the name of the object for which Spotify may reject it. */
  feature?: { name: string; object: string };
  /** The page size that it requests, and the list to which the page belongs. */
  limit?: { endpoint: string; list: string; items: number; isLimitHonoured(value: T): boolean };
  /** False if a part of the value that has been decoded is not as documented, so that the next reader requests it again. */
  isWhole?(value: T): boolean;
  /** The value after Spotify sent or confirmed it at a time, in milliseconds of the epoch. */
  onNotModified?(value: T, atMs: number): T;
  /** The objects in the value. They are cached too, so that they need no request of their own. */
  embeddedObjects(value: T): Iterable<EmbeddedObject>;
  /** The requested object, if the request is for a single object. */
  entityKey?: EntityKey;
}

/** Identifies one object of Spotify in one market. `cacheKeyOf` makes its key in the caches. */
export interface EntityKey {
  kind: string;
  id: SpotifyId;
  /** Null for an object that is the same in every market, such as an artist. */
  market: Market | null;
}

/** How several requests share one call. */
export interface Batch {
  key: string;
  /** Most requests of one call. */
  max: number;
  /** The capability that the app needs for it. */
  feature?: string;
  request(values: readonly string[]): ApiRequest;
  /** False if the response does not match the requests: then each is sent by itself. */
  isUsable?(body: unknown, values: readonly string[]): boolean;
  /**
   * The JSON that a single call for the request at `index` would have returned; null if Spotify has no such object.
   * @throws MalformedResponse
   */
  part(body: unknown, index: number, values: readonly string[]): unknown;
}

/** Whether a 404 concerns the object that was requested, rather than an endpoint that is missing or withdrawn. */
export const isAbsent = (response: HttpResponse): boolean =>
  response.status === 404 &&
  !isUnexplained404(response) &&
  !/^service not found/i.test(messageOf(response.body) ?? '');

const itemBytes = 256_000; // an album with 50 tracks and all their market codes has some 110 KB
const leastBytes = 2_000_000;

/** The request for one object by its id. @param namedMarket ignored for kinds that are the same in every market */
export function byId<T extends Entity>(
  kind: KindDefinition<T>,
  id: SpotifyId,
  namedMarket: Market | null,
  registry: KindRegistry = kinds,
): EndpointRequest<T> {
  const { plural, freshMs } = kind;
  const market = marketOfRequest(kind, namedMarket);
  const isPossible = isInRange(id);
  const options = { full: true, market, id: kind.isRelinked ? undefined : id, kinds: registry };
  return {
    key: cacheKeyOf(registry, kind.name, id, market),
    apiRequest: { family: plural, path: `/${plural}/${id}`, query: withMarket({ ...kind.query }, market) },
    freshMs,
    decode: (body) => kind.decode(body, options),
    meansAbsent: (object) => isRemovedObject(object) || isOfKindWithSameUris(object, kind, registry),
    // No object has an id out of range. Spotify rejects such an id with a 400 instead of a 404.
    onErrorStatus: (response) =>
      isAbsent(response) || (response.status === 400 && !isPossible) ? null : undefined,
    entityKey: { kind: kind.name, id, market },
    ...(isPossible && kind.batchSize > 1 && { batch: batchOf(kind, market), batchKey: id }),
    onNotModified: (object, asOfMs) => confirmedAt(object, asOfMs, registry),
    embeddedObjects: (object) => embeddedIn(object, registry),
  };
}

export const withMarket = (query: Record<string, string>, market: Market | null): Record<string, string> =>
  market === null ? query : { ...query, market };

function confirmedAt<T extends Entity>(object: T, asOfMs: number, registry: KindRegistry): T {
  const page = embeddedPageOf(object, registry);
  const key = getKind(registry, object.kind).embeddedPage?.key;
  return page && key ? { ...object, [key]: { ...page, asOfMs } } : object;
}

function batchOf({ plural, batchSize }: KindDefinition, market: Market | null): Batch {
  const itemsIn = (body: unknown) => expectArray(expectObject(body, 'response')[plural], plural);
  return {
    key: `${plural}${marketQuery(market)}`,
    max: batchSize,
    feature: 'batch',
    request: (ids) => ({
      family: plural,
      path: `/${plural}`,
      query: withMarket({ ids: ids.join(',') }, market),
      maxBytes: Math.max(leastBytes, ids.length * itemBytes),
    }),
    isUsable: (body, ids) => {
      const items = propertyOf(body, plural);
      return Array.isArray(items) && items.length === ids.length;
    },
    // By position alone: an object may have another id than the requested one (relinking), with and without a link.
    part(body, index) {
      const item = itemsIn(body)[index] ?? null;
      return isRemovedObject(item) ? null : item;
    },
  };
}

/** Whether these are the keys of a removed object, which has neither an id nor a name. */
const isRemovedObject = (item: unknown): boolean =>
  propertyOf(item, 'id') === null && propertyOf(item, 'name') === null;

/**
 * Whether Spotify responds with an object of another kind that has the same form of URI, such as a chapter where an episode was
 * requested. There is no object of the requested kind then.
 */
const isOfKindWithSameUris = (
  object: unknown,
  { name }: Pick<KindDefinition, 'name'>,
  registry: KindRegistry,
) => findKind(registry, statedType(object))?.uriKind === name;

/** Spotify rejected a request for a cause that the gateway remembers. */
class Rejected extends Error {
  /** Whether the message of the response states the cause; otherwise only its status suggests it. */
  readonly isExplicit: boolean;
  /** Whether an edge server or a proxy may have sent the response: its body is not an error of Spotify's API. */
  readonly isFromEdge: boolean;
  constructor({ isExplicit, isFromEdge = false }: { isExplicit: boolean; isFromEdge?: boolean }) {
    super('rejected by Spotify');
    this.isExplicit = isExplicit;
    this.isFromEdge = isFromEdge;
  }
}

/** Spotify rejected the page size. */
export class LimitRejected extends Rejected {}

/** Spotify rejected the use of a feature. */
export class FeatureWithheld extends Rejected {}
