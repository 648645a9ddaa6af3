import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import type { Outcome } from '../../../../src/datasources/spotify/transport/http.ts';
import type { OperationContext } from '../../../../src/datasources/spotify/usage/field-context.ts';
import { response, startRequestQueue, useFakeClock, waiters } from '../../../support/request-queue.ts';
import { albums, artistQuery, errorResponse, jsonList, startInMode } from '../../../support/schema-tests.ts';

const concurrency = 24; // the default of UPSTREAM_CONCURRENCY
const callMs = 100;

/**
 * Sixteen operations of 50 calls each, as for 50 albums in development mode, and one call of another client half a
 * second later. Each call takes 100 ms. Returns the duration of both, in milliseconds.
 */
async function run({ withQuery }: { withQuery: boolean }) {
  const { requestQueue } = startRequestQueue({ concurrency });
  const startedMs = performance.now();
  const send = () => new Promise<Outcome>((end) => void setTimeout(end, callMs, response(200)));
  const schedule = (operation: object) =>
    requestQueue.schedule(
      'albums',
      { ...waiters(60_000), operations: () => new Set([operation as OperationContext]) },
      { goesFirst: false, prepare: async () => undefined, run: send },
    );
  const ended = async (calls: Promise<unknown>[]) => {
    await Promise.all(calls);
    return performance.now() - startedMs;
  };

  const large = Array.from({ length: 16 }, (_, operation) => ({ operation })).flatMap((operation) =>
    Array.from({ length: 50 }, () => schedule(operation)),
  );
  const largeEnded = ended(large);
  await vi.advanceTimersByTimeAsync(500);
  const queryEnded = withQuery ? ended([schedule({ operation: 'query' })]) : undefined;
  await vi.advanceTimersByTimeAsync(10_000);
  return { queryMs: ((await queryEnded) ?? 0) - 500, largeMs: await largeEnded };
}

describe('the request queue', () => {
  useFakeClock();

  test('beside sixteen operations of 50 calls a query of one call takes under 500 ms, and the sixteen end at most 5 % later', async () => {
    const alone = await run({ withQuery: false });
    const beside = await run({ withQuery: true });
    expect(alone.largeMs).toBeGreaterThanOrEqual((16 * 50 * callMs) / concurrency);
    expect(beside.queryMs).toBeLessThan(500);
    expect(beside.largeMs).toBeLessThanOrEqual(alone.largeMs * 1.05);
  });
});

test('operations of clients take turns in the request queue of the gateway', async () => {
  const operations = 6;
  const callsEach = 20;
  /** A different id for each call, whose first two digits are the number of the operation. */
  const idsOf = (operation: number) =>
    Array.from({ length: callsEach }, (_, call) => `${operation + 10}${`${call}`.padStart(20, '0')}`);
  const limits = { REQUEST_TIMEOUT_MS: '60000', UPSTREAM_TIMEOUT_MS: '30000', UPSTREAM_CONCURRENCY: '6' };
  const { execute, apiCalls } = await startInMode('development', limits, { latencyMs: 50 });
  const large = Array.from({ length: operations }, (_, operation) =>
    execute(`{ artists(ids: ${jsonList(idsOf(operation))}) { name } }`),
  );
  while (apiCalls().length < 12) await sleep(1);

  const callsBefore = apiCalls().length;
  expect((await execute(`{ album(id: "${albums.tracks1}") { name } }`)).errors).toEqual([]);
  const smallCallAt = apiCalls().findIndex((path) => path.includes(albums.tracks1));
  // One round before it in the queue, and the calls that are sent before it is queued.
  expect(smallCallAt - callsBefore).toBeLessThanOrEqual(3 * operations);

  for (const { errors } of await Promise.all(large)) expect(errors).toEqual([]);
  expect(apiCalls()).toHaveLength(operations * callsEach + 1);
  const start = 4 * operations; // the operations begin one after the other
  const callsOf = new Map<string, number>();
  const largeCalls = apiCalls().filter((path) => path.includes('/artists/'));
  for (const path of largeCalls.slice(start, start + 10 * operations)) {
    const operation = path.slice('/artists/'.length, '/artists/'.length + 2);
    callsOf.set(operation, (callsOf.get(operation) ?? 0) + 1);
  }
  expect(callsOf.size).toBe(operations);
  // Ten rounds; concurrent calls may arrive in another order than they were sent.
  for (const calls of callsOf.values()) expect(Math.abs(calls - 10)).toBeLessThanOrEqual(2);
});

test('a query of one object does not wait for the calls of a large operation that reads the same object last', async () => {
  const ids = Array.from({ length: 60 }, (_, call) => `${call}`.padStart(22, '0'));
  const limits = { REQUEST_TIMEOUT_MS: '60000', UPSTREAM_TIMEOUT_MS: '30000', UPSTREAM_CONCURRENCY: '2' };
  const { execute, apiCalls } = await startInMode('development', limits, { latencyMs: 50 });
  const large = execute(`{ artists(ids: ${jsonList(ids)}) { name } }`);
  while (apiCalls().length < 2) await sleep(1);

  const callsBefore = apiCalls().length;
  expect((await execute(`{ artist(id: "${ids.at(-1)}") { name } }`)).errors).toEqual([]);
  const sharedCallAt = apiCalls().findIndex((path) => path.includes(ids.at(-1) as string));
  expect(sharedCallAt - callsBefore).toBeLessThanOrEqual(6); // one round, and calls that are sent meanwhile
  expect((await large).errors).toEqual([]);
  expect(apiCalls()).toHaveLength(60);
});

test('a call that Spotify failed is sent again before the calls that have waited for less time', async () => {
  const { execute, sandbox, apiCalls } = await startInMode(
    'development',
    { UPSTREAM_CONCURRENCY: '1' },
    { latencyMs: 50 },
  );
  sandbox.faults.add({ fault: errorResponse(502), times: 1 });
  const first = execute(artistQuery);
  while (apiCalls().length === 0) await sleep(1);
  const others = Array.from({ length: 20 }, (_, i) =>
    execute(`{ artist(id: "${`${i}`.padStart(22, '0')}") { name } }`),
  );
  for (const { errors } of await Promise.all([first, ...others])) expect(errors).toEqual([]);
  expect(apiCalls()).toHaveLength(22);
  // Its wait of at most 100 ms is over after two other calls, a third is in flight.
  expect(apiCalls().lastIndexOf(apiCalls()[0] as string)).toBeLessThanOrEqual(5);
});
