import type { GraphQLError } from 'graphql';
import { createYoga, type Plugin, type YogaServerInstance } from 'graphql-yoga';
import type { Spotify } from '../datasources/spotify/index.ts';
import type { Log } from '../observability/log.ts';
import { maxBodyBytes } from '../operation/validation.ts';
import { schema } from '../schema/index.ts';
import type { EntryPointOptions, RequestContext } from './entry-point.ts';
import { documentParams } from './operation-params.ts';
import { type OperatorRoutes, type Readiness, useOperatorRoutes } from './operator-routes.ts';
import type { Paths } from './paths.ts';
import type { Docs, useDocs } from './plugins/docs.ts';
import { withErrorGuard } from './plugins/error-response.ts';
import { useExecuteOperation } from './plugins/execute-operation.ts';
import type { useGraphiql } from './plugins/graphiql/graphiql.ts';
import { useLoadShedding, useUnread } from './plugins/load-shedding.ts';
import { useGraphiqlHint, useHome } from './plugins/pages.ts';
import { usePurge } from './plugins/purge.ts';
import { useRequestFormat } from './plugins/request-format.ts';
import {
  useDocumentRequired,
  useKnownParams,
  useNoTextOverGet,
  useParams,
  useTrustedDocuments,
} from './plugins/request-params.ts';
import { corsFor, useEtag, useNoStore, useVaryByOrigin } from './plugins/response-headers.ts';
import { usePaths, useReadOnly, useRedirects, useSdl } from './plugins/routes.ts';
import { createRequestIds, type RequestIds, useRequestId } from './request-id.ts';

/** The operator's settings of the HTTP interface. */
export interface HttpOptions {
  /** Origins whose pages may read responses; none means no CORS headers. */
  corsOrigins: readonly string[];
  graphiql: boolean;
  introspection: boolean;
  production: boolean;
  isSandbox: boolean;
  /** Whether clients may see the daily quota. */
  exposeQuota: boolean;
}

export interface GatewayYogaOptions extends HttpOptions, EntryPointOptions {
  paths: Paths;
  /** Null on hosts without files: they serve neither docs nor GraphiQL. */
  pages: Pages | null;
  readiness: Readiness;
  operatorRoutes: OperatorRoutes;
  spotify: Pick<Spotify, 'pagedList' | 'purge' | 'report'>;
  /** The bearer token of `POST /purge`; null for no such route. */
  purgeToken: string | null;
  isDraining(): boolean;
}

/** The pages that are read from files. */
export interface Pages {
  findDocs(base: string): Docs;
  useDocs: typeof useDocs;
  useGraphiql: typeof useGraphiql;
}

export type GatewayYoga = YogaServerInstance<Partial<RequestContext>, object>;

/** The GraphQL server for every kind of request, with its pages and its routes for operators. */
export function createGatewayYoga(options: GatewayYogaOptions, log: Log): GatewayYoga {
  const { corsOrigins, mask, paths, onRejected } = options;
  const requestIds = createRequestIds();
  /** Yoga calls it only for requests that do not become operations. */
  const maskError = (error: unknown): GraphQLError => {
    const masked = mask(error);
    onRejected(String(masked.extensions['code']));
    return masked;
  };
  const plugins = [
    useRequestId(requestIds),
    ...routePlugins(options),
    ...operationPlugins(options, requestIds),
  ];
  return createYoga<Partial<RequestContext>, object>({
    plugins: plugins.map((plugin) => plugin && withErrorGuard(plugin, log)),
    graphqlEndpoint: paths.endpoint,
    extraParamNames: [...documentParams],
    maxRequestBodySize: maxBodyBytes,
    parserAndValidationCache: false,
    maskedErrors: { maskError },
    graphiql: false, // `useGraphiql` shows it
    cors: corsOrigins.length > 0 && corsFor(corsOrigins),
    // Yoga's health check responds to every target that ends with this text, which `rejectInvalidTarget` rejects.
    healthCheckEndpoint: '#',
    landingPage: false,
    multipart: false,
    logging: false,
  });
}

/** The plugins that respond to requests that are not operations. */
function routePlugins(options: GatewayYogaOptions): (Plugin | false)[] {
  const { production, introspection, isSandbox, operatorRoutes, spotify, purgeToken, paths, pages } = options;
  const { trustedDocuments } = options;
  const graphiql = options.graphiql && pages !== null;
  const { endpoint, base } = paths;
  const home = `${base}/`;
  const sdlPath = introspection ? `${base}/schema.graphql` : null;
  const purgePath = `${base}/purge`;
  const docs: Docs = production ? new Map() : (pages?.findDocs(base) ?? new Map());
  const docsIndex = `${base}/docs/README.md`;
  const docsFolders = docs.has(docsIndex) ? [`${base}/docs`, `${base}/docs/`] : [];
  const redirects = new Map([
    [`${endpoint}/`, endpoint],
    ...docsFolders.map((path) => [path, docsIndex] as const),
  ]);
  const readOnlyPaths = [
    ...operatorRoutes.keys(),
    ...(sdlPath === null ? [] : [sdlPath]),
    ...(production ? [] : [home]),
  ];
  const otherPaths = [...readOnlyPaths, ...(purgeToken === null ? [] : [purgePath])];
  return [
    usePaths(
      [endpoint, ...redirects.keys(), ...otherPaths, ...docs.keys()],
      production
        ? null
        : `This path does not exist. The GraphQL endpoint is ${endpoint}; the other paths are ${otherPaths.join(', ')}.\n`,
    ),
    useReadOnly([...readOnlyPaths, ...docsFolders, ...docs.keys()]),
    useRedirects(redirects),
    useOperatorRoutes(operatorRoutes),
    purgeToken !== null && usePurge(purgePath, purgeToken, spotify.purge),
    sdlPath !== null && useSdl(sdlPath, schema),
    !production && useHome({ ...options, ...paths, graphiql, sdlPath, docs }),
    pages?.useDocs(docs, { home, sdlPath }) ?? false,
    graphiql
      ? pages.useGraphiql(endpoint, { isSandbox, isTrustedOnly: trustedDocuments !== null, spotify })
      : pages !== null && useGraphiqlHint(endpoint),
  ];
}

/** The plugins of an operation, in the order in which they see its request and then its response. */
function operationPlugins(options: GatewayYogaOptions, requestIds: RequestIds): (Plugin | false)[] {
  const { trustedDocuments, production, corsOrigins, unread, operatorRoutes, onRejected } = options;
  const { endpoint } = options.paths;
  return [
    useKnownParams,
    useExecuteOperation(options, requestIds),
    useTrustedDocuments(trustedDocuments),
    trustedDocuments === null && useDocumentRequired,
    trustedDocuments === null && production && useNoTextOverGet,
    useLoadShedding({ endpoint, ...options }),
    useRequestFormat(endpoint, onRejected),
    useParams,
    useNoStore,
    useEtag,
    corsOrigins.length > 0 && useVaryByOrigin,
    useUnread(unread, onRejected, operatorRoutes), // the last one: it counts the response as it is sent
  ];
}
