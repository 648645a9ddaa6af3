import { createRandom } from '../catalogue/random.ts';
import { applyFault, type Circumstance } from './apply.ts';
import { createBudget } from './budget.ts';
import type { Plan } from './plan.ts';
import type { FaultKind, FaultRule, FaultTarget } from './rule.ts';

/** The faults of one sandbox. Where several rules hit a call, all apply, in the order in which they were added. */
export interface Faults {
  /** Adds a rule and gives the function that takes it away again. */
  add(rule: FaultRule): () => void;
  /** Takes all rules away. */
  clear(): void;
  /** The rules that are not spent. */
  rules(): readonly FaultRule[];
}

/** What decides whether a rule is about a call. */
export interface FaultSubject {
  /** Endpoint family, or `token`. */
  route: string;
  /** Path below the root of its service, with the query. */
  path: string;
}

/** A rule at work. */
interface ActiveRule {
  rule: FaultRule;
  /** Whether the rule hits the call; asked once a call, since it counts. */
  hits(subject: FaultSubject): boolean;
  isSpent(): boolean;
  circumstance(family: string): Circumstance;
}

/** Faults, and the plan for a call that they make of the plain one. */
export interface FaultStore extends Faults {
  afflict(plan: Plan, subject: FaultSubject): Plan;
}

const usualSeed = 'faults';

/** @param now the clock of windows and ends, in milliseconds */
export function createFaults(now: () => number): FaultStore {
  let active: ActiveRule[] = [];
  const dropSpent = () => {
    active = active.filter((each) => !each.isSpent());
  };

  return {
    add: (rule) => {
      const added = activate(rule, now);
      active.push(added);
      return () => {
        active = active.filter((each) => each !== added);
      };
    },
    clear: () => {
      active = [];
    },
    rules: () => {
      dropSpent();
      return active.map(({ rule }) => rule);
    },
    afflict: (plan, subject) => {
      dropSpent();
      for (const { rule, hits, circumstance } of active) {
        if (hits(subject)) applyFault<FaultKind>(plan, rule.fault, circumstance(subject.route));
      }
      return plan;
    },
  };
}

function activate(rule: FaultRule, now: () => number): ActiveRule {
  const { on = {}, skip = 0, times = Number.POSITIVE_INFINITY, forMs = Number.POSITIVE_INFINITY } = rule;
  const { chance = 1, seed = usualSeed, every = 1 } = rule;
  const random = createRandom(seed);
  const isTarget = createTarget(on);
  const budget = rule.fault.kind === 'budget' ? createBudget(rule.fault, now) : undefined;
  const endsAtMs = now() + forMs;
  let seen = 0;
  let hit = 0;

  return {
    rule,
    isSpent: () => hit >= times || now() >= endsAtMs,
    hits: (subject) => {
      if (!isTarget(subject)) return false;
      seen += 1;
      if (seen <= skip || (seen - skip - 1) % every !== 0 || !random.chance(chance)) return false;
      hit += 1;
      return true;
    },
    circumstance: (family) => ({ family, earlierHits: hit - 1, budget }),
  };
}

function createTarget({ route, path, pattern, batch }: FaultTarget) {
  const routes = route === undefined ? undefined : [route].flat();
  const matcher = pattern === undefined ? undefined : new RegExp(pattern);
  return (subject: FaultSubject): boolean => {
    // The token endpoint is hit only by rules that name it: an outage of one service is none of the other.
    const named = routes ? routes.includes(subject.route) : subject.route !== 'token';
    return (
      named &&
      (path === undefined || subject.path.startsWith(path)) &&
      (matcher === undefined || matcher.test(subject.path)) &&
      (batch === undefined || batch === /[?&]ids=/.test(subject.path))
    );
  };
}
