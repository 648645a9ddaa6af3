import { setImmediate as nextIteration } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createExecutionLimiter } from '../../src/operation/execution-limiter.ts';

// Only the tests move the clock, so that the load of the machine changes nothing.
beforeEach(() => void vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

describe('large operations', () => {
  const large = 100_000;

  test('large operations of one client use at most two thirds of the capacity, and the next one starts when one ends', async () => {
    const { acquire } = createExecutionLimiter();
    const [first, second] = [await acquire(large, 'a'), await acquire(large, 'a')];
    const third = acquire(large, 'a');
    const other = await acquire(large, 'b');
    let hasStarted = false;
    void Promise.resolve(third).then(() => {
      hasStarted = true;
    });
    await nextIteration();
    expect(hasStarted).toBe(false);
    first();
    await third;
    second();
    other();
  });

  test('a large operation waits for at most one second', async () => {
    const { acquire } = createExecutionLimiter();
    for (const clientKey of ['a', 'b', 'c']) await acquire(large, clientKey);
    const rejected = expect(acquire(large, 'd')).rejects.toMatchObject({
      code: 'OVERLOADED',
      details: { retryAfter: 1 },
    });
    let isOver = false;
    void rejected.finally(() => {
      isOver = true;
    });
    await vi.advanceTimersByTimeAsync(999);
    expect(isOver).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await rejected;
  });

  test('large operations do not delay small ones', async () => {
    const { acquire } = createExecutionLimiter();
    for (const clientKey of ['a', 'b', 'c']) await acquire(large, clientKey);
    for (let n = 0; n < 1_000; n++) expect(acquire(1_000, 'a')).toBeInstanceOf(Function);
  });

  test('an operation that is larger than the capacity runs alone', async () => {
    const { acquire } = createExecutionLimiter();
    const release = await acquire(1_000_000, 'a');
    const next = acquire(large, 'a');
    release();
    (await next)();
  });

  test('all operations of one client for which an ended one has left room start, the one that has waited longest first', async () => {
    const { acquire } = createExecutionLimiter();
    const order: string[] = [];
    const start = async (name: string, fields: number) => {
      await acquire(fields, 'a');
      order.push(name);
    };
    const [release] = [await acquire(150_000, 'a'), await acquire(10_000, 'a')];
    const all = [start('large', large), start('small', 10_000), start('last', 10_000)];
    await nextIteration();
    expect(order).toEqual([]);
    release();
    await Promise.all(all);
    expect(order).toEqual(['large', 'small', 'last']);
  });

  test('a waiting operation of the client with the fewest running fields starts first', async () => {
    const { acquire } = createExecutionLimiter();
    const order: string[] = [];
    const start = (clientKey: string) =>
      Promise.resolve(acquire(large, clientKey)).then(() => order.push(clientKey));
    await acquire(50_000, 'a');
    const [release] = [await acquire(200_000, 'b'), await acquire(50_000, 'c')];
    const all = [start('a'), start('d')];
    release();
    await Promise.all(all);
    expect(order).toEqual(['d', 'a']);
  });

  test('large operations that have ended occupy no capacity', async () => {
    const { acquire } = createExecutionLimiter();
    for (let n = 0; n < 100; n++) {
      const releases = await Promise.all([acquire(large, 'a'), acquire(large, 'b'), acquire(large, 'a')]);
      for (const release of releases) release();
    }
    for (const clientKey of ['a', 'b', 'c']) expect(acquire(large, clientKey)).toBeInstanceOf(Function);
  });
});
