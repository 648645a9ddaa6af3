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
 * For every operation and every app, the planned calls are never below the actual calls, the reported calls are those
 * that Spotify received, and a repeated operation costs no call.
 */

const operations = fc.record({
  seed: fc.nat(),
  size: fc.integer({ min: 1, max: 60 }),
  mode: fc.constantFrom('extended' as const, 'development' as const),
  isModeConfigured: fc.boolean(),
});

const runs = Number(process.env['PROPERTY_RUNS'] ?? 150);
const lateCallsMs = 10; // calls that no field waits for arrive shortly after the response

test('every random operation costs at most the planned calls, reports its actual calls, and costs no call when repeated', async () => {
  const sandbox = await startSandbox({ catalogue });
  for (const kind of searchableKinds) catalogue.find(kind, 'love'); // generates the search index
  catalogue.chapters();
  await waitForIdleLoop();
  const stats = { served: 0, refused: 0, calls: 0, errors: 0 };

  await fc.assert(
    fc.asyncProperty(operations, async ({ seed, size, mode, isModeConfigured }) => {
      const { document, variables } = randomOperation(schema, sandbox.catalogue, seed, size);
      expect(validate(schema, parse(document)), document).toEqual([]);

      sandbox.setQuotaMode(mode);
      const { execute, gateway } = startGateway(sandbox, {
        SPOTIFY_QUOTA_MODE: isModeConfigured ? mode : 'auto',
      });
      const cost = async () => {
        await sleep(lateCallsMs);
        return sandbox.calls().filter(({ kind }) => kind === 'api').length;
      };
      try {
        sandbox.clearCalls();
        const { status, data, errors, extensions } = await execute(document, variables);
        const codes = new Set(errors.map((error) => error.extensions?.['code'] as ErrorCode));

        if (status === 400) {
          stats.refused += 1;
          expect(codes, document).toEqual(new Set(['QUERY_TOO_COMPLEX']));
          expect({ data, cost: await cost() }).toEqual({ data: undefined, cost: 0 });
          return;
        }
        stats.served += 1;
        const spent = await cost();
        stats.calls += spent;
        stats.errors += codes.size;
        codes.delete('BAD_USER_INPUT'); // the only code that a random operation causes without a fault
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
        const again = await execute(document, variables);
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
      examples: [
        [{ seed: 418404560, size: 10, mode: 'development', isModeConfigured: true }], // a list with empty pages
        [{ seed: 1674126470, size: 48, mode: 'extended', isModeConfigured: true }], // more than ten errors of one field
      ],
    },
  );
  await sandbox.close();
  process.stdout.write(`${JSON.stringify(stats)}\n`);
}, 60_000);

/** The number of lists of which one more page is read than planned, because an empty page has `next`. */
function listsWithEmptyPages(calls: readonly { path: string }[]): number {
  const start = `/artists/${catalogue.fixtures.artists.overstated}/albums?`;
  const lists = calls.filter(({ path }) => path.startsWith(start));
  return new Set(lists.map(({ path }) => path.replace(/\b(?:limit|offset)=\d+/g, ''))).size;
}

/**
 * Errors are in the order in which they occur, so the order of siblings varies, and of more than ten errors also the
 * errors that are sent. Of more than ten errors, only the codes and the total number are the same each time.
 */
function inOrder(errors: readonly { path?: unknown; extensions?: Record<string, unknown> }[]): unknown[] {
  const omitted = errors.map(({ extensions }) => Number(extensions?.['omitted'] ?? 0));
  if (omitted.some((count) => count > 0)) {
    const codes = errors.map(({ extensions }) => extensions?.['code']);
    return [...codes.toSorted(), omitted.reduce((sum, count) => sum + count, 0)];
  }
  return errors.toSorted((one, other) => JSON.stringify(one.path).localeCompare(JSON.stringify(other.path)));
}
