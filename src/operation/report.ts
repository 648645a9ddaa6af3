import type { ExecutionResult } from 'graphql';
import type { Log } from '../observability/log.ts';
import type { Metrics } from '../observability/metrics.ts';
import type { OperationUsage } from '../observability/operation-usage.ts';
import type { Context } from '../schema/context.ts';
import { usedBy } from './trace.ts';

/** @param outcome how long it took, and the codes of its errors, one for each */
export type OperationReport = (
  usage: OperationUsage,
  outcome: { milliseconds: number; codes: readonly string[] },
) => void;

/** One line and one count for every operation, run or refused. */
export const createOperationReport =
  (log: Log, { recordOperation }: Metrics): OperationReport =>
  (usage, { milliseconds, codes }) => {
    recordOperation({ seconds: milliseconds / 1000, codes });
    log.info({ milliseconds: Math.round(milliseconds), codes, ...usage }, 'operation');
  };

export const usageOf = (context: Context): OperationUsage => ({
  operation: context.operation,
  document: context.document,
  ...usedBy(context),
});

export const codesOf = ({ errors = [] }: ExecutionResult): string[] =>
  errors.map(({ extensions }) => String(extensions['code'] ?? 'INTERNAL_SERVER_ERROR'));
