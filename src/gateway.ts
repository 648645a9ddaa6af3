import type { RequestListener } from 'node:http';
import type { GraphQLSchema } from 'graphql';
import { combine, createSpotify, type SpotifyReport } from './datasources/spotify/index.ts';
import { nodeHost } from './datasources/spotify/node.ts';
import { checkOptions, type GatewayOptions } from './gateway-options.ts';
import { createClientKey } from './http/client-key.ts';
import { createFastPath } from './http/fast-path.ts';
import { createNodeListener } from './http/node-listener.ts';
import {
  createOperatorListener,
  createOperatorRoutes,
  createReadiness,
  healthPathsOf,
} from './http/operator-routes.ts';
import { createPaths, type Paths } from './http/paths.ts';
import { findDocs, useDocs } from './http/plugins/docs.ts';
import { useGraphiql } from './http/plugins/graphiql/graphiql.ts';
import { corsHeaders } from './http/plugins/response-headers.ts';
import { createRequestBodies } from './http/request-bodies.ts';
import { rejectInvalidTarget } from './http/request-target.ts';
import { createResponseCache } from './http/response-cache.ts';
import { createUnreadResponses } from './http/unread-responses.ts';
import { createGatewayYoga, type GatewayYoga, type HttpOptions } from './http/yoga.ts';
import { watchEventLoop } from './observability/event-loop.ts';
import { registerGauges } from './observability/gauges.ts';
import { boundedLog, createLog, type Log } from './observability/log.ts';
import { createMetrics, type Metrics } from './observability/metrics.ts';
import { telemetryObserver } from './observability/tracing.ts';
import { createDocuments } from './operation/documents.ts';
import { createOperationRunner } from './operation/execute-operation.ts';
import { createExecute, type Execute } from './operation/in-process.ts';
import { createReportOperation } from './operation/operation-log.ts';
import { createMask } from './operation/response-errors.ts';
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
  checkOptions(options);
  const paths = createPaths(options.endpoint); // before anything is started, because it may throw
  if (!options.spotify.clientId || !options.spotify.clientSecret) throw new Error(noCredentials);
  const log = boundedLog(unboundedLog);
  const core = createCore(options, log);
  const http = createHttp(options, paths, core, log);
  return {
    ...http,
    schema,
    execute: createExecute(core.executor.executeOperation),
    metrics: core.metrics,
    async connect() {
      core.spotify.connect();
      await core.spotify.started();
      return core.spotify.report();
    },
    async dispose() {
      http.drain();
      core.executor.close();
      core.eventLoop.dispose();
      core.unread.dispose();
      await http.handler.dispose();
      await core.spotify.close();
    },
  };
}

const noCredentials =
  'The gateway has no Spotify credentials. Set SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET, or use made-up music: readConfig({ ...process.env, ...sandbox.environment }) with startSandbox() of spotify-graphql-gateway/sandbox.';

type Core = ReturnType<typeof createCore>;

/** The parts that execute operations. */
function createCore(options: GatewayOptions, log: Log) {
  const metrics = createMetrics();
  const eventLoop = watchEventLoop();
  const unread = createUnreadResponses(() => metrics.connectionClosed('unread'));
  const spotify = createSpotify(
    options.spotify,
    nodeHost(options.spotify),
    log,
    combine([metrics.observer, telemetryObserver]),
  );
  const sources = { spotify, eventLoopLagMs: eventLoop.lagMs, unreadBytes: unread.bytes };
  registerGauges(metrics.registry, sources);
  const mask = createMask(log);
  const report = createReportOperation(log, metrics);
  const { introspection, production } = options;
  const documents = createDocuments({ schema, introspection, suggestions: !production });
  const executor = createOperationRunner({
    spotify,
    documents,
    timeoutMs: options.requestTimeoutMs,
    maxCalls: options.maxUpstreamCalls,
    maxAnswerFields: options.maxAnswerFields,
    maxAnswerBytes: options.maxAnswerBytes,
    staleMs: options.spotify.staleMs,
    exposeQuota: options.exposeQuota,
    mask,
    report,
    onRejected: metrics.recordRejection,
  });
  return { metrics, eventLoop, unread, spotify, mask, report, documents, executor };
}

/** The HTTP entry points to the core. */
function createHttp(options: GatewayOptions, paths: Paths, core: Core, log: Log) {
  const { isSandbox = false, serveMetrics = true } = options;
  const { metrics, eventLoop, unread, spotify, mask, report, documents, executor } = core;
  const { registry, recordRejection: onRejected } = metrics;
  let draining = false;
  const isDraining = () => draining;
  const readiness = createReadiness({ isDraining, whyNotReady: spotify.whyNotReady }, log);
  const metricsText = options.metricsText?.(registry) ?? (() => registry.metrics());
  const metricsRoute = { contentType: registry.contentType, text: metricsText };
  const httpOptions: HttpOptions = { ...options, isSandbox };
  const shared = {
    executeOperation: executor.executeOperation,
    responseCache: createResponseCache(spotify.invalidationCount, report),
    unread,
    clientKey: createClientKey(options.clientAddressHeader),
    admits: () => eventLoop.admits(executor.runningCount()),
    hasParseBudget: documents.hasParseBudget,
    onRejected,
    trustedDocuments: options.trustedDocuments,
    mask,
  };
  const handler = createGatewayYoga(
    {
      ...httpOptions,
      ...shared,
      paths,
      pages: { findDocs, useDocs, useGraphiql },
      spotify,
      purgeToken: options.purgeToken ?? null,
      readiness,
      operatorRoutes: createOperatorRoutes(readiness, serveMetrics ? metricsRoute : null, paths.base),
      isDraining,
    },
    log,
  );
  const corsHeadersFor = (origin?: string) => corsHeaders(options.corsOrigins, origin);
  const listener = createNodeListener({
    endpoint: paths.endpoint,
    fastPath: createFastPath(shared),
    // For pages of other origins responses differ in their headers.
    isFastPathOpen: () => !draining && options.corsOrigins.length === 0,
    yoga: handler,
    bodies: createRequestBodies(() => metrics.connectionClosed('slow')),
    unread,
    corsHeaders: corsHeadersFor,
    onRejected,
    mask,
    healthPaths: healthPathsOf(paths.base),
    clientKey: shared.clientKey,
    takeTurn: executor.takeTurn,
  });
  return {
    handler,
    listener: rejectInvalidTarget(listener, onRejected, corsHeadersFor),
    operatorListener: createOperatorListener(createOperatorRoutes(readiness, metricsRoute), log),
    drain() {
      draining = true;
    },
  };
}
