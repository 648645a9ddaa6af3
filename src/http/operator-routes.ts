import type { IncomingMessage, RequestListener } from 'node:http';
import type { Plugin } from 'graphql-yoga';
import type { UnreadyReason } from '../datasources/spotify/index.ts';
import type { Log } from '../observability/log.ts';
import { noStore } from './cache-headers.ts';
import { requestIdHeader, requestIdOf } from './request-id.ts';
import { headersOf, isRead, pathOf } from './request-target.ts';

/** The routes for operators: is the process alive, can it serve, and its metrics. */

interface TextResponse {
  status: number;
  text: string;
  contentType?: string;
  headers?: Record<string, string>;
}

export type OperatorRoutes = ReadonlyMap<string, () => Promise<TextResponse>>;

export interface MetricsRoute {
  contentType: string;
  text(): Promise<string>;
}

/**
 * @param metrics null if the routes have no `/metrics`
 * @param base the start of their paths; by default empty
 */
export function createOperatorRoutes(
  readiness: Readiness,
  metrics: MetricsRoute | null,
  base = '',
): OperatorRoutes {
  const [health, ready] = healthPathsOf(base);
  const routes = new Map<string, () => Promise<TextResponse>>([
    [health, async () => ({ status: 200, text: 'alive' })],
    [ready, readiness],
  ]);
  if (metrics) {
    const { contentType } = metrics;
    routes.set(`${base}/metrics`, async () => ({ status: 200, text: await metrics.text(), contentType }));
  }
  return routes;
}

/** The paths of `/health` and `/ready`. @param base the start of their paths */
export const healthPathsOf = (base: string): [health: string, ready: string] => [
  `${base}/health`,
  `${base}/ready`,
];

const plainText = 'text/plain; charset=utf-8';

/** The response to a request that does not only read, of a route that can only be read. */
export const wrongMethod = {
  status: 405,
  text: 'Send a GET request.\n',
  headers: { allow: 'GET, HEAD' },
} as const satisfies TextResponse;

/** Serves only the routes of the operator, on a separate port. */
export function createOperatorListener(routes: OperatorRoutes, log: Log): RequestListener {
  const paths = Array.from(routes.keys()).join(', ');
  const notFound = { status: 404, text: `This path does not exist. The paths are ${paths}.\n` };

  async function respond(request: IncomingMessage): Promise<TextResponse> {
    const route = routes.get(pathOf(request.url ?? ''));
    if (!route) return notFound;
    if (!isRead(request)) return wrongMethod;
    try {
      return await route();
    } catch (err) {
      log.error({ err }, 'bug in an operator route');
      return { status: 500, text: '' };
    }
  }

  return async (request, response) => {
    const { status, text, contentType: type = plainText, headers } = await respond(request);
    response
      .writeHead(status, {
        'content-type': type,
        'content-length': Buffer.byteLength(text),
        ...noStore,
        [requestIdHeader]: requestIdOf(headersOf(request)),
        ...headers,
      })
      .end(text);
  };
}

/** Serves the routes beside the GraphQL endpoint. */
export const useOperatorRoutes = (routes: OperatorRoutes): Plugin => ({
  async onRequest({ url, fetchAPI: { Response }, endResponse }) {
    const route = routes.get(url.pathname);
    if (!route) return;
    const { status, text, contentType, headers } = await route();
    endResponse(
      new Response(text, {
        status,
        headers: { ...(contentType && { 'content-type': contentType }), ...headers },
      }),
    );
  },
});

/** The response to `/ready`: 200 `ready`, or 503 with one fixed phrase for each reason. */
export type Readiness = () => Promise<{ status: 200 | 503; text: string }>;

const notReady = {
  draining: 'draining',
  'credentials-rejected': 'Spotify rejects the credentials; see the log',
  'no-token': 'no valid Spotify token; see the log',
  'premium-lapsed': 'Premium subscription lapsed; see the log',
  bug: 'readiness check failed; see the log',
} as const;

export interface ReadinessOptions {
  isDraining(): boolean;
  /** Why Spotify cannot be called; null if it can. */
  whyNotReady(): Promise<UnreadyReason | null>;
}

export function createReadiness({ isDraining, whyNotReady }: ReadinessOptions, log: Log): Readiness {
  async function currentReason(): Promise<keyof typeof notReady | null> {
    try {
      return isDraining() ? 'draining' : await whyNotReady();
    } catch (err) {
      log.error({ err }, 'bug in the readiness check');
      return 'bug';
    }
  }

  return async () => {
    const reason = await currentReason();
    return reason === null ? { status: 200, text: 'ready' } : { status: 503, text: notReady[reason] };
  };
}
