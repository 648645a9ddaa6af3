import { type GraphQLSchema, NoSchemaIntrospectionCustomRule } from 'graphql';
import { createYoga, type Plugin, type YogaServerInstance } from 'graphql-yoga';
import { type Context, createContext } from './context.ts';
import { createScope, createSpotify, type SpotifyOptions } from './datasources/spotify/index.ts';
import type { Log } from './log.ts';
import { graphiqlOptions, renderGraphiql } from './plugins/graphiql.ts';
import { useHealth } from './plugins/health.ts';
import { createMask } from './plugins/mask.ts';
import { usePlan } from './plugins/plan.ts';
import { useTrace } from './plugins/trace.ts';
import { schema } from './schema/index.ts';

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
  /** Whether the upstream is the sandbox, which GraphiQL then says. */
  isSandbox?: boolean;
}

/** The gateway in parts that another server can mount. */
export interface Gateway {
  /** A Web-standard request handler that is a `node:http` listener too. */
  handler: YogaServerInstance<object, Context>;
  schema: GraphQLSchema;
  /** From now on `/ready` answers 503; everything else goes on. */
  drain(): void;
  dispose(): Promise<void>;
}

export function createGateway(options: GatewayOptions, log: Log): Gateway {
  const spotify = createSpotify(options.spotify, log);
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
      usePlan(options.maxUpstreamCalls),
      useTrace,
      useScope,
      !options.introspection && useNoIntrospection,
    ],
    maskedErrors: { maskError: createMask(log) },
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
    drain() {
      draining = true;
    },
    async dispose() {
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
