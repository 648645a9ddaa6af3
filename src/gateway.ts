import type { RequestListener } from 'node:http';
import { type GraphQLSchema, NoSchemaIntrospectionCustomRule } from 'graphql';
import { createYoga, type Plugin, type YogaServerInstance } from 'graphql-yoga';
import type { Registry } from 'prom-client';
import { type Context, createContext } from './context.ts';
import { combine, createScope, createSpotify, type SpotifyOptions } from './datasources/spotify/index.ts';
import { createExecute, type Execute } from './execute.ts';
import { createFastLane } from './fast-lane.ts';
import { createHotAnswers } from './hot-answers.ts';
import type { Log } from './log.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { corsFor, useVaryByOrigin } from './plugins/cors.ts';
import { createDocumentCaches } from './plugins/document-cache.ts';
import { useGraphiql } from './plugins/graphiql.ts';
import { guarded } from './plugins/guard.ts';
import { useHealth } from './plugins/health.ts';
import { useHttpCache } from './plugins/http-cache.ts';
import { useLimits } from './plugins/limits.ts';
import { createMask } from './plugins/mask.ts';
import { useMetrics } from './plugins/metrics.ts';
import { createOperationReport, useOperationLog } from './plugins/operation-log.ts';
import { usePaths } from './plugins/paths.ts';
import { usePlan } from './plugins/plan.ts';
import { maxBodyBytes, useProtocol } from './plugins/protocol.ts';
import { isTooLate, useShedding, watchEventLoop } from './plugins/shed.ts';
import { useTrace } from './plugins/trace.ts';
import { type Manifest, useNoTextOverGet, useTrustedDocuments } from './plugins/trusted-documents.ts';
import { schema } from './schema/index.ts';
import { telemetryObserver, useTelemetry } from './telemetry.ts';

export interface GatewayOptions {
  spotify: SpotifyOptions;
  /** Deadline of one GraphQL request, in milliseconds. */
  requestTimeoutMs: number;
  /** Most Spotify calls that one operation may plan. */
  maxUpstreamCalls: number;
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
  /** What `/metrics` answers, given what this process has counted; by default that. */
  metricsText?: (own: Registry) => () => Promise<string>;
}

/** The gateway in parts that another server can mount. */
export interface Gateway {
  /** A Web-standard request handler. */
  handler: YogaServerInstance<object, Context>;
  /** The same for `http.createServer`, with a shorter way for plain requests. */
  listener: RequestListener;
  schema: GraphQLSchema;
  metrics: Metrics;
  /** Runs one operation in this process, under the same rules as one that came over HTTP. */
  execute: Execute;
  /** From now on `/ready` and new operations are answered 503; what runs goes on. */
  drain(): void;
  dispose(): Promise<void>;
}

const endpoint = '/graphql';

export function createGateway(options: GatewayOptions, log: Log): Gateway {
  const { production } = options;
  const metrics = createMetrics();
  const eventLoop = watchEventLoop();
  const spotify = createSpotify(options.spotify, log, combine([metrics.observer, telemetryObserver]));
  metrics.watch(spotify, eventLoop.lagMs);
  const started = spotify.started();
  const mask = createMask(log);
  const report = createOperationReport(log, metrics);
  const documents = createDocumentCaches();
  const isShared = options.corsOrigins.length > 0;
  let draining = false;

  const handler = createYoga<object, Context>({
    schema,
    context: async ({ request }) => {
      await started;
      const scope = createScope(options.requestTimeoutMs);
      request.signal.addEventListener('abort', scope.end, { once: true });
      return createContext(spotify, scope);
    },
    plugins: [
      usePaths([endpoint, '/health', '/ready', '/metrics']),
      useHealth(async () => !draining && (await spotify.ready()), log),
      useMetrics(metrics, options.metricsText?.(metrics.registry)),
      options.graphiql && useGraphiql(endpoint, options.isSandbox ?? false),
      useShedding({
        endpoint,
        eventLoop,
        isDraining: () => draining,
        isKnown: documents.isKnown,
        refused: metrics.refused,
      }),
      useProtocol(endpoint, metrics.refused),
      options.trustedDocuments
        ? useTrustedDocuments(options.trustedDocuments)
        : production && useNoTextOverGet,
      useLimits(!production),
      usePlan(options.maxUpstreamCalls, !production),
      useTelemetry,
      useOperationLog(report),
      useTrace,
      useHttpCache,
      useScope,
      !options.introspection && useNoIntrospection,
      isShared && useVaryByOrigin,
    ].map((plugin) => plugin && guarded(plugin as Plugin, log)),
    graphqlEndpoint: endpoint,
    extraParamNames: ['documentId'],
    maxRequestBodySize: maxBodyBytes,
    parserAndValidationCache: documents,
    maskedErrors: { maskError: mask },
    graphiql: false, // a plugin of ours shows it
    cors: isShared && corsFor(options.corsOrigins),
    // Yoga's own check answers every URL that ends like this, so it gets an end that no URL has.
    healthCheckEndpoint: '#',
    landingPage: false,
    multipart: false,
    logging: false,
  });

  const listener = createFastLane({
    yoga: handler,
    endpoint,
    // To pages of other origins answers differ in their headers, which is yoga's.
    isOpen: () => !draining && !isShared && !isTooLate(eventLoop),
    hot: createHotAnswers(spotify.changes),
    mask,
    report,
  });

  return {
    handler,
    listener,
    schema,
    execute: createExecute(handler, mask),
    metrics,
    drain() {
      draining = true;
    },
    async dispose() {
      eventLoop.dispose();
      await handler.dispose();
      await spotify.close();
    },
  };
}

/** An operation's scope ends with it, and its timer. */
const useScope: Plugin<Context> = {
  onExecute: ({ args }) => ({ onExecuteDone: () => args.contextValue.scope.end() }),
};

const useNoIntrospection: Plugin = {
  onValidate: ({ addValidationRule }) => addValidationRule(NoSchemaIntrospectionCustomRule),
};
