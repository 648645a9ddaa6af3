import { createHash } from 'node:crypto';
import type { Log } from '../../observability/log.ts';
import { createBatchFetcher } from './cache/batch-fetcher.ts';
import { createFieldLoader, type FieldLoader } from './cache/field-loader.ts';
import { createMemory } from './cache/memory.ts';
import { createReadThroughCache } from './cache/read-through-cache.ts';
import { createStore } from './cache/redis-store.ts';
import { type CapabilityView, createCapabilities } from './capabilities/capabilities.ts';
import type { CapabilityValues } from './capabilities/learned-capabilities.ts';
import type { Feature, QuotaMode } from './capabilities/policy.ts';
import type { Resource } from './kinds/endpoint-request.ts';
import type { Kind, Reference, SpotifyId } from './kinds/ids.ts';
import { albumTracks, artistAlbums, type KindOf, type List, searchResults } from './kinds/lists.ts';
import { isMalformed, type Malformed } from './kinds/malformed.ts';
import { type Market, parseMarket } from './kinds/markets.ts';
import * as objects from './kinds/objects.ts';
import type { Album, AlbumGroup, Artist, SpotifyObject, Track } from './kinds/types.ts';
import { createPagination, type Pagination } from './pagination/pages.ts';
import { createAppCheck } from './quota/app-check.ts';
import { createRequestQueue, type FamilyReport } from './quota/request-queue.ts';
import { createRedisClient } from './shared-state/redis-client.ts';
import { createSharedState } from './shared-state/shared-state.ts';
import { createApiClient } from './transport/api-client.ts';
import { createHttp } from './transport/http.ts';
import { createObservedHttp } from './transport/observed-http.ts';
import { createToken } from './transport/token.ts';
import { type FieldContext, recordUnavailable } from './usage/field-context.ts';
import { noopObserver, type Observer } from './usage/observer.ts';

export { epochMs } from '../../observability/clock.ts';
export type { CapabilityView } from './capabilities/capabilities.ts';
export type { PagedEndpoint, WithheldField } from './capabilities/policy.ts';
export {
  isInRange,
  type Kind,
  parseId,
  parseReference,
  type Reference,
  type SpotifyId,
} from './kinds/ids.ts';
export type { List } from './kinds/lists.ts';
export { isMalformed, type Malformed } from './kinds/malformed.ts';
export { isMarket, type Market, parseMarket } from './kinds/markets.ts';
export { batchMax } from './kinds/objects.ts';
export type * from './kinds/types.ts';
export {
  type CursorPosition,
  type PageArgs,
  type Slot,
  type Window,
  worstCaseOffsets,
} from './pagination/windows.ts';
export {
  createOperationContext,
  type FieldContext,
  type FieldLocation,
  type OperationContext,
  recordUnavailable,
  type UpstreamCallRecord,
  type Usage,
} from './usage/field-context.ts';
export { combine, type Observer } from './usage/observer.ts';

/**
 * Spotify's catalogue, read with as few calls as the questions of all requests allow. Every method may throw
 * a GatewayError; null means that Spotify has no such thing, or not for this app. A `market` of null means
 * that none was named: then the one counts in which the object was found, and after it the default.
 */
export interface Spotify extends Pagination {
  artist(id: SpotifyId, fieldContext: FieldContext): Promise<Artist | null>;
  album(id: SpotifyId, market: Market | null, fieldContext: FieldContext): Promise<Album | null>;
  track(id: SpotifyId, market: Market | null, fieldContext: FieldContext): Promise<Track | null>;
  /** What a reference points at; a bare id is looked for among artists, albums and tracks, in this order. */
  node(reference: Reference, fieldContext: FieldContext): Promise<SpotifyObject | null>;
  /** Whether it is known not to exist. */
  isAbsent(kind: Kind, id: SpotifyId): boolean;
  field: FieldLoader;
  /** Why the list in which an album was found shows it. */
  groupOf(album: Item<Album>, fieldContext: FieldContext): AlbumGroup | null;
  topTracks(
    artist: Artist,
    market: Market | null,
    fieldContext: FieldContext,
  ): Promise<readonly Item<Track>[] | null>;
  relatedArtists(artist: Artist, fieldContext: FieldContext): Promise<readonly Item<Artist>[] | null>;
  /** @param groups none for all of them */
  albumsOf(artist: Artist, groups: readonly AlbumGroup[], market: Market | null): List<Album>;
  tracksOf(album: Album, market: Market | null): List<Track>;
  search<K extends Kind>(kind: K, q: string, market: Market | null): List<KindOf[K]>;
  /** What is known of this app. */
  app: CapabilityView;
  /** How things stand with Spotify, for the operator. */
  report(): {
    families: FamilyReport[];
    tokenAgeMs: number | null;
    abilities: CapabilityValues;
    /** Whether Spotify serves the app nothing, because the Premium subscription of its owner has lapsed. */
    isPremiumLapsed: boolean;
  };
  /** How often something that was held has been proven outdated. */
  changes(): number;
  /** Resolves when what other processes have learned is known here too, or is not worth waiting for. */
  started(): Promise<void>;
  /** Whether a valid token is there or can be had, and Spotify serves this app. */
  ready(): Promise<boolean>;
  /** Why the gateway cannot serve: there is no valid token, or Spotify serves this app nothing; null where it can. */
  whyNotReady(): Promise<'no-token' | 'premium-lapsed' | null>;
  close(): Promise<void>;
}

export type Item<T> = T | Malformed;

export interface SpotifyOptions {
  clientId: string;
  clientSecret: string;
  /** Base of the Web API and address of the token endpoint, without a slash at the end. */
  apiUrl: string;
  tokenUrl: string;
  quotaMode: QuotaMode;
  /** Where no field names a market; null for none. */
  market: Market | null;
  /** Own ceiling on calls in any rolling 30 s; null for none. */
  rateLimit: number | null;
  /** Calls at a time, and the time limit of one attempt. */
  concurrency: number;
  timeoutMs: number;
  /** How long an answer is fresh, and how much longer it may stand in when Spotify cannot answer. */
  freshMs: number;
  staleMs: number;
  /** Shares answers, silences and lessons with other processes; null keeps them in this one. */
  redisUrl: string | null;
}

export function createSpotify(options: SpotifyOptions, log: Log, observer: Observer = noopObserver): Spotify {
  const http = createHttp({ timeoutMs: options.timeoutMs, connections: options.concurrency });
  const observedHttp = createObservedHttp(http, observer);
  const token = createToken(observedHttp, log, { ...options, url: options.tokenUrl });
  const redis = options.redisUrl === null ? undefined : createRedisClient(options.redisUrl, log);
  const app = createHash('sha256').update(options.clientId).digest('hex').slice(0, 12);
  const sharedState = redis && createSharedState(redis, app);
  const requestQueue = createRequestQueue({ ...options, sharedState, observer, log });
  const capabilities = createCapabilities(options.quotaMode, log, sharedState);
  const apiClient = createApiClient({ apiUrl: options.apiUrl, observedHttp, token, requestQueue });
  const isServed = createAppCheck(apiClient, requestQueue);
  const cache = createReadThroughCache({
    ...options,
    batchFetcher: createBatchFetcher(apiClient, capabilities),
    capabilities,
    memory: createMemory(),
    store: redis && createStore(redis, app),
    observer,
  });
  const pages = createPagination({ cache, capabilities, freshMs: options.freshMs });

  const marketOf = (named: Market | null, parent?: SpotifyObject): Market | null =>
    named ?? parent?.market ?? options.market;

  const resourceOf = {
    artist: objects.artist,
    album: (id: SpotifyId, market: Market | null) => objects.album(id, marketOf(market)),
    track: (id: SpotifyId, market: Market | null) => objects.track(id, marketOf(market)),
  };

  const find = (kind: Kind, id: SpotifyId, market: Market | null, fieldContext: FieldContext) =>
    cache.getAnyForm<SpotifyObject>(resourceOf[kind](id, market), fieldContext);

  const whole = (object: SpotifyObject, fieldContext: FieldContext): Promise<SpotifyObject | null> =>
    object.kind === 'track' && object.isReference
      ? original(object, fieldContext)
      : cache.get<SpotifyObject>(resourceOf[object.kind](object.id, object.market), fieldContext);

  /** The track that another one stands in for: where a market is named, Spotify gives the other one. */
  async function original({ id, market }: Track, fieldContext: FieldContext): Promise<Track | null> {
    const track = await cache.get(objects.track(id, null), fieldContext);
    return track && objects.inMarket(track, market);
  }

  async function node({ kind, id }: Reference, fieldContext: FieldContext): Promise<SpotifyObject | null> {
    if (kind) return find(kind, id, null, fieldContext);
    const held = kinds.find((each) => cache.has(resourceOf[each](id, null)));
    for (const each of held ? [held] : kinds) {
      const object = await find(each, id, null, fieldContext);
      if (object) return object;
    }
    return null;
  }

  const field = createFieldLoader(capabilities, whole);

  async function shortList<T>(
    feature: Feature,
    artist: Artist,
    resource: Resource<(Item<T> | null)[]>,
    fieldContext: FieldContext,
  ) {
    const items = await capabilities.withFeature(feature, artist.id, () => cache.get(resource, fieldContext));
    if (items === null) recordUnavailable(fieldContext);
    return items?.filter((item) => item !== null) ?? null;
  }

  async function whyNotReady() {
    const hasToken = await token.get().then(
      () => true,
      () => false,
    );
    if (!hasToken) return 'no-token';
    return (await isServed()) ? null : 'premium-lapsed';
  }

  return {
    ...pages,
    artist: (id, fieldContext) => find('artist', id, null, fieldContext) as Promise<Artist | null>,
    album: (id, market, fieldContext) => find('album', id, market, fieldContext) as Promise<Album | null>,
    track: (id, market, fieldContext) => find('track', id, market, fieldContext) as Promise<Track | null>,
    app: capabilities,
    isAbsent: (kind, id) => cache.isAbsent(resourceOf[kind](id, null)),
    node,
    field,
    groupOf(album, fieldContext) {
      if (isMalformed(album)) return null;
      if (album.albumGroup === undefined) recordUnavailable(fieldContext);
      return album.albumGroup ?? null;
    },
    topTracks: (artist, market, fieldContext) =>
      shortList(
        'artists/top-tracks',
        artist,
        objects.topTracks(artist.id, marketOf(market, artist) ?? chartMarket),
        fieldContext,
      ),
    async relatedArtists(artist, fieldContext) {
      const related = await shortList(
        'artists/related-artists',
        artist,
        objects.relatedArtists(artist.id),
        fieldContext,
      );
      return related?.map((each) => ({ ...each, market: artist.market })) ?? null;
    },
    albumsOf: (artist, groups, market) => artistAlbums(artist.id, groups, marketOf(market, artist)),
    tracksOf(album, named) {
      const market = marketOf(named, album);
      return {
        ...albumTracks(album.id, market),
        // A full album brings its first tracks along, and is worth the same call as they are.
        async opening(fieldContext) {
          if (album.tracks && market === album.market) return album.tracks;
          const full = await cache.get(objects.album(album.id, market), fieldContext);
          return full === null ? null : full.tracks;
        },
      };
    },
    search: (kind, q, market) => searchResults(kind, q, marketOf(market)),
    report: () => ({
      families: requestQueue.report(),
      tokenAgeMs: token.ageMs(),
      abilities: capabilities.values(),
      isPremiumLapsed: requestQueue.isPremiumLapsed(),
    }),
    started: async () => sharedState?.whenSynced(),
    ready: async () => (await whyNotReady()) === null,
    whyNotReady,
    async close() {
      requestQueue.dispose();
      redis?.close();
      await http.close();
    },
  };
}

const kinds = ['artist', 'album', 'track'] as const;
const chartMarket = parseMarket('US'); // what Spotify itself assumes where none is named (spotify/web-api#813)
