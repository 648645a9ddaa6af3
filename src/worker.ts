import type { GraphQLSchema } from 'graphql';
import type { SpotifyHost } from './datasources/spotify/index.ts';
import { createHostFetch } from './datasources/spotify/transport/host-fetch.ts';
import { createCore, type GatewayHost } from './gateway-core.ts';
import { checkOptions, type GatewayOptions } from './gateway-options.ts';
import { boundedLog, createLog, type Log } from './observability/log.ts';
import { telemetryObserver } from './observability/tracing.ts';
import type { Execute } from './operation/in-process.ts';
import { schema } from './schema/index.ts';

export { type Config, ConfigError, readConfig } from './config.ts';
export type { SpotifyOptions } from './datasources/spotify/index.ts';
export type { SharedStore } from './datasources/spotify/shared-state/shared-store.ts';
export * from './errors.ts';
export type { GatewayOptions } from './gateway-options.ts';
export type { Log } from './observability/log.ts';
export type { Execute } from './operation/in-process.ts';
export type { Manifest } from './operation/trusted-documents.ts';

/** The gateway on a host without sockets and files, such as a Durable Object of Cloudflare Workers. */
export interface WorkerGateway {
  /** Responds to a Web-standard request. */
  fetch(request: Request): Promise<Response>;
  schema: GraphQLSchema;
  /** Runs one operation in this process, under the same rules as one that came over HTTP. */
  execute: Execute;
  /** Ends the timers and the calls in flight. */
  dispose(): Promise<void>;
}

/** `redisUrl`, `dataDir` and `proxy` of the datasource are ignored; there are no metrics, no GraphiQL and no docs. */
export interface WorkerOptions extends Omit<GatewayOptions, 'serveMetrics' | 'metricsText'> {
  /** Opens the store that other processes share, or that outlives this one; by default everything is in memory. */
  openStore?: SpotifyHost['openStore'];
}

const nothing = () => undefined;

/**
 * Connects the parts of a gateway that sends its calls with `fetch`. Requests share calls, timers and the token, so they have
 * to share one I/O context: in Cloudflare Workers that of a Durable Object.
 * @param unboundedLog the log for the operator; by default, warnings and errors are written to the console
 * @throws Error if an option cannot be used, and the message names it, or if there are no credentials
 */
export function createWorkerGateway(
  options: WorkerOptions,
  unboundedLog: Log = createLog('warn'),
): WorkerGateway {
  checkOptions(options, noCredentials);
  const { openStore = nothing, clientAddressHeader = 'cf-connecting-ip' } = options;
  const log = boundedLog(unboundedLog);
  const host: GatewayHost = {
    spotify: { boundedFetch: createHostFetch(options.spotify.fetch), openStore },
    observer: telemetryObserver,
    metrics: { recordOperation: nothing, recordRejection: nothing },
    metricsRoute: null,
    pages: null,
    onUnreadClosed: nothing,
    admitOperation: () => true,
    isDraining: () => false,
  };
  const { yoga, execute, dispose } = createCore({ ...options, clientAddressHeader }, host, log);
  return { fetch: async (request) => yoga.fetch(request), schema, execute, dispose };
}

const noCredentials =
  'The gateway has no Spotify credentials. Set SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET.';
