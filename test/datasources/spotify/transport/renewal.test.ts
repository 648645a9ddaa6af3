import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import {
  artistError,
  artistQuery,
  artistResult,
  artists,
  dataAndErrorCodes,
  errorResponse,
  firstGapMs,
  startInMode,
  withFault,
  withoutErrors,
} from '../../../support/schema-tests.ts';

describe.concurrent('a cached response', () => {
  test.each([
    ['0', 0],
    ['1', 2_020], // within a second more it would be served at once, and refreshed in the background
  ])(
    'an entry with a freshness of %s s is renewed by a 304 before it is served, and its data is unchanged (artist and list)',
    async (ttl, waitMs) => {
      const { execute, sandbox } = await startInMode('development', { CACHE_TTL_SECONDS: ttl });
      const document = `{ artist(id: "${artists.bts}") { name albums(first: 3) { totalCount } } }`;
      const expected = withoutErrors({ artist: { name: 'BTS', albums: { totalCount: 104 } } });
      for (let time = 0; time < 3; time++) {
        if (time > 0) await sleep(waitMs);
        sandbox.clearCalls();
        expect(dataAndErrorCodes(await execute(document))).toEqual(expected);
        const calls = sandbox.calls().filter(({ kind }) => kind === 'api');
        expect(calls.map(({ status }) => status)).toEqual(time === 0 ? [200, 200] : [304, 304]);
        for (const { headers } of calls) expect('if-none-match' in headers).toBe(time > 0);
      }
    },
  );

  test('a fresh entry causes no call, and a 304 makes it fresh for as long again', async () => {
    const gateway = await startInMode('development', { CACHE_TTL_SECONDS: '1' });
    for (let time = 0; time < 6; time++) {
      expect(dataAndErrorCodes(await gateway.execute(artistQuery))).toEqual(artistResult);
      await sleep(350);
    }
    const calls = gateway.sandbox.calls().filter(({ kind }) => kind === 'api');
    expect(calls.map(({ status }) => status)).toEqual([200, 304]);
    expect(firstGapMs(gateway)).toBeGreaterThanOrEqual(1_000);
  });

  test('a stale entry is served for a limited time if Spotify fails', async () => {
    const { execute, sandbox } = await startInMode('development', {
      CACHE_TTL_SECONDS: '0',
      CACHE_STALE_SECONDS: '1',
    });
    expect(dataAndErrorCodes(await execute(artistQuery))).toEqual(artistResult);
    sandbox.faults.add({ fault: errorResponse(400) });
    const stale = await execute(artistQuery);
    expect(dataAndErrorCodes(stale)).toEqual(artistResult);
    expect(stale.extensions.spotify?.stale).toEqual([
      { field: 'Query.artist', path: ['artist'], reason: 'UPSTREAM_BAD_RESPONSE' },
    ]);
    await sleep(1_020);
    expect(dataAndErrorCodes(await execute(artistQuery))).toEqual(artistError('UPSTREAM_BAD_RESPONSE'));
  });

  test('a stale entry is replaced by the new response of Spotify, also if the object does not exist any more', async () => {
    const { execute, sandbox } = await startInMode('development', { CACHE_TTL_SECONDS: '0' });
    expect(dataAndErrorCodes(await execute(artistQuery))).toEqual(artistResult);
    sandbox.faults.add({ times: 1, fault: { kind: 'edit', edits: [{ path: 'name', set: 'BTS again' }] } });
    expect(dataAndErrorCodes(await execute(artistQuery))).toEqual(artistResult); // a 304 has no body to change
    sandbox.faults.add({ fault: errorResponse(404) });
    expect(dataAndErrorCodes(await execute(artistQuery))).toEqual(withoutErrors({ artist: null }));
  });

  test('a 304 without a conditional request is a wrong response', async () => {
    const { execute, apiCalls } = await withFault({ kind: 'answer', status: 304 });
    expect(dataAndErrorCodes(await execute(artistQuery))).toEqual(artistError('UPSTREAM_BAD_RESPONSE'));
    expect(apiCalls()).toHaveLength(1);
  });
});
