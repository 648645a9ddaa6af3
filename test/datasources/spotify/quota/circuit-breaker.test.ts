import { describe, expect, test } from 'vitest';
import {
  type CircuitBreaker,
  createCircuitBreaker,
} from '../../../../src/datasources/spotify/quota/circuit-breaker.ts';
import { createSlidingWindowCounter } from '../../../../src/datasources/spotify/quota/sliding-window-counter.ts';

const second = 1_000;

/** A call that enters at once and leaves in the same moment. */
function call(
  door: CircuitBreaker,
  result: 'answered' | 'failed' | 'neither',
  nowMs: number,
  times = 1,
): void {
  for (let time = 0; time < times; time++) {
    door.enter();
    door.leave(result, nowMs);
  }
}

/** How many calls may be under way at a time, 20 standing for any number. */
function room(door: CircuitBreaker): number {
  let entered = 0;
  while (entered < 20 && door.hasRoom()) {
    door.enter();
    entered += 1;
  }
  for (let left = 0; left < entered; left++) door.leave('neither', 0);
  return entered;
}

describe('the door to an endpoint', () => {
  test('is open at first, for any number of calls', () => {
    const door = createCircuitBreaker();
    expect([door.barred(0), room(door)]).toEqual([null, 20]);
  });

  test('is shut for as long as Spotify asks, and not a moment less', () => {
    const door = createCircuitBreaker();
    door.shut('rate', 30 * second, 100);
    expect(door.barred(100)).toMatchObject({ reason: 'rate', waitMs: 30_000 });
    expect(door.barred(30_099)).toMatchObject({ reason: 'rate', waitMs: 1 });
    expect(door.barred(30_100)).toBeNull();
  });

  test('lets one call try after the silence, then two, four and eight, then all', () => {
    const door = createCircuitBreaker();
    door.shut('rate', second, 0);
    const rooms = [0, 1, 2, 3].map((step) => {
      const before = room(door);
      call(door, 'answered', second + step);
      return before;
    });
    expect([...rooms, room(door)]).toEqual([1, 2, 4, 8, 20]);
  });

  test('does not open wider by calls that were refused for their number, or never sent', () => {
    const door = createCircuitBreaker();
    door.shut('rate', second, 0);
    call(door, 'neither', second, 5);
    expect(room(door)).toBe(1);
  });

  test('is shut for 5 s where Spotify does not say, twice as long each time it repeats, a minute at most', () => {
    const door = createCircuitBreaker();
    let nowMs = 0;
    const waits = Array.from({ length: 6 }, () => {
      door.shut('rate', null, nowMs);
      const waitMs = door.barred(nowMs)?.waitMs ?? 0;
      nowMs += waitMs;
      return waitMs / second;
    });
    expect(waits).toEqual([5, 10, 20, 40, 60, 60]);
  });

  test('counts a silence that repeats while it is shut as one', () => {
    const door = createCircuitBreaker();
    for (let time = 0; time < 10; time++) door.shut('rate', null, time);
    expect(door.barred(10)?.waitMs).toBe(5 * second + 9 - 10);
  });

  test('begins anew with 5 s once it has been open', () => {
    const door = createCircuitBreaker();
    door.shut('rate', null, 0);
    door.shut('rate', null, 5 * second);
    call(door, 'answered', 20 * second, 4);
    door.shut('rate', null, 30 * second);
    expect(door.barred(30 * second)?.waitMs).toBe(5 * second);
  });

  test('is shut for an hour by a quota that does not say for how long', () => {
    const door = createCircuitBreaker();
    door.shut('quota', null, 0);
    expect(door.barred(0)).toMatchObject({ reason: 'quota', waitMs: 3_600_000 });
  });

  test('stays shut for the longest that was asked, and is never opened early by a shorter one', () => {
    const door = createCircuitBreaker();
    door.shut('quota', 600 * second, 0);
    door.shut('rate', second, 0);
    expect(door.barred(0)).toMatchObject({ reason: 'quota', waitMs: 600_000 });
    door.shut('rate', 900 * second, 0);
    expect(door.barred(0)).toMatchObject({ reason: 'rate', waitMs: 900_000 });
  });
});

describe('the breaker', () => {
  test('needs twenty calls, half of them failed, to shut the door', () => {
    const door = createCircuitBreaker();
    call(door, 'answered', 0, 10);
    call(door, 'failed', 0, 9);
    expect(door.barred(0)).toBeNull();
    call(door, 'failed', 0);
    expect(door.barred(0)).toMatchObject({ reason: 'unavailable', waitMs: 5_000 });
  });

  test('is not moved by fewer failures than half, nor by old ones', () => {
    const door = createCircuitBreaker();
    call(door, 'answered', 0, 100);
    call(door, 'failed', 0, 90);
    expect(door.barred(0)).toBeNull();
    const other = createCircuitBreaker();
    call(other, 'failed', 0, 19);
    call(other, 'failed', 11 * second, 19);
    expect(other.barred(11 * second)).toBeNull();
  });

  test('tells the others at once that nothing can be had while one call tries the door', () => {
    const door = createCircuitBreaker();
    call(door, 'failed', 0, 20);
    expect(door.barred(5 * second)).toBeNull();
    door.enter();
    expect(door.barred(5 * second)).toMatchObject({ reason: 'unavailable', waitMs: second });
    door.leave('answered', 5 * second);
    expect(door.barred(5 * second)).toBeNull();
  });

  test('shuts again, for longer, when the call that tries fails', () => {
    const door = createCircuitBreaker();
    call(door, 'failed', 0, 20);
    call(door, 'failed', 5 * second);
    expect(door.barred(5 * second)).toMatchObject({ reason: 'unavailable', waitMs: 10_000 });
    call(door, 'failed', 15 * second);
    expect(door.barred(15 * second)?.waitMs).toBe(20_000);
  });

  test('forgets what failed before as soon as the door is open again', () => {
    const door = createCircuitBreaker();
    call(door, 'failed', 0, 20);
    call(door, 'answered', 5 * second, 4);
    call(door, 'failed', 5 * second, 19);
    expect(door.barred(5 * second)).toBeNull();
  });
});

describe('a rolling count', () => {
  test('holds what came in its window, to a twentieth of it', () => {
    const count = createSlidingWindowCounter(10 * second);
    count.add(0);
    count.add(4_900);
    count.add(5_000);
    expect([count.total(5_000), count.total(9_499), count.total(10_000), count.total(14_999)]).toEqual([
      3, 3, 2, 1,
    ]);
    expect(count.total(15_000)).toBe(0);
  });

  test('is empty after a pause, however long, and when it is cleared', () => {
    const count = createSlidingWindowCounter(10 * second);
    for (let nowMs = 0; nowMs < 10_000; nowMs += 100) count.add(nowMs);
    expect(count.total(9_999)).toBe(100);
    expect(count.total(1_000_000)).toBe(0);
    count.add(1_000_000);
    expect(count.total(1_000_000)).toBe(1);
    count.clear();
    expect(count.total(1_000_000)).toBe(0);
  });

  test('is not confused by a moment that comes late', () => {
    const count = createSlidingWindowCounter(10 * second);
    count.add(9_000);
    count.add(8_000);
    expect(count.total(9_000)).toBe(2);
  });
});
