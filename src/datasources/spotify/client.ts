import type { Log } from '../../observability/log.ts';
import { createBatchFetcher } from './cache/batch-fetcher.ts';
import { createMemory } from './cache/memory.ts';
import { createPurges } from './cache/purges.ts';
import { createReadThroughCache } from './cache/read-through-cache.ts';
import { type CapabilityView, createCapabilities } from './capabilities/capabilities.ts';
import type { CapabilityValues } from './capabilities/learned-capabilities.ts';
import { createEntityLists, type EntityLists } from './entity-lists.ts';
import { createEntityReader, type EntityReader } from './entity-reader.ts';
import { type Kind, type KindOf, kinds, type SpotifyObject, typedKinds } from './kinds/index.ts';
import type { Market } from './kinds/markets.ts';
import type { SpotifyId } from './kinds/spotify-id.ts';
import { appId, type SpotifyHost, type SpotifyOptions } from './options.ts';
import { createPagination, type Pagination } from './pagination/pagination.ts';
import { createAppCheck } from './quota/breakers/app-check.ts';
import { createDailyQuota } from './quota/daily/daily-quota.ts';
import type { FamilyQuota } from './quota/daily/quota-state.ts';
import { createRequestQueue, type FamilyReport } from './quota/request-queue.ts';
import { createApiClient } from './transport/api-client.ts';
import { createHttp, createObservedHttp } from './transport/http.ts';
import { createToken } from './transport/token.ts';
import { CredentialsRejected } from './transport/token-response.ts';
import type { FieldContext } from './usage/field-context.ts';
import { type Family, noopObserver, type Observer } from './usage/observer.ts';

/**
 * Spotify's catalogue, read with as few calls as the requests of all clients allow. Every method may throw
 * a GatewayError; null means that Spotify has no such object, or not for this app. A `market` of null means
 * that the client named none: the market in which the object was found applies, or else the default market.
 */
export interface Spotify
  extends Pagination,
    EntityLists,
    Pick<EntityReader<SpotifyObject>, 'node' | 'field'> {
  /** The object in any form. */
  object<K extends Kind>(
    kind: K,
    id: SpotifyId,
    market: Market | null,
    fieldContext: FieldContext,
  ): Promise<KindOf[K] | null>;
  /**
   * False if a read of the object may not find it now: Spotify has stated recently that it does not exist, or it is not
   * cached and perhaps no call is left for it after the requests in flight.
   */
  mayBeFound(kind: Kind, id: SpotifyId): boolean;
  /** Whether a read of the object costs no call now. @param form whether the full object is needed */
  isObjectCached(kind: Kind, id: SpotifyId, market: Market | null, form: 'full' | 'any'): boolean;
  /** Whether Spotify has stated recently that there is no such object. */
  isObjectAbsent(kind: Kind, id: SpotifyId, market: Market | null): boolean;
  /** The capabilities of this app, as far as they are known. */
  app: CapabilityView;
  /** See `RequestQueue.quota`. */
  quota(selected?: ReadonlySet<Family>): FamilyQuota[];
  /** The state of the connection to Spotify, for the operator. */
  report(): {
    families: FamilyReport[];
    /** See `quota`. */
    quota: FamilyQuota[];
    tokenAgeMs: number | null;
    /** Whether data is shared in Redis or kept on disk at present. */
    isStoreAvailable: boolean;
    capabilities: CapabilityValues;
    /** Whether the app is known to be in development mode. */
    isDevelopmentMode: boolean;
    /** Whether Spotify rejects all calls of the app, because the Premium subscription of its owner has lapsed. */
    isPremiumLapsed: boolean;
  };
  /** How often cached data has been proven outdated, or was removed. */
  invalidationCount(): number;
  /**
   * Removes the objects of all kinds with these ids from the caches of all processes, with their lists and with all
   * responses that contain them. Resolves when this process has removed them.
   */
  purge(ids: readonly SpotifyId[]): Promise<void>;
  /** Starts to fetch the token, and opens sockets for the first calls meanwhile. */
  connect(): void;
  /** Resolves when the data of the other processes has arrived or the wait for it times out. */
  whenSynced(): Promise<void>;
  /** Why the gateway cannot serve; null if it can. */
  whyNotReady(): Promise<UnreadyReason | null>;
  close(): Promise<void>;
}

/**
 * `credentials-rejected`: Spotify rejects the credentials. `no-token`: there is no valid token for another reason.
 * `premium-lapsed`: Spotify rejects all calls of the app, because the Premium subscription of its owner has lapsed.
 */
export type UnreadyReason = 'credentials-rejected' | 'no-token' | 'premium-lapsed';

export type SpotifyReport = ReturnType<Spotify['report']>;

// For the calls that no client waits for, such as those of background refreshes: their cost is spent, so their responses are
// stored. Spotify takes 100 to 200 ms, and a process that shuts down has no more time than this in any case.
const lastCallsMs = 300;

/**
 * Connects the parts of the datasource.
 * @param observer receives each call, each wait and each read, for metrics and traces
 */
export function createSpotify(
  options: SpotifyOptions,
  { boundedFetch, openStore }: SpotifyHost,
  log: Log,
  observer: Observer = noopObserver,
): Spotify {
  const http = createHttp({ ...options, boundedFetch });
  const observedHttp = createObservedHttp(http, observer);
  const token = createToken(observedHttp, log, { ...options, url: options.tokenUrl });
  const store = openStore(appId(options.clientId), log);
  const capabilities = createCapabilities(options.quotaMode, log, store);
  const dailyQuota = createDailyQuota({
    configured: options.dailyLimits,
    isDevelopmentMode: capabilities.isDevelopmentMode,
    store,
    log,
  });
  const queueOptions = { dailyQuota, store, observer, log };
  const requestQueue = createRequestQueue({ ...options, ...queueOptions });
  const apiClient = createApiClient({ apiUrl: options.apiUrl, observedHttp, token, requestQueue });
  const isServed = createAppCheck(apiClient.request, requestQueue.isPremiumLapsed);
  const memory = createMemory(options);
  let purgeCount = 0;
  const purges = createPurges(store, async (ids) => {
    pages.forget(ids);
    await memory.purge(new Set(ids));
    purgeCount += 1;
  });
  const callQuota = { stateOf: dailyQuota.stateOf, queuedCalls: requestQueue.queuedCalls };
  const cache = createReadThroughCache({
    ...options,
    batchFetcher: createBatchFetcher(apiClient, capabilities),
    capabilities,
    memory,
    store,
    purges,
    dailyQuota: callQuota,
    observer,
    log,
  });
  const pages = createPagination({ ...options, cache, capabilities, purges, dailyQuota: callQuota });
  const entities = createEntityReader<SpotifyObject>({
    cache,
    capabilities,
    defaultMarket: options.market,
    registry: kinds,
  });

  async function whyNotReady(): Promise<UnreadyReason | null> {
    try {
      await token.get();
    } catch (error) {
      return error instanceof CredentialsRejected ? 'credentials-rejected' : 'no-token';
    }
    return (await isServed()) ? null : 'premium-lapsed';
  }

  return {
    ...pages,
    ...createEntityLists(cache, capabilities, options.market, kinds, options.freshMs),
    ...entities,
    object: <K extends Kind>(kind: K, id: SpotifyId, market: Market | null, fieldContext: FieldContext) =>
      entities.find(typedKinds[kind], id, market, fieldContext),
    mayBeFound: (kind, id) => entities.mayBeFound(kinds[kind], id, requestQueue.maySend),
    isObjectCached: (kind, id, market, form) => entities.isObjectCached(kinds[kind], id, market, form),
    isObjectAbsent: (kind, id, market) => entities.isObjectAbsent(kinds[kind], id, market),
    app: capabilities,
    quota: requestQueue.quota,
    report: () => ({
      families: requestQueue.report(),
      quota: requestQueue.quota(),
      tokenAgeMs: token.ageMs(),
      isStoreAvailable: store?.isAvailable() ?? false,
      capabilities: capabilities.values(),
      isDevelopmentMode: capabilities.isDevelopmentMode(),
      isPremiumLapsed: requestQueue.isPremiumLapsed(),
    }),
    invalidationCount: () => pages.invalidationCount() + purgeCount,
    purge: purges.purge,
    connect() {
      boundedFetch.connect?.(options.apiUrl);
      void whyNotReady();
    },
    whenSynced: async () => void (await Promise.all([store?.whenSynced(), dailyQuota.whenSynced()])),
    whyNotReady,
    async close() {
      token.dispose();
      requestQueue.dispose();
      if (store) await requestQueue.whenIdle(lastCallsMs);
      memory.close();
      dailyQuota.dispose();
      cache.close();
      await store?.close();
      await http.close();
    },
  };
}
