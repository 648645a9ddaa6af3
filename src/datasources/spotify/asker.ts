import { UpstreamTimeout } from '../../errors.ts';

/** The field of a client's operation that asks. */
export interface Place {
  /** Such as `Artist.followers`. */
  field: string;
  /** Its path in the answer. */
  path: readonly (string | number)[];
}

/** One call that an operation used, or a copy that stood in for one. */
export interface CallNote {
  method: string;
  /** Relative to the base URL, with its query. */
  path: string;
  /** Null when there was no answer. */
  status: number | null;
  milliseconds: number;
  /** Sent for this operation, sent for another that asked the same, or not sent at all. */
  origin: 'network' | 'shared' | 'cache';
}

export interface FieldNote extends Place {
  reason: string;
}

/** What one operation used of Spotify and what it could not have. */
export interface Usage {
  calls: CallNote[];
  /** Fields answered from a copy past its freshness, because Spotify could not answer. */
  stale: FieldNote[];
  /** Fields that Spotify withholds from this app. */
  unavailable: FieldNote[];
}

/** One operation as the datasource sees it: how long it waits, and who notes what it used. */
export interface Scope {
  /** When its answer must be out, by `performance.now()`. */
  deadlineMs: number;
  usage: Usage;
  /** Where the observer keeps what it wants to find again. */
  observed?: unknown;
  /** Until when everything that it was answered is fresh, in milliseconds of the epoch. */
  freshUntilMs: number;
  /** Whether nobody waits any more: the deadline has passed or the client has gone. */
  ended(): boolean;
  /** Calls back once when it ends; the returned function takes that back. */
  onEnd(callback: () => void): () => void;
  /** Ends it, and lets go of its timer. */
  end(): void;
}

/** One field of one operation. */
export interface Asker {
  scope: Scope;
  place(): Place;
}

/** All who wait for one call. */
export interface Party {
  /** The latest deadline among them. */
  deadlineMs(): number;
  /** Whether any of them still waits. */
  wanted(): boolean;
  /** The operation that asked first. */
  first(): Scope | undefined;
  /** Tells each of their operations once; `origin` follows from who asked first. */
  note(call: Omit<CallNote, 'origin'>): void;
}

/** @param timeoutMs from now to the deadline, in milliseconds */
export function createScope(timeoutMs: number): Scope {
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
    ended: () => hasEnded || performance.now() >= deadlineMs,
    onEnd(callback) {
      callbacks.add(callback);
      timer ??= setTimeout(end, Math.max(0, deadlineMs - performance.now()));
      return () => callbacks.delete(callback);
    },
    end,
  };
}

/** The promise's outcome, or UpstreamTimeout when the asker's operation ends first. */
export function whileWaiting<T>(promise: Promise<T>, { scope }: Asker): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(new UpstreamTimeout('The deadline of this request has passed.'));
    if (scope.ended()) {
      giveUp();
      return;
    }
    const stop = scope.onEnd(giveUp);
    promise.then(resolve, reject).finally(stop);
  });
}

/** @param askers in the order of their coming; may grow while the call is under way */
export function createParty(askers: () => Iterable<Asker>): Party {
  return {
    deadlineMs() {
      let latestMs = 0;
      for (const { scope } of askers()) latestMs = Math.max(latestMs, scope.deadlineMs);
      return latestMs;
    },
    wanted() {
      for (const { scope } of askers()) if (!scope.ended()) return true;
      return false;
    },
    first() {
      for (const { scope } of askers()) return scope;
      return undefined;
    },
    note(call) {
      let origin: CallNote['origin'] = 'network';
      for (const scope of new Set(Array.from(askers(), (asker) => asker.scope))) {
        scope.usage.calls.push({ ...call, origin });
        origin = 'shared';
      }
    },
  };
}

/** Notes that this app may not have the field that asks. */
export const noteUnavailable = ({ scope, place }: Asker): void =>
  void scope.usage.unavailable.push({ ...place(), reason: 'QUOTA_MODE' });

/** Notes how long something that went into the answer is fresh. */
export function noteFreshness({ scope }: Asker, untilMs: number): void {
  scope.freshUntilMs = Math.min(scope.freshUntilMs, untilMs);
}
