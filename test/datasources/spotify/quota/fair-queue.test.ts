import { expect, test } from 'vitest';
import { createFairQueue } from '../../../../src/datasources/spotify/quota/fair-queue.ts';

function takeFrom(queue: ReturnType<typeof createFairQueue<string>>, count: number): string {
  const taken: string[] = [];
  queue.drain((item) => {
    if (taken.length === count) return 'stop';
    taken.push(item);
    return 'taken';
  });
  return taken.join(' ');
}

test('owners take turns, the items of one owner keep their order, and a new owner comes within one round', () => {
  const queue = createFairQueue<string>();
  for (const item of ['a1', 'a2', 'a3', 'a4']) queue.add('a', item);
  for (const item of ['b1', 'b2']) queue.add('b', item);
  expect(takeFrom(queue, 3)).toBe('a1 b1 a2');
  queue.add('c', 'c1');
  expect([takeFrom(queue, 3), queue.size()]).toEqual(['b2 a3 c1', 1]);
  expect([takeFrom(queue, 9), queue.size()]).toEqual(['a4', 0]);
});

test('an item moves to another owner only if its turn comes sooner then', () => {
  const queue = createFairQueue<string>();
  for (const item of ['a1', 'a2', 'a3', 'a4']) queue.add('a', item);
  for (const item of ['b1', 'b2']) queue.add('b', item);
  expect(['b', 'a', 'c'].map((other) => queue.moveForward('a3', 'a', other))).toEqual([false, false, true]);
  expect(queue.moveForward('a4', 'a', 'b')).toBe(false);
  expect(queue.moveForward('a1', 'a', 'd')).toBe(false);
  expect([takeFrom(queue, 9), queue.size()]).toEqual(['a1 b1 a3 a2 b2 a4', 0]);
  expect(queue.moveForward('a1', 'a', 'b')).toBe(false);
});

test('an item that is kept is offered once in a drain, and the next item of its owner is offered instead', () => {
  const queue = createFairQueue<string>();
  for (const item of ['a1', 'a2']) queue.add('a', item);
  for (const item of ['b1', 'b2']) queue.add('b', item);
  const offered: string[] = [];
  queue.drain((item) => {
    offered.push(item);
    return item === 'a1' ? 'kept' : item === 'b1' ? 'dropped' : 'taken';
  });
  expect(offered).toEqual(['a1', 'a2', 'b1', 'b2']);
  expect([queue.size(), takeFrom(queue, 9)]).toEqual([1, 'a1']);
});
