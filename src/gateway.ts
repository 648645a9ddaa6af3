import type { RequestListener } from 'node:http';
import type { GraphQLError, GraphQLSchema } from 'graphql';
import { createYoga, type Plugin, type YogaServerInstance } from 'graphql-yoga';
import type { Registry } from 'prom-client';
import { combine, createSpotify, type SpotifyOptions } from './datasources/spotify/index.ts';
import { type ClientKey, clientKeyOf, createClientKey } from './http/client-key.ts';
import { createFastLane } from './http/fast-path.ts';
import { createOperatorListener } from './http/metrics-listener.ts';
import { corsFor, useVaryByOrigin } from './http/plugins/cors.ts';
import { useGetParams } from './http/plugins/get-params.ts';
import { useGraphiql } from './http/plugins/graphiql.ts';
import { guarded } from './http/plugins/guard.ts';
import { useHealth } from './http/plugins/health.ts';
import { useHome } from './http/plugins/home.ts';
import { useHttpCache } from './http/plugins/http-cache.ts';
import { useMetrics } from './http/plugins/metrics.ts';
import { usePaths } from './http/plugins/paths.ts';
import { useProtocol } from './http/plugins/protocol.ts';
import { useSdl } from './http/plugins/sdl.ts';
import { overloaded, useShedding } from './http/plugins/shed.ts';
import { useTrailingSlash } from './http/plugins/trailing-slash.ts';
import { type Manifest, useNoTextOverGet, useTrustedDocuments } from './http/plugins/trusted-documents.ts';
import { useUnread } from './http/plugins/unread.ts';
import { createReadiness } from './http/readiness.ts';
import { createRequestBodies } from './http/request-body.ts';
import { rejectInvalidTarget } from './http/request-target.ts';
import { createHotAnswers } from './http/response-cache.ts';
import { createUnreadResponses } from './http/unread-responses.ts';
import { watchEventLoop } from './observability/event-loop.ts';
import { boundedLog, type Log } from './observability/log.ts';
import { createMetrics, type Metrics } from './observability/metrics.ts';
import { telemetryObserver } from './observability/tracing.ts';
import { createDocuments } from './operation/documents.ts';
import { createExecute, type Execute } from './operation/in-process.ts';
import { maxBodyBytes } from './operation/limits.ts';
import { createMask } from './operation/mask.ts';
import { createOperationReport } from './operation/report.ts';
import type { Client, Run } from './operation/request.ts';
import { createRun } from './operation/run.ts';
import { createTurns } from './operation/turns.ts';
import type { Context } from './schema/context.ts';
import { schema } from './schema/index.ts';

export interface GatewayOptions {
  spotify: SpotifyOptions;
  /** Deadline of one GraphQL request, in milliseconds. */
  requestTimeoutMs: number;
  /** Most Spotify calls that one operation may plan. */
  maxUpstreamCalls: number;
  /** Maximum leaves of one response, counted before the operation runs. */
  maxAnswerFields: number;
  /** Maximum size of one response, in bytes; a larger one is replaced by an error. */
  maxAnswerBytes: number;
  /** Origins whose pages may read answers; none means no CORS headers at all. */
  corsOrigins: readonly string[];
  graphiql: boolean;
  introspection: boolean;
  /** Documents by their hashes: when given, nothing else is executed. */
  trustedDocuments: Manifest | null;
  /** Whether strangers ask: then GET is for trusted documents, and no message guesses at names. */
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
  /** What `/metrics` answers, given what this process has counted; by default that. */
  metricsText?: (own: Registry) => () => Promise<string>;
}

/** The gateway in parts that another server can mount. */
export interface Gateway {
  /** A Web-standard request handler. */
  handler: YogaServerInstance<object, Context>;
  /** The same for `http.createServer`, with a shorter way for plain requests. */
  listener: RequestListener;
  /** A listener for a port of its own, which serves `/metrics`, `/health` and `/ready` and nothing else. */
  operatorListener: RequestListener;
  schema: GraphQLSchema;
  metrics: Metrics;
  /** Runs one operation in this process, under the same rules as one that came over HTTP. */
  execute: Execute;
  /** From now on `/ready` and new operations are answered 503; what runs goes on. */
  drain(): void;
  dispose(): Promise<void>;
}

const endpoint = '/graphql';
const sdlPath = '/schema.graphql';
const metricsPath = '/metrics';

export function createGateway(options: GatewayOptions, unboundedLog: Log): Gateway {
  const { production, introspection, graphiql, trustedDocuments, isSandbox = false } = options;
  const log = boundedLog(unboundedLog);
  const metrics = createMetrics();
  const { refused } = metrics;
  const eventLoop = watchEventLoop();
  const unread = createUnreadResponses(() => metrics.connectionClosed('unread'));
  const spotify = createSpotify(options.spotify, log, combine([metrics.observer, telemetryObserver]));
  metrics.registerGauges({ spotify, eventLoopLagMs: eventLoop.lagMs, unreadBytes: unread.bytes });
  const mask = createMask(log);
  const report = createOperationReport(log, metrics);
  const documents = createDocuments({ schema, introspection, suggestions: !production });
  const { run, running } = inTurns(
    createRun({
      spotify,
      documents,
      timeoutMs: options.requestTimeoutMs,
      maxCalls: options.maxUpstreamCalls,
      maxAnswerFields: options.maxAnswerFields,
      maxAnswerBytes: options.maxAnswerBytes,
      mask,
      report,
    }),
    () => {
      refused('OVERLOADED');
      return mask(overloaded());
    },
  );
  const isShared = options.corsOrigins.length > 0;
  const clientKey = createClientKey(options.clientAddressHeader);
  let draining = false;
  const isDraining = () => draining;
  const admits = () => eventLoop.admits(running());
  const { mayRead } = documents;
  const isPremiumLapsed = () => spotify.report().isPremiumLapsed;
  const readiness = createReadiness({ isDraining, isServed: spotify.ready, isPremiumLapsed }, log);
  const metricsText = options.metricsText?.(metrics.registry) ?? (() => metrics.registry.metrics());
  const { serveMetrics = true } = options;

  const handler = createYoga<object, Context>({
    plugins: [
      usePaths([
        endpoint,
        `${endpoint}/`,
        '/health',
        '/ready',
        ...(serveMetrics ? [metricsPath] : []),
        ...(introspection ? [sdlPath] : []),
        ...(production ? [] : ['/']),
      ]),
      useTrailingSlash(endpoint),
      useHealth(readiness),
      serveMetrics && useMetrics(metricsPath, metrics.registry.contentType, metricsText),
      introspection && useSdl(sdlPath, schema),
      !production && useHome({ endpoint, graphiql, sdlPath: introspection ? sdlPath : null, isSandbox }),
      graphiql && useGraphiql(endpoint, isSandbox),
      useShedding({ endpoint, admits, isDraining, mayRead, clientKey, refused }),
      useProtocol(endpoint, refused),
      useGetParams,
      trustedDocuments ? useTrustedDocuments(trustedDocuments) : production && useNoTextOverGet,
      useRun(run, clientKey),
      useHttpCache,
      isShared && useVaryByOrigin,
      useUnread(unread, refused), // the last one: it counts the response as it is sent
    ].map((plugin) => plugin && guarded(plugin as Plugin, log)),
    graphqlEndpoint: endpoint,
    extraParamNames: ['documentId'],
    maxRequestBodySize: maxBodyBytes,
    parserAndValidationCache: false,
    maskedErrors: { maskError: mask },
    graphiql: false, // a plugin of ours shows it
    cors: isShared && corsFor(options.corsOrigins),
    // Yoga's own check answers every URL that ends like this, so it gets an end that no URL has.
    healthCheckEndpoint: '#',
    landingPage: false,
    multipart: false,
    logging: false,
  });

  const fastLane = createFastLane({
    yoga: handler,
    endpoint,
    // For pages of other origins responses differ in their headers, and trusted documents are looked up by a plugin.
    isOpen: () => !draining && !isShared && trustedDocuments === null,
    admits,
    bodies: createRequestBodies(() => metrics.connectionClosed('slow')),
    unread,
    hot: createHotAnswers(spotify.changes),
    mayRead,
    clientKey,
    refused,
    mask,
    report,
    run,
  });

  return {
    handler,
    listener: rejectInvalidTarget(fastLane, refused),
    operatorListener: createOperatorListener({
      metricsPath,
      contentType: metrics.registry.contentType,
      metricsText,
      readiness,
      log,
    }),
    schema,
    execute: createExecute(run),
    metrics,
    drain() {
      draining = true;
    },
    async dispose() {
      eventLoop.dispose();
      unread.dispose();
      await handler.dispose();
      await spotify.close();
    },
  };
}

/** Lets operations take turns, and counts those that run or wait. */
function inTurns(run: Run, reject: () => GraphQLError): { run: Run; running(): number } {
  const turns = createTurns();
  let running = 0;
  return {
    async run(request, caller, carrier) {
      running += 1;
      try {
        const turn = turns.take(caller.clientKey);
        if (turn !== true && !(await turn)) return { errors: [reject()] };
        return await run(request, caller, carrier);
      } finally {
        running -= 1;
      }
    },
    running: () => running,
  };
}

/** Yoga has the request and the answer, and what lies between is ours. */
const useRun = (run: Run, clientKey: ClientKey): Plugin => ({
  onParams: ({ setParamsHandler }) =>
    setParamsHandler(({ params: { query = '', ...params }, request, context }) =>
      run(
        { document: query, ...params },
        callerOf(request, clientKeyOf(request, context, clientKey)),
        context,
      ),
    ),
});

const callerOf = ({ headers, signal }: Request, clientKey: string): Client => ({
  clientKey,
  header: (name) => headers.get(name),
  whenGone: (callback) => signal.addEventListener('abort', callback, { once: true }),
});
