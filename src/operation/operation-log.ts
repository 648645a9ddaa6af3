import type { ExecutionResult } from 'graphql';
import type { Log, OperationLogEntry } from '../observability/log.ts';
import type { Metrics } from '../observability/metrics.ts';
import type { Context } from '../schema/context.ts';
import { bugCode } from './response-errors.ts';
import { callCounts } from './trace.ts';

export const logEntryOf = (context: Context): OperationLogEntry => ({
  operation: context.operation?.name ?? null,
  document: context.documentHash,
  ...callCounts(context),
});

export type ReportOperation = (
  logEntry: OperationLogEntry,
  outcome: {
    milliseconds: number;
    /** The code of each error. */
    codes: readonly string[];
    /** The id of the HTTP request if there is one. */
    requestId: string | null;
    /** Whether the client has disconnected before it had its response. */
    isDisconnected?: boolean;
  },
) => void;

/**
 * Writes one log line and counts one operation in the metrics, for each operation that started, also if it was then
 * rejected as invalid or too expensive. An operation that an overloaded or closed gateway does not start is counted as a
 * rejection only.
 */
export const createReportOperation =
  (log: Log, { recordOperation }: Pick<Metrics, 'recordOperation'>): ReportOperation =>
  (logEntry, { milliseconds, codes, requestId, isDisconnected = false }) => {
    recordOperation({ seconds: milliseconds / 1000, codes });
    const request = requestId === null ? {} : { requestId };
    const end = isDisconnected ? { disconnected: true } : {};
    log.info({ milliseconds: Math.round(milliseconds), codes, ...logEntry, ...request, ...end }, 'operation');
  };

/** The code of each error that the client gets: none after it has disconnected, which is no fault of Spotify or the gateway. */
export const codesOf = ({ errors = [] }: ExecutionResult, isDisconnected: boolean): string[] =>
  isDisconnected ? [] : errors.map(({ extensions }) => String(extensions['code'] ?? bugCode));
