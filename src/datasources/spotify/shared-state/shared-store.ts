/** Of all stored data. Raise it when the form of an entry, a message or a counter changes: others are not read. */
export const storeVersion = 5;

/** A longer entry is neither stored nor read. */
export const maxEntryBytes = 200_000;

/**
 * The data that the processes of one app share, in Redis or on disk. Untrusted: it may be lost, slow or invalid at any
 * time. No method ever rejects.
 */
export interface SharedStore {
  /** Cached responses, as opaque bytes (cache/ encodes, bounds and checks them). One result per key; null if there is none. */
  getEntries(keys: readonly string[]): Promise<(Buffer | null)[]>;
  /** Sets all of them in one step. */
  setEntries(entries: readonly NewEntry[]): void;

  /**
   * Sends a message to all processes, this one too, and stores it for later ones. A topic has one message, its latest:
   * learned capabilities, back-offs and learned limits.
   */
  publish(topic: string, message: object): void;
  /** Publishes the latest message of each topic that the store lacks, because it has lost its data. */
  publishAgain(): void;
  /** Calls back with every message, and with the stored ones. Messages are untrusted: the listener checks them. */
  subscribe(listener: (topic: string, message: unknown) => void): void;
  /** Resolves when the stored messages have been delivered, or the store does not respond. */
  whenSynced(): Promise<void>;

  /**
   * Requests the right to read each key from Spotify. A lease lasts 1 s and is renewed while it is held.
   * @returns for each key: true if this process has the lease now, or the store does not respond; false if another
   * process has it
   */
  acquireLeases(keys: readonly string[]): Promise<boolean[]>;
  /** Ends a lease of this process, when it is released as often as it was acquired, and wakes the waiting processes. */
  releaseLease(key: string): void;
  /** Resolves when the lease is released, has expired because its holder died, or the store does not respond. */
  whenLeaseEnds(key: string): Promise<void>;

  /** Counts calls in a rolling 24 h (see `CallReservation`). Null if the store does not respond. */
  reserveCall(family: string, reservation: CallReservation): Promise<CallCounters | null>;
  /**
   * Counts one call in a rolling window of all calls.
   * @returns milliseconds until a call is allowed; 0 if the call was counted, or the store does not respond
   */
  reserveRate(limit: number, windowMs: number): Promise<number>;

  /** Whether the store responds at present. */
  isAvailable(): boolean;
  close(): Promise<void>;
}

/** The leases of a store, without its data. */
export type SharedLeases = Pick<SharedStore, 'acquireLeases' | 'releaseLease' | 'whenLeaseEnds'>;

/** A value to store for a time. */
export interface NewEntry {
  key: string;
  value: Buffer;
  lifeMs: number;
}

/**
 * Counters of the calls of one endpoint family, by `bucket:process`, where a bucket is 5 minutes of the epoch. Each
 * process raises only its own counters, so a counter never falls: two versions are merged by the maximum of each
 * counter, and a process that notices a loss writes all counters that it knows again. A call that was counted and did
 * not reach Spotify raises a second counter, `bucket:process-unsent`, which is subtracted.
 */
export interface CallReservation {
  /** How many calls to count: all of them or none. */
  calls: number;
  /** Counters to merge: the own counter, higher by these calls; after a loss all that are known. */
  counters: Readonly<Record<string, number>>;
  /** Name of the counter of this process in the current bucket. */
  ownCounter: string;
  /** Counters of earlier buckets are removed. */
  oldestBucket: number;
  /** Counters of later buckets (a clock was set back) are moved to this bucket. */
  currentBucket: number;
  /** If the sum of all counters would exceed it, the own counter is not raised. Null: no limit. */
  limit: number | null;
}

export interface CallCounters {
  /** Whether the calls were counted. */
  isWithinLimit: boolean;
  /** All counters of the family after the reservation. */
  counters: Record<string, number>;
}
