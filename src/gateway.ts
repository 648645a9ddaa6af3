import type { RequestListener } from 'node:http';
import type { GraphQLSchema } from 'graphql';
import { combineObservers, type SpotifyReport } from './datasources/spotify/index.ts';
import { nodeHost } from './datasources/spotify/node.ts';
import { createCore, type GatewayHost } from './gateway-core.ts';
import { checkOptions, type GatewayOptions } from './gateway-options.ts';
import { createFastPath } from './http/fast-path.ts';
import { createNodeListener } from './http/node-listener.ts';
import { createOperatorListener, createOperatorRoutes, healthPathsOf } from './http/operator-routes.ts';
import { findDocs, useDocs } from './http/plugins/docs.ts';
import { useGraphiql } from './http/plugins/graphiql/graphiql.ts';
import { corsHeaders } from './http/plugins/response-headers.ts';
import { createRequestBodies } from './http/request-bodies.ts';
import { rejectInvalidTarget } from './http/request-target.ts';
import type { GatewayYoga } from './http/yoga.ts';
import { watchEventLoop } from './observability/event-loop.ts';
import { registerGauges } from './observability/gauges.ts';
import { boundedLog, createLog, type Log } from './observability/log.ts';
import { createMetrics, type Metrics } from './observability/metrics.ts';
import { telemetryObserver } from './observability/tracing.ts';
import type { Execute } from './operation/in-process.ts';
import { schema } from './schema/index.ts';

/** The gateway in parts that another server can mount. */
export interface Gateway {
  /** A Web-standard request handler. */
  handler: GatewayYoga;
  /** The same for `http.createServer`, with a faster path for plain requests. */
  listener: RequestListener;
  /** A listener for a port of its own, which serves `/metrics`, `/health` and `/ready` and nothing else. */
  operatorListener: RequestListener;
  schema: GraphQLSchema;
  metrics: Metrics;
  /** Runs one operation in this process, under the same rules as one that came over HTTP. */
  execute: Execute;
  /**
   * Reads the data of the shared store, starts to fetch the token and opens two sockets to Spotify, so that the first
   * client need not wait for them.
   * A rejection of the credentials is logged.
   * @returns the state of the connection to Spotify, with the data that was found
   */
  connect(): Promise<SpotifyReport>;
  /**
   * From now on `/ready` and new operations over HTTP get 503. Running operations are completed, and `execute` still runs
   * new ones.
   */
  drain(): void;
  /** Drains, and closes everything: operations that still run fail, and `execute` rejects new ones. */
  dispose(): Promise<void>;
}

/**
 * Connects the parts of a gateway. It listens nowhere; `listener` and `handler` serve it.
 * @param unboundedLog the log for the operator; by default, warnings and errors are written to stdout
 * @throws Error if an option cannot be used, and the message names it, or if there are no credentials
 */
export function createGateway(options: GatewayOptions, unboundedLog: Log = createLog('warn')): Gateway {
  checkOptions(options, noCredentials);
  const log = boundedLog(unboundedLog);
  const { serveMetrics = true, corsOrigins } = options;
  const metrics = createMetrics();
  const { registry, recordRejection: onRejected } = metrics;
  const metricsText = options.metricsText?.(registry) ?? (() => registry.metrics());
  const metricsRoute = { contentType: registry.contentType, text: metricsText };
  const eventLoop = watchEventLoop();
  let draining = false;
  const host: GatewayHost = {
    spotify: nodeHost(options.spotify),
    observer: combineObservers([metrics.observer, telemetryObserver]),
    metrics,
    metricsRoute: serveMetrics ? metricsRoute : null,
    pages: { findDocs, useDocs, useGraphiql },
    onUnreadClosed: () => metrics.connectionClosed('unread'),
    admitOperation: eventLoop.admitOperation,
    isDraining: () => draining,
  };
  const core = createCore(options, host, log);
  const { spotify, entryPoint, readiness, paths } = core;
  const { unread } = entryPoint;
  registerGauges(registry, { spotify, eventLoopLagMs: eventLoop.lagMs, unreadBytes: unread.bytes });
  const corsHeadersFor = (origin?: string) => corsHeaders(corsOrigins, origin);
  const listener = createNodeListener({
    ...entryPoint,
    endpoint: paths.endpoint,
    fastPath: createFastPath(entryPoint),
    // For pages of other origins responses differ in their headers.
    isFastPathOpen: () => !draining && corsOrigins.length === 0,
    yoga: core.yoga,
    bodies: createRequestBodies(() => metrics.connectionClosed('slow')),
    corsHeaders: corsHeadersFor,
    healthPaths: healthPathsOf(paths.base),
    waitForTurn: core.waitForTurn,
  });
  const drain = () => {
    draining = true;
  };
  return {
    handler: core.yoga,
    listener: rejectInvalidTarget(listener, onRejected, corsHeadersFor),
    operatorListener: createOperatorListener(createOperatorRoutes(readiness, metricsRoute), log),
    schema,
    metrics,
    execute: core.execute,
    async connect() {
      spotify.connect();
      await spotify.whenSynced();
      return spotify.report();
    },
    drain,
    async dispose() {
      drain();
      eventLoop.dispose();
      await core.dispose();
    },
  };
}

const noCredentials =
  'The gateway has no Spotify credentials. Set SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET, or use made-up music: readConfig({ ...process.env, ...sandbox.environment }) with startSandbox() of spotify-graphql-gateway/sandbox.';
