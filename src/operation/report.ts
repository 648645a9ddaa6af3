import type { ExecutionResult } from 'graphql';
import type { Log } from '../observability/log.ts';
import type { Metrics } from '../observability/metrics.ts';
import type { OperationUsage } from '../observability/operation-usage.ts';

/** @param outcome the duration, and the code of each error */
export type OperationReport = (
  usage: OperationUsage,
  outcome: { milliseconds: number; codes: readonly string[] },
) => void;

/** Writes one log line and counts one operation in the metrics, for operations that ran and that were rejected. */
export const createOperationReport =
  (log: Log, { recordOperation }: Metrics): OperationReport =>
  (usage, { milliseconds, codes }) => {
    recordOperation({ seconds: milliseconds / 1000, codes });
    log.info({ milliseconds: Math.round(milliseconds), codes, ...usage }, 'operation');
  };

export const codesOf = ({ errors = [] }: ExecutionResult): string[] =>
  errors.map(({ extensions }) => String(extensions['code'] ?? 'INTERNAL_SERVER_ERROR'));
