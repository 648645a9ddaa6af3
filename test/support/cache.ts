import { createBatchFetcher } from '../../src/datasources/spotify/cache/batch-fetcher.ts';
import { createMemory } from '../../src/datasources/spotify/cache/memory.ts';
import {
  createReadThroughCache,
  type ReadThroughCacheOptions,
} from '../../src/datasources/spotify/cache/read-through-cache.ts';
import { createCapabilities } from '../../src/datasources/spotify/capabilities/capabilities.ts';
import { createOperationContext, type FieldContext } from '../../src/datasources/spotify/index.ts';
import { artist } from '../../src/datasources/spotify/kinds/index.ts';
import { byId } from '../../src/datasources/spotify/kinds/requests/endpoint-request.ts';
import type { SpotifyId } from '../../src/datasources/spotify/kinds/spotify-id.ts';
import type { ApiClient } from '../../src/datasources/spotify/transport/api-client.ts';
import { pathOf } from '../../src/datasources/spotify/transport/api-client.ts';
import { readBody } from '../../src/datasources/spotify/transport/body.ts';
import { createFakeSharedStore } from './fake-shared-store.ts';
import { noPurges } from './no-purges.ts';
import { noQuota } from './no-quota.ts';
import { silentLog } from './silent-log.ts';
import { onTestEnd } from './test-end.ts';

/** Spotify as the cache sees it: it responds to every request with the same JSON, or fails. */
export interface ScriptedSpotify {
  /** The paths of all calls. */
  calls: string[];
  /** The ETag of every response; a request that has it gets a 304. None by default. */
  etag?: string;
  /** The response to a call. Tests replace it to delay a call or to let it fail. */
  respond(path: string): Promise<unknown>;
}

export const createScriptedSpotify = (respond: ScriptedSpotify['respond']): ScriptedSpotify => ({
  calls: [],
  respond,
});

/** The artist BTS: the id, the request, and Spotify's response. */
export const bandId = '3Nrfpe0tUJi4K4DXYWgMUX' as SpotifyId;
export const band = byId(artist, bandId, null);
export const bandJson = {
  id: bandId,
  name: 'BTS',
  type: 'artist',
  images: [],
  external_urls: { spotify: `https://open.spotify.com/artist/${bandId}` },
};

/** The cache of one process. By default each kind has its own freshness, and stale entries are kept for a week. */
export function startCache(spotify: ScriptedSpotify, options: Partial<ReadThroughCacheOptions> = {}) {
  const request: ApiClient['request'] = async (apiRequest, _, requestEtag = null) => {
    const path = pathOf(apiRequest);
    spotify.calls.push(path);
    const text = JSON.stringify(await spotify.respond(path));
    const etag = spotify.etag ?? null;
    if (etag !== null && etag === requestEtag)
      return { kind: 'response', status: 304, body: null, etag, retryAfter: null, bytes: 0 };
    const body = readBody(Buffer.from(text))?.json;
    return { kind: 'response', status: 200, body, etag, retryAfter: null, bytes: text.length };
  };
  const freshness = { freshMs: null, staleMs: 7 * 24 * 3_600_000, ...options };
  const { capabilities = createCapabilities('development', silentLog) } = options;
  const memory = createMemory(freshness);
  onTestEnd(memory.close);
  const debugLog: object[] = [];
  const cache = createReadThroughCache({
    batchFetcher: createBatchFetcher({ request }, capabilities),
    capabilities,
    memory,
    dailyQuota: noQuota,
    purges: noPurges,
    log: { debug: (fields) => void debugLog.push(fields), error: silentLog.error },
    ...freshness,
    ...options,
  });
  return { cache, memory, debugLog };
}

/** The caches of any number of processes that share one store. */
export function startSharedCaches(spotify: ScriptedSpotify) {
  const shared = createFakeSharedStore();
  const startProcess = (options: Partial<ReadThroughCacheOptions> = {}) => {
    const leases = shared.connect();
    return { ...startCache(spotify, { store: leases, ...options }), leases };
  };
  return { shared, startProcess };
}

/** An entry of the memory that may always be used. */
export const lastingEntry = (bytes = 0, freshUntilMs = Number.POSITIVE_INFINITY) => ({
  value: {},
  etag: null,
  bytes,
  freshUntilMs,
  freshMs: 0,
  usableUntilMs: Number.POSITIVE_INFINITY,
});

/** A field of a new operation, with the reasons for which it was served stale. */
export function startField(timeoutMs = 10_000): FieldContext & { staleReasons(): string[] } {
  const operation = createOperationContext(timeoutMs);
  onTestEnd(operation.end);
  return {
    operation,
    location: () => ({ field: 'Query.artist', path: ['artist'] }),
    staleReasons: () => operation.usage.stale.map(({ reason }) => reason),
  };
}
