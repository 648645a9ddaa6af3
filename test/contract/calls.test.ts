import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { QuotaMode } from '../../src/sandbox/index.ts';
import { callsPage, type Measured } from '../support/calls-page.ts';
import { waitForIdleLoop } from '../support/clock.ts';
import { startGateway, withSandbox } from '../support/gateway.ts';
import { createNaiveGateway } from '../support/naive-gateway.ts';
import { type Ask, catalogue, type Operation, operations, perform } from '../support/operations.ts';

/** Every question costs the fewest Spotify calls: counted where they arrive, and written down in `docs/calls.md`. */

const modes = ['extended', 'development'] as const;
const crowd = 10;
const stragglersMs = 10; // calls that nobody waits for arrive a moment after the answer
const page = new URL('../../docs/calls.md', import.meta.url);
const { UPDATE_DOCS } = process.env;

// Drawn before anything is measured: it takes the event loop half a second.
catalogue.find('artist', 'love');
catalogue.find('album', 'love');
catalogue.find('track', 'love');

/** An upstream of one kind of app, and the ways to ask it. */
async function startUpstream(mode: QuotaMode) {
  const { sandbox, ...known } = await withSandbox(
    { SPOTIFY_QUOTA_MODE: mode },
    { quotaMode: mode, catalogue },
  );
  const asking =
    ({ ask }: Pick<typeof known, 'ask'>): Ask =>
    async (document) => {
      for (;;) {
        const { status, data, errors } = await ask(document);
        if (status !== 503) {
          expect(errors).toEqual([]);
          return data;
        }
        await waitForIdleLoop(); // one process is both sides here: the crowd was more than its event loop can take
      }
    };
  const apiCalls = () => sandbox.calls().filter(({ kind }) => kind === 'api').length;
  const naive = createNaiveGateway(sandbox, mode);

  return {
    known: asking(known),
    another: () => asking(startGateway(sandbox, { SPOTIFY_QUOTA_MODE: mode })),
    learning: () => asking(startGateway(sandbox, { SPOTIFY_QUOTA_MODE: 'auto' })),
    async naive(document: string) {
      const { data, errors } = await naive.ask(document);
      expect(errors).toEqual([]);
      return data;
    },
    apiCalls,
    /** The calls for an operation, without those for what is asked before it. */
    async count(operation: Operation, ask: Ask) {
      const data = await perform(operation, ask, sandbox.clearCalls);
      await sleep(stragglersMs);
      return { calls: apiCalls(), data };
    },
    /** The calls for many of it at the same time. */
    async countCrowd(operation: Operation, ask: Ask) {
      if (operation.before !== undefined) await ask(operation.before);
      sandbox.clearCalls();
      await Promise.all(Array.from({ length: operation.crowd ?? crowd }, () => perform(operation, ask)));
      await waitForIdleLoop();
      return apiCalls();
    },
  };
}

const measured = new Map<Operation, Partial<Record<QuotaMode, Measured>>>();

async function measure(operation: Operation, mode: QuotaMode): Promise<Measured & { answers: unknown[] }> {
  const { known, another, learning, naive, count, countCrowd } = await startUpstream(mode);
  const ours = await count(operation, known);
  const again = await count(operation, known);
  const learnt = await count(operation, learning());
  const theirs = await count(operation, naive);
  const atWorst = (calls: number, worst: number): number => {
    const { races, least } = operation;
    return races && least && calls >= least[mode] && calls <= worst ? worst : calls;
  };
  const worst = operation.calls[mode];
  const numbers = {
    calls: atWorst(ours.calls, worst),
    again: again.calls,
    crowd: atWorst(await countCrowd(operation, another()), worst),
    unknown: atWorst(learnt.calls, operation.unknown[mode]),
    naive: theirs.calls,
  };
  measured.set(operation, { ...measured.get(operation), [mode]: numbers });
  return { ...numbers, answers: [ours, again, learnt, theirs].map(({ data }) => data) };
}

describe.each(modes)('the fewest Spotify calls, for an app in %s mode', (mode) => {
  test.each(operations)('$title', async (operation) => {
    const { answers, naive, ...ours } = await measure(operation, mode);
    const calls = operation.calls[mode];
    expect(ours).toEqual({ calls, again: 0, crowd: calls, unknown: operation.unknown[mode] });
    const least = operation.least?.[mode];
    if (least === undefined) expect(naive).toBeGreaterThanOrEqual(calls);
    else expect(least).toBeLessThanOrEqual(calls);
    for (const answer of answers) expect(answer).toEqual(answers[0]);
  });
});

test('docs/calls.md says what was measured', async () => {
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
