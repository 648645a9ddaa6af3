import { type GatewayError, Overloaded } from '../../../errors.ts';
import type { Family, Observer } from '../usage/observer.ts';
import type { Waiters } from '../usage/waiters.ts';
import type { CallPermit, CallPermits } from './call-permits.ts';
import { createFairQueue, type Offer } from './fair-queue.ts';

const maxQueued = 1_000; // more cannot be sent within a deadline of 8 s: 24 at a time, 100 to 200 ms each

interface WaitingCall {
  family: Family;
  waiters: Waiters;
  resolve: (permit: CallPermit) => void;
  reject: (error: GatewayError) => void;
}

/**
 * The calls that a drain decides about. After a release only until no permit is left, because a thousand calls would take
 * long; after a new back-off or a wait, all of them.
 */
type DrainScope = 'all' | 'untilNoPermit';

/**
 * The calls that wait for a permit: first those that have had a turn before, because they have waited the longest. Operations
 * take turns; the calls of one operation keep their order. A call for which several operations wait has the turn that comes
 * first.
 */
export function createAdmissionQueue(permits: CallPermits, observer: Observer) {
  const firstCalls = createFairQueue<WaitingCall>();
  const otherCalls = createFairQueue<WaitingCall>();
  let wakeTimer: NodeJS.Timeout | undefined;
  let wakeAtMs = Number.POSITIVE_INFINITY;
  let nextDrain: NodeJS.Immediate | undefined;
  let nextDrainScope: DrainScope = 'untilNoPermit';

  const size = () => firstCalls.size() + otherCalls.size();

  /** Decides about every queued call after the shortest of all waits. */
  function wakeIn(waitMs: number): void {
    const atMs = performance.now() + waitMs;
    if (atMs >= wakeAtMs) return;
    clearTimeout(wakeTimer);
    wakeAtMs = atMs;
    wakeTimer = setTimeout(() => {
      wakeAtMs = Number.POSITIVE_INFINITY;
      drain('all');
    }, waitMs);
  }

  function drain(scope: DrainScope): void {
    nextDrainScope = 'untilNoPermit';
    for (const calls of [firstCalls, otherCalls]) {
      calls.drain((call) => (scope === 'untilNoPermit' && permits.isFull() ? 'stop' : offer(call)));
    }
  }

  function offer({ family, waiters, resolve, reject }: WaitingCall): Offer {
    const decision = permits.decide(family, waiters);
    switch (decision.act) {
      case 'reject':
        reject(decision.error);
        return 'dropped';
      case 'wait':
        wakeIn(decision.waitMs);
        return 'kept';
      case 'waitForPermit':
        return 'kept';
      case 'send':
        resolve(permits.acquire(family));
        return 'taken';
    }
  }

  function drainSoon(): void {
    if (size() === 0) return;
    nextDrain ??= setImmediate(() => {
      nextDrain = undefined;
      drain(nextDrainScope);
    });
  }

  return {
    /**
     * A permit is free. Queued calls are admitted after the callers of the ended call have run, because they may start a
     * back-off.
     */
    drainSoon,
    /** Decides about every queued call soon: some may have to be rejected. */
    drainAllSoon(): void {
      nextDrainScope = 'all';
      drainSoon();
    },
    /**
     * Resolves when the call has a permit.
     * @throws GatewayError as soon as it is clear that the call cannot be sent in time
     */
    async admit(family: Family, waiters: Waiters, goesFirst: boolean): Promise<CallPermit> {
      const decision = permits.decide(family, waiters);
      if (decision.act === 'reject') throw decision.error;
      // Without a scheduled drain it overtakes no call: every queued call that may be sent has been sent.
      if (decision.act === 'send' && !nextDrain) return permits.acquire(family);
      if (size() >= maxQueued)
        throw new Overloaded('Too many Spotify calls are queued: retry after a few seconds.');
      const [operation] = waiters.operations();
      const onDequeued = observer.onQueued({ family, operation });
      const turn = new Promise<CallPermit>((resolve, reject) => {
        const queue = goesFirst ? firstCalls : otherCalls;
        const call = { family, waiters, resolve, reject };
        let owner = operation;
        queue.add(owner, call);
        waiters.onJoined((joined) => {
          if (queue.moveForward(call, owner, joined)) owner = joined;
        });
      });
      if (decision.act === 'wait') wakeIn(decision.waitMs);
      return turn.finally(onDequeued);
    },
    /** Decides about every queued call a last time, and leaves no timer. */
    dispose(): void {
      drain('all');
      clearTimeout(wakeTimer);
      clearImmediate(nextDrain);
    },
  };
}
