import { createHash } from 'node:crypto';
import type { Log } from '../../observability/log.ts';
import type { QuotaMode } from './capabilities/policy.ts';
import type { Market } from './kinds/markets.ts';
import type { SharedStore } from './shared-state/shared-store.ts';
import type { HttpsProxy } from './transport/agent-pool.ts';
import type { BoundedFetch } from './transport/bounded-fetch.ts';

export interface SpotifyOptions {
  clientId: string;
  clientSecret: string;
  /** Base of the Web API and address of the token endpoint, without a slash at the end. */
  apiUrl: string;
  tokenUrl: string;
  quotaMode: QuotaMode;
  /** The default market, for fields that name none; null for none. */
  market: Market | null;
  /** Most calls in any rolling 30 s; null to learn the limit from Spotify's rejections. */
  rateLimit: number | null;
  /** Concurrent calls, and the time limit of one attempt. */
  concurrency: number;
  timeoutMs: number;
  /** Maximum calls in any rolling 24 h by endpoint family; the limit of other families is learned or presumed. */
  dailyLimits: ReadonlyMap<string, number>;
  /** How long each response is fresh; null for a freshness by kind. */
  freshMs: number | null;
  /** How long, after its freshness, a stale response may be used if Spotify cannot or should not be called. */
  staleMs: number;
  /** Shares responses, call counts, back-off and learned capabilities with other processes; null for no Redis. */
  redisUrl: string | null;
  /** Without Redis, the directory that keeps the same data on disk; null keeps it in this process. */
  dataDir: string | null;
  /** The proxy for calls to https URLs; null to send them directly. */
  proxy: HttpsProxy | null;
  /** Sends the calls with this `fetch`; by default with undici, or with the global `fetch` on a host without undici. */
  fetch?: typeof fetch;
}

/** Identifies an app in the stores, which several apps may use: a hash, so that the client id is not stored. */
export const appId = (clientId: string): string =>
  createHash('sha256').update(clientId).digest('hex').slice(0, 12);

/** The parts that differ between hosts such as Node and Cloudflare Workers. */
export interface SpotifyHost {
  boundedFetch: BoundedFetch;
  /** @returns undefined if this process keeps its data in memory */
  openStore(app: string, log: Log): SharedStore | undefined;
}
