import type { OperationContext, UpstreamCallRecord } from './field-context.ts';

/** The operations that wait for one call. */
export interface Waiters {
  /** The latest of their deadlines. */
  deadlineMs(): number;
  hasActive(): boolean;
  /** Each operation once, in the order in which they joined. */
  operations(): Set<OperationContext>;
  /**
   * Records a call that starts in the usage of each operation; the first one has caused the call.
   * @returns records the end of the call, also for operations that have joined meanwhile
   */
  recordCall(
    call: Pick<UpstreamCallRecord, 'method' | 'path'>,
  ): (end: Pick<UpstreamCallRecord, 'status' | 'milliseconds'>) => void;
  /** Records the last call also for operations that have joined after its end, before its response was used. */
  recordJoined(): void;
  /** Calls back for each of the operations, now and when one joins. It replaces the callback before. */
  onJoined(callback: (operation: OperationContext) => void): void;
  /** Calls the callback of `onJoined` for an operation that the caller has already added to `waiting`. */
  join(operation: OperationContext): void;
}

/** @param waiting the operations that wait, in the order in which they joined; more may join */
export function createWaiters(waiting: () => Iterable<OperationContext>): Waiters {
  const operations = () => new Set(waiting());
  let recordJoined = (): void => undefined;
  let onJoined = (_: OperationContext): void => undefined;
  return {
    operations,
    recordJoined: () => recordJoined(),
    join: (operation) => onJoined(operation),
    onJoined(callback) {
      onJoined = callback;
      operations().forEach(callback);
    },
    deadlineMs() {
      let latestMs = 0;
      for (const { deadlineMs } of waiting()) latestMs = Math.max(latestMs, deadlineMs);
      return latestMs;
    },
    hasActive() {
      for (const operation of waiting()) if (!operation.hasEnded()) return true;
      return false;
    },
    recordCall({ method, path }) {
      const records = new Map<OperationContext, UpstreamCallRecord>();
      const addRecords = () => {
        for (const operation of operations()) {
          if (records.has(operation)) continue;
          const origin = records.size === 0 ? 'network' : 'shared';
          const record: UpstreamCallRecord = { method, path, status: null, milliseconds: 0, origin };
          records.set(operation, record);
          operation.usage.calls.push(record);
        }
      };
      addRecords();
      return (end) => {
        recordJoined = () => {
          addRecords();
          for (const record of records.values()) Object.assign(record, end);
        };
        recordJoined();
      };
    },
  };
}
