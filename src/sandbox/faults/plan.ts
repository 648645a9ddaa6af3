import type { Delivery } from '../delivery.ts';
import type { Conditions } from '../quota-mode.ts';
import type { Reply } from '../reply.ts';

/** How the sandbox responds to one call. Faults change it; an unchanged plan is the correct response. */
export interface Plan {
  conditions: Conditions;
  /** The reply to send instead of the correct one; the first fault that sets it wins. */
  reply?: Reply;
  /** Changes to the reply, in order. */
  changes: ((reply: Reply) => Reply)[];
  delivery: Delivery;
}

export const plainPlan = (conditions: Conditions, delayMs: number): Plan => ({
  conditions,
  changes: [],
  delivery: { delayMs, way: { kind: 'whole' } },
});
