import { createHash } from 'node:crypto';
import type { Log } from '../../observability/log.ts';
import { createBatchFetcher } from './cache/batch-fetcher.ts';
import { createFieldLoader, type FieldLoader } from './cache/field-loader.ts';
import { createMemory } from './cache/memory.ts';
import { createReadThroughCache } from './cache/read-through-cache.ts';
import { createStore } from './cache/redis-store.ts';
import { type CapabilityView, createCapabilities } from './capabilities/capabilities.ts';
import type { CapabilityValues } from './capabilities/learned-capabilities.ts';
import type { QuotaMode } from './capabilities/policy.ts';
import { createEntityLists, type EntityLists, type Item } from './entity-lists.ts';
import { createEntityReader } from './entity-reader.ts';
import type { Album, AlbumGroup } from './kinds/album.ts';
import type { Artist } from './kinds/artist.ts';
import type { Reference } from './kinds/ids.ts';
import type { Kind, SpotifyObject } from './kinds/index.ts';
import { isMalformed } from './kinds/malformed.ts';
import type { Market } from './kinds/markets.ts';
import type { SpotifyId } from './kinds/spotify-id.ts';
import type { Track } from './kinds/track.ts';
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

/**
 * Spotify's catalogue, read with as few calls as the questions of all requests allow. Every method may throw
 * a GatewayError; null means that Spotify has no such thing, or not for this app. A `market` of null means
 * that none was named: then the one counts in which the object was found, and after it the default.
 */
export interface Spotify extends Pagination, EntityLists {
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

  const entities = createEntityReader(cache, options.market);

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
    ...createEntityLists(cache, capabilities, options.market),
    artist: (id, fieldContext) => entities.find('artist', id, null, fieldContext) as Promise<Artist | null>,
    album: (id, market, fieldContext) =>
      entities.find('album', id, market, fieldContext) as Promise<Album | null>,
    track: (id, market, fieldContext) =>
      entities.find('track', id, market, fieldContext) as Promise<Track | null>,
    app: capabilities,
    isAbsent: entities.isAbsent,
    node: (reference, fieldContext) =>
      entities.node(reference, fieldContext) as Promise<SpotifyObject | null>,
    field: createFieldLoader(capabilities, entities.full),
    groupOf(album, fieldContext) {
      if (isMalformed(album)) return null;
      if (album.albumGroup === undefined) recordUnavailable(fieldContext);
      return album.albumGroup ?? null;
    },
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
