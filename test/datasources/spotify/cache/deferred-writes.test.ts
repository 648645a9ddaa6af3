import { setImmediate as nextIteration } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createDeferredWrites } from '../../../../src/datasources/spotify/cache/deferred-writes.ts';
import { catalogue } from '../../../support/catalogue.ts';
import { startGateway, withSandbox } from '../../../support/gateway.ts';
import { temporaryFolder } from '../../../support/temporary-files.ts';

function startWrites() {
  const written: number[] = [];
  const errors: object[] = [];
  const writes = createDeferredWrites({ error: (fields) => void errors.push(fields) });
  const enqueue = (count: number) => {
    for (let i = 0; i < count; i += 1) writes.enqueue(() => void written.push(i));
  };
  return { ...writes, enqueue, enqueueWrite: writes.enqueue, written, errors };
}

test('writes run in order, one in each iteration of the event loop, after the current one', async () => {
  const { enqueue, written } = startWrites();
  enqueue(3);
  for (const expected of [[], [0], [0, 1], [0, 1, 2], [0, 1, 2]]) {
    expect(written).toEqual(expected);
    await nextIteration();
  }
});

test('a write that is queued by another one runs after it', async () => {
  const { enqueueWrite, written } = startWrites();
  enqueueWrite(() => enqueueWrite(() => void written.push(1)));
  await nextIteration();
  await nextIteration();
  expect(written).toEqual([1]);
});

test('no more than 64 writes wait', () => {
  const { enqueue, written } = startWrites();
  enqueue(100);
  expect(written).toHaveLength(36);
});

test('flush runs every write, and none runs twice', async () => {
  const { enqueue, flush, written } = startWrites();
  enqueue(3);
  flush();
  expect(written).toEqual([0, 1, 2]);
  await nextIteration();
  enqueue(1);
  await nextIteration();
  expect(written).toEqual([0, 1, 2, 0]);
});

test('a write that fails is logged, and the next one runs', async () => {
  const { enqueue, enqueueWrite, written, errors } = startWrites();
  const err = new TypeError('an unknown form');
  enqueueWrite(() => {
    throw err;
  });
  enqueue(1);
  await nextIteration();
  await nextIteration();
  expect(written).toEqual([0]);
  expect(errors).toEqual([{ err }]);
});

test('a gateway that closes stores everything that it has just read', async () => {
  const environment = { DATA_DIR: temporaryFolder() };
  const { sandbox, gateway, execute, apiCalls } = await withSandbox(environment);
  const ids = catalogue
    .artists()
    .slice(0, 20)
    .map(({ id }) => `"${id}"`);
  const document = `{ artists(ids: [${ids}]) { id } }`;
  await execute(document);
  await gateway.dispose();
  sandbox.clearCalls();
  await startGateway(sandbox, environment).execute(document);
  expect(apiCalls()).toEqual([]);
});
