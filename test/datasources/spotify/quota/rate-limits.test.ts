import { describe, expect, test } from 'vitest';
import type { Fault } from '../../../../src/sandbox/index.ts';
import {
  albums,
  artists,
  firstGapMs,
  inMode,
  itsAnswer,
  oneCall,
  seen,
  withFault,
} from '../../../support/asking.ts';

describe('a 429', () => {
  const limited = (retryAfterSeconds?: number, form: 'text' | 'json' | 'quota' = 'text'): Fault => ({
    kind: 'rate-limit',
    form,
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  });

  test('of one second is waited out, never a moment less', async () => {
    const gateway = await withFault(limited(1), 1);
    expect(seen(await gateway.ask(oneCall))).toEqual(itsAnswer);
    expect(gateway.apiCalls()).toHaveLength(2);
    expect(firstGapMs(gateway)).toBeGreaterThanOrEqual(1_000);
    expect(firstGapMs(gateway)).toBeLessThan(1_400);
  });

  test.each([
    [limited(30), 'UPSTREAM_RATE_LIMITED', 30],
    [limited(3, 'json'), 'UPSTREAM_RATE_LIMITED', 3],
    [limited(600), 'UPSTREAM_RATE_LIMITED', 600],
    [limited(601), 'UPSTREAM_QUOTA_EXCEEDED', 601],
    [limited(86_400), 'UPSTREAM_QUOTA_EXCEEDED', 86_400],
    [limited(2_592_000), 'UPSTREAM_QUOTA_EXCEEDED', 86_400],
    [limited(), 'UPSTREAM_RATE_LIMITED', 5],
    [limited(undefined, 'quota'), 'UPSTREAM_QUOTA_EXCEEDED', 3_600],
    [limited(20, 'quota'), 'UPSTREAM_QUOTA_EXCEEDED', 20],
  ])(
    '%o is told at once as %s, with %i s to wait, and to the next ones without a call',
    async (fault, code, retryAfter) => {
      const { ask, apiCalls } = await withFault(fault, 1);
      for (const id of [artists.bts, artists.albums1]) {
        const startedMs = performance.now();
        const { data, errors } = await ask(`{ artist(id: "${id}") { name } }`);
        expect({ data, errors: errors.map(({ path, extensions }) => [path, extensions]) }).toEqual({
          data: { artist: null },
          errors: [[['artist'], { code, retryAfter }]],
        });
        expect(performance.now() - startedMs).toBeLessThan(500);
      }
      expect(apiCalls()).toHaveLength(1);
    },
  );

  test('of one kind of endpoint leaves the others and what is held alone', async () => {
    const { ask, sandbox, apiCalls } = await inMode('development');
    expect(seen(await ask(oneCall))).toEqual(itsAnswer);
    sandbox.faults.add({ on: { route: 'artists' }, fault: limited(30) });
    const document = `{ held: artist(id: "${artists.bts}") { name albums(first: 1) { totalCount } }
      refused: artist(id: "${artists.albums1}") { name } album(id: "${albums.tracks1}") { name } }`;
    for (let time = 0; time < 2; time++) {
      expect(seen(await ask(document))).toEqual({
        data: {
          held: { name: 'BTS', albums: { totalCount: 104 } },
          refused: null,
          album: { name: 'Single Lantern' },
        },
        errors: [['refused', 'UPSTREAM_RATE_LIMITED']],
      });
    }
    expect(apiCalls().filter((path) => path === `/artists/${artists.albums1}`)).toHaveLength(1);
  });
});
