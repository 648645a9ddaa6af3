import { describe, expect, test } from 'vitest';
import {
  type CircuitBreaker,
  createCircuitBreaker,
} from '../../../../src/datasources/spotify/quota/circuit-breaker.ts';

const second = 1_000;

/** Calls that begin and end at the same time. */
function call(
  breaker: CircuitBreaker,
  result: 'succeeded' | 'failed' | 'ignored',
  nowMs: number,
  times = 1,
): void {
  for (let time = 0; time < times; time++) {
    breaker.beginCall();
    breaker.endCall(result, nowMs);
  }
}

/** The number of calls that may be in flight; 20 means any number. */
function permits(breaker: CircuitBreaker): number {
  let inFlight = 0;
  while (inFlight < 20 && breaker.hasCapacity()) {
    breaker.beginCall();
    inFlight += 1;
  }
  for (let ended = 0; ended < inFlight; ended++) breaker.endCall('ignored', 0);
  return inFlight;
}

describe('a back-off', () => {
  test('a new circuit breaker allows any number of calls', () => {
    const breaker = createCircuitBreaker();
    expect([breaker.openState(0), permits(breaker)]).toEqual([null, 20]);
  });

  test('a circuit breaker stays open exactly as long as Spotify requests', () => {
    const breaker = createCircuitBreaker();
    breaker.trip('rate', 30 * second, 100);
    expect(breaker.openState(100)).toMatchObject({ reason: 'rate', waitMs: 30_000 });
    expect(breaker.openState(30_099)).toMatchObject({ reason: 'rate', waitMs: 1 });
    expect(breaker.openState(30_100)).toBeNull();
  });

  test('a back-off states its whole length until it ends, so that no call waits for the end of a long one', () => {
    const breaker = createCircuitBreaker();
    breaker.trip('rate', 30 * second, 0);
    expect(breaker.openState(29 * second)).toEqual({ reason: 'rate', waitMs: 1_000, totalWaitMs: 30_000 });
  });

  test('after a back-off a circuit breaker allows one call, then two, four and eight, then any number', () => {
    const breaker = createCircuitBreaker();
    breaker.trip('rate', second, 0);
    const permitsByStep = [0, 1, 2, 3].map((step) => {
      const before = permits(breaker);
      call(breaker, 'succeeded', second + step);
      return before;
    });
    expect([...permitsByStep, permits(breaker)]).toEqual([1, 2, 4, 8, 20]);
  });

  test('ignored calls do not raise the number of calls that a half-open circuit breaker allows', () => {
    const breaker = createCircuitBreaker();
    breaker.trip('rate', second, 0);
    call(breaker, 'ignored', second, 5);
    expect(permits(breaker)).toBe(1);
  });

  test('a back-off without a time lasts 5 s, and doubles up to a minute while it repeats', () => {
    const breaker = createCircuitBreaker();
    let nowMs = 0;
    const waits = Array.from({ length: 6 }, () => {
      breaker.trip('rate', null, nowMs);
      const waitMs = breaker.openState(nowMs)?.waitMs ?? 0;
      nowMs += waitMs;
      return waitMs / second;
    });
    expect(waits).toEqual([5, 10, 20, 40, 60, 60]);
  });

  test('back-offs without a time that repeat while the circuit breaker is open count as one', () => {
    const breaker = createCircuitBreaker();
    for (let time = 0; time < 10; time++) breaker.trip('rate', null, time);
    expect(breaker.openState(10)?.waitMs).toBe(5 * second + 9 - 10);
  });

  test('a back-off without a time lasts 5 s also if it starts during a short one that Spotify has named', () => {
    const breaker = createCircuitBreaker();
    breaker.trip('rate', second, 0);
    breaker.trip('rate', null, 100);
    expect(breaker.openState(100)).toMatchObject({ reason: 'rate', waitMs: 5_000 });
    breaker.trip('rate', null, 5_100);
    expect(breaker.openState(5_100)).toMatchObject({ waitMs: 10_000 });
  });

  test('the first back-off without a time after the circuit breaker was closed lasts 5 s again', () => {
    const breaker = createCircuitBreaker();
    breaker.trip('rate', null, 0);
    breaker.trip('rate', null, 5 * second);
    call(breaker, 'succeeded', 20 * second, 4);
    breaker.trip('rate', null, 30 * second);
    expect(breaker.openState(30 * second)?.waitMs).toBe(5 * second);
  });

  test('a back-off without a time lasts 5 s again if a call has succeeded and the last back-off ended over a minute ago', () => {
    const waitMsAfter = (idleMs: number, successes: number) => {
      const breaker = createCircuitBreaker();
      for (const nowMs of [0, 5 * second, 15 * second]) breaker.trip('rate', null, nowMs); // until 35 s
      call(breaker, 'succeeded', 36 * second, successes);
      breaker.trip('rate', null, 35 * second + idleMs);
      return breaker.openState(35 * second + idleMs)?.waitMs;
    };
    expect(waitMsAfter(61 * second, 1)).toBe(5 * second);
    expect(waitMsAfter(59 * second, 1)).toBe(40 * second);
    expect(waitMsAfter(61 * second, 0)).toBe(40 * second);
  });

  test('a call that was sent before a back-off and succeeds during it does not end the series of back-offs without a time', () => {
    const breaker = createCircuitBreaker();
    breaker.beginCall();
    breaker.trip('rate', null, 0);
    breaker.endCall('succeeded', second);
    breaker.trip('rate', null, 70 * second);
    expect(breaker.openState(70 * second)?.waitMs).toBe(10_000);
  });

  test('after the back-off of a rate limit or a used-up quota, calls wait for the probe and are not rejected', () => {
    for (const reason of ['rate', 'quota'] as const) {
      const breaker = createCircuitBreaker();
      breaker.trip(reason, second, 0);
      breaker.beginCall();
      expect([breaker.openState(second), breaker.hasCapacity()]).toEqual([null, false]);
    }
  });

  test('a back-off because of a quota without a time lasts an hour', () => {
    const breaker = createCircuitBreaker();
    breaker.trip('quota', null, 0);
    expect(breaker.openState(0)).toMatchObject({ reason: 'quota', waitMs: 3_600_000 });
  });

  test('a shorter back-off does not end a longer one early', () => {
    const breaker = createCircuitBreaker();
    breaker.trip('quota', 600 * second, 0);
    breaker.trip('rate', second, 0);
    expect(breaker.openState(0)).toMatchObject({ reason: 'quota', waitMs: 600_000 });
    breaker.trip('rate', 900 * second, 0);
    expect(breaker.openState(0)).toMatchObject({ reason: 'rate', waitMs: 900_000 });
  });
});

describe('failures', () => {
  test('a circuit breaker opens if half of at least twenty calls failed', () => {
    const breaker = createCircuitBreaker();
    call(breaker, 'succeeded', 0, 10);
    call(breaker, 'failed', 0, 9);
    expect(breaker.openState(0)).toBeNull();
    call(breaker, 'failed', 0);
    expect(breaker.openState(0)).toMatchObject({ reason: 'unavailable', waitMs: 5_000 });
  });

  test('a circuit breaker stays closed if fewer than half of the calls failed, or the failures are old', () => {
    const breaker = createCircuitBreaker();
    call(breaker, 'succeeded', 0, 100);
    call(breaker, 'failed', 0, 90);
    expect(breaker.openState(0)).toBeNull();
    const other = createCircuitBreaker();
    call(other, 'failed', 0, 19);
    call(other, 'failed', 11 * second, 19);
    expect(other.openState(11 * second)).toBeNull();
  });

  test('while one call probes during an outage, the circuit breaker is open for all other calls', () => {
    const breaker = createCircuitBreaker();
    call(breaker, 'failed', 0, 20);
    expect(breaker.openState(5 * second)).toBeNull();
    breaker.beginCall();
    expect(breaker.openState(5 * second)).toMatchObject({ reason: 'unavailable', waitMs: second });
    breaker.endCall('succeeded', 5 * second);
    expect(breaker.openState(5 * second)).toBeNull();
  });

  test('a minute after the back-off of an outage, calls wait for the probe and are not rejected', () => {
    const breaker = createCircuitBreaker();
    call(breaker, 'failed', 0, 20);
    breaker.beginCall();
    expect(breaker.openState(5 * second + 59_999)).toMatchObject({ reason: 'unavailable' });
    expect([breaker.openState(65 * second), breaker.hasCapacity()]).toEqual([null, false]);
    breaker.endCall('failed', 66 * second);
    expect(breaker.openState(66 * second)).toMatchObject({ reason: 'unavailable', waitMs: 10_000 });
  });

  test('after the probe of an outage has succeeded, calls beyond those that are allowed wait and are not rejected', () => {
    const breaker = createCircuitBreaker();
    breaker.trip('unavailable', 5 * second, 0);
    call(breaker, 'succeeded', 5 * second);
    breaker.beginCall();
    breaker.beginCall();
    expect([breaker.openState(6 * second), breaker.hasCapacity()]).toEqual([null, false]);
  });

  test('a circuit breaker opens again after one failed probe of an outage whose time Spotify has named', () => {
    const breaker = createCircuitBreaker();
    breaker.trip('unavailable', 10 * second, 0);
    call(breaker, 'failed', 10 * second);
    expect(breaker.openState(10 * second)).toMatchObject({ reason: 'unavailable', waitMs: 5_000 });
  });

  test('a circuit breaker whose probe fails opens for twice as long', () => {
    const breaker = createCircuitBreaker();
    call(breaker, 'failed', 0, 20);
    call(breaker, 'failed', 5 * second);
    expect(breaker.openState(5 * second)).toMatchObject({ reason: 'unavailable', waitMs: 10_000 });
    call(breaker, 'failed', 15 * second);
    expect(breaker.openState(15 * second)?.waitMs).toBe(20_000);
  });

  test('one failure after a rate limit or a used-up quota is no outage, but three in succession are', () => {
    for (const reason of ['rate', 'quota'] as const) {
      const breaker = createCircuitBreaker();
      breaker.trip(reason, second, 0);
      call(breaker, 'failed', second);
      expect(breaker.openState(second)).toBeNull();
      call(breaker, 'succeeded', second);
      call(breaker, 'failed', second, 2);
      expect(breaker.openState(second)).toBeNull();
      call(breaker, 'failed', second);
      expect(breaker.openState(second)).toMatchObject({ reason: 'unavailable', waitMs: 5_000 });
    }
  });

  test('failures more than a minute after a rate limit or a used-up quota are no outage, although the circuit breaker is still half-open', () => {
    for (const reason of ['rate', 'quota'] as const) {
      const breaker = createCircuitBreaker();
      breaker.trip(reason, second, 0);
      call(breaker, 'failed', 61 * second, 19);
      expect(breaker.openState(61 * second)).toBeNull();
      call(breaker, 'failed', 61 * second);
      expect(breaker.openState(61 * second)).toMatchObject({ reason: 'unavailable', waitMs: 5_000 });
    }
  });

  test('an object that always fails does not open the circuit breaker again after a call has ended the outage', () => {
    const breaker = createCircuitBreaker();
    call(breaker, 'failed', 0, 20);
    for (let i = 0; i < 9; i++) {
      call(breaker, 'succeeded', 5 * second);
      call(breaker, 'failed', 5 * second, 1);
      expect(breaker.openState(5 * second)).toBeNull();
    }
  });

  test('a circuit breaker that closes forgets earlier failures', () => {
    const breaker = createCircuitBreaker();
    call(breaker, 'failed', 0, 20);
    call(breaker, 'succeeded', 5 * second, 4);
    call(breaker, 'failed', 5 * second, 19);
    expect(breaker.openState(5 * second)).toBeNull();
  });
});
