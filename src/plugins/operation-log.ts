import { createHash } from 'node:crypto';
import type { ExecutionResult } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { Context } from '../context.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import { usedBy } from './trace.ts';

/** One line and one count for every operation, run or refused. What a client wrote stands in neither. */
export function useOperationLog(log: Log, { operationDone }: Metrics): Plugin<Context> {
  const startedMs = new WeakMap<object, number>();

  return {
    onParams({ params }) {
      startedMs.set(params, performance.now());
    },
    onExecutionResult({ result, context }) {
      const operation = context as unknown as Partial<Context> & { params: { query?: string } };
      const milliseconds = performance.now() - (startedMs.get(operation.params) ?? performance.now());
      const codes = codesOf(result as ExecutionResult);
      operationDone({ seconds: milliseconds / 1000, codes });
      log.info(
        {
          operation: operation.plan?.name ?? null,
          document: hashOf(operation.params.query ?? ''),
          milliseconds: Math.round(milliseconds),
          ...usedBy(operation),
          codes,
        },
        'operation',
      );
    },
  };
}

const codesOf = ({ errors = [] }: ExecutionResult): string[] =>
  errors.map(({ extensions }) => String(extensions['code'] ?? 'INTERNAL_SERVER_ERROR'));

/** As much as tells documents apart in a log. */
const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);
