import { UpstreamTimeout } from '../../../errors.ts';

/** The field of a client's operation that asks. */
export interface FieldLocation {
  /** Such as `Artist.followers`. */
  field: string;
  /** Its path in the answer. */
  path: readonly (string | number)[];
}

/** One call that an operation used, or a copy that stood in for one. */
export interface UpstreamCallRecord {
  method: string;
  /** Relative to the base URL, with its query. */
  path: string;
  /** Null when there was no answer. */
  status: number | null;
  milliseconds: number;
  /** Sent for this operation, sent for another that asked the same, or not sent at all. */
  origin: 'network' | 'shared' | 'cache';
}

export interface FieldNotice extends FieldLocation {
  reason: string;
}

/** What one operation used of Spotify and what it could not have. */
export interface Usage {
  calls: UpstreamCallRecord[];
  /** Fields answered from a copy past its freshness, because Spotify could not answer. */
  stale: FieldNotice[];
  /** Fields without a value, and why: see `UnavailableReason`. */
  unavailable: FieldNotice[];
}

/** One operation as the datasource sees it: how long it waits, and who notes what it used. */
export interface OperationContext {
  /** When its answer must be out, by `performance.now()`. */
  deadlineMs: number;
  usage: Usage;
  /** Where the observer keeps what it wants to find again. */
  traceContext?: unknown;
  /** Until when everything that it was answered is fresh, in milliseconds of the epoch. */
  freshUntilMs: number;
  /** Whether nobody waits any more: the deadline has passed or the client has gone. */
  hasEnded(): boolean;
  /** Calls back once when it ends; the returned function takes that back. */
  onEnd(callback: () => void): () => void;
  /** Ends it, and lets go of its timer. */
  end(): void;
}

/** One field of one operation. */
export interface FieldContext {
  operation: OperationContext;
  location(): FieldLocation;
}

/** All who wait for one call. */
export interface Waiters {
  /** The latest deadline among them. */
  deadlineMs(): number;
  /** Whether any of them still waits. */
  hasActive(): boolean;
  /** The operations that they belong to, each once, in the order of their coming. */
  operations(): Set<OperationContext>;
  /**
   * Notes with each of their operations that a call is under way; the first one has caused it. The returned
   * function tells them, and those who have come meanwhile, how it ended.
   */
  recordCall(
    call: Pick<UpstreamCallRecord, 'method' | 'path'>,
  ): (end: Pick<UpstreamCallRecord, 'status' | 'milliseconds'>) => void;
}

/** @param timeoutMs from now to the deadline, in milliseconds */
export function createOperationContext(timeoutMs: number): OperationContext {
  const deadlineMs = performance.now() + timeoutMs;
  const callbacks = new Set<() => void>();
  let hasEnded = false;
  // One timer an operation, and only when something waits: most are answered from memory.
  let timer: NodeJS.Timeout | undefined;

  function end(): void {
    if (hasEnded) return;
    hasEnded = true;
    clearTimeout(timer);
    for (const callback of callbacks) callback();
    callbacks.clear();
  }

  return {
    deadlineMs,
    usage: { calls: [], stale: [], unavailable: [] },
    freshUntilMs: Number.POSITIVE_INFINITY,
    hasEnded: () => hasEnded || performance.now() >= deadlineMs,
    onEnd(callback) {
      callbacks.add(callback);
      timer ??= setTimeout(end, Math.max(0, deadlineMs - performance.now()));
      return () => callbacks.delete(callback);
    },
    end,
  };
}

/** The promise's outcome, or UpstreamTimeout when the operation ends first. */
export function withDeadline<T>(promise: Promise<T>, { operation }: FieldContext): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(new UpstreamTimeout('The deadline of this request has passed.'));
    if (operation.hasEnded()) {
      giveUp();
      return;
    }
    const stop = operation.onEnd(giveUp);
    promise.then(resolve, reject).finally(stop);
  });
}

/** @param coming the operations that wait, in the order of their coming; there may come more */
export function createWaiters(coming: () => Iterable<OperationContext>): Waiters {
  const scopes = () => new Set(coming());

  return {
    operations: scopes,
    deadlineMs() {
      let latestMs = 0;
      for (const { deadlineMs } of coming()) latestMs = Math.max(latestMs, deadlineMs);
      return latestMs;
    },
    hasActive() {
      for (const operation of coming()) if (!operation.hasEnded()) return true;
      return false;
    },
    recordCall({ method, path }) {
      const notes = new Map<OperationContext, UpstreamCallRecord>();
      const tell = () => {
        for (const operation of scopes()) {
          if (notes.has(operation)) continue;
          const origin = notes.size === 0 ? 'network' : 'shared';
          const note: UpstreamCallRecord = { method, path, status: null, milliseconds: 0, origin };
          notes.set(operation, note);
          operation.usage.calls.push(note);
        }
      };
      tell();
      return (end) => {
        tell();
        for (const note of notes.values()) Object.assign(note, end);
      };
    },
  };
}

/** Why a field is null: Spotify withholds it from this app, did not send it, or sent what is not as documented. */
export type UnavailableReason = 'QUOTA_MODE' | 'NOT_SENT' | 'MALFORMED';

/** Notes why the field that asks has no value. */
export const recordUnavailable = (
  { operation, location }: Pick<FieldContext, 'operation' | 'location'>,
  reason: UnavailableReason = 'QUOTA_MODE',
): void => void operation.usage.unavailable.push({ ...location(), reason });

/** Notes how long something that went into the answer is fresh. */
export function recordFreshness({ operation }: FieldContext, untilMs: number): void {
  operation.freshUntilMs = Math.min(operation.freshUntilMs, untilMs);
}
