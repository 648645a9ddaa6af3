import { setTimeout as sleep } from 'node:timers/promises';
import * as fc from 'fast-check';
import { parse, validate } from 'graphql';
import { expect, test } from 'vitest';
import type { ErrorCode } from '../../../src/errors.ts';
import { startSandbox } from '../../../src/sandbox/index.ts';
import { schema } from '../../../src/schema/index.ts';
import { waitForIdleLoop } from '../../support/clock.ts';
import { randomOperation, searchableKinds } from '../../support/documents.ts';
import { startGateway } from '../../support/gateway.ts';
import { catalogue } from '../../support/operations.ts';
import { unexplainedNulls } from '../../support/unexplained-nulls.ts';

/**
 * Whatever is asked, of whatever app: the plan is never below what is spent, what is told of the calls is
 * what Spotify saw, and what Spotify has answered once is not asked again.
 */

const operations = fc.record({
  seed: fc.nat(),
  size: fc.integer({ min: 1, max: 60 }),
  mode: fc.constantFrom('extended' as const, 'development' as const),
  known: fc.boolean(),
});

const runs = Number(process.env['PROPERTY_RUNS'] ?? 150);
const stragglersMs = 10; // calls that nobody waits for arrive a moment after the answer

test('no operation costs more than planned, tells more or less than it costs, or costs anything again', async () => {
  const sandbox = await startSandbox({ catalogue });
  for (const kind of searchableKinds) catalogue.find(kind, 'love'); // draws it all, once
  catalogue.chapters();
  await waitForIdleLoop();
  const seen = { served: 0, refused: 0, calls: 0, errors: 0 };

  await fc.assert(
    fc.asyncProperty(operations, async ({ seed, size, mode, known }) => {
      const { document, variables } = randomOperation(schema, sandbox.catalogue, seed, size);
      expect(validate(schema, parse(document)), document).toEqual([]);

      sandbox.setQuotaMode(mode);
      const { ask, gateway } = startGateway(sandbox, { SPOTIFY_QUOTA_MODE: known ? mode : 'auto' });
      const cost = async () => {
        await sleep(stragglersMs);
        return sandbox.calls().filter(({ kind }) => kind === 'api').length;
      };
      try {
        sandbox.clearCalls();
        const { status, data, errors, extensions } = await ask(document, variables);
        const codes = new Set(errors.map((error) => error.extensions?.['code'] as ErrorCode));

        if (status === 400) {
          seen.refused += 1;
          expect(codes, document).toEqual(new Set(['QUERY_TOO_COMPLEX']));
          expect({ data, cost: await cost() }).toEqual({ data: undefined, cost: 0 });
          return;
        }
        seen.served += 1;
        const spent = await cost();
        seen.calls += spent;
        seen.errors += codes.size;
        codes.delete('BAD_USER_INPUT'); // the one that an operation can deserve when nothing goes wrong
        // Entities that are not read are read by the next operation, because the others are cached then.
        const isShortened = codes.delete('QUERY_TOO_COMPLEX');
        for (const { path, extensions } of errors)
          if (extensions?.['code'] === 'QUERY_TOO_COMPLEX')
            expect(path, document).toEqual([expect.any(String), expect.any(Number)]);
        expect({ status, codes }, document).toEqual({ status: 200, codes: new Set() });
        expect(unexplainedNulls(schema, parse(document), variables, { data, errors }), document).toEqual([]);
        const { plannedCalls, actualCalls } = extensions.spotify ?? { plannedCalls: -1, actualCalls: -1 };
        expect(actualCalls, document).toBe(spent);
        const unplanned = listsWithEmptyPages(sandbox.calls());
        expect(plannedCalls + unplanned, document).toBeGreaterThanOrEqual(spent);

        if (isShortened) return;
        sandbox.clearCalls();
        const again = await ask(document, variables);
        expect([again.status, again.data], document).toEqual([status, data]);
        // An operation without data has ended at its first error: before its other errors, and perhaps before its calls.
        if (data !== null) expect(inOrder(again.errors), document).toEqual(inOrder(errors));
        if (data !== null) expect(await cost(), document).toBe(0);
      } finally {
        await gateway.dispose();
      }
    }),
    {
      numRuns: runs,
      verbose: fc.VerbosityLevel.Verbose,
      examples: [[{ seed: 418404560, size: 10, mode: 'development', known: true }]], // a list with empty pages
    },
  );
  await sandbox.close();
  process.stdout.write(`${JSON.stringify(seen)}\n`);
}, 60_000);

/** Lists of which one page more is read than planned, because an empty page names a next one. */
function listsWithEmptyPages(calls: readonly { path: string }[]): number {
  const start = `/artists/${catalogue.fixtures.artists.overstated}/albums?`;
  const lists = calls.filter(({ path }) => path.startsWith(start));
  return new Set(lists.map(({ path }) => path.replace(/\b(?:limit|offset)=\d+/g, ''))).size;
}

/**
 * Errors come as they happen, so which of two siblings fails first may change, and with it which ten of many errors are
 * sent: of more than ten, the codes and the number in all are the same each time.
 */
function inOrder(errors: readonly { path?: unknown; extensions?: Record<string, unknown> }[]): unknown[] {
  const omitted = errors.map(({ extensions }) => Number(extensions?.['omitted'] ?? 0));
  if (omitted.some((count) => count > 0)) {
    const codes = errors.map(({ extensions }) => extensions?.['code']);
    return [...codes.toSorted(), omitted.reduce((sum, count) => sum + count, 0)];
  }
  return errors.toSorted((one, other) => JSON.stringify(one.path).localeCompare(JSON.stringify(other.path)));
}
