import { createHash } from 'node:crypto';
import type { ExecutionResult } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { LRUCache } from 'lru-cache';
import type { Context } from '../context.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import { usedBy } from './trace.ts';

/** What is told of one operation. What a client wrote stands nowhere in it. */
export interface OperationUsage {
  /** The name that the document gives it. */
  operation: string | null;
  /** Tells documents apart. */
  document: string;
  plannedCalls: number;
  actualCalls: number;
  cacheHits: number;
}

export type OperationReport = (
  operation: OperationUsage & { milliseconds: number; codes: readonly string[] },
) => void;

/** One line and one count for every operation, run or refused. */
export const createOperationReport =
  (log: Log, { operationDone }: Metrics): OperationReport =>
  ({ milliseconds, ...operation }) => {
    operationDone({ seconds: milliseconds / 1000, codes: operation.codes });
    log.info({ ...operation, milliseconds: Math.round(milliseconds) }, 'operation');
  };

export function useOperationLog(report: OperationReport): Plugin<Context> {
  const startedMs = new WeakMap<object, number>();

  return {
    onParams({ params }) {
      startedMs.set(params, performance.now());
    },
    onExecutionResult({ result, context }) {
      const operation = context as unknown as Asked;
      const milliseconds = performance.now() - (startedMs.get(operation.params) ?? performance.now());
      report({ ...usageOf(operation), milliseconds, codes: codesOf(result as ExecutionResult) });
    },
  };
}

type Asked = Partial<Context> & { params: { query?: string } };

export const usageOf = (context: Partial<Context>): OperationUsage => ({
  operation: context.plan?.name ?? null,
  document: hashOf((context as Asked).params.query ?? ''),
  ...usedBy(context),
});

/** As much as tells documents apart in a log; the few that are asked again and again are looked up. */
const hashOf = memoized((text) => createHash('sha256').update(text).digest('hex').slice(0, 16));

function memoized(hash: (text: string) => string): (text: string) => string {
  const known = new LRUCache<string, string>({
    maxSize: 1_000_000,
    sizeCalculation: (_, text) => text.length + 100,
  });
  return (text) => {
    const found = known.get(text) ?? hash(text);
    known.set(text, found);
    return found;
  };
}

const codesOf = ({ errors = [] }: ExecutionResult): string[] =>
  errors.map(({ extensions }) => String(extensions['code'] ?? 'INTERNAL_SERVER_ERROR'));
