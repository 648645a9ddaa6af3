import type { Delivery } from '../delivery.ts';
import type { Conditions } from '../quota-mode.ts';
import type { Reply } from '../reply.ts';

/** How one call will be answered. Faults write into it; an untouched plan is the plain truth. */
export interface Plan {
  conditions: Conditions;
  /** What is sent instead of an answer; the first fault that sets it wins. */
  reply?: Reply;
  /** What is done to the answer, in order. */
  changes: ((reply: Reply) => Reply)[];
  delivery: Delivery;
}

export const plainPlan = (conditions: Conditions, delayMs: number): Plan => ({
  conditions,
  changes: [],
  delivery: { delayMs, way: { kind: 'whole' } },
});
