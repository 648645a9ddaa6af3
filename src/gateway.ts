import type { RequestListener } from 'node:http';
import type { GraphQLSchema } from 'graphql';
import { createYoga, type Plugin, type YogaServerInstance } from 'graphql-yoga';
import type { Registry } from 'prom-client';
import { type ClientKey, clientKeyOf, createClientKey } from './client-key.ts';
import type { Context } from './context.ts';
import { combine, createSpotify, type SpotifyOptions } from './datasources/spotify/index.ts';
import { createExecute, type Execute } from './execute.ts';
import { createFastLane } from './fast-lane.ts';
import { createHotAnswers } from './hot-answers.ts';
import type { Log } from './log.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { createDocuments } from './operation/documents.ts';
import { maxBodyBytes } from './operation/limits.ts';
import { createMask } from './operation/mask.ts';
import { createOperationReport } from './operation/report.ts';
import { type Caller, createRun, type Run } from './operation/run.ts';
import { corsFor, useVaryByOrigin } from './plugins/cors.ts';
import { useGraphiql } from './plugins/graphiql.ts';
import { guarded } from './plugins/guard.ts';
import { useHealth } from './plugins/health.ts';
import { useHttpCache } from './plugins/http-cache.ts';
import { useMetrics } from './plugins/metrics.ts';
import { usePaths } from './plugins/paths.ts';
import { useProtocol } from './plugins/protocol.ts';
import { isTooLate, useShedding, watchEventLoop } from './plugins/shed.ts';
import { type Manifest, useNoTextOverGet, useTrustedDocuments } from './plugins/trusted-documents.ts';
import { schema } from './schema/index.ts';
import { telemetryObserver } from './telemetry.ts';

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
  const mask = createMask(log);
  const report = createOperationReport(log, metrics);
  const { introspection } = options;
  const documents = createDocuments({ schema, introspection, suggestions: !production });
  const run = createRun({
    spotify,
    documents,
    timeoutMs: options.requestTimeoutMs,
    maxCalls: options.maxUpstreamCalls,
    maxAnswerFields: options.maxAnswerFields,
    maxAnswerBytes: options.maxAnswerBytes,
    mask,
    report,
  });
  const isShared = options.corsOrigins.length > 0;
  const clientKey = createClientKey(options.clientAddressHeader);
  let draining = false;

  const handler = createYoga<object, Context>({
    plugins: [
      usePaths([endpoint, '/health', '/ready', '/metrics']),
      useHealth(async () => !draining && (await spotify.ready()), log),
      useMetrics(metrics, options.metricsText?.(metrics.registry)),
      options.graphiql && useGraphiql(endpoint, options.isSandbox ?? false),
      useShedding({
        endpoint,
        eventLoop,
        isDraining: () => draining,
        mayRead: documents.mayRead,
        clientKey,
        refused: metrics.refused,
      }),
      useProtocol(endpoint, metrics.refused),
      options.trustedDocuments
        ? useTrustedDocuments(options.trustedDocuments)
        : production && useNoTextOverGet,
      useRun(run, clientKey),
      useHttpCache,
      isShared && useVaryByOrigin,
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

  const listener = createFastLane({
    yoga: handler,
    endpoint,
    // To pages of other origins answers differ in their headers, which is yoga's.
    isOpen: () => !draining && !isShared && !isTooLate(eventLoop),
    hot: createHotAnswers(spotify.changes),
    mayRead: documents.mayRead,
    clientKey,
    refused: metrics.refused,
    mask,
    report,
    run: options.trustedDocuments ? null : run, // the only plugin for which it matters what was asked
  });

  return {
    handler,
    listener,
    schema,
    execute: createExecute(run),
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

const callerOf = ({ headers, signal }: Request, clientKey: string): Caller => ({
  clientKey,
  header: (name) => headers.get(name),
  whenGone: (callback) => signal.addEventListener('abort', callback, { once: true }),
});
