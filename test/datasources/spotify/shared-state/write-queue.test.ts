import { setImmediate as iteration, setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Sql } from '../../../../src/datasources/spotify/shared-state/disk-connection.ts';
import { createWriteQueue } from '../../../../src/datasources/spotify/shared-state/write-queue.ts';

/** A queue whose database records the writes of each transaction. */
function createRecordedQueue() {
  const transactions: string[][] = [];
  const queue = createWriteQueue({
    read: () => null,
    hasChanged: () => false,
    close: () => undefined,
    write(step) {
      transactions.push([]);
      return step({} as Sql);
    },
  });
  const writes = (name: string) => () => void transactions.at(-1)?.push(name);
  return { queue, transactions, writes };
}

test('writes of several iterations of the event loop are one transaction', async () => {
  const { queue, transactions, writes } = createRecordedQueue();
  queue.enqueue(writes('first'));
  await iteration();
  queue.enqueue(writes('second'));
  expect(transactions).toEqual([]);
  await sleep(50);
  expect(transactions).toEqual([['first', 'second']]);
});

test('a step that needs a result runs at once, after all earlier writes', () => {
  const { queue, transactions, writes } = createRecordedQueue();
  queue.enqueue(writes('earlier'));
  const result = queue.run(() => {
    writes('step')();
    return 7;
  });
  expect(result).toBe(7);
  expect(transactions).toEqual([['earlier'], ['step']]);
});
