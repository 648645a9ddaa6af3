import type { ErrorCode } from '../../src/errors.ts';
import type { TestEnvironment, TestEnvironmentOptions } from './fault-environment.ts';
import type { Allowances } from './fault-invariants.ts';
import type { Operation } from './fault-operations.ts';
import type { Outcome } from './fault-responses.ts';

/** A fault case as data: the fault, the operations, the responses that the client must get and the calls to Spotify. */
export interface FaultCase extends TestEnvironmentOptions {
  id: string;
  /** The fault, in a few words. */
  fault: string;
  /** The guarantee in spite of the fault, as a sentence: the name of the test. */
  promise: string;
  /** Operations that are executed before the fault. */
  warm?: readonly Operation[];
  steps: readonly Step[];
  /**
   * Milliseconds between the end of the fault and the first success; default 1,000. If the gateway sends no calls for some
   * time after the fault, `shutMs` is that time. `false` if the case checks the recovery itself.
   */
  recovery?: number | false;
  shutMs?: number;
  /** Whether the case starts a Redis itself; not needed with `redis`. */
  needsRedis?: boolean;
  /** Whether this machine cannot run the case: then the report lists it as skipped. */
  isSkipped?: boolean;
  /** Whether it mostly waits: then it runs concurrently with others, and must not move the clock. */
  slow?: boolean;
  /** The timeout of the test. */
  timeoutMs?: number;
  /** The deadline, if the environment sets another one than the default. */
  deadlineMs?: number;
  allow?: Pick<Allowances, 'nullIsTrue' | 'readsAnew'>;
}

export interface Step {
  arrange?(testEnvironment: TestEnvironment): unknown;
  execute?: Operation | readonly Operation[];
  /** Sends operations in a way that the other properties cannot express. */
  act?(testEnvironment: TestEnvironment): Promise<readonly Outcome[]>;
  /** How many operations are sent in total, repeating `execute`. Default: each once. */
  times?: number;
  /** All at once, one after the response to the previous one, or so many a second. Default: all at once. */
  manner?: 'together' | 'in turn' | { perSecond: number };
  gateway?: number;
  /** The expected response to every operation. */
  client?: Expected;
  /** The expected data, if it is not that of the catalogue. */
  truth?: unknown;
  /** Upper bound, lower bound and percentiles of response times. All upper bounds but the median allow for a long pause. */
  withinMs?: number;
  notBeforeMs?: number;
  p99Ms?: number;
  medianMs?: number;
  /** Calls that arrive at Spotify from the start of the step until `settleMs` after the last response. */
  api?: Bound;
  token?: Bound;
  settleMs?: number;
  check?(step: StepResult): unknown;
  /** Describes the assertions of `check` in docs/faults.md. */
  says?: Partial<PageColumns>;
  /** Whether docs/faults.md omits the step, as a preparation. */
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

/** The responses and calls of a step. */
export interface StepResult {
  testEnvironment: TestEnvironment;
  outcomes: readonly Outcome[];
  api: ReturnType<TestEnvironment['calls']>;
  token: ReturnType<TestEnvironment['calls']>;
}
