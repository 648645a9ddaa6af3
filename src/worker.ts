import type { GraphQLSchema } from 'graphql';
import { createSpotify, type SpotifyHost } from './datasources/spotify/index.ts';
import { createHostFetch } from './datasources/spotify/transport/host-fetch.ts';
import { checkOptions, type GatewayOptions } from './gateway-options.ts';
import { createClientKey } from './http/client-key.ts';
import { createOperatorRoutes, createReadiness } from './http/operator-routes.ts';
import { createPaths } from './http/paths.ts';
import { createResponseCache } from './http/response-cache.ts';
import { createUnreadResponses } from './http/unread-responses.ts';
import { createGatewayYoga } from './http/yoga.ts';
import { boundedLog, createLog, type Log } from './observability/log.ts';
import { telemetryObserver } from './observability/tracing.ts';
import { createDocuments } from './operation/documents.ts';
import { createOperationRunner } from './operation/execute-operation.ts';
import { createExecute, type Execute } from './operation/in-process.ts';
import { createReportOperation } from './operation/operation-log.ts';
import { createMask } from './operation/response-errors.ts';
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
  checkOptions(options);
  const {
    introspection,
    production,
    openStore = nothing,
    clientAddressHeader = 'cf-connecting-ip',
  } = options;
  const paths = createPaths(options.endpoint);
  if (!options.spotify.clientId || !options.spotify.clientSecret)
    throw new Error(
      'The gateway has no Spotify credentials. Set SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET.',
    );
  const log = boundedLog(unboundedLog);
  const boundedFetch = createHostFetch(options.spotify.fetch);
  const spotify = createSpotify(options.spotify, { boundedFetch, openStore }, log, telemetryObserver);
  const mask = createMask(log);
  const report = createReportOperation(log, { recordOperation: nothing });
  const documents = createDocuments({ schema, introspection, suggestions: !production });
  const unread = createUnreadResponses(nothing);
  const { executeOperation, close } = createOperationRunner({
    ...options,
    spotify,
    documents,
    timeoutMs: options.requestTimeoutMs,
    maxCalls: options.maxUpstreamCalls,
    staleMs: options.spotify.staleMs,
    mask,
    report,
    onRejected: nothing,
  });
  const isDraining = () => false;
  const readiness = createReadiness({ isDraining, whyNotReady: spotify.whyNotReady }, log);
  const yoga = createGatewayYoga(
    {
      ...options,
      isSandbox: options.isSandbox ?? false,
      purgeToken: options.purgeToken ?? null,
      paths,
      pages: null,
      executeOperation,
      responseCache: createResponseCache(spotify.invalidationCount, report),
      readiness,
      operatorRoutes: createOperatorRoutes(readiness, null, paths.base),
      spotify,
      unread,
      clientKey: createClientKey(clientAddressHeader),
      admits: () => true,
      isDraining,
      hasParseBudget: documents.hasParseBudget,
      onRejected: nothing,
      mask,
    },
    log,
  );
  return {
    fetch: async (request) => yoga.fetch(request),
    schema,
    execute: createExecute(executeOperation),
    async dispose() {
      close();
      unread.dispose();
      await yoga.dispose();
      await spotify.close();
    },
  };
}
