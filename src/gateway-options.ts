import type { Registry } from 'prom-client';
import type { SpotifyOptions } from './datasources/spotify/index.ts';
import type { Manifest } from './operation/trusted-documents.ts';

export interface GatewayOptions {
  spotify: SpotifyOptions;
  /**
   * The path of the GraphQL endpoint, as clients send it; by default `/graphql`. The other routes lie beside it: with
   * `/api/graphql` they are `/api/health`, `/api/schema.graphql` and so on.
   */
  endpoint?: string;
  /** Deadline of one GraphQL request, in milliseconds. */
  requestTimeoutMs: number;
  /** Maximum Spotify calls that one operation may plan. */
  maxUpstreamCalls: number;
  /** Maximum fields of one response, counted before the operation runs. */
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
  /** The bearer token of `POST /purge`, which removes ids from the cache; null or left out for no such route. */
  purgeToken?: string | null;
  /** Whether the endpoint is public: then GET is for trusted documents only, and no message suggests names. */
  production: boolean;
  /** Whether the upstream is the sandbox; GraphiQL then states it. */
  isSandbox?: boolean;
  /**
   * The request header in which a trusted proxy sends the client's address, such as `x-real-ip`. By default the
   * address of the connection identifies the client, so that all clients of one proxy count as one.
   */
  clientAddressHeader?: string;
  /** Whether the handler serves `/metrics`; by default it does. `operatorListener` serves it in any case. */
  serveMetrics?: boolean;
  /** Makes the text of `/metrics` from the registry of this process; by default the text of that registry alone. */
  metricsText?: (registry: Registry) => () => Promise<string>;
}

/**
 * Callers without TypeScript may pass the whole configuration, or nothing.
 * @throws Error for options without those of the datasource
 */
export function checkOptions(options: Partial<GatewayOptions> | undefined): void {
  if (options?.spotify === undefined)
    throw new Error(
      'The options have no "spotify": pass `readConfig(…).gateway`, not the whole configuration.',
    );
}
