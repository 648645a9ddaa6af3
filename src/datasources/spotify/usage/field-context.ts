import { deadlinePassed } from '../../../errors.ts';
import { epochMs } from '../../../observability/clock.ts';

/** A field of a client's operation. */
export interface FieldLocation {
  /** Such as `Artist.followers`. */
  field: string;
  /** Its path in the response. */
  path: readonly (string | number)[];
}

/** A call that an operation used, or a cache entry that replaced one. */
export interface UpstreamCallRecord {
  method: string;
  /** Relative to the base URL, with its query. */
  path: string;
  /** Null if there was no response. */
  status: number | null;
  milliseconds: number;
  /** Sent for this operation; sent for another operation that needs the same response; or not sent. */
  origin: 'network' | 'shared' | 'cache';
}

export interface FieldNotice extends FieldLocation {
  reason: string;
}

/** The calls of one operation, and the fields whose data is not complete or not fresh. */
export interface Usage {
  calls: UpstreamCallRecord[];
  /** Fields with a value from a stale cache entry. */
  stale: FieldNotice[];
  /** Fields without a value; the reason is an `UnavailableReason`. */
  unavailable: FieldNotice[];
  /** Lists of which only the first slots of the window were read, because the daily quota did not suffice. */
  shortened: FieldNotice[];
}

/** Why a field is null: Spotify withholds it from this app, did not send it, or sent something malformed. */
export type UnavailableReason = 'QUOTA_MODE' | 'NOT_SENT' | 'MALFORMED';

/** One operation: its deadline and its usage. */
export interface OperationContext {
  /** When its response must be ready, by `performance.now()`. */
  deadlineMs: number;
  usage: Usage;
  /** The endpoint families of its reads that need a call or the store. */
  families: Set<string>;
  /** The keys of the requests whose responses it has used, from Spotify or from the cache. */
  responseKeys: Set<string>;
  /** The errors of the requests that have failed for it, by their key. */
  failures: Map<string, Error>;
  /** For the observer. */
  traceContext?: unknown;
  /** How many stale cache entries it has refreshed in the background. */
  refreshes: number;
  /** Until when all of its data is fresh, in milliseconds of the epoch. */
  freshUntilMs: number;
  /** Until when all of its data may be used stale if Spotify cannot be called, in milliseconds of the epoch. */
  usableUntilMs: number;
  /** Whether its response is not needed any more: the deadline has passed or the client has disconnected. */
  hasEnded(): boolean;
  /** Calls back once at its end; the returned function cancels that. */
  onEnd(callback: () => void): () => void;
  /** Ends the operation and its timer. */
  end(): void;
  /**
   * To be called when the operation has waited for data: waits for its turn. Returns undefined if the operation may continue
   * at once. Not set for operations that never wait for others.
   */
  waitForTurn?: () => Promise<void> | undefined;
}

/** One field of one operation. */
export interface FieldContext {
  operation: OperationContext;
  location(): FieldLocation;
}

/**
 * @param timeoutMs from now to the deadline, in milliseconds
 * @param failures the errors of the operation for which this one sends its calls; by default none
 */
export function createOperationContext(
  timeoutMs: number,
  failures = new Map<string, Error>(),
): OperationContext {
  const deadlineMs = performance.now() + timeoutMs;
  const callbacks = new Set<() => void>();
  let hasEnded = false;
  let timer: NodeJS.Timeout | undefined; // set by the first callback: most operations never wait

  function end(): void {
    if (hasEnded) return;
    hasEnded = true;
    clearTimeout(timer);
    for (const callback of callbacks) callback();
    callbacks.clear();
  }

  return {
    deadlineMs,
    usage: { calls: [], stale: [], unavailable: [], shortened: [] },
    families: new Set(),
    responseKeys: new Set(),
    failures,
    refreshes: 0,
    freshUntilMs: Number.POSITIVE_INFINITY,
    usableUntilMs: Number.POSITIVE_INFINITY,
    hasEnded: () => hasEnded || performance.now() >= deadlineMs,
    onEnd(callback) {
      callbacks.add(callback);
      timer ??= setTimeout(end, Math.max(0, deadlineMs - performance.now()));
      return () => callbacks.delete(callback);
    },
    end,
  };
}

/** The result of the promise. @throws UpstreamTimeout if the operation ends first */
export function withDeadline<T>(promise: Promise<T>, { operation }: FieldContext): Promise<T> {
  return new Promise((resolve, reject) => {
    const onEnd = () => reject(deadlinePassed());
    if (operation.hasEnded()) return onEnd();
    const cancel = operation.onEnd(onEnd);
    inTurn(promise, operation).then(resolve, reject).finally(cancel);
  });
}

async function inTurn<T>(promise: Promise<T>, { waitForTurn }: OperationContext): Promise<T> {
  try {
    return await promise;
  } finally {
    await waitForTurn?.();
  }
}

export const recordUnavailable = (
  { operation, location }: FieldContext,
  reason: UnavailableReason = 'QUOTA_MODE',
): void => void operation.usage.unavailable.push({ ...location(), reason });

/** Records that data in the response is fresh, and usable, until these times, in milliseconds of the epoch. */
export function recordFreshness(
  { operation }: FieldContext,
  freshUntilMs: number,
  usableUntilMs = Number.POSITIVE_INFINITY,
): void {
  operation.freshUntilMs = Math.min(operation.freshUntilMs, freshUntilMs);
  operation.usableUntilMs = Math.min(operation.usableUntilMs, usableUntilMs);
}

/** Records that the value comes from a stale cache entry. */
export const recordStale = ({ operation, location }: FieldContext, reason: string): void =>
  void operation.usage.stale.push({ ...location(), reason });

/** Records that the window is shortened. The response is not cached, because a later call may read the rest. */
export function recordShortened(fieldContext: FieldContext): void {
  fieldContext.operation.usage.shortened.push({ ...fieldContext.location(), reason: 'QUOTA' });
  recordFreshness(fieldContext, epochMs());
}
