import { createRandom } from '../catalogue/random.ts';
import { applyFault, type FaultContext } from './apply.ts';
import { createBudget } from './budget.ts';
import type { Plan } from './plan.ts';
import type { FaultKind, FaultRule, FaultTarget } from './rule.ts';

/** The faults of one sandbox. If several rules match a call, all apply, in the order in which they were added. */
export interface Faults {
  /** Adds a rule and returns the function that removes it. */
  add(rule: FaultRule): () => void;
  /** Removes all rules. */
  clear(): void;
  /** The rules that have not ended. */
  rules(): readonly FaultRule[];
}

/** The properties of a call that rules match. */
export interface FaultSubject {
  /** Endpoint family, or `token`. */
  route: string;
  /** Path below the root of its service, with the query. */
  path: string;
}

/** A rule with its state. */
interface ActiveRule {
  rule: FaultRule;
  /** Whether the rule applies to the call. It counts, so it must run once per call. */
  hits(subject: FaultSubject): boolean;
  isSpent(): boolean;
  context(family: string): FaultContext;
}

/** The faults, and how they change the plan of a call. */
export interface FaultStore extends Faults {
  applyFaults(plan: Plan, subject: FaultSubject): Plan;
}

const usualSeed = 'faults';

/** @param now the clock for windows and for the end of rules, in milliseconds */
export function createFaults(now: () => number): FaultStore {
  let activeRules: ActiveRule[] = [];
  const dropSpent = () => {
    activeRules = activeRules.filter((activeRule) => !activeRule.isSpent());
  };

  return {
    add: (rule) => {
      const addedRule = activate(rule, now);
      activeRules.push(addedRule);
      return () => {
        activeRules = activeRules.filter((activeRule) => activeRule !== addedRule);
      };
    },
    clear: () => {
      activeRules = [];
    },
    rules: () => {
      dropSpent();
      return activeRules.map(({ rule }) => rule);
    },
    applyFaults: (plan, subject) => {
      dropSpent();
      for (const { rule, hits, context } of activeRules) {
        if (hits(subject)) applyFault<FaultKind>(plan, rule.fault, context(subject.route));
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
  let matchingCalls = 0;
  let affectedCalls = 0;

  return {
    rule,
    isSpent: () => affectedCalls >= times || now() >= endsAtMs,
    hits: (subject) => {
      if (!isTarget(subject)) return false;
      matchingCalls += 1;
      if (matchingCalls <= skip || (matchingCalls - skip - 1) % every !== 0 || !random.chance(chance))
        return false;
      affectedCalls += 1;
      return true;
    },
    context: (family) => ({ family, earlierHits: affectedCalls - 1, budget }),
  };
}

function createTarget({ route, path, pattern, batch }: FaultTarget) {
  const routes = route === undefined ? undefined : [route].flat();
  const matcher = pattern === undefined ? undefined : new RegExp(pattern);
  return (subject: FaultSubject): boolean => {
    // Only rules that name the token endpoint match it, because an outage of one service does not affect the other.
    const routeMatches = routes ? routes.includes(subject.route) : subject.route !== 'token';
    return (
      routeMatches &&
      (path === undefined || subject.path.startsWith(path)) &&
      (matcher === undefined || matcher.test(subject.path)) &&
      (batch === undefined || batch === /[?&]ids=/.test(subject.path))
    );
  };
}
