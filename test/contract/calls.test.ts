import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { QuotaMode } from '../../src/sandbox/index.ts';
import { type CallCounts, callsPage } from '../support/calls-page.ts';
import { waitForIdleLoop } from '../support/clock.ts';
import { apiCalls, startGateway, withSandbox } from '../support/gateway.ts';
import { createNaiveGateway } from '../support/naive-gateway.ts';
import { catalogue, type Execute, type Operation, operations, runOperation } from '../support/operations.ts';

/** Every operation costs the fewest Spotify calls. The sandbox counts the calls, and `docs/calls.md` lists them. */

const modes = ['extended', 'development'] as const;
const defaultConcurrency = 10;
const lateCallsMs = 10; // calls that no field waits for arrive shortly after the response
const page = new URL('../../docs/calls.md', import.meta.url);
const { UPDATE_DOCS } = process.env;

// Builds the search index before the measurements, because that blocks the event loop for half a second.
catalogue.find('artist', 'love');
catalogue.find('album', 'love');
catalogue.find('track', 'love');

/** A sandbox for an app of one quota mode, and gateways in front of it. */
async function startUpstream(mode: QuotaMode) {
  const { sandbox, ...configured } = await withSandbox(
    { SPOTIFY_QUOTA_MODE: mode },
    { quotaMode: mode, catalogue },
  );
  const executeUntilServed =
    ({ execute }: Pick<typeof configured, 'execute'>): Execute =>
    async (document) => {
      for (;;) {
        const { status, data, errors } = await execute(document);
        if (status !== 503) {
          expect(errors).toEqual([]);
          return data;
        }
        await waitForIdleLoop(); // clients and gateway share one event loop, which the concurrent operations overload
      }
    };
  const countCalls = () => apiCalls(sandbox).length;
  const naive = createNaiveGateway(sandbox, mode);

  return {
    configured: executeUntilServed(configured),
    another: () => executeUntilServed(startGateway(sandbox, { SPOTIFY_QUOTA_MODE: mode })),
    learning: () => executeUntilServed(startGateway(sandbox, { SPOTIFY_QUOTA_MODE: 'auto' })),
    async naive(document: string) {
      const { data, errors } = await naive.execute(document);
      expect(errors).toEqual([]);
      return data;
    },
    /** The calls of an operation, without the calls of `operation.before`. */
    async count(operation: Operation, execute: Execute) {
      const data = await runOperation(operation, execute, sandbox.clearCalls);
      await sleep(lateCallsMs);
      return { calls: countCalls(), data };
    },
    /** The calls of many concurrent runs of the operation. */
    async countConcurrent(operation: Operation, execute: Execute) {
      if (operation.before !== undefined) await execute(operation.before);
      sandbox.clearCalls();
      await Promise.all(
        Array.from({ length: operation.concurrency ?? defaultConcurrency }, () =>
          runOperation(operation, execute),
        ),
      );
      await waitForIdleLoop();
      return countCalls();
    },
  };
}

const measured = new Map<Operation, Partial<Record<QuotaMode, CallCounts>>>();

async function measure(
  operation: Operation,
  mode: QuotaMode,
): Promise<CallCounts & { responses: unknown[] }> {
  const { configured, another, learning, naive, count, countConcurrent } = await startUpstream(mode);
  const firstRun = await count(operation, configured);
  const repeatedRun = await count(operation, configured);
  const learningRun = await count(operation, learning());
  const naiveRun = await count(operation, naive);
  const atWorst = (calls: number, worst: number): number => {
    const { races, least } = operation;
    return races && least && calls >= least[mode] && calls <= worst ? worst : calls;
  };
  const worst = operation.calls[mode];
  const numbers = {
    calls: atWorst(firstRun.calls, worst),
    again: repeatedRun.calls,
    concurrent: atWorst(await countConcurrent(operation, another()), worst),
    unknown: atWorst(learningRun.calls, operation.unknown[mode]),
    naive: naiveRun.calls,
  };
  measured.set(operation, { ...measured.get(operation), [mode]: numbers });
  return { ...numbers, responses: [firstRun, repeatedRun, learningRun, naiveRun].map(({ data }) => data) };
}

describe.each(modes)('the fewest Spotify calls, for an app in %s mode', (mode) => {
  test.each(operations)('the operation costs the fewest Spotify calls: $title', async (operation) => {
    const { responses, naive, ...counts } = await measure(operation, mode);
    const calls = operation.calls[mode];
    expect(counts).toEqual({ calls, again: 0, concurrent: calls, unknown: operation.unknown[mode] });
    const least = operation.least?.[mode];
    if (least === undefined) expect(naive).toBeGreaterThanOrEqual(calls);
    else expect(least).toBeLessThanOrEqual(calls);
    for (const response of responses) expect(response).toEqual(responses[0]);
  });
});

test('docs/calls.md lists the measured calls', async () => {
  const text = callsPage(
    operations.map((operation) => {
      const { extended, development } = measured.get(operation) ?? {};
      if (!extended || !development) throw new Error(`not measured: ${operation.title}`);
      return { operation, measured: { extended, development } };
    }),
  );
  if (UPDATE_DOCS === '1') writeFileSync(page, text);
  expect(readFileSync(page, 'utf8'), 'run `npm run docs:calls` and commit the page').toBe(text);
});
