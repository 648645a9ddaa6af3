import type { FaultRule } from '../../src/sandbox/index.ts';
import { pass } from './clock.ts';
import type { TestEnvironment } from './fault-environment.ts';
import { localOperation } from './fault-operations.ts';
import type { Outcome } from './fault-responses.ts';
import type { Trouble } from './tcp-proxy.ts';

/** Functions that fault cases use as `arrange`, and functions that summarize outcomes. */

type Rule = Omit<FaultRule, 'fault'>;

/** Arranges one fault in place of all others. */
export const only =
  (fault: FaultRule['fault'], rule: Rule = {}) =>
  async ({ lift, fault: add }: TestEnvironment) => {
    await lift();
    add({ ...rule, fault });
  };

/** Passes the time after which earlier retries no longer count against the retry budget. */
const forgetRetries = () => pass(11_000);

/** As `only`, after the retries of the steps before no longer count. */
export const onlyAfterRetries =
  (fault: FaultRule['fault'], rule?: Rule) => async (testEnvironment: TestEnvironment) => {
    await forgetRetries();
    await only(fault, rule)(testEnvironment);
  };

/** Arranges trouble on the connection in place of all faults. */
export const troubled =
  (trouble: Trouble) =>
  async ({ lift, trouble: set }: TestEnvironment) => {
    await lift();
    await set(trouble);
  };

/** The codes of the first errors, `ok` for none, with how often each occurs. */
export function countCodes(outcomes: readonly Outcome[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { errors } of outcomes) {
    const code = errors[0]?.extensions?.code ?? 'ok';
    counts[code] = (counts[code] ?? 0) + 1;
  }
  return counts;
}

/** Every code that occurs. */
export const codesOf = (outcomes: readonly Outcome[]) => [
  ...new Set(outcomes.flatMap(({ errors }) => errors.map(({ extensions }) => extensions?.code))),
];

export const isLocal = ({ operation }: Outcome) => operation === localOperation;

/** The time within which this share of the responses arrived; with a share of 0 the shortest time, with 1 the longest. */
export function percentile(times: readonly number[], share: number): number {
  const sorted = times.toSorted((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}
const timesOf = (outcomes: readonly Outcome[]) => outcomes.map(({ ms }) => ms);
export const p99Of = (outcomes: readonly Outcome[]) => percentile(timesOf(outcomes), 0.99);
export const medianOf = (outcomes: readonly Outcome[]) => percentile(timesOf(outcomes), 0.5);

/** Arranges one fault beside the others. */
export const adding =
  (fault: FaultRule['fault'], rule: Rule = {}) =>
  ({ fault: add }: TestEnvironment) =>
    add({ ...rule, fault });
