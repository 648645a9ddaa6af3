import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Observer, Spotify } from '../datasources/spotify/index.ts';

/** The metrics at `/metrics`; docs/operating.md explains them. */
export interface Metrics {
  registry: Registry;
  observer: Observer;
  recordOperation(outcome: OperationOutcome): void;
  /** Counts a request that was rejected before it was read. */
  refused(code: string): void;
  /** Counts a connection that the gateway closed: it was idle, its request slow, or its response unread. */
  connectionClosed(reason: ClosingReason): void;
  /** A connection was opened (1) or has ended (-1). */
  connectionsChanged(by: 1 | -1): void;
  /** Registers the gauges, which read their values from the sources at each scrape. */
  registerGauges(sources: GaugeSources): void;
}

export type ClosingReason = 'idle' | 'slow' | 'unread';

/** Where the gauges read their values. */
export interface GaugeSources {
  spotify: Spotify;
  eventLoopLagMs(): number;
  /** Bytes of responses that their clients have not read yet. */
  unreadBytes(): number;
}

export interface OperationOutcome {
  seconds: number;
  /** Codes of its errors, one for each error. */
  codes: readonly string[];
}

const secondsBuckets = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 8];
const prefix = 'spotify_graphql';

export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const counter = <L extends string>(name: string, help: string, labelNames: L[]) =>
    new Counter({ name: `${prefix}_${name}`, help, labelNames, registers });
  const histogram = <L extends string>(name: string, help: string, labelNames: L[] = []) =>
    new Histogram({ name: `${prefix}_${name}`, help, labelNames, buckets: secondsBuckets, registers });

  const operations = counter('operations_total', 'Completed GraphQL operations.', ['outcome']);
  const operationSeconds = histogram('operation_duration_seconds', 'Duration of an operation.');
  const errors = counter('errors_total', 'Errors in responses, by code.', ['code']);
  const refusals = counter('refusals_total', 'Requests rejected unread, by code.', ['code']);
  const calls = counter('upstream_calls_total', 'Calls to Spotify, by status.', ['family', 'status']);
  const callSeconds = histogram('upstream_call_duration_seconds', 'Duration of a call to Spotify.', [
    'family',
  ]);
  const waitSeconds = histogram('gate_wait_seconds', 'Time that calls to Spotify were queued.', ['family']);
  const answers = counter(
    'answers_total',
    'Reads of Spotify objects and lists, by the source of the response.',
    ['source'],
  );

  const closings = counter('connections_closed_total', 'Connections closed by the gateway, by the reason.', [
    'reason',
  ]);
  const connections = new Gauge({
    name: `${prefix}_connections`,
    help: 'Open connections of clients.',
    registers,
    aggregator: 'sum',
  });

  const observer: Observer = {
    onCall({ family }) {
      const stop = callSeconds.startTimer({ family });
      return (status) => {
        stop();
        calls.inc({ family, status: `${status ?? 'none'}` });
      };
    },
    onQueued: ({ family }) => waitSeconds.startTimer({ family }),
    onRead: (source) => answers.inc({ source }),
  };

  return {
    registry,
    observer,
    recordOperation({ seconds, codes }) {
      operations.inc({ outcome: codes.length === 0 ? 'ok' : 'errors' });
      operationSeconds.observe(seconds);
      for (const code of codes) errors.inc({ code });
    },
    refused: (code) => refusals.inc({ code }),
    connectionClosed: (reason) => closings.inc({ reason }),
    connectionsChanged: (by) => connections.inc(by),
    registerGauges: (sources) => registerGauges(registry, sources),
  };
}

function registerGauges(registry: Registry, { spotify, eventLoopLagMs, unreadBytes }: GaugeSources): void {
  const gauge = <L extends string>(
    name: string,
    help: string,
    labelNames: L[],
    read: () => Iterable<[labels: Record<L, string>, value: number]>,
    aggregator: 'sum' | 'max' = 'max', // of the processes behind one port
  ) =>
    new Gauge({
      name: `${prefix}_${name}`,
      help,
      labelNames,
      registers: [registry],
      aggregator,
      collect() {
        this.reset();
        for (const [labels, value] of read()) this.set(labels, value);
      },
    });
  const families = () => spotify.report().families;

  gauge(
    'upstream_calls_last_30s',
    'Calls to Spotify in the last 30 seconds.',
    ['family'],
    () => families().map(({ family, recentCalls }) => [{ family }, recentCalls]),
    'sum',
  );
  gauge(
    'upstream_calls_last_24h',
    'Calls to Spotify in the last 24 hours.',
    ['family'],
    () => families().map(({ family, callsLast24h }) => [{ family }, callsLast24h]),
    'sum',
  );
  gauge(
    'gate_shut_seconds',
    'Seconds until the back-off of a family ends; 0 without a back-off.',
    ['family', 'reason'],
    () =>
      families().map(({ family, openState }) => [
        { family, reason: openState?.reason ?? '' },
        (openState?.waitMs ?? 0) / 1000,
      ]),
  );
  gauge(
    'premium_lapsed',
    "1 while Spotify rejects all calls because the Premium subscription of the app's owner has lapsed.",
    [],
    () => [[{}, Number(spotify.report().isPremiumLapsed)]],
  );
  gauge('ability', 'Learned capabilities of the app: 0 or 1, or a page size limit.', ['ability'], () =>
    Object.entries(spotify.report().abilities).map(([ability, value]) => [{ ability }, Number(value)]),
  );
  gauge('token_age_seconds', 'Age of the token in use.', [], () => {
    const { tokenAgeMs } = spotify.report();
    return tokenAgeMs === null ? [] : [[{}, tokenAgeMs / 1000]];
  });
  gauge('event_loop_lag_seconds', 'Delay of the event loop at the last sample.', [], () => [
    [{}, eventLoopLagMs() / 1000],
  ]);
  gauge(
    'unread_response_bytes',
    'Bytes of responses that their clients have not read yet.',
    [],
    () => [[{}, unreadBytes()]],
    'sum',
  );
}
