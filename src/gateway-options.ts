import type { Registry } from 'prom-client';
import { minDailyLimit, type SpotifyOptions } from './datasources/spotify/index.ts';
import { createPaths } from './http/paths.ts';
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

const longestTimerMs = 2 ** 31 - 1; // Node ends a longer timer after 1 ms

type NumberOption = [name: string, value: unknown, least: number, largest: number];

/** The options that are numbers. `rateLimit` and `freshMs` may be null. */
const numbersOf = ({ spotify, ...gateway }: Partial<GatewayOptions>): NumberOption[] => [
  ['requestTimeoutMs', gateway.requestTimeoutMs, 1, longestTimerMs],
  ['maxUpstreamCalls', gateway.maxUpstreamCalls, 1, Infinity],
  ['maxAnswerFields', gateway.maxAnswerFields, 1, Infinity],
  ['maxAnswerBytes', gateway.maxAnswerBytes, 1, Infinity],
  ['spotify.timeoutMs', spotify?.timeoutMs, 1, longestTimerMs],
  ['spotify.concurrency', spotify?.concurrency, 1, Infinity],
  ['spotify.rateLimit', spotify?.rateLimit ?? 1, 1, Infinity],
  ['spotify.freshMs', spotify?.freshMs ?? 0, 0, Infinity],
  ['spotify.staleMs', spotify?.staleMs, 0, Infinity],
  ...Array.from(
    spotify?.dailyLimits ?? [],
    ([family, limit]): NumberOption => [`spotify.dailyLimits ${family}`, limit, minDailyLimit, Infinity],
  ),
];

const headerName = /^[\w!#$%&'*+.^`|~-]+$/;

/**
 * Callers without TypeScript may pass the whole configuration, or nothing. The types also allow NaN, with which a limit is
 * off, and numbers with which every operation fails.
 * @param noCredentials the message if there are no credentials
 * @throws Error for options without those of the datasource, a number out of range, a header that no request can have, an
 * endpoint that is no path, or options without credentials
 */
export function checkOptions(options: Partial<GatewayOptions> | undefined, noCredentials: string): void {
  if (options?.spotify === undefined)
    throw new Error(
      'The options have no "spotify": pass `readConfig(…).gateway`, not the whole configuration.',
    );
  for (const [name, value, least, largest] of numbersOf(options)) {
    if (typeof value === 'number' && value >= least && value <= largest) continue;
    const range = largest === Infinity ? `from ${least} up` : `from ${least} to ${largest}`;
    const shown = typeof value === 'string' ? JSON.stringify(value) : value;
    throw new Error(`The option "${name}" must be a number ${range}, but is ${shown}.`);
  }
  const { clientAddressHeader } = options;
  if (clientAddressHeader !== undefined && !headerName.test(clientAddressHeader))
    throw new Error(
      `The option "clientAddressHeader" must be the name of a header, such as "x-real-ip", but is ${JSON.stringify(clientAddressHeader)}.`,
    );
  createPaths(options.endpoint); // throws for an endpoint that is no path
  if (!options.spotify.clientId || !options.spotify.clientSecret) throw new Error(noCredentials);
}
