import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { families, type Observer } from '../datasources/spotify/index.ts';

export type Metrics = ReturnType<typeof createMetrics>;

type ClosingReason = 'idle' | 'limit' | 'pipelined' | 'slow' | 'unread';

export const prefix = 'spotify_graphql';

const secondsBuckets = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 8];

/** The counters and histograms of `/metrics`, and its gauge of connections; docs/operating.md explains them. */
export function createMetrics() {
  const registry = new Registry();
  const registers = [registry];
  const counter = <L extends string>(name: string, help: string, labelNames: L[]) =>
    new Counter({ name: `${prefix}_${name}`, help, labelNames, registers });
  const histogram = <L extends string>(name: string, help: string, labelNames: L[] = []) =>
    new Histogram({ name: `${prefix}_${name}`, help, labelNames, buckets: secondsBuckets, registers });

  const operations = counter('operations_total', 'Completed GraphQL operations.', ['outcome']);
  const operationSeconds = histogram('operation_duration_seconds', 'Duration of an operation.');
  const errors = counter('errors_total', 'Errors in responses, by code.', ['code']);
  const refusals = counter('refusals_total', 'Requests with an error in place of the result, by code.', [
    'code',
  ]);
  const closings = counter('connections_closed_total', 'Connections closed by the gateway.', ['reason']);
  const connections = new Gauge({
    name: `${prefix}_connections`,
    help: 'Open connections of clients.',
    registers,
    aggregator: 'sum',
  });

  const calls = counter('upstream_calls_total', 'Calls to Spotify, by status.', ['family', 'status']);
  const callHelp = 'Duration of a call to Spotify.';
  const callSeconds = histogram('upstream_call_duration_seconds', callHelp, ['family']);
  const waitSeconds = histogram('gate_wait_seconds', 'Time that calls to Spotify were queued.', ['family']);
  const quotaHelp = 'Calls that Spotify rejected because the daily quota of their family is used up.';
  const quotaRejections = counter('quota_rejections_total', quotaHelp, ['family']);
  // Prometheus' `increase` does not count the rejection with which a series begins, so every series begins at 0.
  for (const family of families) quotaRejections.inc({ family }, 0);
  const reads = counter('answers_total', 'Reads, by the source of the response.', ['source']);

  const observer: Observer = {
    onCall({ family }) {
      const stop = callSeconds.startTimer({ family });
      return ({ status }) => {
        stop();
        calls.inc({ family, status: `${status ?? 'none'}` });
      };
    },
    onQueued: ({ family }) => waitSeconds.startTimer({ family }),
    onRead: (source) => reads.inc({ source: source === 'store' ? 'redis' : source }), // the label is public
    onQuotaRejected: (family) => quotaRejections.inc({ family }),
  };

  return {
    registry,
    observer,
    /** @param codes of its errors, one for each error */
    recordOperation({ seconds, codes }: { seconds: number; codes: readonly string[] }): void {
      operations.inc({ outcome: codes.length === 0 ? 'ok' : 'errors' });
      operationSeconds.observe(seconds);
      for (const code of codes) errors.inc({ code });
    },
    /** Counts a request that gets an error of the gateway in place of the result of its operation. */
    recordRejection: (code: string): void => refusals.inc({ code }),
    /** @param reason it was idle or one too many, its requests were slow or too many at a time, or its response was unread */
    connectionClosed: (reason: ClosingReason): void => closings.inc({ reason }),
    /** @param by 1 for a connection that was opened, -1 for one that has ended */
    connectionsChanged: (by: 1 | -1): void => connections.inc(by),
  };
}
