import { type GatewayError, Overloaded } from '../../../errors.ts';
import type { Waiters } from '../usage/field-context.ts';
import type { Observer } from '../usage/observer.ts';
import type { CallSlots } from './call-slots.ts';
import { createFairQueue, type Offer } from './fair-queue.ts';
import type { Family } from './families.ts';
import { createWakeTimer } from './wake-timer.ts';

/** The calls that wait for a slot. Operations take turns; the calls of one operation keep their order. */
export interface AdmissionQueue {
  /**
   * Resolves when the call has a slot.
   * @throws GatewayError as soon as it is clear that the call cannot be sent in time
   */
  admit(family: Family, waiters: Waiters): Promise<void>;
  /** Decides about every queued call now: limits have changed. */
  drain(): void;
  /** A slot is free: fills it after the callers of the ended call, whose outcome may start a back-off. */
  drainSoon(): void;
  /** Decides about every queued call soon: some may have to be rejected. */
  drainAllSoon(): void;
  dispose(): void;
}

const maxQueued = 1_000; // more cannot be sent within a deadline of 8 s: 24 at a time, 100 to 200 ms each

interface QueuedCall {
  family: Family;
  waiters: Waiters;
  admit: () => void;
  reject: (error: GatewayError) => void;
}

export function createAdmissionQueue(slots: CallSlots, observer: Observer): AdmissionQueue {
  const queue = createFairQueue<QueuedCall>();
  const wakeTimer = createWakeTimer(drain);
  let nextDrain: NodeJS.Immediate | undefined;
  let stopWhenFull = true; // examining a thousand calls after each call that ends would be slow

  function drain(): void {
    offerAll(false);
  }

  function offerAll(untilFull: boolean): void {
    stopWhenFull = true;
    queue.drain((call) => (untilFull && slots.isFull() ? 'stop' : offer(call)));
  }

  function offer({ family, waiters, admit, reject }: QueuedCall): Offer {
    const decision = slots.decide(family, waiters);
    switch (decision.act) {
      case 'reject':
        reject(decision.error);
        return 'dropped';
      case 'wait':
        wakeTimer.wakeIn(decision.waitMs);
        return 'kept';
      case 'send':
        slots.acquire(family);
        admit();
        return 'taken';
    }
  }

  function drainSoon(): void {
    if (queue.size() === 0) return;
    nextDrain ??= setImmediate(() => {
      nextDrain = undefined;
      offerAll(stopWhenFull);
    });
  }

  return {
    drain,
    drainSoon,
    drainAllSoon() {
      stopWhenFull = false;
      drainSoon();
    },
    async admit(family, waiters) {
      const decision = slots.decide(family, waiters);
      if (decision.act === 'reject') throw decision.error;
      // It overtakes nobody: every queued call that may be sent has been sent, or a drain is scheduled.
      if (decision.act === 'send' && !nextDrain) return slots.acquire(family);
      if (queue.size() >= maxQueued) throw new Overloaded('Too many Spotify calls are queued; retry later.');
      const [operation] = waiters.operations();
      const onDequeued = observer.onQueued({ family, method: 'GET', path: `/${family}`, operation });
      const turn = new Promise<void>((admit, reject) => {
        queue.add(operation, { family, waiters, admit, reject });
      });
      wakeTimer.wakeIn(decision.act === 'wait' ? decision.waitMs : 0);
      return turn.finally(onDequeued);
    },
    dispose() {
      wakeTimer.dispose();
      clearImmediate(nextDrain);
    },
  };
}
