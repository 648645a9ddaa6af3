import type { ErrorCode } from '../../src/errors.ts';
import type { Outcome } from './fault-answers.ts';
import type { Allowances } from './fault-invariants.ts';
import type { Operation } from './fault-operations.ts';
import type { World, WorldOptions } from './fault-world.ts';

/** A fault case as data: what is asked while what goes wrong, and what client and Spotify must see. */
export interface FaultCase extends WorldOptions {
  id: string;
  /** What goes wrong, in a few words. */
  fault: string;
  /** What holds all the same, as a sentence. */
  promise: string;
  /** Asked and answered before anything goes wrong. */
  warm?: readonly Operation[];
  steps: readonly Step[];
  /**
   * Milliseconds within which a first question succeeds once all is well; default 1,000. A gate that stays
   * shut for a time names that time as `shutMs`. `false` where the case looks at it itself.
   */
  recovery?: number | false;
  shutMs?: number;
  /** Whether it uses a Redis of its own making; with `redis` it need not say so. */
  needsRedis?: boolean;
  /** Whether this machine does not allow what the case does: then the report lists it as skipped. */
  isSkipped?: boolean;
  /** Whether it waits most of its time: then it runs beside others, and may not move the clock. */
  slow?: boolean;
  /** Milliseconds that vitest gives it. */
  timeoutMs?: number;
  /** Where the environment sets another deadline. */
  deadlineMs?: number;
  allow?: Pick<Allowances, 'nullIsTrue' | 'readsAnew'>;
}

export interface Step {
  arrange?(world: World): unknown;
  ask?: Operation | readonly Operation[];
  /** Asks in a way that the rest cannot say. */
  act?(world: World): Promise<readonly Outcome[]>;
  /** How many operations altogether, `ask` over and over; default each once. */
  times?: number;
  /** At once, one when the one before is answered, or so many a second. Default at once. */
  manner?: 'together' | 'in turn' | { perSecond: number };
  gateway?: number;
  /** What every operation is answered. */
  client?: Expected;
  /** The truth, where it is not the catalogue's. */
  truth?: unknown;
  /** No answer later than this; at least so late; and the same for shares of them. All but the median may have a long pause. */
  withinMs?: number;
  notBeforeMs?: number;
  p99Ms?: number;
  medianMs?: number;
  /** Calls that Spotify sees from the beginning of the step until it is answered and `settleMs` later. */
  api?: Bound;
  token?: Bound;
  settleMs?: number;
  check?(step: Seen): unknown;
  /** What `check` asserts beyond the rest, for the page. */
  says?: Partial<PageColumns>;
  /** A preparation that the page does not tell of. */
  aside?: boolean;
}

export interface PageColumns {
  client: string;
  within: string;
  spotify: string;
}

export type Expected =
  | 'ok'
  | 'ok, stale'
  | ErrorCode
  | 'GRAPHQL_PARSE_FAILED'
  | 'GRAPHQL_VALIDATION_FAILED'
  | { code: ErrorCode; status: number }
  | { code: ErrorCode; retryAfter: readonly [least: number, most: number] };

export type Bound = number | { atMost: number; atLeast?: number };

/** What a step has brought. */
export interface Seen {
  world: World;
  outcomes: readonly Outcome[];
  api: ReturnType<World['calls']>;
  token: ReturnType<World['calls']>;
}
