import { type GraphQLSchema, NoSchemaIntrospectionCustomRule } from 'graphql';
import { createYoga, type Plugin, type YogaServerInstance } from 'graphql-yoga';
import { type Context, createContext } from './context.ts';
import { combine, createScope, createSpotify, type SpotifyOptions } from './datasources/spotify/index.ts';
import { createExecute, type Execute } from './execute.ts';
import type { Log } from './log.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { graphiqlOptions, renderGraphiql } from './plugins/graphiql.ts';
import { useHealth } from './plugins/health.ts';
import { useHttpCache } from './plugins/http-cache.ts';
import { useLimits } from './plugins/limits.ts';
import { createMask } from './plugins/mask.ts';
import { useMetrics } from './plugins/metrics.ts';
import { useOperationLog } from './plugins/operation-log.ts';
import { usePlan } from './plugins/plan.ts';
import { maxBodyBytes, useProtocol } from './plugins/protocol.ts';
import { useShedding, watchEventLoop } from './plugins/shed.ts';
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
}

/** The gateway in parts that another server can mount. */
export interface Gateway {
  /** A Web-standard request handler that is a `node:http` listener too. */
  handler: YogaServerInstance<object, Context>;
  schema: GraphQLSchema;
  metrics: Metrics;
  /** Runs one operation in this process, under the same rules as one that came over HTTP. */
  execute: Execute;
  /** From now on `/ready` answers 503; everything else goes on. */
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
  let draining = false;

  const handler = createYoga<object, Context>({
    schema,
    context: ({ request }) => {
      const scope = createScope(options.requestTimeoutMs);
      request.signal.addEventListener('abort', scope.end, { once: true });
      return createContext(spotify, scope);
    },
    plugins: [
      useHealth(async () => !draining && (await spotify.ready())),
      useMetrics(metrics),
      useShedding(endpoint, eventLoop),
      useProtocol(endpoint),
      options.trustedDocuments
        ? useTrustedDocuments(options.trustedDocuments)
        : production && useNoTextOverGet,
      useLimits(!production),
      usePlan(options.maxUpstreamCalls),
      useTelemetry,
      useOperationLog(log, metrics),
      useTrace,
      useHttpCache,
      useScope,
      !options.introspection && useNoIntrospection,
    ],
    graphqlEndpoint: endpoint,
    extraParamNames: ['documentId'],
    maxRequestBodySize: maxBodyBytes,
    maskedErrors: { maskError: mask },
    graphiql: options.graphiql && graphiqlOptions(options.isSandbox ?? false),
    renderGraphiQL: renderGraphiql,
    cors: options.corsOrigins.length > 0 && { origin: [...options.corsOrigins], credentials: false },
    // Yoga's own check answers every URL that ends like this, so it gets an end that no URL has.
    healthCheckEndpoint: '#',
    landingPage: false,
    multipart: false,
    logging: false,
  });

  return {
    handler,
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
