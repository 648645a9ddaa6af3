import { epochMs } from '../../../observability/clock.ts';
import { createDevelopmentTraits } from './development-mode.ts';
import { isShortLived, type LearnedCapabilities, usualValidMs } from './learned-capabilities.ts';
import { createOutages } from './outages.ts';
import { maxPageSize, nextBelow, SmallerPageNeeded } from './page-sizes.ts';
import { type Capability, type CapabilityPolicy, endpointsWithSameLimit } from './policy.ts';
import { createRejectionCounts } from './rejection-counts.ts';

/** A response that shows that the app may lack a capability. */
export interface Rejection {
  /** Names the object that was requested. */
  object: string;
  /** Whether the message of the response states that the capability is missing. */
  isExplicit: boolean;
  /** Whether one such rejection is proof, for a capability that has not worked yet. */
  isConclusive: boolean;
  /** Whether Spotify's API may not have sent the response: then the capability counts as missing for a minute at first. */
  isFromEdge?: boolean;
  /** The page size that Spotify rejected; undefined for a feature or a field. */
  limit?: number;
  /** Whether objects may differ in the capability: then many rejections in succession are needed. */
  differsByObject?: boolean;
}

interface FirstRejection extends Rejection {
  /** How many calls had succeeded before it. */
  successes: number;
  /** Milliseconds of the epoch. */
  atMs: number;
}

/**
 * Decides when a capability counts as missing, if it has worked. It is tried again soon.
 * - One rejection can be a passing fault: the capability counts as missing after rejections of two different objects, with a
 *   success elsewhere between them.
 * - A list that has no owner is its only object: two rejections suffice, for its page size a minute apart.
 * - Objects may differ in a capability, such as playlists in their items: it counts as missing after `maxRejections` rejections
 *   without a success of it between them.
 */
export interface Rejections {
  recordSuccess(): void;
  /** A response has shown the value of a capability. */
  confirm(capability: Capability, value: boolean | number): void;
  /** Adds a rejection. @returns whether the capability now counts as missing */
  addRejection(capability: Capability, rejection: Rejection): boolean;
  /** Adds a rejection of a feature or a field, which then counts as missing if the rejections suffice. */
  addFeatureRejection(capability: Capability, rejection: Rejection): void;
  /** Records as missing the features that were rejected once, before it was known that the app is in development mode. */
  giveUpRejectedFeatures(): void;
  forgetFirstRejection(capability: Capability): void;
  /** Forgets a capability and its rejections. */
  reset(capability: Capability): void;
}

/** How long a rejection counts that an outage may have caused: after one, responses are correct again within a minute. */
export const retryMs = 60_000;
const maxRejections = 20; // a rejected object is read once a minute: a lost list of three owners is noticed in seven minutes

export function createRejections(policy: CapabilityPolicy, learned: LearnedCapabilities): Rejections {
  const firstRejections = new Map<string, FirstRejection>();
  const counts = createRejectionCounts();
  const outages = createOutages(learned);
  const neverWorked = new Set<string>(); // missing capabilities
  let successes = 0;

  const { hasDevelopmentTraits, isDoubtful } = createDevelopmentTraits(policy, learned);

  /** The rejection that may confirm the next one, unless another process has learned the capability since then. */
  function firstRejectionOf(capability: Capability) {
    const rejection = firstRejections.get(capability);
    return rejection && rejection.atMs >= (learned.last(capability)?.learnedAtMs ?? 0)
      ? rejection
      : undefined;
  }

  /** Whether the rejection confirms the first one. */
  function confirmsFirst(
    capability: Capability,
    first: FirstRejection,
    rejection: Rejection,
    hasWorked: boolean,
  ): boolean {
    if (first.object === rejection.object) {
      if (!policy.ownerlessCapabilities.includes(capability)) return false;
      // A page size is lowered for a day, and one short fault can reject several pages of a list, in several sizes.
      if (rejection.limit !== undefined && epochMs() - first.atMs < retryMs) return false;
    }
    return successes > first.successes || (!hasWorked && first.isExplicit && rejection.isExplicit);
  }

  function addRejection(capability: Capability, rejection: Rejection): boolean {
    const lastLearned = learned.last(capability);
    if (lastLearned?.value === false) return true; // tried again, and still rejected
    // A page size above the one that has worked has not worked itself.
    const isAboveLast = typeof lastLearned?.value === 'number' && (rejection.limit ?? 0) > lastLearned.value;
    const hasWorked = lastLearned?.confirmed === true && !isAboveLast;
    if (!hasWorked && rejection.isConclusive) return true;
    if (hasWorked && rejection.differsByObject)
      return counts.add(capability, rejection.object, successes) >= maxRejections;
    const firstRejection = firstRejectionOf(capability);
    if (!firstRejection) firstRejections.set(capability, { ...rejection, successes, atMs: epochMs() });
    if (!hasWorked && rejection.isExplicit && hasDevelopmentTraits()) return true;
    return firstRejection !== undefined && confirmsFirst(capability, firstRejection, rejection, hasWorked);
  }

  function giveUp(capability: Capability, { isFromEdge = false }: Rejection): void {
    if (learned.last(capability)?.value === true) neverWorked.delete(capability);
    else if (!outages.has(capability)) neverWorked.add(capability);
    if (neverWorked.has(capability) && !isFromEdge && !isDoubtful(capability)) {
      learned.record(capability, false);
      return;
    }
    learned.record(capability, false, { validMs: outages.addRejection(capability) ? retryMs : usualValidMs });
  }

  return {
    recordSuccess() {
      successes += 1;
    },
    confirm(capability, value) {
      firstRejections.delete(capability);
      counts.forget(capability);
      outages.end(capability);
      neverWorked.delete(capability);
      learned.record(capability, value, { validMs: validMsOf(learned, capability, value) });
    },
    addRejection,
    addFeatureRejection(capability, rejection) {
      if (addRejection(capability, rejection)) giveUp(capability, rejection);
    },
    giveUpRejectedFeatures() {
      if (!hasDevelopmentTraits()) return;
      for (const feature of policy.features) {
        const rejection = firstRejections.get(feature);
        if (rejection?.isExplicit && learned.last(feature)?.value === undefined) giveUp(feature, rejection);
      }
    },
    forgetFirstRejection: (capability) => void firstRejections.delete(capability),
    reset(capability) {
      firstRejections.delete(capability);
      counts.forget(capability);
      learned.reset(capability);
    },
  };
}

/**
 * How long a value counts that is learned now: a day, unless an outage may have lowered the page size a moment ago. Then a
 * success with the smaller size does not prolong the minute after which the larger size is tried again.
 */
function validMsOf(learned: LearnedCapabilities, capability: Capability, value: boolean | number): number {
  const known = learned.lookup(capability);
  const isLowered = typeof value === 'number' && known?.value === value && isShortLived(known);
  return isLowered ? known.learnedAtMs + known.validMs - epochMs() : usualValidMs;
}

/** See `Capabilities.withheldUntilMs`. @param rejectedUntilMs until when the object counts as rejected, or Infinity */
export function withheldUntilMs(
  learned: LearnedCapabilities,
  capability: Capability,
  rejectedUntilMs: number,
): number {
  const lastLearned = learned.lookup(capability);
  if (lastLearned?.value !== false) return Math.min(epochMs() + retryMs, rejectedUntilMs);
  return isShortLived(lastLearned) ? lastLearned.learnedAtMs + lastLearned.validMs : Number.POSITIVE_INFINITY;
}

/**
 * Lowers the page size limit if the rejections suffice. Otherwise the limit stays, and only this page is requested in a
 * smaller size.
 * @returns the error that requests the smaller page
 */
export function lowerMaxPageSize(
  policy: CapabilityPolicy,
  learned: LearnedCapabilities,
  rejections: Rejections,
  endpoint: string,
  rejection: Rejection & { limit: number },
): SmallerPageNeeded {
  const { limit } = rejection;
  const smallerLimit = nextBelow(policy, endpoint, limit);
  if (limit <= maxPageSize(learned, endpoint) && rejections.addRejection(endpoint, rejection)) {
    // A larger size that has worked is tried again after a minute, once: an outage may have caused the rejections.
    const last = learned.last(endpoint);
    const hasWorked = last?.confirmed === true && Number(last.value) >= limit;
    const validMs = hasWorked ? retryMs : validMsOf(learned, endpoint, last?.value ?? limit);
    learned.record(endpoint, smallerLimit, { confirmed: false, validMs });
    rejections.forgetFirstRejection(endpoint);
    for (const otherEndpoint of endpointsWithSameLimit(policy, endpoint)) {
      if (!learned.lookup(otherEndpoint)?.confirmed)
        learned.record(otherEndpoint, smallerLimit, { confirmed: false, validMs });
    }
  }
  return new SmallerPageNeeded(smallerLimit);
}
