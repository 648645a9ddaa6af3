import type { Way } from '../delivery.ts';
import type { Conditions } from '../quota-mode.ts';
import type { Reply } from '../reply.ts';
import type { Budget } from './budget.ts';
import { edited, misbatched, withTotals } from './edits.ts';
import type { Plan } from './plan.ts';
import {
  premiumLapsedReply,
  rateLimitReply,
  redirectReply,
  spelledReply,
  unauthorizedReplies,
  withdrawnReplies,
} from './replies.ts';
import type { Fault, FaultKind, FaultOf } from './rule.ts';

/** The state of a rule for one call. */
export interface FaultContext {
  /** Endpoint family of the call. */
  family: string;
  /** Number of earlier calls to which the rule applied. */
  earlierHits: number;
  /** The call counter of a `budget` fault. */
  budget: Budget | undefined;
}

type Effects = {
  [Kind in FaultKind]: (plan: Plan, fault: FaultOf<Kind>, context: FaultContext) => void;
};

const effects: Effects = {
  ceiling: (plan, { limit, clamp = false }) => alter(plan, { ceiling: { limit, clamp } }),
  listing: (plan, { inserted = 0, removed = 0, extraTotal = 0 }) =>
    alter(plan, { listing: { inserted, removed, extraTotal } }),
  endpoints: (plan, { of }) => alter(plan, { endpoints: of }),
  'implied-market': (plan, { market }) => alter(plan, { impliedMarket: market }),

  budget: (plan, _, { budget, family }) => setReply(plan, budget?.(family)),
  'rate-limit': (plan, { form = 'text', retryAfterSeconds }) =>
    setReply(plan, rateLimitReply(form, retryAfterSeconds)),
  answer: (plan, fault) => setReply(plan, spelledReply(fault)),
  redirect: (plan, fault) => setReply(plan, redirectReply(fault)),
  unauthorized: (plan, { reason }) => setReply(plan, unauthorizedReplies[reason]()),
  'premium-lapsed': (plan, { form }) => setReply(plan, premiumLapsedReply(form)),
  withdrawn: (plan, { status = 403 }) => setReply(plan, withdrawnReplies[status]()),
  total: (plan, { to, add = [0] }, { earlierHits }) => {
    const difference = add[earlierHits % add.length] ?? 0;
    plan.changes.push((reply) => withTotals(reply, (total) => to ?? Math.max(0, total + difference)));
  },
  edit: (plan, { edits }) => void plan.changes.push((reply) => edited(reply, edits)),
  batch: (plan, fault) => void plan.changes.push((reply) => misbatched(reply, fault)),

  delay: (plan, { ms }) => {
    plan.delivery.delayMs += ms;
  },
  stall: deliver,
  drip: deliver,
  reset: deliver,
  truncate: deliver,
  oversize: deliver,
};

/** Applies a fault to the plan of one call. */
export function applyFault<Kind extends FaultKind>(
  plan: Plan,
  fault: FaultOf<Kind> & Fault,
  context: FaultContext,
): void {
  const effect = effects[fault.kind] as Effects[Kind];
  effect(plan, fault, context);
}

function alter(plan: Plan, change: Partial<Conditions>): void {
  plan.conditions = { ...plan.conditions, ...change };
}

function setReply(plan: Plan, reply: Reply | undefined): void {
  if (reply) plan.reply ??= reply;
}

function deliver(plan: Plan, way: Way): void {
  plan.delivery.way = way;
}
