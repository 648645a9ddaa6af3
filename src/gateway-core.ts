import { createSpotify, type Observer, type SpotifyHost } from './datasources/spotify/index.ts';
import type { GatewayOptions } from './gateway-options.ts';
import { createIdentifyClient } from './http/client-key.ts';
import type { EntryPointOptions } from './http/entry-point.ts';
import { createExecuteAndCache } from './http/execute-and-cache.ts';
import { createOperatorRoutes, createReadiness, type MetricsRoute } from './http/operator-routes.ts';
import { createPaths } from './http/paths.ts';
import { createResponseCache } from './http/response-cache.ts';
import { createUnreadResponses } from './http/unread-responses.ts';
import { createGatewayYoga, type Pages } from './http/yoga.ts';
import type { Log } from './observability/log.ts';
import type { Metrics } from './observability/metrics.ts';
import { createDocuments } from './operation/documents.ts';
import { createOperationRunner } from './operation/execute-operation.ts';
import { createExecute } from './operation/in-process.ts';
import { createReportOperation } from './operation/operation-log.ts';
import { createMask } from './operation/response-errors.ts';
import { schema } from './schema/index.ts';

/** The parts of a gateway that differ between hosts. */
export interface GatewayHost {
  spotify: SpotifyHost;
  observer: Observer;
  metrics: Pick<Metrics, 'recordOperation' | 'recordRejection'>;
  /** The route `/metrics` beside the endpoint; null for none. */
  metricsRoute: MetricsRoute | null;
  /** Null on hosts without files. */
  pages: Pages | null;
  /** Is called for each connection that is closed because its client does not read. */
  onUnreadClosed(): void;
  /** Whether the process keeps up well enough to run another operation beside so many. */
  admitOperation(runningCount: number): boolean;
  isDraining(): boolean;
}

/** Connects the parts that every host has. They import no module that only Node has. */
export function createCore(options: GatewayOptions, host: GatewayHost, log: Log) {
  const { introspection, production, trustedDocuments, isSandbox = false, purgeToken = null } = options;
  const { isDraining, metrics, pages } = host;
  const { recordRejection: onRejected } = metrics;
  const paths = createPaths(options.endpoint);
  const spotify = createSpotify(options.spotify, host.spotify, log, host.observer);
  const mask = createMask(log);
  const report = createReportOperation(log, metrics);
  const documents = createDocuments({ schema, introspection, suggestions: !production });
  const unread = createUnreadResponses(host.onUnreadClosed);
  const parts = { spotify, documents, mask, report, onRejected };
  const runner = createOperationRunner({ ...options, staleMs: options.spotify.staleMs, ...parts });
  const { executeOperation, waitForTurn } = runner;
  const responseCache = createResponseCache(spotify.invalidationCount, report);
  const readiness = createReadiness({ isDraining, whyNotReady: spotify.whyNotReady }, log);
  const operatorRoutes = createOperatorRoutes(readiness, host.metricsRoute, paths.base);
  const entryPoint: EntryPointOptions = {
    executeAndCache: createExecuteAndCache(executeOperation, responseCache),
    responseCache,
    unread,
    identifyClient: createIdentifyClient(options.clientAddressHeader),
    trustedDocuments,
    admitOperation: () => host.admitOperation(runner.runningCount()),
    hasParseBudget: documents.hasParseBudget,
    onRejected,
    mask,
  };
  const yoga = createGatewayYoga(
    {
      ...options,
      ...entryPoint,
      isSandbox,
      purgeToken,
      paths,
      pages,
      readiness,
      operatorRoutes,
      spotify,
      isDraining,
    },
    log,
  );
  return {
    paths,
    spotify,
    entryPoint,
    readiness,
    waitForTurn,
    yoga,
    execute: createExecute(executeOperation),
    /** Closes everything: operations that still run fail, and new ones are rejected. */
    async dispose(): Promise<void> {
      runner.close();
      unread.dispose();
      await yoga.dispose();
      await spotify.close();
    },
  };
}
