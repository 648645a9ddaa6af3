import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setImmediate as nextIteration } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { createOperationQueue, type OperationQueue } from '../../src/operation/operation-queue.ts';
import { portOf } from '../support/test-server.ts';

// Only `work` and the tests move the clock, so that the load of the machine changes nothing.
beforeEach(() => void vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

/** Moves the clock, as work that blocks the event loop does. */
const work = (milliseconds: number): void => void vi.advanceTimersByTime(milliseconds);

/** An operation that works as soon as the queue admits it, like the operations of the gateway. */
async function operate(queue: OperationQueue, clientKey: string, milliseconds: number): Promise<boolean> {
  const mayStart = queue.waitForTurn(clientKey);
  if (mayStart !== true && !(await mayStart)) return false;
  work(milliseconds);
  return true;
}

/** Watches the event loop until the returned function is called, which resolves to its longest iteration. */
function longestIteration(): () => Promise<number> {
  let isOver = false;
  const watching = (async () => {
    let longestMs = 0;
    for (let lastMs = performance.now(); !isOver; lastMs = performance.now()) {
      await nextIteration();
      longestMs = Math.max(longestMs, performance.now() - lastMs);
    }
    return longestMs;
  })();
  return () => {
    isOver = true;
    return watching;
  };
}

describe('operations that arrive at once', () => {
  test('operations that arrive at once start immediately as long as they take little time', async () => {
    const queue = createOperationQueue();
    expect(Array.from({ length: 100 }, () => queue.waitForTurn('a'))).toEqual(Array(100).fill(true));
  });

  test('operations that arrive at once let the event loop continue after 50 ms, and all of them start', async () => {
    const queue = createOperationQueue();
    const longestMs = longestIteration();
    const started = await Promise.all(Array.from({ length: 40 }, () => operate(queue, 'a', 20)));
    expect(started).toEqual(Array(40).fill(true));
    expect(await longestMs()).toBeLessThanOrEqual(50 + 20); // the last operation takes longer
  });

  test('operations that arrive at once alternate between clients, so that the queue of one client does not delay another', async () => {
    const queue = createOperationQueue();
    const order: string[] = [];
    const operation = async (clientKey: string) => {
      await operate(queue, clientKey, 20);
      order.push(clientKey);
    };
    const all = Array.from({ length: 20 }, () => operation('busy'));
    await Promise.all([...all, operation('other')]);
    expect(order.indexOf('other')).toBeLessThan(8); // three in the first iteration, and as many in the next
  });

  test('operations are rejected after they have waited for two seconds', async () => {
    const queue = createOperationQueue();
    const started = await Promise.all(Array.from({ length: 30 }, () => operate(queue, 'a', 150)));
    expect(started).toEqual([...Array(15).fill(true), ...Array(15).fill(false)]); // they arrive after the first one, which takes 150 ms
  });
});

describe('operations that have waited for the same data', () => {
  /** An operation that continues when the data arrives, and then works. */
  async function continueWith(
    queue: OperationQueue,
    data: Promise<void>,
    clientKey: string,
    milliseconds: number,
  ) {
    const waitForTurn = queue.createWaitForTurn(clientKey);
    await data;
    await waitForTurn();
    work(milliseconds);
  }

  test('operations that have waited for the same data let the event loop continue after 50 ms, and all of them continue', async () => {
    const queue = createOperationQueue();
    const data = nextIteration();
    const longestMs = longestIteration();
    await Promise.all(Array.from({ length: 40 }, () => continueWith(queue, data, 'a', 20)));
    expect(await longestMs()).toBeLessThanOrEqual(50 + 20);
  });

  test('operations that have waited for the same data continue in one iteration as long as they take little time', async () => {
    const queue = createOperationQueue();
    const data = nextIteration();
    const all = Promise.all(Array.from({ length: 100 }, () => continueWith(queue, data, 'a', 0)));
    await data;
    await nextIteration();
    await nextIteration();
    expect(await Promise.race([all.then(() => 'all'), nextIteration('some')])).toBe('all');
  });

  test('operations that continue alternate between clients, and with operations that start', async () => {
    const queue = createOperationQueue();
    const data = nextIteration();
    const order: string[] = [];
    const all = Array.from({ length: 20 }, () =>
      continueWith(queue, data, 'busy', 20).then(() => order.push('busy')),
    );
    await data;
    await Promise.all([...all, operate(queue, 'other', 20).then(() => order.push('other'))]);
    expect(order.indexOf('other')).toBeLessThan(8);
  });

  test('all fields of one operation continue together, without waiting for each other', async () => {
    const queue = createOperationQueue();
    const waitForTurn = queue.createWaitForTurn('a');
    const fields = Array.from({ length: 15 }, () => waitForTurn());
    expect(fields).toEqual(Array(15).fill(undefined));
    expect(queue.createWaitForTurn('a')()).toBeInstanceOf(Promise);
  });
});

test('all pending connections are accepted between operations that take long', async () => {
  const queue = createOperationQueue();
  const accepted: Socket[] = [];
  const port = await portOf(createServer((socket) => void accepted.push(socket)));
  let done = 0;
  const operation = async () => {
    await operate(queue, 'a', 60);
    done += 1;
  };
  const all = Promise.all(Array.from({ length: 20 }, operation));
  const clients = Array.from({ length: 40 }, () => connect(port, '127.0.0.1'));
  onTestFinished(() => {
    for (const socket of clients) socket.destroy();
  });
  await Promise.all(clients.map((client) => once(client, 'connect')));
  while (accepted.length < 40) await nextIteration();
  expect(done).toBeLessThan(10); // one connection per iteration would need 40 operations
  await all;
});
