import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pass, setWallClock, stopwatchMs, waitForIdleLoop } from './clock.ts';
import type { Bound, Expected, FaultCase, Step } from './fault-case.ts';
import { startTestEnvironment, type TestEnvironment } from './fault-environment.ts';
import { violations } from './fault-invariants.ts';
import { artist, type Operation, range, siblings } from './fault-operations.ts';
import { checkPage } from './fault-page.ts';
import type { Outcome } from './fault-responses.ts';
import { medianOf, p99Of, percentile } from './fault-steps.ts';
import {
  allowHosts,
  callsToOtherHosts,
  leakedHandles,
  leaks,
  misdirected,
  openSockets,
  resources,
  watchUnhandled,
} from './fault-traces.ts';
import { longPauseMs } from './machine-load.ts';
import { hasRedis } from './redis.ts';

/**
 * Runs fault cases: sends their operations during the fault, and checks the responses, the calls to Spotify and the
 * invariants that hold after every case.
 */

const usualDeadlineMs = 8_000;
const usualRecoveryMs = 1_000;
const usualTimeoutMs = 30_000; // many times the usual duration of a test
const pollMs = 50; // between two operations that wait for the end of a fault
const roundingSeconds = 1; // of a retryAfter; case Q17 checks the rounding

/** Registers a test for every case, and one that compares docs/faults.md with the cases. */
export function faultSuite(group: string, title: string, cases: readonly FaultCase[]): void {
  describe(`${group}. ${title}`, () => {
    beforeAll(() => {
      warm ??= warmUp();
      return warm;
    });
    for (const each of cases.filter(({ slow }) => !slow)) register(each, test);
    const slow = cases.filter((each) => each.slow);
    if (slow.length > 0) {
      describe.concurrent('slow cases, run concurrently', () => {
        let before: ReturnType<typeof resources>;
        beforeAll(() => {
          before = resources();
        });
        afterAll(async () => expect(await leakedHandles(before)).toEqual([]));
        for (const each of slow) register(each, test);
      });
    }
    test(`docs/faults.md lists every case of group ${group} and no other`, () =>
      checkPage(group, title, cases));
  });
}

function register(each: FaultCase, run: typeof test): void {
  const name = `${each.id}: ${each.promise}`;
  const timeoutMs = each.timeoutMs ?? usualTimeoutMs;
  const isSkipped = each.isSkipped || ((each.redis || each.needsRedis) && !hasRedis());
  run.skipIf(isSkipped)(name, { timeout: timeoutMs }, () => runCase(each));
}

let warm: Promise<void> | undefined;

/**
 * Once for all files of a process: its first operations are slow until its code is compiled, and no case shall measure that.
 */
async function warmUp(): Promise<void> {
  const testEnvironment = await startTestEnvironment();
  await testEnvironment.execute(artist(0));
  for (const each of Object.values(siblings))
    await Promise.all(range(5).map((n) => testEnvironment.execute(each(n))));
  testEnvironment.fault({ fault: { kind: 'answer', status: 500 } });
  await testEnvironment.execute(artist(20));
  await testEnvironment.endGateways();
  await testEnvironment.close();
}

export async function runCase(each: FaultCase): Promise<void> {
  const unhandled = watchUnhandled();
  const before = resources();
  const testEnvironment = await startTestEnvironment(each);
  allowHosts(testEnvironment.allowed);
  try {
    if (each.slow) await waitForIdleLoop(); // until the environments of the concurrent cases have started
    for (const operation of each.warm ?? []) {
      expectOutcome(
        await testEnvironment.execute(operation),
        each,
        { client: 'ok' },
        testEnvironment.machineLoad(),
      );
    }
    for (const [i, step] of each.steps.entries()) {
      await runStep(testEnvironment, each, step, `step ${i + 1}`);
    }
    await testEnvironment.lift();
    if (each.recovery !== false) await recover(testEnvironment, each);
    await testEnvironment.endGateways();
    expect(await leaks(testEnvironment)).toEqual([]);
    expect(callsToOtherHosts(testEnvironment)).toEqual([]);
    expect(misdirected(testEnvironment)).toEqual([]);
    expect(await openSockets(testEnvironment)).toEqual([]);
  } finally {
    await testEnvironment.endGateways().catch(() => undefined);
    await testEnvironment.close();
    setWallClock(0);
    unhandled.end();
  }
  if (!each.slow) expect(await leakedHandles(before)).toEqual([]); // slow cases are checked together, after all of them
  expect(unhandled.seen).toEqual([]);
}

const gatewayOf = ({ gateway }: Step) => (gateway === undefined ? {} : { gateway });

const maxUnnoticed = 50; // more operations at once may make the event loop late for the next step

async function runStep(
  testEnvironment: TestEnvironment,
  each: FaultCase,
  step: Step,
  name: string,
): Promise<void> {
  await step.arrange?.(testEnvironment);
  testEnvironment.measureLoad();
  const before = { api: testEnvironment.calls('api').length, token: testEnvironment.calls('token').length };
  const outcomes = await executeAll(testEnvironment, step);
  const machineLoad = testEnvironment.machineLoad();
  const { settleMs } = step;
  if (outcomes.length > maxUnnoticed || settleMs !== undefined) await waitForIdleLoop();
  if (settleMs !== undefined) await sleep(settleMs);
  const api = testEnvironment.calls('api').slice(before.api);
  const token = testEnvironment.calls('token').slice(before.token);
  for (const outcome of outcomes) expectOutcome(outcome, each, step, machineLoad);
  expectTimes(outcomes, step, name, machineLoad);
  expectBound(api.length, step.api, `${name}: calls of the Web API`);
  expectBound(token.length, step.token, `${name}: calls of the token endpoint`);
  await step.check?.({ testEnvironment, outcomes, api, token });
}

async function executeAll(testEnvironment: TestEnvironment, step: Step): Promise<readonly Outcome[]> {
  if (step.act) return step.act(testEnvironment);
  const operations = [step.execute ?? []].flat();
  const all = range(step.times ?? operations.length).map(
    (n) => operations[n % operations.length] as Operation,
  );
  const execute = (operation: Operation) => testEnvironment.execute(operation, gatewayOf(step));
  const manner = step.manner ?? 'together';
  if (manner === 'together') return Promise.all(all.map(execute));
  if (manner === 'in turn') {
    const outcomes: Outcome[] = [];
    for (const operation of all) outcomes.push(await execute(operation));
    return outcomes;
  }
  return executeAtRate(all, manner.perSecond, execute);
}

/** Sends so many operations a second, without waiting for responses. */
export async function executeAtRate<T>(
  operations: readonly Operation[],
  perSecond: number,
  execute: (operation: Operation, i: number) => Promise<T>,
): Promise<T[]> {
  const startedMs = stopwatchMs();
  const responses: Promise<T>[] = [];
  for (const [i, operation] of operations.entries()) {
    const waitMs = startedMs + (i * 1000) / perSecond - stopwatchMs();
    if (waitMs > 1) await sleep(waitMs);
    responses.push(execute(operation, i));
  }
  return Promise.all(responses);
}

function expectOutcome(outcome: Outcome, each: FaultCase, step: Step, machineLoad: number): void {
  const deadlineMs = each.deadlineMs ?? usualDeadlineMs;
  const truth = step.truth === undefined ? {} : { truth: step.truth };
  const found = violations(outcome, { deadlineMs, machineLoad, ...each.allow, ...truth });
  expect(found, outcome.text.slice(0, 300)).toEqual([]);
  if (step.client !== undefined) expectClient(outcome, step.client);
}

function expectClient({ errors, extensions, status, text }: Outcome, expected: Expected): void {
  const codes = [...new Set(errors.map((error) => error.extensions?.code))];
  if (expected === 'ok' || expected === 'ok, stale') {
    expect({ status, codes }, text.slice(0, 300)).toEqual({ status: 200, codes: [] });
    const stale = (extensions.spotify?.stale ?? []).length > 0;
    expect(stale, 'whether the response reports stale data').toBe(expected === 'ok, stale');
    return;
  }
  const code = typeof expected === 'string' ? expected : expected.code;
  expect({ codes, status }, text.slice(0, 300)).toEqual({
    codes: [code],
    status: typeof expected === 'object' && 'status' in expected ? expected.status : statusOf(code),
  });
  if (typeof expected === 'string' || 'status' in expected) return;
  const [least, most] = expected.retryAfter;
  const { retryAfter = 0 } = errors[0]?.extensions ?? {};
  expect(retryAfter).toBeGreaterThanOrEqual(least);
  expect(retryAfter).toBeLessThanOrEqual(most + roundingSeconds);
}

const statuses: Readonly<Record<string, number>> = {
  OVERLOADED: 503,
  QUERY_TOO_COMPLEX: 400,
  BAD_REQUEST: 400,
  GRAPHQL_PARSE_FAILED: 400,
  GRAPHQL_VALIDATION_FAILED: 400,
};
const statusOf = (code: string): number => statuses[code] ?? 200;

function expectTimes(outcomes: readonly Outcome[], step: Step, name: string, machineLoad: number): void {
  const times = outcomes.map(({ ms }) => ms);
  const { withinMs, notBeforeMs, p99Ms, medianMs } = step;
  const atMost = (ms: number, bound: number | undefined, label: string, pauseMs = longPauseMs) => {
    if (bound !== undefined) {
      expect(ms, `${name}: ${label}`).toBeLessThanOrEqual(bound * machineLoad + pauseMs);
    }
  };
  atMost(percentile(times, 1), withinMs, 'last response');
  atMost(p99Of(outcomes), p99Ms, 'p99');
  atMost(medianOf(outcomes), medianMs, 'median', 0);
  if (notBeforeMs !== undefined) {
    expect(percentile(times, 0), `${name}: first response`).toBeGreaterThanOrEqual(notBeforeMs);
  }
}

function expectBound(actual: number, bound: Bound | undefined, label: string): void {
  if (bound === undefined) return;
  if (typeof bound === 'number') {
    expect(actual, label).toBe(bound);
    return;
  }
  expect(actual, label).toBeLessThanOrEqual(bound.atMost);
  expect(actual, label).toBeGreaterThanOrEqual(bound.atLeast ?? 0);
}

/** Sends new operations until one succeeds, and checks how long after the end of the fault that is. */
async function recover(testEnvironment: TestEnvironment, each: FaultCase): Promise<void> {
  if (each.shutMs !== undefined) await pass(each.shutMs);
  const last = each.steps.findLast(({ execute }) => execute !== undefined)?.execute;
  const kind = [last ?? artist(0)].flat()[0]?.kind ?? 'artist';
  const startedMs = stopwatchMs();
  testEnvironment.measureLoad();
  const limitMs = () => testEnvironment.limitMs(each.recovery || usualRecoveryMs);
  for (let n = 1; ; n++) {
    const outcome = await testEnvironment.execute(siblings[kind](-n));
    const tookMs = stopwatchMs() - startedMs;
    if (outcome.errors.length === 0) {
      expect(violations(outcome, { deadlineMs: usualDeadlineMs })).toEqual([]);
      expect(tookMs, 'milliseconds from the end of the fault to the first success').toBeLessThanOrEqual(
        limitMs(),
      );
      return;
    }
    if (tookMs > limitMs()) expect.fail(`no success ${Math.round(tookMs)} ms after the fault was over`);
    await sleep(pollMs);
  }
}
