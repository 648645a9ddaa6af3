import { isShortLived, type LearnedCapabilities, type LearnedCapability } from './learned-capabilities.ts';
import type { Capability, CapabilityPolicy } from './policy.ts';

const isLasting = (last?: LearnedCapability) => last?.confirmed === true && !isShortLived(last);

/**
 * Whether the app is known to be in development mode: it has a limit that other apps do not have. Knowledge expires after a
 * day, but the app stays in its mode until a response shows the contrary.
 */
export function isDevelopmentMode(
  { developmentOnly, withheldFields }: CapabilityPolicy,
  learned: LearnedCapabilities,
): boolean {
  const confirmed = developmentOnly.filter(([capability]) => isLasting(learned.last(capability)));
  const valid = confirmed.filter(([capability]) => learned.lookup(capability));
  const traits = valid.length > 0 ? valid : confirmed;
  const hasDevelopmentValue = ([capability, value]: (typeof traits)[number]) =>
    learned.last(capability)?.value === value;
  const asInDevelopment = new Set(traits.filter(hasDevelopmentValue).map(([capability]) => capability));
  const fieldsByKind = Object.values(withheldFields);
  const fields = new Set(fieldsByKind.flat());
  if ([...asInDevelopment].some((capability) => !fields.has(capability))) return true;
  // If a kind has only one withheld field, it may be missing for another reason, such as a show without a publisher. So it
  // does not count if the app has withheld fields of other kinds.
  const hasFields = traits.some(([capability]) => fields.has(capability) && !asInDevelopment.has(capability));
  const allMissing = fieldsByKind.filter((ofKind) => ofKind.every((field) => asInDevelopment.has(field)));
  return allMissing.some(({ length }) => length > (hasFields ? 1 : 0));
}

/** The signs by which one rejection can be proof that an app in development mode lacks a capability. */
export function createDevelopmentTraits(policy: CapabilityPolicy, learned: LearnedCapabilities) {
  const isMissing = (capability: Capability): boolean => learned.lookup(capability)?.value === false;

  const hasDevelopmentPageSize = (): boolean =>
    policy.developmentOnly.some(
      ([name, value]) => typeof value === 'number' && learned.lookup(name)?.value === value,
    );

  /** The missing ones among `batch` and the fields of each kind of which all withheld fields are missing. */
  function missingFieldsAndBatch(): Capability[] {
    // A capability that counts as missing for a minute only may be missing because of a fault.
    function isMissingForLong(name: Capability): boolean {
      const capability = learned.lookup(name);
      return capability?.value === false && !isShortLived(capability);
    }
    const fields = Object.values(policy.withheldFields).filter((ofKind) => ofKind.every(isMissingForLong));
    return [...fields.flat(), 'batch'].filter(isMissingForLong);
  }

  /** Whether other capabilities have shown that the app is in development mode, so that one rejection is proof. */
  function hasDevelopmentTraits(): boolean {
    // One missing capability may have another cause: some shows have no publisher.
    const missing = new Set([...missingFieldsAndBatch(), ...policy.conclusiveFeatures.filter(isMissing)]);
    return hasDevelopmentPageSize() || missing.size > 1;
  }

  /**
   * Whether no other capability confirms that this one is missing: its rejection may be a passing fault, and there is no
   * other object to try.
   */
  const isDoubtful = (capability: Capability): boolean =>
    capability !== 'batch' &&
    policy.conclusiveFeatures.includes(capability) &&
    !hasDevelopmentPageSize() &&
    missingFieldsAndBatch().length === 0;

  return { hasDevelopmentTraits, isDoubtful };
}
