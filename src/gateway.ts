import type { RequestListener } from 'node:http';
import type { GraphQLSchema } from 'graphql';
import type { Registry } from 'prom-client';
import {
  combine,
  createSpotify,
  type SpotifyOptions,
  type SpotifyReport,
} from './datasources/spotify/index.ts';
import { createFastPath } from './http/fast-path.ts';
import { createNodeListener, createRequestBodies } from './http/node-listener.ts';
import { createOperatorListener, createOperatorRoutes, createReadiness } from './http/operator-routes.ts';
import { createClientKey, rejectInvalidTarget } from './http/request.ts';
import { createFixedResponses } from './http/response.ts';
import { createResponseCache } from './http/response-cache.ts';
import { createUnreadResponses } from './http/unread-responses.ts';
import { createGatewayYoga, endpoint, type GatewayYoga, type HttpOptions } from './http/yoga.ts';
import { watchEventLoop } from './observability/clock.ts';
import { registerGauges } from './observability/gauges.ts';
import { boundedLog, createLog, type Log } from './observability/log.ts';
import { createMetrics, type Metrics } from './observability/metrics.ts';
import { telemetryObserver } from './observability/tracing.ts';
import { createDocuments } from './operation/documents.ts';
import { createOperationExecutor } from './operation/execute-operation.ts';
import { createExecute, type Execute } from './operation/request.ts';
import { createMask } from './operation/response-errors.ts';
import type { Manifest } from './operation/trusted-documents.ts';
import { createOperationReport } from './operation/usage.ts';
import { schema } from './schema/index.ts';

export interface GatewayOptions {
  spotify: SpotifyOptions;
  /** Deadline of one GraphQL request, in milliseconds. */
  requestTimeoutMs: number;
  /** Maximum Spotify calls that one operation may plan. */
  maxUpstreamCalls: number;
  /** Maximum leaves of one response, counted before the operation runs. */
  maxAnswerFields: number;
  /** Maximum size of one response, in bytes; a larger one is replaced by an error. */
  maxAnswerBytes: number;
  /** Origins whose pages may read responses; none means no CORS headers at all. */
  corsOrigins: readonly string[];
  graphiql: boolean;
  introspection: boolean;
  /** Whether `Query.quota` returns its data; otherwise it is null. */
  exposeQuota: boolean;
  /** Documents by their hashes: if there are any, nothing else is executed over HTTP. */
  trustedDocuments: Manifest | null;
  /** Whether strangers send requests: then GET is for trusted documents, and no message guesses at names. */
  production: boolean;
  /** Whether the upstream is the sandbox, which GraphiQL then says. */
  isSandbox?: boolean;
  /**
   * The request header in which a trusted proxy sends the client's address, such as `x-real-ip`. By default the
   * address of the connection tells clients apart, and so all clients of one proxy count as one.
   */
  clientAddressHeader?: string;
  /** Whether the handler serves `/metrics`; by default it does. `operatorListener` serves it in any case. */
  serveMetrics?: boolean;
  /** Makes the text of `/metrics` from the registry of this process; by default the text of that registry alone. */
  metricsText?: (registry: Registry) => () => Promise<string>;
}

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
   * Reads the data of the shared store and starts to fetch the token, so that the first client need not wait for them.
   * A rejection of the credentials is logged.
   * @returns the state of the connection to Spotify, with the data that was found
   */
  connect(): Promise<SpotifyReport>;
  /** From now on `/ready` and new operations get 503; running operations are completed. */
  drain(): void;
  dispose(): Promise<void>;
}

/**
 * Connects the parts of a gateway. It listens nowhere; `listener` and `handler` serve it.
 * @param unboundedLog the log for the operator; by default, warnings and errors are written to stdout
 */
export function createGateway(options: GatewayOptions, unboundedLog: Log = createLog('warn')): Gateway {
  const log = boundedLog(unboundedLog);
  const core = createCore(options, log);
  const http = createHttp(options, core, log);
  return {
    ...http,
    schema,
    execute: createExecute(core.executor.executeOperation),
    metrics: core.metrics,
    async connect() {
      void core.spotify.whyNotReady();
      await core.spotify.started();
      return core.spotify.report();
    },
    async dispose() {
      core.eventLoop.dispose();
      core.unread.dispose();
      await http.handler.dispose();
      await core.spotify.close();
    },
  };
}

type Core = ReturnType<typeof createCore>;

/** The parts that execute operations. */
function createCore(options: GatewayOptions, log: Log) {
  const metrics = createMetrics();
  const eventLoop = watchEventLoop();
  const unread = createUnreadResponses(() => metrics.connectionClosed('unread'));
  const spotify = createSpotify(options.spotify, log, combine([metrics.observer, telemetryObserver]));
  const sources = { spotify, eventLoopLagMs: eventLoop.lagMs, unreadBytes: unread.bytes };
  registerGauges(metrics.registry, sources);
  const mask = createMask(log);
  const report = createOperationReport(log, metrics);
  const { introspection, production } = options;
  const documents = createDocuments({ schema, introspection, suggestions: !production });
  const executor = createOperationExecutor({
    spotify,
    documents,
    timeoutMs: options.requestTimeoutMs,
    maxCalls: options.maxUpstreamCalls,
    maxAnswerFields: options.maxAnswerFields,
    maxAnswerBytes: options.maxAnswerBytes,
    exposeQuota: options.exposeQuota,
    mask,
    report,
    onRejected: metrics.refused,
  });
  return { metrics, eventLoop, unread, spotify, mask, report, documents, executor };
}

/** The HTTP entry points to the core. */
function createHttp(options: GatewayOptions, core: Core, log: Log) {
  const { isSandbox = false, serveMetrics = true } = options;
  const { metrics, eventLoop, unread, spotify, mask, report, documents, executor } = core;
  const { registry, refused: onRejected } = metrics;
  let draining = false;
  const isDraining = () => draining;
  const readiness = createReadiness({ isDraining, whyNotReady: spotify.whyNotReady }, log);
  const metricsText = options.metricsText?.(registry) ?? (() => registry.metrics());
  const metricsRoute = { contentType: registry.contentType, text: metricsText };
  const httpOptions: HttpOptions = { ...options, isSandbox };
  const shared = {
    executeOperation: executor.executeOperation,
    responseCache: createResponseCache(spotify.changes, report),
    unread,
    clientKey: createClientKey(options.clientAddressHeader),
    admits: () => eventLoop.admits(executor.runningCount()),
    mayRead: documents.mayRead,
    onRejected,
    trustedDocuments: options.trustedDocuments,
  };
  const handler = createGatewayYoga(
    {
      ...httpOptions,
      ...shared,
      spotify,
      operatorRoutes: createOperatorRoutes(readiness, serveMetrics ? metricsRoute : null),
      isDraining,
      mask,
    },
    log,
  );
  const fixedResponses = createFixedResponses(mask);
  const listener = createNodeListener({
    endpoint,
    fastPath: createFastPath({ ...shared, fixedResponses }),
    // For pages of other origins responses differ in their headers.
    isFastPathOpen: () => !draining && options.corsOrigins.length === 0,
    yoga: handler,
    bodies: createRequestBodies(() => metrics.connectionClosed('slow')),
    fixedResponses,
    unread,
    onRejected,
    mask,
  });
  return {
    handler,
    listener: rejectInvalidTarget(listener, onRejected),
    operatorListener: createOperatorListener(createOperatorRoutes(readiness, metricsRoute), log),
    drain() {
      draining = true;
    },
  };
}
