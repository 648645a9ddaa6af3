import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { albums, inMode, quoted } from '../../../support/asking.ts';

const concurrency = 24; // the default of UPSTREAM_CONCURRENCY
const operations = 16;
const callsEach = 50;

/** An id of its own for each call, whose first two digits name the operation. */
const idsOf = (operation: number) =>
  Array.from({ length: callsEach }, (_, call) => `${operation + 10}${`${call}`.padStart(20, '0')}`);

test('operations take turns in the request queue, so a small operation waits for at most one round of calls', async () => {
  const { ask, apiCalls } = await inMode('development', { REQUEST_TIMEOUT_MS: '30000' }, { latencyMs: 50 });
  const large = Array.from({ length: operations }, (_, operation) =>
    ask(`{ artists(ids: ${quoted(idsOf(operation))}) { name } }`),
  );
  while (apiCalls().length < 2 * concurrency) await sleep(1);

  const callsBefore = apiCalls().length;
  const small = await ask(`{ album(id: "${albums.tracks1}") { name } }`);
  expect(small.errors).toEqual([]);
  const smallCallAt = apiCalls().findIndex((path) => path.includes(albums.tracks1));
  // One round before it in the queue, and the calls that are sent before it is queued.
  expect(smallCallAt - callsBefore).toBeLessThanOrEqual(2 * concurrency);

  for (const { errors } of await Promise.all(large)) expect(errors).toEqual([]);
  expect(apiCalls()).toHaveLength(operations * callsEach + 1);
  const start = 4 * concurrency; // the operations begin one after the other
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
