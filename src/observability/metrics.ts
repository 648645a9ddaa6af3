import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Observer, Spotify } from '../datasources/spotify/index.ts';

/** What an operator sees at `/metrics`. What to do when one of them moves stands in docs/operating.md. */
export interface Metrics {
  registry: Registry;
  observer: Observer;
  recordOperation(outcome: OperationOutcome): void;
  /** A request was turned away before anybody looked into it. */
  refused(code: string): void;
  /** A connection was closed by the gateway, because it was idle, its request slow, or its response unread. */
  connectionClosed(reason: ClosingReason): void;
  /** A connection was opened (1) or has ended (-1). */
  connectionsChanged(by: 1 | -1): void;
  /** Lets the gauges ask how things stand whenever they are read. */
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

  const operations = counter('operations_total', 'GraphQL operations answered.', ['outcome']);
  const operationSeconds = histogram('operation_duration_seconds', 'Time to answer an operation.');
  const errors = counter('errors_total', 'Errors in answers, by their code.', ['code']);
  const refusals = counter('refusals_total', 'Requests turned away unread, by the code they got.', ['code']);
  const calls = counter('upstream_calls_total', 'Calls to Spotify, by how they ended.', ['family', 'status']);
  const callSeconds = histogram('upstream_call_duration_seconds', 'Time of one call to Spotify.', ['family']);
  const waitSeconds = histogram('gate_wait_seconds', 'Time that calls waited for their turn.', ['family']);
  const answers = counter('answers_total', 'Questions answered, by where the answer was.', ['source']);

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
    'Seconds until calls of a family may go again; 0 where they may go now.',
    ['family', 'reason'],
    () =>
      families().map(({ family, openState }) => [
        { family, reason: openState?.reason ?? '' },
        (openState?.waitMs ?? 0) / 1000,
      ]),
  );
  gauge(
    'premium_lapsed',
    "1 while Spotify serves the app nothing because the Premium subscription of the app's owner has lapsed.",
    [],
    () => [[{}, Number(spotify.report().isPremiumLapsed)]],
  );
  gauge('ability', 'What the app may do: 0 or 1, or a page size.', ['ability'], () =>
    Object.entries(spotify.report().abilities).map(([ability, value]) => [{ ability }, Number(value)]),
  );
  gauge('token_age_seconds', 'Age of the token in use.', [], () => {
    const { tokenAgeMs } = spotify.report();
    return tokenAgeMs === null ? [] : [[{}, tokenAgeMs / 1000]];
  });
  gauge('event_loop_lag_seconds', 'How late the event loop was the last time it was looked at.', [], () => [
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
